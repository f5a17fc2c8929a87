"""Typed access to the address bar and to what one browser session has half-done.

What is shown lives in the address, what was decided in the store; a session keeps only what is
half-typed and the last thing done, for its Undo button.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, GroupBy, Sort
from deepaid_core.domain.severity import SEVERITY_BOUNDS
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow.assign import RESERVED
from deepaid_ui import drafts
from deepaid_ui.workspace import workspace

__all__ = [
    "AUTHOR_BOX",
    "GROUPINGS",
    "PAGE_SIZE",
    "SEVERITIES",
    "SORTS",
    "STATUSES",
    "Done",
    "QueueView",
    "author",
    "done",
    "forget_done",
    "last_finding",
    "opened_finding",
    "param",
    "remember_done",
    "set_author",
    "set_param",
]

PAGE_SIZE = 20
STATUSES = ("open", "closed", "suppressed", "all")
SORTS: tuple[Sort, ...] = get_args(Sort)
SEVERITIES = tuple(str(band) for band, _ in SEVERITY_BOUNDS)
GROUPINGS: tuple[str, ...] = ("none", *get_args(GroupBy))

_AUTHOR = "_author"
_AUTHOR_KEPT = "analyst"
AUTHOR_BOX = "analyst"
_DONE = "_done"
_LAST = "_last_finding"
_ID = re.compile(r"[FPD]-[0-9A-Za-z]{10}")
_HOUR = re.compile("[0-9]{1,10}")
_SUPPRESSION = re.compile("(?:S-)?([0-9]{1,9})")
_CASE = re.compile("(?:C-)?([0-9]{1,9})")
_LONGEST_PARAM = 200
_LONGEST_VIEW = 1500


def param(name: str) -> str | None:
    """One parameter of the address, cut to a sane length; None when absent or empty."""
    value = st.query_params.get(name)
    return value[:_LONGEST_PARAM] if value else None


def set_param(name: str, value: str | None) -> None:
    """Change one parameter of the address; None removes it."""
    if value is None:
        if name in st.query_params:
            del st.query_params[name]
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def _one_of(value: str | None, allowed: tuple[str, ...], default: str) -> str:
    return value if value in allowed else default


def _ratios(severity: str | None) -> tuple[float | None, float | None]:
    """Score over threshold of a band: from, inclusive, and up to, exclusive."""
    high: float | None = None
    for band, low in SEVERITY_BOUNDS:
        if band == severity:
            # The lowest band takes all that is left, the highest all above.
            return (low or None), high
        high = low
    return None, None


@dataclass(frozen=True, slots=True)
class QueueView:
    """Which findings the queue shows and in which order, as the address says.

    On the queue each attribute is a parameter of the same name. Other pages carry them packed
    into one, "view", so that next and previous follow the queue that was left: Streamlit drops
    parameters that widgets of the page being left are bound to.

    Attributes:
        status: "open", "closed", "suppressed" or "all".
        severity: Name of a band.
        suggestion: Category that the Distiller suggests, or "unknown".
        proof: "verified" or "not verified".
        suppression: Number of a suppression that the findings fall under.
        resurfaced: "yes" for findings that a suppression leaves in the queue as a check.
        assignee: "mine", "unassigned", "mine or unassigned", or a name.
        case: Number of a case that holds the findings.
        since: Start of the hour in which the findings begin or go on, Unix seconds.
        after: First day, "2025-10-09", in UTC.
        before: Last day.
        q: Text to look for.
        group: "none" or what to group by.
        page: From 1.
    """

    status: str = "open"
    severity: str | None = None
    detector: str | None = None
    entity: str | None = None
    pattern: str | None = None
    verdict: str | None = None
    suggestion: str | None = None
    proof: str | None = None
    suppression: str | None = None
    resurfaced: str | None = None
    assignee: str | None = None
    case: str | None = None
    q: str = ""
    since: str | None = None
    after: str | None = None
    before: str | None = None
    sort: str = "score"
    group: str = "none"
    page: int = 1

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "QueueView":
        """A view from parameters or widget values; what makes no sense is as if absent."""

        def text(name: str) -> str | None:
            value = values.get(name)
            return str(value)[:_LONGEST_PARAM] if value else None

        page = text("page") or "1"
        pattern = text("pattern")
        suppression = _SUPPRESSION.fullmatch(text("suppression") or "")
        case = _CASE.fullmatch(text("case") or "")
        return cls(
            status=_one_of(text("status"), STATUSES, "open"),
            severity=text("severity") if text("severity") in SEVERITIES else None,
            detector=text("detector"),
            entity=text("entity"),
            pattern=pattern if pattern and _ID.fullmatch(pattern) else None,
            verdict=text("verdict") if text("verdict") in set(VerdictLabel) else None,
            suggestion=text("suggestion"),
            proof=text("proof") if text("proof") in {"verified", "not verified"} else None,
            suppression=suppression.group(1) if suppression else None,
            resurfaced="yes" if text("resurfaced") == "yes" else None,
            assignee=text("assignee"),
            case=case.group(1) if case else None,
            q=(text("q") or "").strip(),
            since=text("since") if _HOUR.fullmatch(text("since") or "") else None,
            after=_day(text("after")),
            before=_day(text("before")),
            sort=_one_of(text("sort"), SORTS, "score"),
            group=_one_of(text("group"), GROUPINGS, "none"),
            page=min(int(page), 1_000_000) if page.isdecimal() and int(page) else 1,
        )

    @classmethod
    def carried(cls) -> "QueueView":
        """The view that a page other than the queue was opened from."""
        packed = st.query_params.get("view") or ""
        return cls.of(dict(parse_qsl(packed[:_LONGEST_VIEW])))

    def packed(self) -> dict[str, str]:
        """One parameter that carries this view to another page; none for the default view."""
        params = self.to_params()
        return {"view": urlencode(params)} if params else {}

    def to_params(self) -> dict[str, str]:
        """Parameters that bring this view back; defaults are left out."""
        return {
            field.name: str(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the status narrows the view."""
        return replace(self, status="open", sort="score", group="none", page=1) != QueueView()

    def query(self, paths: tuple[tuple[str, ...], ...] | None = None) -> FindingQuery:
        """The question to the store.

        Args:
            paths: Paths with the suggestion that is asked for; None where none is.
        """
        low, high = _ratios(self.severity)
        since = float(self.since) if self.since else None
        starts = [since, _midnight(self.after)]
        ends = [since + 3600.0 if since is not None else None, _midnight(self.before, days=1)]
        sort: Sort = next(sort for sort in SORTS if sort == self.sort)
        return FindingQuery(
            status=None if self.status == "all" else Status(self.status),
            detector_name=self.detector,
            pattern_id=self.pattern,
            entity=self.entity,
            verdict=self.verdict,
            verified=None if self.proof is None else self.proof == "verified",
            text=self.q,
            min_ratio=low,
            max_ratio=high,
            since=max((time for time in starts if time is not None), default=None),
            until=min((time for time in ends if time is not None), default=None),
            paths=paths,
            suppression=int(self.suppression) if self.suppression else None,
            resurfaced=True if self.resurfaced else None,
            assignees=_assignees(self.assignee),
            case_number=int(self.case) if self.case else None,
            sort=sort,
        )


