"""Merging and unmerging: both cases are as before, whatever happened around it."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepaid_core.domain.case import CaseStatus
from deepaid_core.errors import CaseRefusedError, NotFoundError
from deepaid_core.workflow import cases
from deepaid_core.workflow.case_merging import merge, unmerge
from deepaid_core.workflow.undo_actions import undo_actions
from tests.suppressing import FINDINGS, copied, make_template

IDS = [finding.id for finding in FINDINGS[:6]]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("merging") / "template", FINDINGS[:6])


@pytest.fixture
def desk(template, tmp_path):
    """Six findings; C-1 holds the first two, C-2 the second to the fourth."""
    workspace = copied(template, tmp_path / "workspace")
    cases.open_case(workspace, title="A", finding_ids=IDS[:2], author="ana")
    cases.open_case(workspace, title="B", finding_ids=IDS[1:4], author="ben")
    cases.add_technique(workspace, 1, "T1046", "Ports.", author="ana")
    yield workspace
    workspace.close()


def held(workspace, *numbers):
    """What a reader sees of cases, but for when and by whom it was last written."""
    found = []
    for number in numbers:
        case = workspace.store.desk.case(number)
        techniques = sorted((one.id, one.reason) for one in case.techniques)
        plain = replace(case, changed_time=0.0, version=0, techniques=())
        found.append((plain, techniques))
    return found


def test_the_other_case_takes_over_findings_and_techniques(desk):
    outcome = merge(desk, 1, 2, author="cem")
    into, gone = desk.store.desk.case(2), desk.store.desk.case(1)
    assert set(into.finding_ids) == set(IDS[:4])
    assert [one.id for one in into.techniques] == ["T1046"]
    assert (outcome.case_number, outcome.findings) == (2, 1)
    # The merged case keeps what it had, and is closed.
    assert (gone.merged_into, gone.status) == (2, CaseStatus.CLOSED)
    assert set(gone.finding_ids) == set(IDS[:2])
    assert desk.store.desk.cases_of(IDS[:1]) == {IDS[0]: (2,)}


def test_unmerging_restores_both(desk):
    cases.change(desk, 1, {"status": "in progress"}, author="ana")
    before = held(desk, 1, 2)
    merge(desk, 1, 2, author="cem")
    assert held(desk, 1, 2) != before
    unmerge(desk, 1, author="dea")
    assert held(desk, 1, 2) == before


def test_what_was_added_by_hand_after_the_merge_stays(desk):
    merge(desk, 1, 2, author="cem")
    cases.add_findings(desk, 2, [IDS[4]], author="cem")
    cases.remove_findings(desk, 2, [IDS[0]], author="cem")
    # Put in by hand again: it is the case's own now.
    cases.add_findings(desk, 2, [IDS[0]], author="cem")
    cases.add_technique(desk, 2, "T1018", "Many hosts.", author="cem")
    unmerge(desk, 1, author="cem")
    into = desk.store.desk.case(2)
    assert set(into.finding_ids) == {*IDS[1:5], IDS[0]}
    assert [one.id for one in into.techniques] == ["T1018"]


def test_what_two_merged_cases_share_leaves_with_the_last_of_them(desk):
    cases.open_case(desk, title="C", finding_ids=[IDS[0], IDS[5]], author="ana")
    before = held(desk, 1, 2, 3)
    merge(desk, 1, 2, author="ana")
    merge(desk, 3, 2, author="ana")
    unmerge(desk, 1, author="ana")
    assert set(desk.store.desk.case(2).finding_ids) == {*IDS[:4], IDS[5]}
    unmerge(desk, 3, author="ana")
    assert held(desk, 1, 2, 3) == before


def test_a_merged_case_takes_notes_but_no_changes(desk):
    merge(desk, 1, 2, author="ana")
    for act in (
        lambda: cases.change(desk, 1, {"summary": "x"}, author="ana"),
        lambda: cases.add_findings(desk, 1, [IDS[5]], author="ana"),
        lambda: cases.remove_findings(desk, 1, [IDS[0]], author="ana"),
        lambda: cases.add_technique(desk, 1, "T1018", "x", author="ana"),
        lambda: cases.discard(desk, 1, author="ana"),
        lambda: merge(desk, 1, 2, author="ana"),
        lambda: merge(desk, 2, 1, author="ana"),
    ):
        with pytest.raises(CaseRefusedError, match="C-1 was merged into C-2"):
            act()
    cases.take_note(desk, 1, "Still true.", author="ana")


def test_what_cannot_be_merged_is_said(desk):
    with pytest.raises(CaseRefusedError, match="into itself"):
        merge(desk, 1, 1, author="ana")
    with pytest.raises(CaseRefusedError, match="not merged"):
        unmerge(desk, 1, author="ana")
    cases.discard(desk, 2, author="ana")
    with pytest.raises(CaseRefusedError, match="discarded"):
        merge(desk, 1, 2, author="ana")


def test_a_chain_is_taken_apart_from_its_end(desk):
    cases.open_case(desk, title="C", finding_ids=[IDS[5]], author="ana")
    before = held(desk, 1, 2, 3)
    merge(desk, 1, 2, author="ana")
    merge(desk, 2, 3, author="ana")
    with pytest.raises(CaseRefusedError, match="C-2 was merged"):
        unmerge(desk, 1, author="ana")
    unmerge(desk, 2, author="ana")
    unmerge(desk, 1, author="ana")
    assert held(desk, 1, 2, 3) == before


def test_undo_of_a_merge_and_of_an_unmerge_are_exact(desk):
    before = held(desk, 1, 2)
    outcome = merge(desk, 1, 2, author="ana")
    merged = held(desk, 1, 2)
    undo_actions(desk, outcome.numbers, author="ana")
    assert held(desk, 1, 2) == before
    merge(desk, 1, 2, author="ana")
    outcome = unmerge(desk, 1, author="ana")
    undo_actions(desk, outcome.numbers, author="ana")
    assert held(desk, 1, 2) == merged
    # A merge that Undo restored can be taken apart like any other.
    unmerge(desk, 1, author="ana")
    assert held(desk, 1, 2) == before


steps = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.integers(1, 4), st.integers(1, 4)),
        st.tuples(st.just("unmerge"), st.integers(1, 4), st.none()),
    ),
    max_size=8,
)
members = st.lists(st.lists(st.sampled_from(IDS), unique=True, max_size=4), min_size=4, max_size=4)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(members=members, steps=steps)
def test_whatever_is_merged_can_be_taken_apart_to_what_was(
    template, tmp_path_factory, members, steps
):
    workspace = copied(template, tmp_path_factory.mktemp("random") / "workspace")
    try:
        for place, ids in enumerate(members):
            cases.open_case(workspace, title=f"Case {place}", finding_ids=ids, author="ana")
            if place % 2:
                cases.add_technique(workspace, place + 1, "T1046", f"Why {place}", author="ana")
        before = held(workspace, 1, 2, 3, 4)
        for what, number, into in steps:
            try:
                if what == "merge":
                    merge(workspace, number, into, author="ana")
                else:
                    unmerge(workspace, number, author="ana")
            except CaseRefusedError:
                continue
        for _ in range(4):  # the end of a chain comes first
            for number in (1, 2, 3, 4):
                try:
                    unmerge(workspace, number, author="ana")
                except CaseRefusedError:
                    continue
        assert held(workspace, 1, 2, 3, 4) == before
    finally:
        workspace.close()


changes = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.sampled_from(IDS), max_size=3)),
        st.tuples(st.just("remove"), st.lists(st.sampled_from(IDS), max_size=3)),
        st.tuples(st.just("summary"), st.sampled_from(["", "One.", "Two."])),
        st.tuples(st.just("status"), st.sampled_from(["open", "in progress", "closed"])),
        st.tuples(st.just("technique"), st.sampled_from(["T1046", "T1110.001"])),
        st.tuples(st.just("untechnique"), st.sampled_from(["T1046", "T1110.001"])),
        st.tuples(st.just("note"), st.sampled_from(["A note.", "Another."])),
    ),
    max_size=8,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=changes)
def test_any_sequence_of_changes_undone_is_as_before(template, tmp_path_factory, changes):
    workspace = copied(template, tmp_path_factory.mktemp("undone") / "workspace")
    try:
        cases.open_case(workspace, title="A", finding_ids=IDS[:2], author="ana")
        before = held(workspace, 1)
        done = []
        for what, value in changes:
            with suppress(NotFoundError):  # a technique that is not there cannot be taken off
                done.append(_act(workspace, what, value).numbers)
        for numbers in reversed(done):
            if numbers:
                undo_actions(workspace, numbers, author="ana")
        assert held(workspace, 1) == before
        assert workspace.store.desk.notes("C-1") == ()
    finally:
        workspace.close()


def _act(workspace, what, value):
    match what:
        case "add":
            return cases.add_findings(workspace, 1, value, author="ben")
        case "remove":
            return cases.remove_findings(workspace, 1, value, author="ben")
        case "technique":
            return cases.add_technique(workspace, 1, value, f"Why {value}", author="ben")
        case "untechnique":
            return cases.remove_technique(workspace, 1, value, author="ben")
        case "note":
            return cases.take_note(workspace, 1, value, author="ben")
        case _:
            return cases.change(workspace, 1, {what: value}, author="ben")
