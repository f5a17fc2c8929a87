import numpy as np
import pytest

import deepaid_core.interpreters
from deepaid_core.domain.modality import Modality
from deepaid_core.errors import DetectorMismatchError
from deepaid_core.interpreters.base import Interpreter
from deepaid_core.registry import (
    DEFAULT_DETECTORS,
    DEFAULT_INTERPRETERS,
    DETECTORS,
    INTERPRETERS,
    load,
)
from deepaid_core.testing.classes import concrete_subclasses, registered
from deepaid_core.testing.detectors import expected_failures
from deepaid_core.testing.interpreters import CHECKS
from deepaid_core.testing.pairs import registered_pairs

PAIRS = dict(registered_pairs())
# What nobody gets unless it is asked for, together most of the time; CI holds it to its promises.
SLOW = (
    "cade-",
    "coin-",
    "deepaid-gradient-of-deeplog",
    "deepaid-gradient-of-lstm-forecast",
    "deeplift-",
    "integrated-gradients-",
    "kernel-shap-",
    "largest-error-",
    "lemna-",
    "lime-",
    "nearest-normal-",
    "random-",
)
# What others are compared with is held to its promises with the default detector of each kind of
# data; what is given to analysts, with every detector.
COMPARED = registered(INTERPRETERS) - {
    load(INTERPRETERS, name) for name in DEFAULT_INTERPRETERS.values()
}
DEFAULTS = {load(DETECTORS, name) for name in DEFAULT_DETECTORS.values()}


def cases():
    for name, pair in PAIRS.items():
        # Unfitted: whether a pair goes together must not depend on what was learned.
        if pair.interpreter().supports(pair.detector()) is not None:
            continue
        if pair.interpreter in COMPARED and pair.detector not in DEFAULTS:
            continue
        quick = pair.detector in DEFAULTS and not name.startswith(SLOW)
        for check in CHECKS:
            why = expected_failures(pair.interpreter).get(check.__name__)
            marks = [pytest.mark.xfail(reason=why, strict=True)] if why else []
            marks += [] if quick else [pytest.mark.slow]
            yield pytest.param(pair, check, marks=marks, id=f"{name}-{check.__name__}")


@pytest.mark.parametrize(("pair", "check"), tuple(cases()))
def test_interpreter(pair, check):
    check(pair)


@pytest.mark.parametrize(
    "name",
    [
        name if pair.detector in DEFAULTS else pytest.param(name, marks=pytest.mark.slow)
        for name, pair in PAIRS.items()
    ],
)
def test_a_pair_goes_together_or_a_sentence_says_why_not(name):
    pair = PAIRS[name]
    assert pair.why_not == pair.interpreter().supports(pair.detector())
    if pair.why_not is None:
        return
    assert pair.why_not.endswith("."), pair.why_not
    event = pair.data.fresh.take(np.arange(1))
    with pytest.raises(DetectorMismatchError, match="cannot interpret"):
        pair.interpret(event)


def test_every_interpreter_class_is_registered():
    assert concrete_subclasses(deepaid_core.interpreters, Interpreter) == registered(INTERPRETERS)


def test_every_detector_can_be_interpreted_and_every_interpreter_has_a_detector():
    together = [
        pair for pair in PAIRS.values() if pair.interpreter().supports(pair.detector()) is None
    ]
    assert {pair.detector for pair in together} == registered(DETECTORS)
    assert {pair.interpreter for pair in together} == registered(INTERPRETERS)


@pytest.mark.parametrize("name", DETECTORS)
def test_the_default_interpreter_of_a_kind_of_data_supports_its_detectors(name):
    detector = load(DETECTORS, name)
    default = DEFAULT_INTERPRETERS[detector.modality]
    assert load(INTERPRETERS, default)().supports(detector()) is None


def test_every_kind_of_data_has_a_default_interpreter():
    assert set(DEFAULT_INTERPRETERS) == set(Modality)


@pytest.mark.parametrize("name", INTERPRETERS)
def test_expected_failures_name_checks(name):
    known = {check.__name__ for check in CHECKS}
    assert set(expected_failures(load(INTERPRETERS, name))) <= known
