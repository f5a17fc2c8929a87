"""The views of sequences, series and links on the pages."""

import json
import re
from dataclasses import replace

import pytest

from deepaid_core.figures.ribbon import ribbon
from deepaid_core.figures.words import short
from deepaid_ui.tables import findings_frame
from deepaid_ui.views.ribbon import ribbon_data
from tests.factories import make_detector_record, make_run
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding, renamed
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown, texts

PAGE, QUEUE = "pages/triage/finding.py", "pages/triage/queue.py"
LONG = f"{HOSTILE}\u202e<script>alert(1)</script>\n'\"" + "n" * 10_000
MAKERS = {
    "sequence": make_sequence_finding,
    "series": make_series_finding,
    "link": make_link_finding,
}


def bare(finding):
    """What is left where details and evidence were not kept and no deviation was found."""
    nothing = replace(finding.interpretation, deviations=(), details=None)
    return replace(finding, interpretation=nothing, evidence=(), evidence_columns=())


@pytest.fixture
def stored(workspace):
    """Stores findings; gives the last one's id."""

    def store(*findings):
        workspace.store.add_detector(make_detector_record())
        workspace.store.add_run(make_run(), list(findings))
        return findings[-1].id

    return store


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("tab", ["Deviations", "Pattern and history", "Evidence", "Activity"])
def test_every_tab_of_every_kind_opens(open_page, stored, make, tab):
    app = open_page(PAGE, id=stored(make()), tab=tab)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (make_sequence_finding(), ["history edit that makes this normal", "1 other line"]),
        (make_sequence_finding(history_edit=False), ["No change of up to three earlier lines"]),
        (make_series_finding(), ["2,900 packets in the scored step"]),
        (make_link_finding(), ["Unusual is the destination", "purple: in both"]),
        (make_link_finding(unknown=True), ["never occurred in training"]),
    ],
)
def test_the_sentences_on_top_say_what_is_unusual(open_page, stored, finding, words):
    said = markdown(open_page(PAGE, id=stored(finding))).replace("\\", "")
    for word in words:
        assert word in said


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_hostile_text_reaches_no_markdown(open_page, stored, make):
    finding = renamed(make(), LONG)
    for path, params in ((PAGE, {}), (PAGE, {"tab": "Evidence"}), (QUEUE, {"peek": finding.id})):
        app = open_page(path, id=stored(finding), **params)
        assert not app.error
        assert not app.exception
        # What is left without escaped characters is what Markdown acts on.
        acts = re.sub(r"\\.", "", markdown(app))
        assert not re.search(r"\]\(|<script|<img|\*\*b|:material/home:", acts)
        assert "\u202e" not in markdown(app) + "".join(texts(app, "text"))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_finding_that_kept_next_to_nothing_still_opens(open_page, stored, make):
    finding = bare(make())
    finding_id = stored(finding)
    for tab in ("Deviations", "Evidence", "Activity"):
        app = open_page(PAGE, id=finding_id, tab=tab)
        assert not app.exception
        assert not app.error
    assert not open_page(QUEUE, peek=finding_id).error


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_an_interpretation_that_is_not_verified_warns_on_top(open_page, stored, make):
    finding = make()
    proof = replace(finding.interpretation.diagnostics, verified=False)
    finding = replace(finding, interpretation=replace(finding.interpretation, diagnostics=proof))
    app = open_page(PAGE, id=stored(finding))
    assert "Not verified" in app.warning[0].value


def test_the_queue_holds_all_kinds_with_a_bare_severity(open_page, stored, workspace):
    findings = [replace(make(), summary=short(make().interpretation)) for make in MAKERS.values()]
    stored(*findings)
    shown = open_page(QUEUE).dataframe[0].value
    chips = sorted(chip[0] for chip in shown["Severity"])
    assert chips == ["C 4.0", "H 1.9", "H 2.0"]
    assert any(said.startswith("unexpected “Accepted") for said in shown["What deviates"])


@pytest.mark.parametrize(
    ("make", "words"),
    [(make_sequence_finding, ""), (make_series_finding, ""), (make_link_finding, "plc-gw01")],
)
def test_the_queue_previews_every_kind(open_page, stored, make, words):
    app = open_page(QUEUE, peek=stored(make()))
    assert not app.error
    assert not app.exception
    assert words in "\n".join(texts(app, "text"))


def test_the_ribbon_sends_every_line_as_plain_values():
    finding = make_sequence_finding()
    data = ribbon_data(ribbon(finding), alt="lines", height=400)
    assert data == json.loads(json.dumps(data))
    assert [row["kind"] for row in data["rows"]].count("flagged") == 1
    changed = next(row for row in data["rows"] if row["kind"] == "changed")
    assert changed["reference"] == "Invalid user <*> from <*> port <*>"
    assert changed["mark"]
    assert ["root", True] in data["rows"][4]["parts"]


def test_the_ribbon_shows_hidden_characters_and_bounds_lines():
    data = ribbon_data(ribbon(renamed(make_sequence_finding(), LONG)), alt="lines", height=400)
    sent = json.dumps(data, ensure_ascii=False)
    assert not set("\u202e\n") & set(sent)
    assert "⟨U+202E⟩" in sent
    assert all(len(text) < 3000 for row in data["rows"] for text, _ in row["parts"])


def test_process_and_host_are_said_once_for_a_session():
    rows = ribbon_data(ribbon(make_sequence_finding()), alt="", height=1)["rows"]
    assert [bool(row["more"]) for row in rows] == [True] + [False] * 9


def test_all_metrics_of_a_wide_series_can_be_asked_for(open_page, stored):
    one = make_series_finding(columns=20)
    old = one.interpretation
    lifted = tuple(value + 1.0 for value in old.observed)
    wide = replace(one, interpretation=replace(old, observed=lifted))
    app = open_page(PAGE, id=stored(wide), all="true")
    assert not app.error
    assert app.toggle[0].label == "Show all 20 metrics that deviate"
    assert app.toggle[0].value


def test_further_neighbors_can_be_asked_for(open_page, stored):
    app = open_page(PAGE, id=stored(make_link_finding(neighbors=120)), all="true")
    assert not app.error
    assert app.toggle[0].value
    assert "neighbors" in app.toggle[0].label


def test_severity_chips_are_numbers_on_one_scale(workspace, stored):
    stored(make_sequence_finding())
    row = workspace.store.row(make_sequence_finding().id)
    frame = findings_frame([row, replace(row, ratio=1234.5), replace(row, ratio=1.0)], {})
    assert [chip[0] for chip in frame["Severity"]] == ["H 1.9", "C 1,234", "L 1.0"]
