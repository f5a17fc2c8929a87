"""What each kind of entry does to the Distiller."""

from itertools import permutations

import pytest

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.distiller.suggestion import CITED
from deepaid_core.domain.distiller_settings import DistillerSettings
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
from deepaid_core.errors import InvalidParameterError

TRUE, FALSE = VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE
PATH = ("a", "b", "c")


def after(*entries: Entry) -> Distiller:
    return Distiller.replay(LogEntry(n, 0.0, entry) for n, entry in enumerate(entries, 1))


def verdict(label=FALSE, category="backup-job", path=PATH, findings=("F-1",)) -> NewVerdict:
    return NewVerdict(label, category, "", "ana", "finding", "packets", "P-1", path, findings)


def lessons(*taught: TaughtPath) -> NewLessons:
    return NewLessons(taught, "lessons.json", "0", "ana")


def test_each_imported_lesson_counts_as_often_as_it_was_taught():
    imported = after(lessons(TaughtPath("packets", FALSE, "backup-job", PATH, 4)))
    suggestion = imported.suggest("packets", PATH)
    assert (suggestion.category, suggestion.support) == ("backup-job", 4)
    assert suggestion.verdict_numbers == (1,)


def test_lessons_and_verdicts_add_up_and_an_undone_import_leaves_the_verdicts():
    entries = (
        verdict(),
        lessons(TaughtPath("packets", FALSE, "backup-job", PATH, 4)),
        verdict(findings=("F-2",)),
    )
    both = after(*entries).suggest("packets", PATH)
    assert (both.support, both.verdict_numbers) == (6, (3, 2, 1))
    alone = after(*entries, NewUndo(2, "ana")).suggest("packets", PATH)
    assert (alone.support, alone.verdict_numbers) == (2, (3, 1))
    again = after(*entries, NewUndo(2, "ana"), NewRestore(2, "ana"))
    assert again.suggest("packets", PATH) == both


def test_a_restored_verdict_stands_where_it_stood():
    # The later verdict holds, also when the earlier one comes back last.
    log = (verdict(), verdict(TRUE, "malware"), NewUndo(1, "ana"), NewRestore(1, "ana"))
    distiller = after(*log)
    assert distiller.judged == {"F-1": (1, 2)}
    assert distiller.suggest("packets", PATH).category == "malware"
    assert distiller.machine.verdicts == 1


def test_a_verdict_restored_long_after_stands_where_it_stood():
    others = [verdict(findings=(f"F-{n}",)) for n in range(2, 40)]
    log = (verdict(), *others, NewUndo(1, "ana"), verdict(TRUE, "malware"), NewRestore(1, "ana"))
    assert after(*log).judged["F-1"] == (1, 41)
    assert after(*log[:-1]).after([LogEntry(42, 0.0, log[-1])]).judged["F-1"] == (1, 41)


def test_all_orders_and_neighbours_of_a_pattern_are_cited_when_learned_at_once():
    orders = list(permutations(PATH))
    neighbours = [("a", "b", f"x{n}") for n in range(5)]
    paths = enumerate([*orders, *neighbours])
    distiller = after(*(verdict(path=path, findings=(f"F-{n}",)) for n, path in paths))
    assert distiller.suggest("packets", PATH).verdict_numbers == (6, 5, 4, 3, 2, 1)
    assert distiller.suggest("packets", ("b", "a", "new")).verdict_numbers == (*range(11, 0, -1),)


def test_a_decision_that_another_replaced_counts_again_once_that_is_undone():
    distiller = after(verdict(findings=("F-1", "F-2")), verdict(TRUE, "malware"))
    assert distiller.left == {1: 1}
    assert distiller.machine.verdicts == 2
    distiller = distiller.after([LogEntry(3, 0.0, verdict(TRUE, "malware", findings=("F-2",)))])
    assert distiller.suggest("packets", PATH).alternatives == (("malware", 1.0),)
    distiller = distiller.after([LogEntry(4, 0.0, NewUndo(3, "ana"))])
    assert {category for category, _ in distiller.suggest("packets", PATH).alternatives} == {
        "malware",
        "backup-job",
    }


def test_the_settings_say_how_the_machine_is_read():
    turned = ("c", "b", "a")
    chain = after(verdict())
    paper = after(verdict(), NewSetting("reading", "paper", "ana"))
    assert chain.settings == DistillerSettings()
    assert paper.settings == DistillerSettings(reading="paper")
    # The chain ignores the order for support; the paper's reading has no step from "c" to "b".
    assert chain.suggest("packets", turned).known
    assert chain.knows("packets", turned)
    assert not paper.suggest("packets", turned).known
    assert not paper.knows("packets", turned)
    assert paper.suggest("packets", turned, reading="chain").known
    undone = paper.after([LogEntry(3, 0.0, NewUndo(2, "ana"))])
    assert undone.suggest("packets", turned).known


def test_the_papers_reading_cites_verdicts_with_the_same_last_state():
    distiller = after(verdict(), verdict(path=("x", "c"), findings=("F-2",)))
    suggestion = distiller.suggest("packets", PATH, reading="paper")
    assert (suggestion.support, suggestion.verdict_numbers) == (2, (2, 1))


def test_a_setting_that_is_none_is_named():
    with pytest.raises(InvalidParameterError, match="There is no setting 'color'"):
        after(NewSetting("color", "red", "ana"))


def test_a_suppression_moves_only_the_number():
    scope = SuppressionScope("packets", "P-1")
    suppression = NewSuppression(scope, FALSE, "backup-job", "", "ana", "ana", "", 1.0)
    before, with_it = after(verdict()), after(verdict(), suppression)
    assert with_it.machine == before.machine
    assert with_it.machine.version == "M-2"
    assert with_it.others == {2: suppression}
    undone = with_it.after([LogEntry(3, 0.0, NewUndo(2, "ana"))])
    assert undone == before
    assert undone.taken_back == {2: suppression}


def test_the_newest_of_many_verdicts_are_cited():
    distiller = after(*(verdict(findings=(f"F-{n}",)) for n in range(1, 401)))
    newest = tuple(range(400, 400 - CITED, -1))
    assert distiller.suggest("packets", PATH).verdict_numbers == newest
    assert distiller.suggest("packets", ("a", "b", "z")).verdict_numbers == newest
    undone = distiller.after([LogEntry(401, 0.0, NewUndo(399, "ana"))])
    assert undone.suggest("packets", PATH).verdict_numbers == (
        400,
        *range(398, 398 - CITED + 1, -1),
    )


def test_an_earlier_distiller_stays_as_it_was():
    before = after(verdict())
    digest, suggestion = before.machine.digest(), before.suggest("packets", PATH)
    later = before.after([LogEntry(2, 0.0, verdict(TRUE, "malware", findings=("F-2",)))])
    later.after([LogEntry(3, 0.0, NewUndo(1, "ana"))])
    assert before.machine.digest() == digest
    assert before.suggest("packets", PATH) == suggestion
    assert len(before.decisions) == 1
