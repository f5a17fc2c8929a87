"""How often each transition of a path was taken."""

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.distiller.explanation import PathExplanation, StepCount
from deepaid_core.distiller.machine import Outcome
from deepaid_core.domain.log import LogEntry, NewLessons, TaughtPath
from deepaid_core.domain.verdict import VerdictLabel

TRUE, FALSE = VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE
SCAN, BACKUP = Outcome(TRUE, "scan"), Outcome(FALSE, "backup")


def taught() -> Distiller:
    lessons = (
        TaughtPath("packets", TRUE, "scan", ("a", "b"), 2),
        TaughtPath("packets", FALSE, "backup", ("a", "b"), 5),
        TaughtPath("packets", FALSE, "backup", ("b", "a"), 2),
        TaughtPath("logins", TRUE, "scan", ("a", "b"), 9),
    )
    return Distiller.replay([LogEntry(1, 0.0, NewLessons(lessons, "x.json", "0", "ana"))])


def test_every_transition_is_counted_by_outcome_most_first():
    assert taught().explain("packets", ("a", "b")) == PathExplanation(
        ("a", "b"),
        (
            StepCount(None, "a", ((BACKUP, 5), (SCAN, 2))),
            StepCount("a", "b", ((BACKUP, 5), (SCAN, 2))),
            StepCount("b", None, ((BACKUP, 5), (SCAN, 2))),
        ),
    )


def test_equal_counts_stand_in_one_order():
    explanation = taught().explain("packets", ("b", "a", "z"))
    assert explanation.steps == (
        StepCount(None, "b", ((BACKUP, 2),)),
        StepCount("b", "a", ((BACKUP, 2),)),
        StepCount("a", "z", ()),
        StepCount("z", None, ()),
    )


def test_what_was_never_taught_has_no_counts():
    assert taught().explain("other", ("a",)).steps == (
        StepCount(None, "a", ()),
        StepCount("a", None, ()),
    )
    assert taught().explain("packets", ()).steps == ()
