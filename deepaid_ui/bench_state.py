"""What an analyst has on the bench: edits, locks and rows, kept as a draft of this browser."""

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.workflow.bench import Bench, Edits, open_bench
from deepaid_ui import drafts
from deepaid_ui.workspace import workspace

__all__ = ["OnBench", "keep", "kept", "opened", "said", "say"]

_BUDGET_MS = 5000.0
_SAID = "_bench_said"


@dataclass(frozen=True, slots=True)
class OnBench:
    """What is on the bench.

    Attributes:
        edits: Cells that are not as in the anomaly.
        locked: Groups that the smallest fix leaves as they are.
        extra: Positions of parts that are shown because somebody asked for them.
    """

    edits: Edits
    locked: frozenset[str]
    extra: tuple[int, ...]

    def with_edits(self, edits: Edits) -> "OnBench":
        """The same with other edits."""
        return replace(self, edits=dict(edits))


def opened(finding: Finding) -> Bench:
    """The finding's bench; opening one for the first time imports torch.

    Raises:
        NotFoundError: The detector is gone.
        ArtifactError: Its files are damaged.
        DetectorMismatchError: The finding does not fit it.
    """
    return _opened(str(workspace().home), finding.detector_id, finding.id, finding)


@st.cache_resource(max_entries=8, show_spinner=False)
def _opened(home: str, detector_id: str, finding_id: str, _finding: Finding) -> Bench:
    # The finding itself never changes once it is stored, so its id stands for it.
    return open_bench(workspace(), _finding, budget_ms=_BUDGET_MS)


def _subject(finding: Finding) -> str:
    return f"bench {finding.id}"


def kept(finding: Finding, bench: Bench) -> OnBench:
    """What this browser has on the bench; what does not fit the event any more is left out."""
    values = drafts.draft(_subject(finding))
    edits, locked, extra = (_read(values.get(name, "")) for name in ("edits", "locked", "extra"))
    groups = {part.group for part in bench.parts if not part.fixed}
    return OnBench(
        bench.read(edits) if isinstance(edits, dict) else {},
        frozenset(one for one in _texts(locked) if one in groups),
        tuple(
            one
            for one in (extra if isinstance(extra, list) else ())
            if isinstance(one, int) and 0 <= one < len(bench.parts)
        ),
    )


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _texts(values: Any) -> Collection[str]:
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []


def keep(finding: Finding, state: OnBench) -> None:
    """Remember what is on the bench; for use in callbacks."""
    if not (state.edits or state.locked or state.extra):
        drafts.drop(_subject(finding))
    else:
        drafts.keep(
            _subject(finding),
            {
                "edits": json.dumps(dict(state.edits)),
                "locked": json.dumps(sorted(state.locked)),
                "extra": json.dumps(state.extra),
            },
        )
    say(finding, None)


def say(finding: Finding, outcome: tuple[bool, str] | None) -> None:
    """Keep what a search found until the next edit: whether it worked, and a sentence."""
    st.session_state[_SAID] = None if outcome is None else (finding.id, *outcome)


def said(finding: Finding) -> tuple[bool, str] | None:
    """What the last search found, where it was about this finding."""
    last = st.session_state.get(_SAID)
    return last[1:] if last is not None and last[0] == finding.id else None
