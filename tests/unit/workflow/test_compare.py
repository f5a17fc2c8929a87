"""Several interpreters asked about one finding."""

import shutil
from dataclasses import replace

import pytest

from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.domain.modality import Modality
from deepaid_core.errors import (
    ArtifactError,
    CancelledError,
    DetectorMismatchError,
    InvalidParameterError,
    NotFoundError,
)
from deepaid_core.registry import INTERPRETERS
from deepaid_core.workflow.compare import compare, firmness, offered, stored_answer, usual
from deepaid_core.workspace import Workspace
from tests.comparisons import answer, comparison, planted_finding
from tests.empty import empty_home
from tests.factories import make_detector_record, make_finding, make_run
from tests.kinds import make_link_finding

QUICK = ["largest-error", "nearest-normal", "random"]


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "home"))
    yield opened
    opened.close()


@pytest.fixture
def finding(workspace):
    return planted_finding(workspace)


def test_the_stored_answer_comes_first_as_it_is_and_is_scored_anew(workspace, finding):
    first, *others = compare(workspace, finding.id, QUICK).answers
    proof = finding.interpretation.diagnostics
    assert first.is_stored
    assert first.interpretation == finding.interpretation
    assert first.rescored == pytest.approx(proof.reference_score, rel=1e-5)
    assert first.flips == proof.verified
    assert first.elapsed_ms is None
    assert [one.interpreter for one in others] == QUICK
    assert not any(one.is_stored for one in others)


def test_every_answer_is_about_the_very_event_that_was_flagged(workspace, finding):
    for one in compare(workspace, finding.id, QUICK).answers:
        assert one.interpretation.observed == finding.interpretation.observed
        assert one.interpretation.diagnostics.score == pytest.approx(
            finding.interpretation.diagnostics.score, rel=1e-5
        )


def test_an_answer_flips_the_label_only_if_the_detector_says_so_of_what_is_shown(
    workspace, finding
):
    for one in compare(workspace, finding.id, QUICK).answers:
        proof = one.interpretation.diagnostics
        assert one.flips == (one.rescored <= proof.threshold)
        assert one.rescored == pytest.approx(proof.reference_score, rel=1e-5)
        if one.flips:
            assert 1 <= one.flips_after <= len(one.deviations)


def test_asking_again_gives_the_same_answers(workspace, finding):
    once, again = (compare(workspace, finding.id, QUICK) for _ in range(2))
    for one, other in zip(once.answers, again.answers, strict=True):
        assert one.interpretation == other.interpretation


def test_nothing_is_written(workspace, finding):
    before = workspace.store.version()
    files = sorted(path for path in workspace.home.rglob("*") if path.suffix != ".db-wal")
    compare(workspace, finding.id, QUICK)
    assert workspace.store.version() == before
    assert workspace.store.finding(finding.id) == finding
    assert sorted(p for p in workspace.home.rglob("*") if p.suffix != ".db-wal") == files


def test_a_method_that_cannot_answer_says_why_and_keeps_nobody_from_answering(workspace, finding):
    given = compare(workspace, finding.id, ["key-substitution", "largest-error"]).answers
    assert given[1].interpretation is None
    assert given[1].why_not.startswith("It reads windows of log keys")
    assert given[1].why_not.endswith(".")
    assert given[2].interpretation is not None


def test_a_method_that_breaks_keeps_nobody_from_answering(workspace, finding, monkeypatch):
    monkeypatch.setitem(INTERPRETERS, "broken", "tests.comparisons:planted_finding")
    given = compare(workspace, finding.id, ["broken", "largest-error"]).answers
    assert given[1].why_not == "It failed unexpectedly; the details are in the log."
    assert given[2].interpretation is not None


@pytest.mark.parametrize("kind", [Modality.SEQUENCE, Modality.SERIES, Modality.LINK])
def test_every_kind_of_data_is_rebuilt_from_the_store(workspace, kind):
    finding = planted_finding(workspace, kind)
    own, *others = offered(finding.interpretation)
    first, *rest = compare(workspace, finding.id, others).answers
    proof = finding.interpretation.diagnostics
    assert first.interpreter == own
    assert first.rescored == pytest.approx(proof.reference_score, rel=1e-4, abs=1e-6)
    for one in rest:
        assert one.why_not or one.interpretation.diagnostics.score == pytest.approx(
            proof.score, rel=1e-4, abs=1e-6
        )