def _day(value: str | None) -> str | None:
    try:
        return date.fromisoformat(value).isoformat() if value else None
    except ValueError:
        return None


def _midnight(day: str | None, *, days: int = 0) -> float | None:
    """The moment that a day begins, or one that many days later, in UTC."""
    if day is None:
        return None
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() + days * 86_400.0


def _assignees(wanted: str | None) -> tuple[str, ...] | None:
    # Nobody is called as these are: `assign` refuses to assign anything to such a name.
    if wanted is None or wanted not in RESERVED:
        return None if wanted is None else (wanted,)
    mine = (author(),) if wanted != "unassigned" else ()
    nobody = ("",) if wanted != "mine" else ()
    return (*(name for name in mine if name), *nobody)


def opened_finding() -> str | None:
    """Id of the finding that the address asks for.

    The browser's Back button can bring the page back without its parameters; then it is the
    finding that this session opened last, and the address says so again.
    """
    last: dict[str, str] = st.session_state.get(_LAST, {})
    if param("id") is None:
        for name, value in last.items():
            set_param(name, value)
    current = {name: st.query_params[name] for name in ("id", "view") if name in st.query_params}
    st.session_state[_LAST] = current
    return param("id")


def last_finding() -> str | None:
    """Id of the finding that this session opened last."""
    last: dict[str, str] = st.session_state.get(_LAST, {})
    return last.get("id")


def author() -> str | None:
    """Who judges: DEEPAID_USER, else the name that was given once in this browser."""
    if known := workspace().author:
        return known
    given: str | None = st.session_state.get(_AUTHOR)
    if not given and (given := drafts.draft(_AUTHOR_KEPT).get("name")):
        # Written again, so that a name in use is not forgotten like a draft that nobody touches.
        st.session_state[_AUTHOR] = given
        drafts.keep(_AUTHOR_KEPT, {"name": given})
    return given or None


def set_author(name: str) -> None:
    """Remember, for this browser, who judges; for use in callbacks."""
    name = name.strip()[:80]
    st.session_state[_AUTHOR] = st.session_state[AUTHOR_BOX] = name
    drafts.keep(_AUTHOR_KEPT, {"name": name})


@dataclass(frozen=True, slots=True)
class Done:
    """The last thing this session decided, for its banner.

    Attributes:
        text: What happened, not Markdown.
        numbers: Entries of the log of decisions that Undo takes back.
        actions: Lines of the log of actions that it takes back.
    """

    text: str
    numbers: tuple[int, ...] = ()
    actions: tuple[int, ...] = ()


def remember_done(value: Done) -> None:
    """Replace what the banner says."""
    st.session_state[_DONE] = value


def done() -> Done | None:
    """The last thing this session decided."""
    value: Done | None = st.session_state.get(_DONE)
    return value


def forget_done() -> None:
    """Close the banner."""
    st.session_state.pop(_DONE, None)
