import dataclasses

import numpy as np
import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.errors import StoredValueError
from deepaid_core.workflow import purity as purity_module
from deepaid_core.workflow import triage
from deepaid_core.workflow.learning_results import last_learning
from deepaid_core.workflow.steering import disagreements, next_best, novel, purity
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import PATHS, START, make_detector_record, make_finding, make_run
from tests.suppressing import (
    BENIGN,
    FALSE,
    TRUE,
    UNDETERMINED,
    copied,
    judge,
    make_template,
)

# Two bursts of single findings, each of a pattern of its own, and a pattern of five far away: a
# queue in which the number of a pattern's findings says little about what a verdict brings.
BURST, OTHER, REST = range(0, 12), range(20, 32), range(40, 45)


def _finding(number, **changes):
    if number in REST:
        path = PATHS[0]
        values = {"entity": "10.0.0.3", "start": START + 100_000 + 900.0 * number}
    else:
        path = (f"MI_weight:up:{number}", f"HH_weight:down:{number}", "HpHp_weight:down:2")
        late = 0.0 if number in BURST else 50_000.0
        host = "10.0.0.1" if number in BURST else "10.0.0.2"
        values = {"entity": host, "start": START + late + 0.5 * number}
    start = values.pop("start")
    made = make_finding(number, path=path, max_score=0.3, **values, **changes)
    length = made.last_time - made.first_time
    return dataclasses.replace(made, first_time=start, last_time=start + min(length, 0.2))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    findings = [_finding(number) for number in (*BURST, *OTHER, *REST)]
    return make_template(tmp_path_factory.mktemp("steering") / "template", findings)


@pytest.fixture
def workspace(template, tmp_path):
    opened = copied(template, tmp_path / "workspace")
    yield opened
    opened.close()


def ids(numbers):
    return [_finding(number).id for number in numbers]


def entity_of(workspace, best):
    return workspace.store.row(best.finding_id).entity


def test_the_order_is_by_what_is_expected_and_each_pattern_comes_once(workspace):
    found = next_best(workspace, limit=50)
    assert len({one.pattern.pattern_id for one in found}) == len(found) == 25
    expected = [round(one.expected, 9) for one in found]
    assert expected == sorted(expected, reverse=True)
    assert found == next_best(workspace, limit=50)
    assert next_best(workspace, limit=3) == found[:3]


def test_the_finding_to_look_at_is_an_open_one_of_the_pattern(workspace):
    judge(workspace, *ids(BURST)[:3])
    for one in next_best(workspace, limit=50):
        row = workspace.store.row(one.finding_id)
        assert (row.pattern_id, row.status) == (one.pattern.pattern_id, "open")


def test_a_false_positive_leads_on_to_its_burst_and_an_attack_away_from_it(workspace):
    judge(workspace, ids(BURST)[5])
    after_false = next_best(workspace)
    assert {entity_of(workspace, one) for one in after_false} == {"10.0.0.1"}
    judge(workspace, ids(BURST)[5], label=TRUE, category="port-scan")
    assert entity_of(workspace, next_best(workspace)[0]) != "10.0.0.1"


def test_verdicts_move_how_likely_a_finding_is_false_and_only_in_their_direction(workspace):
    def likely(entity):
        found = [one for one in next_best(workspace, limit=50)]
        return np.mean([one.likely_false for one in found if entity_of(workspace, one) == entity])

    before = likely("10.0.0.1"), likely("10.0.0.2")
    judge(workspace, *ids(BURST)[:2])
    judge(workspace, *ids(OTHER)[:2], label=TRUE, category="port-scan")
    assert likely("10.0.0.1") > before[0]
    assert likely("10.0.0.2") < before[1]


def test_each_agreeing_verdict_in_a_burst_brings_its_suppression_nearer(workspace):
    expected = []
    for number in range(2):
        judge(workspace, ids(BURST)[number])
        expected.append(next_best(workspace)[0].expected)
    assert expected[1] > expected[0]


def test_the_reason_tells_of_the_nearest_verdicts_and_of_the_gain(workspace):
    assert next_best(workspace)[0].reason.startswith("Nothing much like it was judged yet.")
    judge(workspace, ids(BURST)[4])
    (best,) = next_best(workspace, limit=1)
    assert "The one verdict on the same entity within 20 s of it was a false positive." in (
        best.reason
    )
    assert "suppression of its burst" in best.reason


