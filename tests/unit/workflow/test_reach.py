"""What a verdict on a pattern would reach, before it is given."""

import pytest

from deepaid_core.distiller.machine import parts_of
from deepaid_core.domain.finding import Status, pattern_id, pattern_of
from deepaid_core.errors import NotFoundError
from deepaid_core.workflow.reach import MOST_NEIGHBOURS, drawn, pattern_reach
from deepaid_core.workflow.triage import undo
from tests.factories import PATHS, make_finding, make_run
from tests.suppressing import FINDINGS, FIRST, PATTERN, TRUE, copied, judge, make_template

STATES = pattern_of(PATHS[0])


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def workspace(template, tmp_path):
    opened = copied(template, tmp_path / "home")
    yield opened
    opened.close()


def add(workspace, *paths, start=50, **overrides):
    found = [
        make_finding(start + at, path=path, max_score=0.3, **overrides)
        for at, path in enumerate(paths)
    ]
    workspace.store.add_run(make_run(start), found)
    return found


def test_open_and_past_are_counted_by_host_and_hour_with_the_verdicts_given(workspace):
    judge(workspace, FIRST[0], FIRST[1])
    judge(workspace, FIRST[2], label=TRUE, category="port-scan")
    undo(workspace, entry_numbers=[1], author="ana")
    found = pattern_reach(workspace, PATTERN)
    assert found.pattern == workspace.store.pattern(PATTERN)
    reach = found.reach
    assert (reach.findings, reach.open_findings, reach.closed) == (10, 8, 2)
    assert sum(count for _, _, count in reach.top_entities) == 10
    assert sum(count for _, count, _ in reach.hours) == 8
    assert [one.number for one in found.verdicts] == [3, 2]
    assert reach.decisions == {"false positive": 1, "true positive": 1}


def test_examples_are_open_findings_and_the_same_for_the_same_seed(workspace):
    judge(workspace, *FIRST[:3])
    first = pattern_reach(workspace, PATTERN, examples=3, seed=1)
    assert len(first.examples) == 3
    assert {row.id for row in first.examples} <= set(FIRST[3:])
    assert first.examples == pattern_reach(workspace, PATTERN, examples=3, seed=1).examples
    draws = {
        frozenset(
            row.id for row in pattern_reach(workspace, PATTERN, examples=3, seed=one).examples
        )
        for one in range(8)
    }
    assert len(draws) > 1
    assert len(pattern_reach(workspace, PATTERN, examples=50).examples) == 7
    judge(workspace, *FIRST[3:])
    assert pattern_reach(workspace, PATTERN).examples == ()


def test_every_finding_is_drawn_about_as_often():
    ids = [f"F-{number}" for number in range(10)]
    times = dict.fromkeys(ids, 0)
    for seed in range(1000):
        for one in drawn(ids, 2, seed=seed):
            times[one] += 1
    assert all(140 < count < 260 for count in times.values())
    assert drawn(reversed(ids), 4, seed=3) == drawn(ids, 4, seed=3)


def test_neighbours_share_all_states_but_one_and_at_least_two(workspace):
    near = [
        (*STATES[:2], "MI_mean:up:1"),
        (*STATES[1:], "MI_mean:up:2"),
        STATES[:2],
        (*STATES, "MI_mean:down:3"),
    ]
    far = [
        (STATES[0], "MI_mean:up:1", "MI_mean:up:2"),
        STATES[:1],
        (*STATES, "MI_mean:down:3", "MI_weight:down:2"),
        (STATES[0], f'odd "{STATES[1]}"', "MI_weight:down:3"),
    ]
    found = add(workspace, *near, *far)
    add(workspace, (*STATES[:2], "MI_mean:up:1"), start=90, detector_name="other")
    neighbours = pattern_reach(workspace, PATTERN).neighbours
    assert {one.pattern.pattern_id for one in neighbours} == {
        finding.pattern_id for finding in found[: len(near)]
    }
    for one in neighbours:
        assert set(one.shared) == set(STATES) & set(one.pattern.states)
        assert len(one.shared) >= 2
    two = pattern_id("packets", pattern_of(STATES[:2]))
    assert {one.pattern.pattern_id for one in pattern_reach(workspace, two).neighbours} == {
        PATTERN,
        *(finding.pattern_id for finding in (found[0],)),
    }


def test_neighbours_follow_the_rule_that_the_distiller_reads_by(workspace):
    alphabet = [f"HH_mean:up:{number}" for number in range(5)]
    paths = [
        tuple(alphabet[number] for number in range(5) if mask >> number & 1)
        for mask in range(1, 32)
    ]
    found = add(workspace, *paths)
    ids = {finding.pattern: finding.pattern_id for finding in found}

    def by_the_distiller(one, other):
        parts, others = parts_of(one), parts_of(other)
        return bool(parts & others) or other in parts or one in others

    for pattern, one in ids.items():
        expected = {
            ids[other] for other in ids if other != pattern and by_the_distiller(pattern, other)
        }
        assert set(workspace.store.near(one)) == expected


def test_states_of_any_characters_have_neighbours_too(workspace):
    odd = ('say "x"', "back\\slash", "zero\0", "\ud800", "%_'")
    one, other = add(workspace, odd[:3], (odd[0], odd[1], odd[3]))
    assert workspace.store.near(one.pattern_id) == (other.pattern_id,)
    repeated, near = add(workspace, ("a", "a", "b"), ("a", "a", "c"), start=70)
    assert workspace.store.near(repeated.pattern_id) == (near.pattern_id,)


def test_protected_neighbours_come_first_and_long_lists_are_cut(workspace):
    paths = [(*STATES[:2], f"MI_mean:up:{number}") for number in range(1, MOST_NEIGHBOURS + 10)]
    found = add(workspace, *paths)
    last = max(found, key=lambda finding: finding.pattern_id)
    judge(workspace, last.id, label=TRUE, category="port-scan")
    neighbours = pattern_reach(workspace, PATTERN).neighbours
    assert len(neighbours) == MOST_NEIGHBOURS
    assert neighbours[0].pattern.pattern_id == last.pattern_id
    assert neighbours[0].pattern.true_positives == 1


def test_a_pattern_that_is_not_there_is_named(workspace):
    with pytest.raises(NotFoundError, match="P-nothing"):
        pattern_reach(workspace, "P-nothing")
    assert workspace.store.near("P-nothing") == ()
    lone = FINDINGS[2].pattern_id  # a single state has nothing one state away
    assert pattern_reach(workspace, lone).neighbours == ()
    assert workspace.store.row(FIRST[0]).status is Status.OPEN
