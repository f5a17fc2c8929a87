"""How firm an interpretation is, under its proof."""

from dataclasses import replace

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.domain.quality import Kept, Quality
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.testing.planted import trained
from deepaid_core.testing.planted_tables import planted_anomalies
from deepaid_core.workflow.train import register
from tests.factories import make_detector_record, make_finding, make_run
from tests.kinds import make_link_finding

PAGE = "pages/triage/finding.py"
QUALITY = Quality(
    flips_at=2,
    coherent=None,
    stability=1.0,
    noise=Kept(size=0.01, tries=3, flagged=3, shown=0.8, ranking=0.7),
)


def said(app):
    return " ".join(one.value for one in app.markdown).replace("\\", "")


def opened(open_page, workspace, finding):
    workspace.store.add_run(make_run(detector_id=finding.detector_id), [finding])
    app = open_page(PAGE, id=finding.id, tab="Deviations")
    assert not app.exception
    return app


def button(app):
    return [one for one in app.button if str(one.key).startswith("attack-")]


def measured(finding, quality):
    return replace(finding, interpretation=replace(finding.interpretation, quality=quality))


def test_stored_measures_are_told_and_the_attack_is_offered(open_page, workspace):
    workspace.store.add_detector(make_detector_record())
    app = opened(open_page, workspace, measured(make_finding(), QUALITY))
    assert "keep 80 % of what is named" in said(app)
    assert [one.label for one in button(app)] == ["Check against an attacker"]


def test_findings_of_earlier_versions_say_that_they_were_not_measured(open_page, workspace):
    workspace.store.add_detector(make_detector_record())
    app = opened(open_page, workspace, make_finding())
    assert "was not measured when it was stored" in said(app)
    (asked,) = button(app)
    # The made-up detector of this finding has no files: the button says so instead of failing.
    app = asked.click().run()
    assert not app.exception
    assert [one.value for one in app.error]


def test_names_cannot_be_attacked_a_little(open_page, workspace):
    workspace.store.add_detector(make_detector_record())
    discrete = replace(QUALITY, noise=None)
    app = opened(open_page, workspace, measured(make_link_finding(), discrete))
    assert "cannot change a little" in said(app)
    assert not button(app)


@pytest.mark.slow
def test_the_attack_is_measured_on_demand(open_page, workspace):
    one = trained(AutoencoderDetector)
    record = register(workspace, one)
    anomalies, _ = planted_anomalies(5, seed=3, sign=1.0)
    found = GreedyTabularInterpreter().interpret(anomalies.take(np.array([1])), Context.of(one))
    finding = make_finding(detector_id=record.id, interpretation=found[0])
    app = opened(open_page, workspace, finding)
    (asked,) = button(app)
    app = asked.click().run(timeout=60)
    assert not app.exception
    assert "An attacker who moves every value by up to 1 %" in said(app)
    assert not button(app)
