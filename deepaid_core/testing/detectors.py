"""What every detector has to keep; one function a promise.

A detector may name small hyperparameters in `CHECK_PARAMS`, and promises that it does not keep yet,
with the reason, in `EXPECTED_FAILURES`: `{"check_name": "why"}`.
"""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from functools import partial
from typing import Any, Final, TypeAlias

import numpy as np
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from sklearn.metrics import roc_auc_score

from deepaid_core.detectors.base import Detector
from deepaid_core.domain.batches import Batch, FloatArray
from deepaid_core.domain.modality import Modality
from deepaid_core.errors import (
    CancelledError,
    DetectorMismatchError,
    InvalidEventsError,
    NotFittedError,
)
from deepaid_core.testing.damaged import damaged_events
from deepaid_core.testing.gradients import GRADIENT_CHECKS
from deepaid_core.testing.planted import make, planted, quick, trained
from deepaid_core.testing.unchanged import nothing_changes

__all__ = ["CHECKS", "Check", "checks_for", "expected_failures"]

Check: TypeAlias = Callable[[type[Detector[Any]]], None]


def check_ranks_planted_anomalies_first(cls: type[Detector[Any]]) -> None:
    detector, data = trained(cls).detector, planted(cls.modality)
    normal = detector.score(data.fresh)
    for plant in data.plants:
        scores = detector.score(plant.events)
        truth = np.r_[np.zeros(len(normal)), np.ones(len(scores))]
        area = roc_auc_score(truth, np.r_[normal, scores])
        assert area > 0.95, f"'{plant.name}' ranks before normal events in {area:.1%} of cases"


def check_threshold_parts_planted_from_normal(cls: type[Detector[Any]]) -> None:
    one, data = trained(cls), planted(cls.modality)
    false_alarms = one.threshold.flag(one.detector.score(data.fresh)).mean()
    assert false_alarms <= 0.05, f"{false_alarms:.1%} of unseen normal events are flagged"
    for plant in data.plants:
        found = one.threshold.flag(one.detector.score(plant.events)).mean()
        assert found >= 0.8, f"only {found:.1%} of '{plant.name}' are flagged"


def check_scores_are_finite_and_one_per_event(cls: type[Detector[Any]]) -> None:
    detector, data = trained(cls).detector, planted(cls.modality)
    for events in (data.fresh, *(plant.events for plant in data.plants)):
        scores = detector.score(events)
        assert scores.shape == (len(events),)
        assert scores.dtype == np.float64, f"scores are {scores.dtype}"
        assert np.isfinite(scores).all(), f"{(~np.isfinite(scores)).sum()} scores are not finite"
    nothing = data.fresh.take(np.zeros(len(data.fresh), dtype=bool))
    assert detector.score(nothing).shape == (0,)


def check_severity_has_a_unit(cls: type[Detector[Any]]) -> None:
    one = trained(cls)
    unit = one.detector.severity_unit(one.threshold)
    assert np.isfinite(unit), f"the unit of severity is {unit}"
    assert unit > 0, f"the unit of severity is {unit}"


def check_leaves_events_and_itself_untouched(cls: type[Detector[Any]]) -> None:
    detector, data = trained(cls).detector, planted(cls.modality)
    # A copy: planted events are shared with all other checks, and this detector may be a bad one.
    fresh = data.fresh.take(np.arange(len(data.fresh)))
    with nothing_changes(detector, fresh):
        detector.score(fresh)
    with nothing_changes(cls(), data.normal):
        _small(cls)


def check_same_seed_same_scores(cls: type[Detector[Any]]) -> None:
    fresh = planted(cls.modality).fresh
    np.testing.assert_array_equal(_small(cls).score(fresh), _small(cls).score(fresh))


def check_training_again_forgets_the_first_time(cls: type[Detector[Any]]) -> None:
    data = planted(cls.modality)
    again = quick(cls).fit(_first(data.fresh, 100))
    _small(cls, again)
    np.testing.assert_array_equal(_small(cls).score(data.fresh), again.score(data.fresh))


def check_scores_do_not_depend_on_batching(cls: type[Detector[Any]]) -> None:
    detector, data = trained(cls).detector, planted(cls.modality)
    for events in (data.fresh.take(np.arange(120)), data.plants[0].events):
        together = detector.score(events)
        order = np.random.default_rng(0).permutation(len(events))
        alone = [detector.score(events.take(np.array([row])))[0] for row in range(len(events))]
        # Sums in another order round differently, in 32 bits.
        scale = np.abs(together).max()
        close: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-4 * scale}
        np.testing.assert_allclose(detector.score(events.take(order)), together[order], **close)
        np.testing.assert_allclose(np.array(alone), together, **close)


