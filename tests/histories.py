"""Histories of lessons and logs of decisions, for properties that hold for any of them."""

from hypothesis import settings
from hypothesis import strategies as st

from deepaid_core.distiller.machine import Lesson, Outcome
from deepaid_core.domain.distiller_settings import READINGS
from deepaid_core.domain.log import (
    Entry,
    LogEntry,
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
    TaughtPath,
)
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel

# Machines of other people are slow at times; a property is not about time.
brisk = settings(max_examples=60, deadline=None)

HOSTILE = [
    "",
    "<script>alert(1)</script>",
    'a"b',
    "a\nb",
    "\0",
    "\u202eabc",
    "\ud800",
    "a:up:1",
    "[]",
]
states = st.one_of(st.sampled_from(["a", "b", "c", "d", "e"]), st.sampled_from(HOSTILE))
paths = st.lists(states, min_size=1, max_size=4).map(tuple)
outcomes = st.builds(
    Outcome,
    st.sampled_from([VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE]),
    st.sampled_from(["port-scan", "backup-job", *HOSTILE]),
)
lessons = st.builds(Lesson, st.sampled_from(["packets", "logins"]), paths, outcomes)
histories = st.lists(lessons, max_size=12)
FINDINGS = "123456"


taught_paths = st.builds(
    TaughtPath,
    st.sampled_from(["packets", "logins"]),
    st.sampled_from([VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE]),
    st.sampled_from(["x", "y"]),
    paths,
    st.integers(1, 3),
)
verdicts = st.builds(
    NewVerdict,
    label=st.sampled_from(list(VerdictLabel)),
    category=st.sampled_from(["x", "y"]),
    reason=st.just(""),
    author=st.just("ana"),
    scope=st.just("selection"),
    detector_name=st.just("packets"),
    pattern_id=st.just("P-1"),
    path=paths,
    finding_ids=st.lists(st.sampled_from(FINDINGS), min_size=1, max_size=3, unique=True).map(tuple),
)
imports = st.builds(
    NewLessons,
    st.lists(taught_paths, max_size=3).map(tuple),
    st.just("lessons.json"),
    st.just("0"),
    st.just("ana"),
)
new_settings = st.one_of(
    st.builds(NewSetting, st.just("reading"), st.sampled_from(READINGS), st.just("ana")),
    st.builds(NewSetting, st.just("least_verdicts"), st.sampled_from(["1", "7"]), st.just("ana")),
)
suppressions = st.builds(
    NewSuppression,
    st.builds(SuppressionScope, st.just("packets"), st.just("P-1")),
    *(st.just(text) for text in (VerdictLabel.FALSE_POSITIVE, "x", "", "ana", "ana", "")),
    st.just(1.0),
)
decided = st.one_of(verdicts, verdicts, verdicts, imports, new_settings, suppressions)


@st.composite
def logs(draw, entries=decided) -> list[LogEntry]:
    """Decisions on few findings, so that they meet, taken back and restored at any time."""
    log: list[LogEntry] = []
    standing: list[int] = []
    fallen: list[int] = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        what = draw(st.integers(0, 5))
        if standing and what in (0, 1):
            target = standing.pop(draw(st.integers(0, len(standing) - 1)))
            fallen.append(target)
            log.append(LogEntry(number, 0.0, NewUndo(target, "ana")))
        elif fallen and what == 2:
            target = fallen.pop(draw(st.integers(0, len(fallen) - 1)))
            standing.append(target)
            log.append(LogEntry(number, 0.0, NewRestore(target, "ana")))
        else:
            log.append(LogEntry(number, 0.0, draw(entries)))
            standing.append(number)
    return log


def in_force(log: list[LogEntry]) -> dict[int, Entry]:
    """What was decided and holds after the log, oldest first."""
    held: dict[int, Entry] = {}
    for line in log:
        if isinstance(line.entry, NewUndo):
            del held[line.entry.entry_number]
        elif isinstance(line.entry, NewRestore):
            held[line.entry.entry_number] = log[line.entry.entry_number - 1].entry
        else:
            held[line.number] = line.entry
    return dict(sorted(held.items()))
