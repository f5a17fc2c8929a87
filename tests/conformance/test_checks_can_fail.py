"""Each of these breaks one promise on purpose, and the check of that promise has to notice."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.detectors.seq2seq import Seq2seqDetector
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.sources.tables import TableSource
from deepaid_core.testing import answers, detectors, gradients, interpreters, sources
from deepaid_core.testing.pairs import Pair
from deepaid_core.testing.planted_files import write_planted

pytestmark = pytest.mark.slow


class Brief(AutoencoderDetector):
    CHECK_PARAMS = {**AutoencoderDetector.CHECK_PARAMS, "epochs": 2}  # noqa: RUF012


@dataclass(kw_only=True, eq=False)
class Backwards(Brief):
    def _score(self, events):
        return -super()._score(events)


@dataclass(kw_only=True, eq=False)
class Scribbler(Brief):
    def _score(self, events):
        scores = super()._score(events)
        events.values[0] = 0.0
        return scores


@dataclass(kw_only=True, eq=False)
class LeftInTraining(Brief):
    def _score(self, events):
        scores = super()._score(events)
        self._network.train()
        return scores


@dataclass(kw_only=True, eq=False)
class Unseeded(Brief):
    def _fit(self, normal, training):
        self.seed = int(np.random.default_rng().integers(1 << 30))
        super()._fit(normal, training)


@dataclass(kw_only=True, eq=False)
class Relative(Brief):
    def _score(self, events):
        scores = super()._score(events)
        return scores - scores.mean()


@dataclass(kw_only=True, eq=False)
class Forgetful(Brief):
    def _restore(self, schema, arrays):
        super()._restore(schema, {**arrays, "scaler.norm": arrays["scaler.norm"] * 2})


@dataclass(kw_only=True, eq=False)
class HalfCancelled(Brief):
    def _fit(self, normal, training):
        self._scaler = replace(self._scaler, center=self._scaler.center + 1) if self.schema_ else 0
        super()._fit(normal, training)


@dataclass(kw_only=True, eq=False)
class Undocumented(Brief):
    """A detector."""


@dataclass(kw_only=True, eq=False)
class Flat(Brief):
    def score_tensor(self, z):
        return super().score_tensor(z.detach()) + 0.0 * z.sum()


@dataclass(kw_only=True, eq=False)
class Truncating(Brief):
    def from_model(self, z):
        return super().from_model(z).astype(int).astype(float)


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (Backwards, detectors.check_ranks_planted_anomalies_first),
        (Backwards, gradients.check_score_is_that_of_model_space),
        (Scribbler, detectors.check_leaves_events_and_itself_untouched),
        (LeftInTraining, detectors.check_leaves_events_and_itself_untouched),
        (Unseeded, detectors.check_same_seed_same_scores),
        (Relative, detectors.check_scores_do_not_depend_on_batching),
        (Forgetful, detectors.check_survives_save_and_load),
        (HalfCancelled, detectors.check_cancelling_keeps_the_detector_as_it_was),
        (Undocumented, detectors.check_docstring_explains_and_cites),
        (Flat, gradients.check_gradient_is_that_of_the_score),
        (Truncating, gradients.check_original_units_survive_model_space),
    ],
    ids=lambda value: value.__name__,
)
def test_a_broken_detector_is_noticed(cls, check):
    check(AutoencoderDetector)
    with pytest.raises(AssertionError):
        check(cls)


@dataclass(kw_only=True, eq=False)
class Peeping(Seq2seqDetector):
    CHECK_PARAMS = {"epochs": 1, "hidden": 4}  # noqa: RUF012
    foretells = True


@dataclass(kw_only=True, eq=False)
class Excused(LstmForecastDetector):
    CHECK_PARAMS = {"epochs": 1, "hidden": 4}  # noqa: RUF012
    foretells = False


@pytest.mark.parametrize("cls", [Peeping, Excused])
def test_a_detector_of_series_that_says_wrongly_whether_it_foretells_is_noticed(cls):
    (check,) = set(detectors.checks_for(cls)) - set(detectors.CHECKS + gradients.GRADIENT_CHECKS)
    with pytest.raises(AssertionError):
        check(cls)


class Altered(GreedyTabularInterpreter):
    """Gives out what another one found, altered."""

    def alter(self, found):
        return found

    def _interpret(self, anomalies, context, progress, cancelled):
        return self.alter(super()._interpret(anomalies, context, progress, cancelled))


class BlamesTheNeighbor(Altered):
    def alter(self, found):
        shifted = np.where(found.fields >= 0, (found.fields + 1) % 40, -1)
        return replace(found, fields=shifted)


class Truncated(Altered):
    def alter(self, found):
        return replace(found, references=found.references.astype(int).astype(float))


class Boastful(Altered):
    def alter(self, found):
        return replace(found, reference_scores=found.reference_scores * 0 - 1.0)


class Unweighted(Altered):
    def alter(self, found):
        return replace(found, weights=np.ones_like(found.weights))


class Upside(Altered):
    def alter(self, found):
        distance = found.events.values - found.references
        return replace(found, references=found.events.values + distance)


class Generous(GreedyTabularInterpreter):
    def _interpret(self, anomalies, context, progress, cancelled):
        return super()._interpret(
            anomalies, replace(context, max_deviations=10), progress, cancelled
        )


class Unlocking(GreedyTabularInterpreter):
    def _interpret(self, anomalies, context, progress, cancelled):
        return super()._interpret(
            anomalies, replace(context, locked=frozenset()), progress, cancelled
        )


class Overwriting(Altered):
    def alter(self, found):
        found.events.values[:] = found.references
        return found


class Untidy(Altered):
    def alter(self, found):
        found.context.detector._network.train()
        return found


class Pointless(GreedyTabularInterpreter):
    def __init__(self, steps=100):
        self.steps = steps


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (BlamesTheNeighbor, answers.check_finds_what_was_planted),
        (BlamesTheNeighbor, answers.check_beats_a_guess),
        (BlamesTheNeighbor, interpreters.check_shown_deviations_are_all_that_differs),
        (Truncated, interpreters.check_proof_is_the_score_of_what_is_shown),
        (Truncated, interpreters.check_shown_deviations_are_all_that_differs),
        (Boastful, interpreters.check_proof_is_the_score_of_what_is_shown),
        (Unweighted, interpreters.check_weights_are_shares),
        (Upside, answers.check_names_the_direction),
        (Upside, answers.check_reference_goes_back_to_what_was_there),
        (Upside, interpreters.check_flip_scores_are_those_of_the_steps),
        (Generous, interpreters.check_reports_at_most_max_deviations),
        (Unlocking, interpreters.check_locked_parts_never_change),
        (Overwriting, interpreters.check_detector_and_anomalies_stay_as_they_were),
        (Untidy, interpreters.check_detector_and_anomalies_stay_as_they_were),
        (Pointless, interpreters.check_every_parameter_matters),
    ],
    ids=lambda value: value.__name__,
)
def test_a_broken_interpreter_is_noticed(cls, check):
    detector = AutoencoderDetector
    check(Pair(detector, GreedyTabularInterpreter))
    network = Pair(detector, cls).one.detector._network
    with pytest.raises(AssertionError):
        check(Pair(detector, cls))
    network.eval()


class Impatient(TableSource):
    def _batches(self, size):
        yield from list(super()._batches(size))[:3]


class Peeking(TableSource):
    def _batches(self, size):
        label = self.path.read_text().splitlines()[1].rpartition(",")[2]
        for batch in super()._batches(size):
            yield replace(batch, entities=np.array([label] * len(batch), dtype=object))


class Relearning(TableSource):
    @classmethod
    def open(cls, path, settings, *, known=None, **options):
        return super().open(path, settings, known=None, **options)


class OffByOne(TableSource):
    def rows(self, indices):
        positions, times, columns = super().rows(indices)
        return positions, times + 1.0, columns


@pytest.mark.parametrize(
    ("cls", "check"),
    [
        (Impatient, sources.check_streaming_equals_reading_at_once),
        (Peeking, sources.check_truth_is_never_read),
        (Relearning, sources.check_what_the_detector_knows_is_kept),
        (OffByOne, sources.check_rows_are_those_of_the_events),
    ],
    ids=lambda value: value.__name__,
)
def test_a_broken_source_is_noticed(cls, check, tmp_path):
    file = write_planted("table", tmp_path)
    check(sources.SourceCase(TableSource, file, tmp_path))
    with pytest.raises(AssertionError):
        check(sources.SourceCase(cls, file, tmp_path))