def check_refuses_to_score_before_fit(cls: type[Detector[Any]]) -> None:
    fresh = planted(cls.modality).fresh
    _raises(NotFittedError, lambda: make(cls).score(fresh))
    _raises(NotFittedError, lambda: make(cls).arrays())


def check_refuses_too_few_events(cls: type[Detector[Any]]) -> None:
    few = planted(cls.modality).normal.take(np.arange(9))
    _raises(InvalidEventsError, lambda: quick(cls).fit(few), "9")


def check_refuses_another_kind_of_data(cls: type[Detector[Any]]) -> None:
    detector = trained(cls).detector
    for other in set(Modality) - {cls.modality}:
        events = planted(other).fresh
        _raises(DetectorMismatchError, partial(detector.score, events))
        _raises(DetectorMismatchError, partial(quick(cls).fit, events))


def check_names_the_bad_cell(cls: type[Detector[Any]]) -> None:
    bad, names = damaged_events(planted(cls.modality).fresh)
    message = _raises(InvalidEventsError, lambda: trained(cls).detector.score(bad()))
    for name in names:
        assert name in message, f"'{message}' does not name {name}"


def check_cancelling_keeps_the_detector_as_it_was(cls: type[Detector[Any]]) -> None:
    data = planted(cls.modality)
    _raises(CancelledError, lambda: quick(cls).fit(data.fresh, cancelled=lambda: True))
    detector = _small(cls)
    before = detector.score(data.fresh)
    _raises(CancelledError, lambda: detector.fit(data.fresh, cancelled=lambda: True))
    np.testing.assert_array_equal(detector.score(data.fresh), before)


def check_reports_progress(cls: type[Detector[Any]]) -> None:
    shares: list[float] = []
    _small(cls, progress=lambda share, message: shares.append(share))
    assert shares, "nothing was reported"
    assert shares == sorted(shares), "progress went back"
    assert shares[0] >= 0, f"{shares[0]:.0%} were done"
    assert shares[-1] <= 1, f"{shares[-1]:.0%} were done"


