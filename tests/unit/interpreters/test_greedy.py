from dataclasses import replace

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.detectors.trained import train_detector
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.errors import (
    CancelledError,
    DetectorMismatchError,
    InvalidParameterError,
)
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.registry import INTERPRETERS, load
from deepaid_core.testing.planted import trained as trained_on_planted
from deepaid_core.testing.planted_tables import GUILTY, normal_tables, planted_anomalies


@pytest.fixture(scope="module")
def trained():
    return trained_on_planted(AutoencoderDetector)


@pytest.fixture(scope="module")
def context(trained):
    return Context(trained.detector, trained.threshold, trained.profile)


def flagged(trained, sign, n=150, seed=3):
    anomalies, where = planted_anomalies(n, seed=seed, sign=sign)
    rows = trained.threshold.flag(trained.detector.score(anomalies))
    assert rows.mean() > 0.9
    return anomalies.take(rows), where[rows]


@pytest.fixture(scope="module")
def interpreted(trained, context):
    anomalies, where = flagged(trained, None)
    return GreedyTabularInterpreter().interpret(anomalies, context), anomalies, where


@pytest.mark.parametrize("sign", [1.0, -1.0, None])
def test_planted_features_are_named_whichever_way_they_moved(trained, context, sign):
    anomalies, where = flagged(trained, sign)
    found = GreedyTabularInterpreter().interpret(anomalies, context)
    named = [set(row[row >= 0]) for row in found.fields]
    first_is_guilty = np.mean(
        [row[0] in guilty for row, guilty in zip(found.fields, where, strict=True)]
    )
    right = sum(len(n & set(g)) for n, g in zip(named, where, strict=True)) / sum(map(len, named))
    assert first_is_guilty > 0.97
    assert right > 0.9
    if sign is not None:
        directions = [d.direction for one in found for d in one.deviations[:1]]
        assert np.mean(np.array(directions) == ("up" if sign > 0 else "down")) > 0.97


def test_shown_references_are_accepted_when_scored_again(trained, interpreted):
    found, anomalies, _ = interpreted
    assert found.verified.mean() > 0.98
    for row, one in enumerate(found):
        again = trained.detector.score(
            TabularBatch.of_values(anomalies.schema, np.array([one.reference]))
        )[0]
        assert one.diagnostics.verified == (again <= trained.threshold.value)
        assert one.diagnostics.reference_score == pytest.approx(again, rel=1e-5)
        assert one.diagnostics.score == pytest.approx(found.scores[row])


def test_reference_and_anomaly_differ_in_the_shown_fields_only(interpreted):
    found, anomalies, _ = interpreted
    for row, one in enumerate(found):
        shown = {cell.name for d in one.deviations for cell in d.cells}
        differing = {
            name
            for name, a, b in zip(anomalies.schema.names, one.observed, one.reference, strict=True)
            if a != b
        }
        assert differing <= shown
        np.testing.assert_array_equal(one.observed, anomalies.values[row])


def test_deviations_are_as_many_as_needed_and_weights_sum_to_one(interpreted):
    found, _, _ = interpreted
    for one in found:
        assert 1 <= len(one.deviations) <= 10
        assert sum(d.weight for d in one.deviations) == pytest.approx(1.0)
        assert len(one.diagnostics.flip_scores) == len(one.deviations)
        if one.diagnostics.verified:
            assert one.diagnostics.deviations_needed == len(one.deviations)
            assert one.diagnostics.flip_scores[-1] <= one.diagnostics.threshold


def test_no_shown_deviation_can_be_dropped(trained, interpreted):
    found, anomalies, _ = interpreted
    names = list(anomalies.schema.names)
    for one in [i for i in found if i.diagnostics.verified and len(i.deviations) > 1]:
        for deviation in one.deviations:
            values = np.array(one.reference)
            for cell in deviation.cells:
                values[names.index(cell.name)] = cell.observed
            without = trained.detector.score(TabularBatch.of_values(anomalies.schema, values[None]))
            assert without[0] > trained.threshold.value - trained.threshold.margin


def test_the_same_input_gives_the_same_interpretation_alone_or_in_a_batch(context, interpreted):
    found, anomalies, _ = interpreted
    again = GreedyTabularInterpreter().interpret(anomalies, context)
    np.testing.assert_array_equal(again.references, found.references)
    for row in range(0, len(found), 25):
        alone = GreedyTabularInterpreter().interpret(anomalies.take(np.array([row])), context)
        np.testing.assert_array_equal(alone.fields[0], found.fields[row])
        np.testing.assert_allclose(alone.references[0], found.references[row], rtol=1e-5)


def test_anomalies_and_detector_stay_as_they_were(trained, context):
    anomalies, _ = flagged(trained, 1.0, n=20)
    before = anomalies.values.copy()
    weights = {k: np.array(v) for k, v in trained.detector.arrays().items()}
    GreedyTabularInterpreter().interpret(anomalies, context)
    np.testing.assert_array_equal(anomalies.values, before)
    assert not trained.detector._network.training
    for name, array in trained.detector.arrays().items():
        np.testing.assert_array_equal(array, weights[name])


def test_locked_features_never_change(trained, context):
    anomalies, where = flagged(trained, 1.0, n=40)
    locked = frozenset({anomalies.schema.names[i] for i in where[0]})
    found = GreedyTabularInterpreter().interpret(
        anomalies, replace(context, locked=locked, max_deviations=10)
    )
    for name in locked:
        column = anomalies.schema.names.index(name)
        np.testing.assert_array_equal(found.references[:, column], anomalies.values[:, column])