def test_of_many_verdicts_the_reason_says_how_many_were_false(workspace):
    judge(workspace, *ids(BURST)[4:7])
    judge(workspace, ids(BURST)[7], label=TRUE, category="port-scan")
    query = FindingQuery(entity="10.0.0.1")
    (best,) = next_best(workspace, limit=1, query=query)
    said = "Of 4 verdicts on the same entity within 20 s of it, 3 were false positives."
    assert best.reason.startswith(said)


def test_a_query_keeps_to_its_findings(workspace):
    found = next_best(workspace, limit=50, query=FindingQuery(entity="10.0.0.2"))
    assert {entity_of(workspace, one) for one in found} == {"10.0.0.2"}
    assert next_best(workspace, query=FindingQuery(entity="nobody")) == ()
    assert next_best(workspace, limit=0) == ()


def test_what_was_left_undetermined_is_not_asked_again(workspace):
    (first,) = next_best(workspace, limit=1)
    pattern = workspace.store.ids(FindingQuery(pattern_id=first.pattern.pattern_id))
    judge(workspace, *pattern, label=UNDETERMINED, category="")
    again = next_best(workspace, limit=50)
    assert first.pattern.pattern_id not in {one.pattern.pattern_id for one in again}


def test_an_empty_queue_has_no_next_best(tmp_path):
    empty = Workspace.open(empty_home(tmp_path / "empty"))
    assert next_best(empty) == novel(empty) == disagreements(empty) == purity(empty) == ()
    empty.close()


def test_novel_are_patterns_that_only_the_latest_run_shows_until_they_are_taught(tmp_path):
    workspace = Workspace.open(empty_home(tmp_path / "novel"))
    workspace.store.add_detector(make_detector_record())
    old, new = _finding(0), _finding(20)
    runs = [
        dataclasses.replace(
            make_run(),
            id=f"R-{place:010x}",
            first_time=one.first_time - 1,
            last_time=one.last_time + 1,
            finished_time=one.last_time + 5,
        )
        for place, one in enumerate((old, new))
    ]
    workspace.store.add_run(runs[0], [old])
    assert [one.pattern_id for one in novel(workspace)] == [old.pattern_id]
    workspace.store.add_run(runs[1], [new])
    assert [one.pattern_id for one in novel(workspace)] == [new.pattern_id]
    assert novel(workspace, limit=0) == ()
    judge(workspace, old.id)  # says nothing of the other
    assert [one.pattern_id for one in novel(workspace)] == [new.pattern_id]
    judge(workspace, new.id)
    assert novel(workspace) == ()
    workspace.close()


def test_disagreements_hold_the_verdicts_in_force_and_go_with_the_undo(workspace):
    numbers = ids(REST)
    judge(workspace, numbers[0])
    assert disagreements(workspace) == ()
    outcome = judge(workspace, numbers[1], label=TRUE, category="port-scan")
    (found,) = disagreements(workspace)
    assert {one.decision.label for one in found.verdicts} == {FALSE, TRUE}
    triage.undo(workspace, entry_numbers=outcome.numbers, author="ana")
    assert disagreements(workspace) == ()
    judge(workspace, numbers[2], label=BENIGN, category="")
    assert len(disagreements(workspace)) == 1


def test_purity_is_the_share_of_decisions_that_say_what_most_on_their_pattern_say(workspace):
    numbers = ids(REST)
    judge(workspace, *numbers[:3])
    judge(workspace, ids(BURST)[0], label=UNDETERMINED, category="")
    outcome = judge(workspace, numbers[3], label=TRUE, category="port-scan")
    assert [one.purity for one in purity(workspace)] == [1.0, 1.0, 1.0, 0.75]
    assert purity(workspace)[-1].decisions == 4
    triage.undo(workspace, entry_numbers=outcome.numbers, author="ana")
    assert [one.purity for one in purity(workspace)] == [1.0, 1.0, 1.0, 0.75, 1.0]
    assert purity(workspace)[-1].decisions == 3


def test_a_long_curve_of_purity_is_thinned_and_keeps_its_ends(workspace, monkeypatch):
    judge(workspace, *ids(BURST))
    whole = purity(workspace)
    monkeypatch.setattr(purity_module, "MOST_POINTS", 4)
    thin = purity(workspace)
    assert len(thin) == 4
    assert (thin[0], thin[-1]) == (whole[0], whole[-1])


def test_results_of_the_benchmark_are_read_or_refused_in_a_sentence(tmp_path):
    path = tmp_path / "benchmarks.json"
    assert last_learning(path) is None
    path.write_text("{}")
    assert last_learning(path) is None
    path.write_text('{"triage": {"figures": {}}}')
    with pytest.raises(StoredValueError, match="deepaid bench --only triage"):
        last_learning(path)