def check_survives_save_and_load(cls: type[Detector[Any]]) -> None:
    detector, fresh = trained(cls).detector, planted(cls.modality).fresh
    arrays = detector.arrays()
    for name, array in arrays.items():
        assert array.dtype.kind in "fiub", f"'{name}' holds {array.dtype}"
        assert np.isfinite(array).all(), f"'{name}' is not finite"
    written = save_tensors({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    hyperparameters = json.loads(json.dumps(detector.hyperparameters()))
    restored = cls(**hyperparameters).restore(detector.fitted_schema, load_tensors(written))
    np.testing.assert_array_equal(restored.score(fresh), detector.score(fresh))
    assert restored.hyperparameters() == detector.hyperparameters()


def check_refuses_arrays_that_are_missing(cls: type[Detector[Any]]) -> None:
    detector = trained(cls).detector
    arrays = dict(detector.arrays())
    for name in arrays:
        rest = {other: array for other, array in arrays.items() if other != name}
        fresh = make(cls)
        with suppress(KeyError, ValueError, RuntimeError):
            fresh.restore(detector.fitted_schema, rest)
            raise AssertionError(f"'{name}' is stored, but nobody misses it")
        assert fresh.schema_ is None, "a detector that could not be restored says it is fitted"


def check_defaults_are_plain_values(cls: type[Detector[Any]]) -> None:
    for name, value in cls().hyperparameters().items():
        assert type(value) in (int, float, str, bool), f"'{name}' is a {type(value).__name__}"
    assert [f.name for f in fields(cls)] == list(cls().hyperparameters())


def check_docstring_explains_and_cites(cls: type[Detector[Any]]) -> None:
    text = cls.__doc__ or ""
    own = [f.name for f in fields(cls) if f.name != "seed"]
    missing = [name for name in own if not re.search(rf"^\s+{name}: \S", text, re.MULTILINE)]
    assert not missing, f"hyperparameters without a word: {', '.join(missing)}"
    assert re.search(r"References:\s+\S.*(19|20)\d\d", text, re.DOTALL), "no source with its year"


def check_expected_failures_name_checks(cls: type[Detector[Any]]) -> None:
    names = {check.__name__ for check in checks_for(cls)}
    unknown = sorted(set(expected_failures(cls)) - names)
    assert not unknown, f"no such check: {', '.join(unknown)}"


CHECKS: Final[tuple[Check, ...]] = (
    check_ranks_planted_anomalies_first,
    check_threshold_parts_planted_from_normal,
    check_scores_are_finite_and_one_per_event,
    check_severity_has_a_unit,
    check_leaves_events_and_itself_untouched,
    check_same_seed_same_scores,
    check_training_again_forgets_the_first_time,
    check_scores_do_not_depend_on_batching,
    check_refuses_to_score_before_fit,
    check_refuses_too_few_events,
    check_refuses_another_kind_of_data,
    check_names_the_bad_cell,
    check_cancelling_keeps_the_detector_as_it_was,
    check_reports_progress,
    check_survives_save_and_load,
    check_refuses_arrays_that_are_missing,
    check_defaults_are_plain_values,
    check_docstring_explains_and_cites,
    check_expected_failures_name_checks,
)
"""For every detector."""


def checks_for(cls: type[Detector[Any]]) -> tuple[Check, ...]:
    """All checks that apply to a detector: by its kind of data, and by its having gradients."""
    checks = CHECKS
    if hasattr(cls, "score_tensor"):
        checks += GRADIENT_CHECKS
    if cls.modality in (Modality.SEQUENCE, Modality.SERIES):
        checks += (check_uses_no_future_step if cls.foretells else check_knows_the_last_step,)
    return checks


def expected_failures(cls: type[Any]) -> Mapping[str, str]:
    """Promises that a class does not keep yet, with the reason."""
    found: Mapping[str, str] = getattr(cls, "EXPECTED_FAILURES", {})
    return found


def check_uses_no_future_step(cls: type[Detector[Any]]) -> None:
    data = planted(cls.modality)
    if cls.modality is Modality.SEQUENCE:
        # Whoever sees the key that it foretells would accept any.
        fresh: Any = data.fresh.take(np.arange(20))
        keys = np.arange(fresh.schema.unknown + 1)
        shares = [_accepted_keys(cls, row, keys) for row in fresh.keys]
        assert max(shares) < 0.5, f"{max(shares):.0%} of all keys are accepted after one history"
        return
    np.testing.assert_array_equal(_moves_with_the_last_step(cls), 0.0)


def check_knows_the_last_step(cls: type[Detector[Any]]) -> None:
    # Whoever says so is let off foretelling; it must be true, and no way around the other check.
    moved = _moves_with_the_last_step(cls)
    assert moved.any(axis=1).all(), "the last step is rebuilt without knowing it: it foretells"


def _moves_with_the_last_step(cls: type[Detector[Any]]) -> FloatArray:
    """By how much the rebuilt last step moves with the real one, (n, d)."""
    detector: Any = trained(cls).detector
    plain: Any = planted(cls.modality).fresh.take(np.arange(20))
    later = detector.to_model(plain.values)
    other = later.clone()
    other[:, -1] += 3.0
    moved = detector.reconstruct(other)[:, -1] - detector.reconstruct(later)[:, -1]
    return np.asarray(moved.detach().numpy(), dtype=np.float64)


def _accepted_keys(cls: type[Detector[Any]], window: FloatArray, keys: FloatArray) -> float:
    one, fresh = trained(cls), planted(cls.modality).fresh
    windows = np.repeat(window[None], len(keys), axis=0)
    windows[:, -1] = keys
    scores = one.detector.score(type(fresh).of_keys(fresh.schema, windows))  # type: ignore[attr-defined]
    return float((~one.threshold.flag(scores)).mean())


def _small(
    cls: type[Detector[Any]], detector: Detector[Any] | None = None, **options: Any
) -> Detector[Any]:
    """A detector trained on the first few hundred normal events."""
    normal = planted(cls.modality).normal
    return (detector or quick(cls)).fit(_first(normal, 300), **options)


def _first(events: Batch, n: int) -> Batch:
    return events.take(np.arange(min(n, len(events))))


def _raises(error: type[Exception], work: Callable[[], Any], *words: str) -> str:
    try:
        work()
    except error as met:
        message = str(met)
        assert all(word in message for word in words), f"'{message}' lacks one of {words}"
        assert message.endswith("."), f"'{message}' is no sentence"
        return message
    raise AssertionError(f"{error.__name__} was not raised")
