"""Measuring a stored interpretation when somebody asks."""

from dataclasses import replace

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.errors import (
    CancelledError,
    DetectorMismatchError,
    InvalidParameterError,
    NotFoundError,
)
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.testing.planted import trained
from deepaid_core.testing.planted_tables import planted_anomalies
from deepaid_core.workflow.robustness import measure_robustness
from deepaid_core.workflow.train import register
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_finding


@pytest.fixture(scope="module")
def interpretation():
    one = trained(AutoencoderDetector)
    anomalies, _ = planted_anomalies(5, seed=3, sign=1.0)
    found = GreedyTabularInterpreter().interpret(anomalies.take(np.array([1])), Context.of(one))
    return found[0]


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    yield opened
    opened.close()


@pytest.fixture
def finding(workspace, interpretation):
    record = register(workspace, trained(AutoencoderDetector))
    return make_finding(detector_id=record.id, interpretation=interpretation)


@pytest.mark.slow
def test_a_stored_interpretation_is_measured_with_noise_and_attack(workspace, finding):
    shares = []
    quality = measure_robustness(workspace, finding, progress=lambda share, _: shares.append(share))
    assert quality == measure_robustness(workspace, finding)
    assert quality.stability == 1.0
    assert quality.flips_at == len(finding.interpretation.deviations)
    assert quality.coherent is True
    assert quality.noise.tries == quality.attack.tries == 3
    assert 0.0 <= quality.attack.shown <= 1.0
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_stability_tells_how_much_of_the_stored_answer_comes_out_again(workspace, finding):
    stored = finding.interpretation
    other = replace(stored.deviations[0], field="something-else")
    odd = replace(stored, deviations=(other, *stored.deviations[1:]))
    quality = measure_robustness(workspace, replace(finding, interpretation=odd))
    assert quality.stability < 1.0


def test_what_keeps_a_finding_from_being_measured_is_named(workspace, finding, interpretation):
    with pytest.raises(NotFoundError, match="D-0000000009"):
        measure_robustness(workspace, replace(finding, detector_id="D-0000000009"))
    unknown = replace(interpretation, interpreter="from-elsewhere")
    with pytest.raises(InvalidParameterError, match="from-elsewhere"):
        measure_robustness(workspace, replace(finding, interpretation=unknown))
    short = replace(interpretation, observed=interpretation.observed[:3])
    with pytest.raises(DetectorMismatchError, match="does not fit"):
        measure_robustness(workspace, replace(finding, interpretation=short))
    with pytest.raises(CancelledError):
        measure_robustness(workspace, finding, cancelled=lambda: True)
