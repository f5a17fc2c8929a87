"""Which suppression a finding falls under: the rule itself, over values that were read."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Row

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.severity import Severity, severity
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.store.rows import entity_key

__all__ = ["Coverage", "is_resurfaced"]

_SCALE = 2**32


def is_resurfaced(number: int, finding_id: str, share: float) -> bool:
    """Whether a finding that falls under suppression `number` stays in the queue as a check.

    The choice looks random and is always the same for the same suppression and finding, so that
    any replay of the log gives the same queue.
    """
    digest = hashlib.sha256(f"{number}:{finding_id}".encode("utf-8", "surrogatepass"))
    return int(digest.hexdigest()[:8], 16) / _SCALE < share


class Coverage:
    """The suppressions that work, looked up for one finding after the other.

    Args:
        working: In force and not disabled, by number.
        protected: Ids of the patterns of attacks.
        settings: In force.
    """

    def __init__(
        self,
        working: Mapping[int, NewSuppression],
        *,
        protected: Collection[str],
        settings: DistillerSettings,
    ) -> None:
        self._protected = protected
        self._settings = settings
        # By detector and pattern, or None for any: number, suppression, entities as findings
        # spell them.
        self._by: dict[tuple[str, str | None], list[tuple[int, NewSuppression, set[str]]]] = {}
        for number, decision in sorted(working.items()):
            scope = decision.scope
            one = (number, decision, set(map(entity_key, scope.entities)))
            self._by.setdefault((scope.detector_name, scope.pattern_id), []).append(one)

    def of(self, finding: Row[Any]) -> tuple[int | None, bool]:
        """The suppression that an unjudged finding falls under, and whether it is re-surfaced."""
        if not finding.verified or finding.pattern_id in self._protected:
            return None, False
        if severity(finding.ratio) is Severity.CRITICAL and not self._settings.suppress_critical:
            return None, False
        number = min(self._covering(finding), default=None)
        if number is None:
            return None, False
        return number, is_resurfaced(number, finding.id, self._settings.resurfaced_share)

    def _covering(self, finding: Row[Any]) -> Iterable[int]:
        for pattern_id in (finding.pattern_id, None):
            for number, decision, entities in self._by.get((finding.detector_name, pattern_id), ()):
                scope = decision.scope
                if (
                    (not entities or finding.entity in entities)
                    and (scope.since is None or finding.first_time >= scope.since)
                    and (scope.until is None or finding.last_time <= scope.until)
                    and finding.added_time < decision.expires_time
                ):
                    yield number
                    break  # they are in order, and the lowest number counts