def test_with_too_few_deviations_allowed_it_says_so_and_how_many_would_do(trained, context):
    anomalies, _ = flagged(trained, 1.0)
    found = GreedyTabularInterpreter().interpret(anomalies, replace(context, max_deviations=1))
    assert (found.fields >= 0).sum(axis=1).max() == 1
    short = ~found.verified
    assert short.any()
    assert (found.needed[short] > 1).all()
    assert (found.reference_scores[short] > trained.threshold.value).all()


def test_nothing_to_interpret_gives_nothing(context):
    none = normal_tables(10, seed=0).take(np.zeros(10, dtype=bool))
    assert len(GreedyTabularInterpreter().interpret(none, context)) == 0


def test_cancelling_stops_the_search(trained, context):
    anomalies, _ = flagged(trained, 1.0, n=20)
    with pytest.raises(CancelledError):
        GreedyTabularInterpreter().interpret(anomalies, context, cancelled=lambda: True)


def test_fewer_than_one_deviation_is_refused(context):
    with pytest.raises(InvalidParameterError, match="At most 0"):
        replace(context, max_deviations=0)


def test_a_detector_of_other_events_is_refused_with_the_reason(context):
    class Sequences(AutoencoderDetector):
        modality = Modality.SEQUENCE

    with pytest.raises(DetectorMismatchError, match="reads sequence events"):
        GreedyTabularInterpreter().interpret(
            normal_tables(2, seed=0), replace(context, detector=Sequences())
        )


def test_a_name_that_is_not_registered_is_answered_with_those_that_are():
    with pytest.raises(InvalidParameterError, match=r"choose one of: .*greedy"):
        load(INTERPRETERS, "bogus")


def mixed_schema():
    return Schema(
        "mixed",
        (
            Feature("bytes", "bytes", "bytes", "bytes", low=0.0, tolerance=0.5),
            Feature("count", "count", "count", kind="integer", low=0.0),
            Feature("share", "share", "share", low=0.0, high=1.0),
            Feature("tcp", "protocol", "protocol is TCP", kind="category"),
            Feature("udp", "protocol", "protocol is UDP", kind="category"),
            Feature("icmp", "protocol", "protocol is ICMP", kind="category"),
            Feature("pair_a", "pair", "pair a"),
            Feature("pair_b", "pair", "pair b"),
        ),
    )


def mixed_events(n, seed):
    random = np.random.default_rng(seed)
    load_ = random.gamma(3.0, 1.0, n)
    kind = np.eye(3)[(random.random(n) < 0.2).astype(int)]
    return TabularBatch.of_values(
        mixed_schema(),
        np.column_stack(
            [
                load_ * 300 + random.normal(0, 20, n) ** 2,
                np.round(load_ * 4),
                np.clip(load_ / 12, 0, 1),
                kind,
                load_ * 2,
                load_ * 5 + random.normal(0, 0.1, n),
            ]
        ),
    )


def test_references_obey_bounds_whole_numbers_and_one_hot_groups():
    trained = train_detector(
        mixed_events(3000, 1),
        lambda: AutoencoderDetector(epochs=60, batch_size=128, bottleneck=0.6, learning_rate=4e-3),
        name="mixed",
        kind="autoencoder",
        trained_on="made",
        trained_on_sha256="",
        quantile=0.99,
        profile_size=500,
    )
    events = mixed_events(300, 7)
    values = events.values.copy()
    values[:100, 0] *= 50
    values[100:200, 3:6] = [0, 0, 1]  # a protocol that never occurred
    values[200:, 6] *= -6
    anomalies = TabularBatch.of_values(events.schema, values)
    anomalies = anomalies.take(trained.threshold.flag(trained.detector.score(anomalies)))
    flagged_kinds = np.bincount(anomalies.indices // 100, minlength=3)
    assert (flagged_kinds > 50).all(), flagged_kinds
    found = GreedyTabularInterpreter().interpret(
        anomalies, Context(trained.detector, trained.threshold, trained.profile)
    )
    assert found.verified.mean() > 0.95
    references = found.references
    assert (references[:, 0] >= 0).all()
    changed = references != anomalies.values
    assert (references[changed[:, 1], 1] % 1 == 0).all()
    assert ((references[:, 2] >= 0) & (references[:, 2] <= 1)).all()
    assert (references[:, 3:6].sum(axis=1) == 1).all()
    assert np.isin(references[:, 3:6], [0, 1]).all()
    assert (np.abs(references - anomalies.values)[changed[:, 0], 0] > 0.5).all()
    protocol = [one for one in found if one.deviations[0].field == "protocol"]
    assert protocol
    assert all(one.deviations[0].direction == "changed" for one in protocol)


def test_values_that_a_reference_may_take_stay_in_the_training_range():
    schema = Schema.of_numbers("plain", ["a", "b"])
    normal = np.random.default_rng(0).normal(size=(50, 2))
    profile = NormalProfile.of(normal, normal, size=10, seed=0)
    obeying = Constraints.of(schema, profile, frozenset()).apply(np.array([[1e9, -1e9]]))
    np.testing.assert_allclose(obeying, [[normal[:, 0].max(), normal[:, 1].min()]])


def test_percentiles_count_training_events():
    values = np.arange(1000.0)[:, None]
    profile = NormalProfile.of(values, values, size=10, seed=0)
    assert profile.percentile(0, -1.0) == 0.0
    assert profile.percentile(0, 499.5) == pytest.approx(50.0, abs=0.6)
    assert profile.percentile(0, 1e9) == 100.0
    assert len(profile.events) == 10


def test_planted_tests_plant_what_they_say():
    _, where = planted_anomalies(30, seed=1, sign=1.0)
    assert where.shape == (30, GUILTY)
    assert all(len(set(row)) == GUILTY for row in where.tolist())
