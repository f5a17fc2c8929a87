"""The measures that are stored with each interpretation."""

from dataclasses import replace

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.domain import codec
from deepaid_core.domain.batches import SequenceBatch
from deepaid_core.domain.quality import Kept, Quality
from deepaid_core.domain.schema import Vocabulary
from deepaid_core.errors import CancelledError
from deepaid_core.interpreters import quality
from deepaid_core.interpreters.base import Context, InterpretationList, Interpreter
from deepaid_core.interpreters.baselines.simple import RandomInterpreter
from deepaid_core.interpreters.quality_of import quality_of, under_attack
from deepaid_core.interpreters.series import GreedyCellsInterpreter
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.testing.planted import planted, trained
from deepaid_core.testing.planted_tables import planted_anomalies


@pytest.fixture(scope="module")
def found():
    one = trained(AutoencoderDetector)
    anomalies, _ = planted_anomalies(40, seed=3, sign=None)
    flagged = anomalies.take(one.threshold.flag(one.detector.score(anomalies)))
    return GreedyTabularInterpreter().interpret(flagged, Context.of(one))


def test_some_interpretations_are_measured_in_the_order_asked_for(found):
    rows = np.array([7, 2, 5])
    measured = quality_of(GreedyTabularInterpreter(), found, rows)
    assert [one.flips_at for one in measured] == quality.solved_at(found)[rows].tolist()
    assert [one.coherent for one in measured] == [True] * 3
    assert [one.stability for one in measured] == [1.0] * 3
    for one in measured:
        assert one.attack is None
        assert one.noise is not None
        assert (one.noise.size, one.noise.tries, one.noise.flagged) == (0.01, 3, 3)
        assert 0.5 < one.noise.shown <= 1.0
        assert 0.0 <= one.noise.ranking <= 1.0


def test_nothing_chosen_is_nothing_measured(found):
    assert quality_of(GreedyTabularInterpreter(), found, np.zeros(0, dtype=np.int64)) == []


def test_a_guess_is_stored_as_neither_stable_nor_robust(found):
    guess = RandomInterpreter().interpret(found.anomalies, found.context)
    measured = quality_of(RandomInterpreter(), guess, np.arange(len(guess)))
    assert np.mean([one.stability for one in measured]) < 0.5
    assert np.mean([one.noise.shown for one in measured]) < 0.5


def test_events_without_categories_are_not_called_coherent():
    one = trained(LstmForecastDetector)
    events = planted(one.detector.modality).plants[0].events.take(np.arange(3))
    found = GreedyCellsInterpreter().interpret(events, Context.of(one))
    for measured in quality_of(GreedyCellsInterpreter(), found, np.arange(3)):
        assert measured.coherent is None
        assert measured.noise is not None


class SameAgain(Interpreter):
    """Gives the same interpretations whatever it is asked."""

    def __init__(self, answer):
        self.answer = answer

    def supports(self, detector):
        return None

    def _interpret(self, anomalies, context, progress, cancelled):
        return self.answer


def test_what_cannot_change_a_little_has_no_robustness(found):
    keys = SequenceBatch.of_keys(Vocabulary("log", ("in", "out")), np.array([[0, 1]]))
    stored = replace(found[0], quality=None)
    answer = InterpretationList(
        "made-up", found.context, keys, (stored,), found.scores[:1], found.reference_scores[:1]
    )
    (one,) = quality_of(SameAgain(answer), answer, np.array([0]))
    assert one == Quality(len(stored.deviations), None, 1.0, None)


def test_an_attack_is_measured_where_it_is_asked_for(found):
    few = found.anomalies.take(np.arange(4))
    answer = GreedyTabularInterpreter().interpret(few, found.context)
    left = under_attack(GreedyTabularInterpreter(), answer)
    assert [(one.size, one.tries, one.flagged) for one in left] == [(0.01, 3, 3)] * 4
    assert all(0.0 <= one.shown <= 1.0 for one in left)


def test_measuring_can_be_cancelled(found):
    with pytest.raises(CancelledError):
        quality_of(GreedyTabularInterpreter(), found, np.arange(3), cancelled=lambda: True)


def test_measures_come_back_from_the_store_as_they_were(found):
    measured = quality_of(GreedyTabularInterpreter(), found, np.arange(2))
    lost = Kept(size=0.01, tries=3, flagged=0, shown=None, ranking=None)
    for one in (*measured, replace(measured[0], noise=lost, attack=lost, coherent=None)):
        stored = replace(found[0], quality=one)
        text = codec.dump(codec.INTERPRETATION, stored)
        assert codec.load(codec.INTERPRETATION, text) == stored


def test_interpretations_that_were_stored_without_measures_open_as_not_measured(found):
    text = codec.dump(codec.INTERPRETATION, found[0])
    assert '"quality":null' in text
    old = text.replace(',"quality":null', "")
    assert codec.load(codec.INTERPRETATION, old).quality is None
