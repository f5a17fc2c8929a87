"""Reports on sequences, series and links."""

import json
from dataclasses import replace

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.figures.twins import raw_columns, twins
from deepaid_core.reports.document import ReportDocument, evidence_json
from deepaid_core.reports.html import render
from deepaid_core.store.sql import SqlStore
from tests.empty import empty_database
from tests.factories import make_detector_record, make_run
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding, renamed
from tests.unit.reports.conftest import HOSTILE
from tests.unit.reports.test_report_html import ATTRIBUTES, TAGS, Page

# Score, why (two for series), search, events, path.
MAKERS = {
    "sequence": (make_sequence_finding, 5),
    "series": (make_series_finding, 6),
    "link": (make_link_finding, 5),
}


@pytest.fixture
def report(tmp_path):
    """Stores findings and renders a report on them."""
    stores = []

    def build(*findings):
        store = SqlStore(empty_database(tmp_path / "kinds.db"), clock=lambda: 1_760_100_000.0)
        stores.append(store)
        store.add_detector(make_detector_record())
        store.add_run(make_run(), list(findings))
        ids = store.ids(FindingQuery(sort="newest"))
        return ReportDocument.build(store, ids, generated_time=1_760_200_000.0, version="9.9.9")

    yield build
    for store in stores:
        store.close()


@pytest.mark.parametrize(("make", "figures"), MAKERS.values(), ids=MAKERS)
def test_a_report_has_the_sentences_figures_and_tables_of_its_kind(report, make, figures):
    finding = make()
    text = render(report(finding))
    page = Page(text)
    data = [content for a, content in page.scripts if a.get("type") == "application/json"]
    assert len(data) == figures
    for table in twins(finding):
        assert table.title in page.text
        for row in table.rows:
            for cell in row:
                assert " ".join(str(cell).split()) in page.text
    assert finding.summary.split(";")[0] in page.text


def test_raw_events_show_what_is_there_and_a_log_line_once():
    def shown(finding):
        return [finding.evidence_columns[at] for at in raw_columns(finding)]

    session = make_sequence_finding()
    row = replace(session.evidence[0], values=("1", "sshd: hello", "sshd: <*>", "ip=1", "", "x"))
    columns = ("position", "line", "template", "parameters", "note", "tail")
    session = replace(session, evidence=(row,), evidence_columns=columns)
    assert shown(session) == ["position", "line", "tail"]
    keys = replace(session, evidence_columns=("position", "key", "template", "p", "note", "tail"))
    assert shown(keys) == ["position", "key", "template", "p", "tail"]
    login = make_link_finding()
    assert set(shown(login)) <= set(login.evidence_columns)
    assert shown(login)


@pytest.mark.parametrize(("make", "figures"), MAKERS.values(), ids=MAKERS)
def test_hostile_text_makes_no_element(report, make, figures):
    hostile = renamed(make(), HOSTILE)
    text = render(report(hostile))
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= TAGS
    assert all(set(attributes) <= ATTRIBUTES for _, attributes in page.elements)
    for attributes, data in page.scripts:
        if attributes.get("type") == "application/json":
            assert "<" not in data
            json.loads(data)
    assert not set("\u202e\u2066\x07") & set(text)
    assert "⟨U+202E⟩txt.exe" in page.text


def test_what_a_new_host_normally_does_is_said_to_be_unknown(report):
    text = Page(render(report(make_link_finding(unknown=True)))).text
    assert "ws99 (the source) never occurred in training" in text
    assert "source ws99 normally: nothing is known." in text


@pytest.mark.parametrize(("make", "figures"), MAKERS.values(), ids=MAKERS)
def test_the_evidence_file_holds_the_details_of_its_kind(report, make, figures):
    finding = make()
    content = json.loads(evidence_json(report(finding)))["content"]
    (item,) = content["findings"]
    kept = item["finding"]["interpretation"]
    details = finding.interpretation.details
    assert kept["modality"] == finding.interpretation.modality
    assert set(kept["details"]) == set(details.__slots__)


def test_severity_is_no_multiple_where_scores_are_none(report):
    text = Page(render(report(make_sequence_finding(), make_link_finding(1)))).text
    assert "score 4.1, threshold 0" in text
    assert "× the threshold" not in text
    assert "Severity scale" in text
