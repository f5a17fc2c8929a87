"""A finding's event on the bench, of every kind of data: scores, locks, the smallest fix."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain.modality import Modality
from deepaid_core.errors import (
    ArtifactError,
    DetectorMismatchError,
    InvalidParameterError,
    NotFoundError,
)
from deepaid_core.workflow.bench import open_bench, way_done, way_to
from deepaid_core.workflow.bench_parts import Part
from deepaid_core.workspace import Workspace
from tests.benches import bench_of, interpretations, planted_finding
from tests.empty import empty_home

KINDS = tuple(Modality)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    opened = Workspace.open(empty_home(tmp_path_factory.mktemp("bench")))
    yield opened
    opened.close()


def groups(bench):
    return sorted({part.group for part in bench.parts})


def cells_of(bench, locked):
    return {cell for part in bench.parts if part.group in locked for cell in part.cells}


@pytest.mark.parametrize("kind", KINDS)
def test_event_and_reference_score_as_they_are_stored(workspace, kind):
    for number, stored in enumerate(interpretations(kind)):
        bench, proof = bench_of(workspace, kind, number), stored.diagnostics
        untouched, reference = bench.score({}), bench.score(bench.reference)
        assert untouched.score == pytest.approx(proof.score, rel=1e-5)
        assert reference.score == pytest.approx(proof.reference_score, rel=1e-5, abs=1e-6)
        assert untouched.threshold == proof.threshold
        assert not untouched.accepted
        assert reference.accepted == proof.verified
        assert untouched.changed == ()
        assert set(reference.changed) == {one.field for one in stored.deviations}


@pytest.mark.parametrize("kind", KINDS)
def test_deviating_parts_come_first_by_weight(workspace, kind):
    for number, stored in enumerate(interpretations(kind)):
        bench = bench_of(workspace, kind, number)
        weights = [part.weight for part in bench.parts]
        assert weights == sorted(weights, reverse=True)
        assert {p.group for p in bench.parts if p.deviates} == {d.field for d in stored.deviations}
        assert all(p.reference != p.observed for p in bench.parts if p.deviates)


@pytest.mark.parametrize("kind", KINDS)
def test_taking_every_part_of_the_reference_gives_the_reference_and_back(workspace, kind):
    bench = bench_of(workspace, kind)
    edits = {}
    for part in bench.parts:
        if not part.alone:
            edits = bench.take_reference(part, edits)
            assert bench.value(part, edits) == part.reference
    assert edits == dict(bench.reference)
    for part in bench.parts:
        edits = bench.put_back(part, edits)
    assert edits == {}


@pytest.mark.parametrize("kind", KINDS)
def test_what_each_edit_does_is_told(workspace, kind):
    bench = bench_of(workspace, kind)
    first, second = [part for part in bench.parts if not part.fixed and not part.alone][:2]
    edits = {}
    for part in (first, second):
        if part.kind == "choice":
            other = next(one.value for one in bench.choices(part) if one.value != part.observed)
        else:
            other = float(part.observed) * 0.5 + 1
        edits = bench.turn(part, other, edits)
    told = bench.score(edits)
    assert set(told.changed) == {first.group, second.group}
    of_first = {c: v for c, v in edits.items() if c in first.cells}
    of_second = {c: v for c, v in edits.items() if c in second.cells}
    one, two = sorted(told.effects, key=lambda effect: effect.group != first.group)
    assert one.alone == pytest.approx(bench.score(of_first).score, rel=1e-5, abs=1e-6)
    assert one.without == pytest.approx(bench.score(of_second).score, rel=1e-5, abs=1e-6)
    assert two.alone == pytest.approx(one.without, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_smallest_fix_works_where_the_stored_reference_does(workspace, kind):
    for number, stored in enumerate(interpretations(kind)):
        bench = bench_of(workspace, kind, number)
        fix = bench.smallest_fix(())
        assert fix.works == stored.diagnostics.verified
        assert len(fix.score.changed) <= fix.most
        assert fix.score.score == pytest.approx(bench.score(fix.edits).score)


def test_a_fix_outside_the_metrics_that_deviate_is_told_whole(workspace):
    outside = 0
    for number, stored in enumerate(interpretations("series")):
        bench = bench_of(workspace, "series", number)
        for locked in sorted({deviation.field for deviation in stored.deviations}):
            edits = {}
            for part in bench.parts:
                if part.deviates and part.group == locked:
                    edits = bench.turn(part, way_to(part, 0.3), edits)
            fix = bench.smallest_fix({locked}, edits)
            changed = [part for part in bench.parts if part.cells[0] in fix.edits]
            assert {part.cells[0] for part in changed} == set(fix.edits)
            outside += sum(part.remote for part in changed)
    assert outside


def check_locks(workspace, kind, data):
    number = data.draw(st.integers(0, len(interpretations(kind)) - 1))
    bench = bench_of(workspace, kind, number)
    # Locks on what deviates are those that hurt.
    deviating = [part.group for part in bench.parts if part.deviates]
    locked = set(data.draw(st.lists(st.sampled_from(deviating), unique=True)))
    locked |= set(data.draw(st.lists(st.sampled_from(groups(bench)), max_size=5, unique=True)))
    edits = {}
    for part in bench.parts:
        if part.group in locked and not part.alone and data.draw(st.booleans()):
            edits = bench.take_reference(part, edits)
        elif part.deviates and part.kind != "choice":
            edits = bench.turn(part, way_to(part, 0.3), edits)
    fix = bench.smallest_fix(locked, edits)
    kept = cells_of(bench, locked)
    assert {c: v for c, v in fix.edits.items() if c in kept} == {
        c: v for c, v in edits.items() if c in kept
    }
    assert fix.works == bench.score(fix.edits).accepted


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_what_is_locked_keeps_its_value_in_the_smallest_fix(workspace, kind, data):
    check_locks(workspace, kind, data)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_what_is_locked_keeps_its_value_whatever_is_locked(workspace, kind, data):
    check_locks(workspace, kind, data)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_works_where_all_is_locked(workspace, kind):
    bench = bench_of(workspace, kind)
    fix = bench.smallest_fix(groups(bench))
    assert not fix.works
    assert fix.edits == {}
    assert fix.needed == 0


@pytest.mark.parametrize("kind", KINDS)
def test_locked_values_that_are_enough_need_no_search(workspace, kind):
    bench = bench_of(workspace, kind)
    locked = {part.group for part in bench.parts if part.deviates}
    fix = bench.smallest_fix(locked, bench.reference)
    assert fix.works
    assert fix.edits == dict(bench.reference)


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_fit_is_refused_by_name(workspace, kind):
    bench = bench_of(workspace, kind)
    cell = bench.parts[0].cells[0]
    with pytest.raises(InvalidParameterError, match="nothing-like-it"):
        bench.score({"nothing-like-it": 1.0})
    with pytest.raises(InvalidParameterError, match="nothing-like-it"):
        bench.smallest_fix({"nothing-like-it"})
    bad = {Modality.SEQUENCE: "999", Modality.LINK: "  "}.get(kind, float("nan"))
    with pytest.raises(InvalidParameterError, match=cell):
        bench.score({cell: bad})
    # A draft may be of another time: what does not fit it is left out, the rest stays.
    good = dict(bench.reference)
    assert bench.read({**good, "nothing-like-it": 1.0, "other": [1]}) == good
    assert bench.read({cell: bad}) == {}


def test_what_keeps_a_finding_off_the_bench_is_named(tmp_path):
    with_detector = Workspace.open(empty_home(tmp_path / "one"))
    finding = planted_finding(with_detector, Modality.TABULAR)
    with pytest.raises(NotFoundError, match="D-0000000009"):
        open_bench(with_detector, replace(finding, detector_id="D-0000000009"))
    short = replace(finding.interpretation, observed=finding.interpretation.observed[:3])
    with pytest.raises(DetectorMismatchError, match="does not fit"):
        open_bench(with_detector, replace(finding, interpretation=short))
    with_detector.close()


def test_a_damaged_detector_is_named(tmp_path):
    damaged = Workspace.open(tmp_path / "one")
    finding = planted_finding(damaged, Modality.TABULAR)
    (weights,) = damaged.artifacts.glob("*/*.safetensors")
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ArtifactError):
        open_bench(damaged, finding)
    damaged.close()


@settings(max_examples=60, deadline=None)
@given(
    start=st.floats(-1e6, 1e9), goal=st.floats(-1e6, 1e9), share=st.floats(0, 1, exclude_max=True)
)
def test_the_way_between_two_values_goes_there_and_back(start, goal, share):
    part = Part(("a",), "a", "a", "", "number", start, goal)
    assert way_to(part, 0.0) == start
    assert way_to(part, 1.0) == goal
    value = way_to(part, share)
    slack = 1e-9 * max(abs(start), abs(goal))
    assert min(start, goal) - slack <= value <= max(start, goal) + slack
    if abs(start - goal) > 1e-3 * max(abs(start), abs(goal), 1e-3):
        assert way_done(part, value) == pytest.approx(share, abs=1e-6)


def test_far_values_are_approached_in_logarithms():
    part = Part(("a",), "a", "a", "bytes", "number", 1_000_000.0, 10.0)
    assert 1_000 < way_to(part, 0.5) < 20_000
    assert way_done(part, 2_000_000.0) == 0.0
