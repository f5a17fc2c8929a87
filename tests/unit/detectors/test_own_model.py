import numpy as np
import pytest
import torch
from sklearn.ensemble import IsolationForest
from torch import nn

from deepaid_core.api import Feature, Schema, adapt, interpret
from deepaid_core.detectors.base import gives_gradient
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.errors import (
    ArtifactError,
    DetectorMismatchError,
    InvalidEventsError,
    InvalidParameterError,
)
from deepaid_core.testing.planted import trained

SCHEMA = Schema.of_numbers("flows", ["bytes", "packets", "ports"])
CENTER, SPREAD = np.array([500.0, 20.0, 3.0]), np.array([60.0, 4.0, 1.0])
MOVED = [[500.0, 20.0, 30.0], [500.0, 70.0, 3.0], [-400.0, 20.0, 3.0]]


def normal_events(n=2000):
    return np.random.default_rng(0).normal(CENTER, SPREAD, (n, 3))


def distance(x):
    return ((x - torch.tensor(CENTER)) / torch.tensor(SPREAD)).square().mean(dim=1)


def distance_without_gradient(x):
    return torch.from_numpy((((x.numpy() - CENTER) / SPREAD) ** 2).mean(axis=1))


class Autoencoder(nn.Module):
    """Knows that the second column is twice the first; drops out in training only."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.5)
        self.weight = nn.Parameter(torch.tensor([[0.2, 0.4], [0.4, 0.8]]))

    def forward(self, x):
        return self.drop(x) @ self.weight


def line(n=500):
    along = np.random.default_rng(1).uniform(1, 5, n)
    return np.stack([along, 2 * along], axis=1) + np.random.default_rng(2).normal(0, 0.01, (n, 2))


@pytest.mark.parametrize("score", [distance, distance_without_gradient])
def test_a_callable_is_interpreted_with_gradient_or_without(score):
    own = adapt(SCHEMA, normal_events(), score=score)
    assert gives_gradient(own.detector) == (score is distance)
    found = interpret(own, MOVED, interpreter="nearest-normal")
    assert found.verified.all()
    assert [one.deviations[0].field for one in found] == ["ports", "packets", "bytes"]
    assert [one.deviations[0].direction for one in found] == ["up", "up", "down"]
    assert found[0].deviations[0].cells[0].observed == 30.0


def test_the_default_search_names_what_was_moved():
    own = adapt(SCHEMA, normal_events(), score=distance)
    found = interpret(own, MOVED)
    assert found.verified.all()
    assert [[d.field for d in one.deviations] for one in found] == [
        ["ports"],
        ["packets"],
        ["bytes"],
    ]


def test_a_module_alone_is_scored_by_its_error_and_left_in_training():
    module = Autoencoder().train()
    schema = Schema.of_numbers("line", ["x", "twice"])
    own = adapt(schema, line(), reconstruct=module)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    found = interpret(own, [[2.0, 9.0]], interpreter="nearest-normal")
    assert found.verified.all()
    assert module.training
    assert module.drop.training
    assert all(parameter.grad is None for parameter in module.parameters())
    for name, value in module.state_dict().items():
        torch.testing.assert_close(value, before[name])


def test_a_module_is_left_in_training_also_when_it_fails():
    class Failing(Autoencoder):
        def forward(self, x):
            raise ValueError("no")

    module = Failing().train()
    with pytest.raises(ValueError, match="no"):
        adapt(Schema.of_numbers("line", ["x", "twice"]), line(), reconstruct=module)
    assert module.training


def test_events_stay_as_they_were():
    own = adapt(SCHEMA, normal_events(), score=distance)
    events = np.array(MOVED)
    interpret(own, events)
    np.testing.assert_array_equal(events, MOVED)


def test_the_threshold_is_the_given_one_or_a_quantile():
    assert adapt(SCHEMA, normal_events(), score=distance, threshold=4.0).threshold.value == 4.0
    own = adapt(SCHEMA, normal_events(), score=distance, quantile=0.9)
    events = TabularBatch.of_values(SCHEMA, normal_events())
    assert own.threshold.flag(own.detector.score(events)).mean() == pytest.approx(0.1, abs=0.001)


def test_columns_of_any_size_are_interpreted_alike():
    tiny = adapt(
        Schema.of_numbers("flows", ["a", "b", "c"]),
        normal_events() * [1e-9, 1e9, 1.0],
        score=lambda x: distance(x.double() / torch.tensor([1e-9, 1e9, 1.0])),
    )
    found = interpret(tiny, np.array(MOVED) * [1e-9, 1e9, 1.0])
    assert found.verified.all()
    assert [one.deviations[0].field for one in found] == ["c", "b", "a"]


def test_trees_are_interpreted():
    normal = normal_events(500)
    forest = IsolationForest(n_estimators=20, random_state=0).fit(normal)
    own = adapt(SCHEMA, normal, score=lambda x: torch.from_numpy(-forest.score_samples(x.numpy())))
    assert not gives_gradient(own.detector)
    found = interpret(own, MOVED, interpreter="nearest-normal")
    assert found.verified.all()


def test_one_hot_fields_of_an_own_model_move_as_one():
    schema = Schema(
        "mixed",
        (
            Feature("size", "size", "size"),
            *(Feature(f"kind={k}", "kind", f"kind is {k}", kind="category") for k in "ab"),
        ),
    )
    normal = np.tile([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0]], (50, 1))
    own = adapt(schema, normal, score=lambda x: x[:, 2] * 3 + (x[:, 0] - 1.5).abs(), threshold=1.0)
    (one,) = interpret(own, [[1.5, 0.0, 1.0]])
    assert one.reference == (1.5, 1.0, 0.0)
    assert [deviation.field for deviation in one.deviations] == ["kind"]


def test_wrong_use_is_told_in_a_sentence():
    normal = normal_events()
    with pytest.raises(InvalidParameterError, match="give score"):
        adapt(SCHEMA, normal)
    with pytest.raises(InvalidEventsError, match="one score per event"):
        adapt(SCHEMA, normal, score=lambda x: x)
    with pytest.raises(InvalidEventsError, match="one score per event"):
        adapt(SCHEMA, normal, score=lambda x: 3.0)
    with pytest.raises(InvalidEventsError, match="accepts none"):
        adapt(SCHEMA, normal, score=distance, threshold=-1.0)
    with pytest.raises(InvalidEventsError, match="at least 10"):
        adapt(SCHEMA, normal[:3], score=distance)
    own = adapt(SCHEMA, normal, score=distance)
    with pytest.raises(InvalidParameterError, match="choose one of"):
        interpret(own, MOVED, interpreter="magic")
    with pytest.raises(InvalidEventsError):
        interpret(own, [[1.0, 2.0]])
    with pytest.raises(ArtifactError, match="not stored"):
        own.detector.arrays()


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(InvalidEventsError, match="not finite"):
        adapt(SCHEMA, normal_events(), score=lambda x: distance(x) * torch.nan)


def test_only_feature_vectors_are_interpreted_by_the_short_way():
    from deepaid_core.detectors.lstm_forecast import LstmForecastDetector

    series = trained(LstmForecastDetector)
    assert series.detector.modality is Modality.SERIES
    own = adapt(SCHEMA, normal_events(), score=distance)
    with pytest.raises(DetectorMismatchError, match="cannot interpret"):
        interpret(own, MOVED, interpreter="greedy-cells")
