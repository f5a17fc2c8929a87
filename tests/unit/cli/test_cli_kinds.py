import pytest

from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_detector_record, make_run
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding, renamed
from tests.unit.cli.test_cli_triage import HOSTILE, deepaid

FINDINGS = {
    "sequence": make_sequence_finding(),
    "series": make_series_finding(1),
    "link": make_link_finding(2),
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    workspace = Workspace.open()
    workspace.store.add_detector(make_detector_record())
    hostile = [renamed(make(9), HOSTILE) for make in (make_sequence_finding, make_link_finding)]
    workspace.store.add_run(make_run(), [*FINDINGS.values(), *hostile])
    workspace.close()
    return hostile


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("sequence", ["The history edit that makes this normal", "What the detector expected",
                      "87.2 %", "▶ flagged"]),
        ("series", ["web01.pkts_out was 2,900 packets", "65.9× higher", "scored step"]),
        ("link", ["Unusual is the destination plc-gw01", "user anna.k normally", "0.13 %"]),
    ],
)  # fmt: skip
def test_each_kind_is_interpreted_in_sentences_and_tables(home, kind, words):
    shown = deepaid("interpret", FINDINGS[kind].id).stdout
    for word in words:
        assert word in shown
    assert "Verified: the closest normal event scores" in shown


def test_names_that_attackers_chose_cannot_steer_the_terminal(home):
    for finding in home:
        assert "\u202e" not in deepaid("interpret", finding.id).stdout


def test_severity_is_listed_without_a_claim_of_multiples(home):
    shown = deepaid("findings").stdout
    assert "1.9" in shown
    assert "×" not in shown.replace("65.9× higher", "").replace("66× higher", "")
