import pytest

import deepaid_core.detectors
from deepaid_core.detectors.artifacts import load_trained, save_trained
from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.own_model import OwnModelDetector
from deepaid_core.domain.modality import Modality
from deepaid_core.registry import DEFAULT_DETECTORS, DETECTORS, load
from deepaid_core.testing.classes import concrete_subclasses, registered
from deepaid_core.testing.detectors import checks_for, expected_failures
from deepaid_core.testing.planted import planted, trained

# CI runs the checks of those that nobody gets unless asked for; their own tests are not slow.
ALL = tuple(
    name if name in DEFAULT_DETECTORS.values() else pytest.param(name, marks=pytest.mark.slow)
    for name in DETECTORS
)


def cases():
    for name in DETECTORS:
        cls = load(DETECTORS, name)
        slow = [] if name in DEFAULT_DETECTORS.values() else [pytest.mark.slow]
        for check in checks_for(cls):
            why = expected_failures(cls).get(check.__name__)
            marks = [pytest.mark.xfail(reason=why, strict=True)] if why else []
            yield pytest.param(cls, check, marks=[*marks, *slow], id=f"{name}-{check.__name__}")


@pytest.mark.parametrize(("cls", "check"), tuple(cases()))
def test_detector(cls, check):
    check(cls)


@pytest.mark.parametrize("name", ALL)
def test_a_trained_detector_is_the_same_after_its_files_are_read(name, tmp_path):
    one = trained(load(DETECTORS, name))
    save_trained(one, tmp_path / "detector")
    back = load_trained(tmp_path / "detector")
    fresh = planted(one.detector.modality).fresh
    assert (back.detector.score(fresh) == one.detector.score(fresh)).all()
    assert back.threshold == one.threshold
    assert back.detector.fitted_schema == one.detector.fitted_schema


def test_every_detector_class_is_registered():
    # Wraps a model of the caller's: nothing that could be trained or restored by name.
    offered = concrete_subclasses(deepaid_core.detectors, Detector) - {OwnModelDetector}
    assert offered == registered(DETECTORS)


def test_every_kind_of_data_has_planted_events_and_the_default_detectors_are_of_their_kind():
    for modality in Modality:
        assert planted(modality).plants
    assert set(DEFAULT_DETECTORS) == set(Modality)
    for modality, name in DEFAULT_DETECTORS.items():
        assert load(DETECTORS, name).modality is modality
