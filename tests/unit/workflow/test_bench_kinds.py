"""What can be edited on the bench, kind by kind."""

from dataclasses import replace

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.trained import train_detector
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.details import UNKNOWN_TEXT
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.workflow.bench import open_bench
from deepaid_core.workflow.bench_tabular import TabularBench
from deepaid_core.workspace import Workspace
from tests.benches import bench_of, interpretations, planted_finding
from tests.empty import empty_home

SCHEMA = Schema(
    "windows",
    (
        *(Feature(f"rate_{w}", "rate", f"rate, last {w} s", low=0.0) for w in (1, 10, 60)),
        Feature("size", "size", "size", kind="integer", low=0.0, high=9000.0),
        Feature("age", "age", "age", locked=True),
        *(Feature(f"tool={t}", "tool", f"tool is {t}", kind="category") for t in "abc"),
    ),
    field_titles=(("rate", "rate"),),
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    opened = Workspace.open(empty_home(tmp_path_factory.mktemp("bench")))
    yield opened
    opened.close()


def events(n, seed):
    random = np.random.default_rng(seed)
    base = random.gamma(4.0, 5.0, n)
    rates = base[:, None] * (1.0, 3.0, 9.0) * random.normal(1.0, 0.05, (n, 3))
    size = np.rint(400 + 10 * base + random.normal(0, 5, n))
    kinds = np.eye(3)[(base > 20).astype(int)]  # the third one never occurs
    return np.column_stack([np.abs(rates), size, random.normal(50, 3, n), kinds])


@pytest.fixture(scope="module")
def bench():
    """A row whose rate is far too high over each of its three windows."""
    trained = train_detector(
        TabularBatch.of_values(SCHEMA, events(1200, 1)),
        lambda: AutoencoderDetector(epochs=30),
        name="windows", kind="autoencoder", trained_on="made up", trained_on_sha256="0" * 64,
        quantile=0.99,
    )  # fmt: skip
    odd = events(1, 2)
    odd[:, :3] *= 30
    batch = TabularBatch.of_values(SCHEMA, odd)
    context = Context.of(trained)
    (found,) = GreedyTabularInterpreter().interpret(batch, context)
    assert found.diagnostics.verified
    assert found.deviations[0].field == "rate"
    return TabularBench(trained, batch, context, found)


def part_of(bench, group, *, alone=False):
    return next(part for part in bench.parts if part.group == group and part.alone == alone)


def test_the_columns_of_a_field_go_the_same_share_of_their_way(bench):
    rate = part_of(bench, "rate")
    assert set(rate.cells) == {"rate_1", "rate_10", "rate_60"}
    halfway = (rate.observed + rate.reference) / 2
    edits = bench.turn(rate, halfway, {})
    assert edits[rate.cells[0]] == halfway
    for cell in rate.cells:
        single = next(p for p in bench.parts if p.alone and p.cells == (cell,))
        assert edits[cell] == pytest.approx((single.observed + single.reference) / 2)
    assert bench.turn(rate, rate.reference, {}) == {
        cell: bench.reference[cell] for cell in rate.cells
    }
    assert bench.turn(rate, rate.observed, edits) == {}


def test_one_column_of_a_field_can_be_edited_alone(bench):
    single = next(p for p in bench.parts if p.alone and p.cells == ("rate_10",))
    assert bench.turn(single, 12.5, {}) == {"rate_10": 12.5}
    assert bench.score({"rate_10": 12.5}).changed == ("rate",)


def test_edits_stay_within_what_the_columns_may_hold(bench):
    rate, size = part_of(bench, "rate"), part_of(bench, "size")
    assert min(bench.turn(rate, -50.0, {}).values()) >= 0.0
    assert bench.turn(size, 612.4, {}) == {"size": 612.0}
    assert bench.turn(size, 1e9, {}) == {"size": 9000.0}


def test_fields_that_follow_nothing_move_towards_similar_normal_events(bench):
    # Far beyond both ends the other columns stay within what was ever seen.
    rate = part_of(bench, "rate")
    far = bench.turn(rate, 1e12, {})
    assert far[rate.cells[0]] == 1e12
    assert all(far.get(cell, 0.0) < 1e6 for cell in rate.cells[1:])


def test_a_category_is_one_choice_of_its_texts(bench):
    tool = part_of(bench, "tool")
    choices = bench.choices(tool)
    assert {one.value for one in choices} == {"a", "b", "c"}
    assert [one.score for one in choices] == sorted(one.score for one in choices)
    other = next(one for one in choices if one.value != tool.observed)
    edits = bench.turn(tool, other.value, {})
    assert bench.score(edits).score == pytest.approx(other.score, rel=1e-5)
    with pytest.raises(InvalidParameterError, match="'d'"):
        bench.turn(tool, "d", {})


def test_what_the_schema_locks_cannot_be_edited(bench):
    age = part_of(bench, "age")
    assert age.fixed
    with pytest.raises(InvalidParameterError, match="age"):
        bench.turn(age, 3.0, {})


def test_lines_offer_the_likeliest_first_and_padding_stays(workspace):
    for number, stored in enumerate(interpretations(Modality.SEQUENCE)):
        bench = bench_of(workspace, Modality.SEQUENCE, number)
        padding = sum(value < 0 for value in stored.observed)
        assert len(bench.parts) == len(stored.observed) - padding
        flagged = next(part for part in bench.parts if part.group == "position:0")
        choices = bench.choices(flagged)
        expected = [one.text for one in stored.details.expected]
        assert {one.text for one in choices[: len(expected)]} == set(expected)
        for choice in choices[:3]:
            alone = bench.score(bench.turn(flagged, choice.value, {}))
            assert alone.score == pytest.approx(choice.score, rel=1e-4, abs=1e-5)


def test_a_line_of_no_template_can_be_left_and_taken_back_but_not_put_elsewhere(workspace):
    stored = next(
        one
        for one in interpretations(Modality.SEQUENCE, 6)
        if one.details.observed[-1] == UNKNOWN_TEXT
    )
    finding = replace(planted_finding(workspace, Modality.SEQUENCE), interpretation=stored)
    bench = open_bench(workspace, finding)
    flagged = next(part for part in bench.parts if part.group == "position:0")
    assert bench.text_of(flagged, flagged.observed) == UNKNOWN_TEXT
    assert flagged.observed in {one.value for one in bench.choices(flagged)}
    other = next(part for part in bench.parts if part.group != "position:0")
    with pytest.raises(InvalidParameterError, match=other.group):
        bench.turn(other, flagged.observed, {})


def test_endpoints_may_be_any_name_and_strangers_are_scored(workspace):
    bench = bench_of(workspace, Modality.LINK)
    user = next(part for part in bench.parts if part.group == "user")
    choices = bench.choices(user)
    assert {user.observed, user.reference} <= {one.value for one in choices}
    stranger = bench.turn(user, "  <script>nobody</script> ", {})
    assert stranger == {"user": "<script>nobody</script>"}
    assert not bench.score(stranger).accepted
    with pytest.raises(InvalidParameterError, match="1,000"):
        bench.turn(user, "x" * 1001, {})


def test_series_offer_the_scored_step_and_the_steps_of_what_deviates(workspace):
    for number, stored in enumerate(interpretations(Modality.SERIES)):
        bench = bench_of(workspace, Modality.SERIES, number)
        names = {part.cells[0] for part in bench.parts}
        metrics = {column.name for column in stored.details.columns}
        assert {f"{metric}@0" for metric in metrics} <= names
        for deviation in stored.deviations:
            assert {cell.name for cell in deviation.cells} <= names
            assert f"{deviation.field}@-{stored.details.steps - 1}" in names