def test_a_log_line_that_no_template_knows_keeps_its_words(workspace):
    finding = planted_finding(workspace, Modality.SEQUENCE)
    words = "sshd: a line that training never had"
    vocabulary = load_trained(workspace.artifacts / finding.detector_id).detector.fitted_schema
    own = finding.interpretation
    strange = replace(
        own,
        interpreter="another",
        observed=(*own.observed[:-1], float(vocabulary.unknown)),
        details=replace(own.details, observed=(*own.details.observed[:-1], words)),
    )
    finding = replace(finding, id="F-0000000001", interpretation=strange)
    workspace.store.add_run(make_run(1), [finding])
    answer = compare(workspace, finding.id, ["key-substitution"]).answers[1]
    assert answer.interpretation.details.observed[-1] == words


def test_an_unknown_finding_or_method_is_named(workspace, finding):
    with pytest.raises(NotFoundError, match="F-0000000000"):
        compare(workspace, "F-0000000000", QUICK)
    with pytest.raises(InvalidParameterError, match="'tarot'"):
        compare(workspace, finding.id, ["tarot"])


def test_a_detector_that_is_gone_is_told_in_a_sentence(workspace):
    workspace.store.add_run(make_run(), [make_finding(0)])
    with pytest.raises(NotFoundError, match="is not in this workspace any more"):
        compare(workspace, make_finding(0).id, QUICK)


def test_a_detector_whose_files_are_damaged_is_told_in_a_sentence(workspace, finding):
    shutil.rmtree(workspace.artifacts / finding.detector_id)
    with pytest.raises(ArtifactError):
        compare(workspace, finding.id, QUICK)


def test_a_finding_that_does_not_fit_its_detector_is_told_in_a_sentence(workspace, finding):
    link = make_link_finding(1)
    wrong = replace(link, detector_id=finding.detector_id)
    workspace.store.add_run(make_run(1), [wrong])
    with pytest.raises(DetectorMismatchError, match="still stands"):
        compare(workspace, wrong.id, QUICK)


@pytest.mark.slow
def test_firmness_is_measured_of_each_method_that_answers(workspace, finding):
    measured = firmness(workspace, finding, ["greedy", "largest-error", "key-substitution"])
    assert measured["key-substitution"] is None
    for name in ("greedy", "largest-error"):
        assert measured[name].stability == 1.0
        assert 0 <= measured[name].noise.shown <= 1
        assert measured[name].attack is not None


def test_names_cannot_change_a_little(workspace):
    link = planted_finding(workspace, Modality.LINK)
    quality = firmness(workspace, link, ["endpoint-replacement"])["endpoint-replacement"]
    assert quality.noise is None
    assert quality.attack is None


def test_cancelling_gives_no_half_comparison(workspace, finding):
    with pytest.raises(CancelledError):
        compare(workspace, finding.id, QUICK, cancelled=lambda: True)


def test_progress_runs_from_nothing_to_all(workspace, finding):
    shares: list[float] = []
    compare(workspace, finding.id, QUICK, progress=lambda share, _: shares.append(share))
    assert shares == pytest.approx(sorted(shares))
    assert shares[0] == 0
    assert shares[-1] == 1


def test_the_stored_answer_needs_no_detector():
    finding = make_finding(0)
    assert stored_answer(finding).flips
    assert stored_answer(finding).deviations == finding.interpretation.deviations
    assert make_detector_record().id == finding.detector_id


def test_what_is_offered_reads_this_kind_of_data_and_starts_with_the_stored_one():
    link = make_link_finding(0).interpretation
    table = make_finding(0).interpretation
    assert offered(link)[0] == link.interpreter
    assert "largest-error" not in offered(link)
    assert {"greedy", *QUICK} <= set(offered(table))
    assert "largest-error" in usual(table)


def test_fields_that_all_name_and_those_that_one_names_are_told_apart():
    both = comparison(answer("greedy", "a", "b"), answer("random", "c", "a"))
    assert both.shared == ("a",)
    assert both.alone == {"b": "greedy", "c": "random"}
    assert list(both.named()) == ["a", "c", "b"]
    only = comparison(answer("greedy", "a"))
    assert only.shared == ()
    assert only.alone == {}
