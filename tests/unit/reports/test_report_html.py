import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from deepaid_core.domain.quality import Kept, Quality
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.figures.numbers import format_score, format_value
from deepaid_core.figures.text import visible
from deepaid_core.reports.blocks import Picture
from deepaid_core.reports.document import ReportDocument, evidence_json
from deepaid_core.reports.html import render
from deepaid_core.reports.outline import outline
from tests.factories import make_detector_record, make_finding, make_run

TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "section",
    "h1", "h2", "h3", "h4", "p", "table", "caption", "thead", "tbody", "tr", "th",
    "td", "a", "pre", "ol", "ul", "li", "figure", "div", "br", "script", "dl", "dt", "dd",
    "details", "summary",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "role",
    "aria-label", "data-figure", "style", "type", "scope",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would make of the report: elements, text, and scripts apart."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.scripts, self._open = [], [], [], None
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag in {"script", "style"}:
            self._open = (tag, dict(attributes))

    def handle_endtag(self, tag):
        if self._open and tag == self._open[0]:
            self._open = None

    def handle_data(self, data):
        if self._open is None:
            self.words.append(data)
        elif self._open[0] == "script":
            self.scripts.append((self._open[1], data))


def pictures(report):
    return [
        block for section in report.sections for block in section.blocks
        if isinstance(block, Picture)
    ]  # fmt: skip


def page(store, ids, **overrides):
    values = {"generated_time": 1_760_200_000.0, "version": "9.9.9", **overrides}
    return render(ReportDocument.build(store, ids, **values))


def test_the_report_shows_the_numbers_of_the_store(store, findings):
    finding, row = findings[0], store.row(findings[0].id)
    text = Page(page(store, [finding.id])).text
    proof = finding.interpretation.diagnostics
    for score in (proof.score, proof.threshold, proof.reference_score, *proof.flip_scores):
        assert format_score(score) in text
    for deviation in finding.interpretation.deviations:
        for cell in deviation.cells:
            assert format_value(cell.observed, cell.unit) in text
            assert format_value(cell.reference, cell.unit) in text
    for event in finding.evidence:
        assert all(value in text for value in event.values)
    for peer, events in finding.peers.items():
        assert f"{peer} {events}" in text
    assert finding.source_sha256 in text
    assert make_detector_record().sha256 in text
    assert finding.pattern_id in text
    assert f"seed {proof.seed}" in text
    assert "a reference describes the detector, not the attacker's intent" in text
    assert f"deepaid report {finding.id}" in text
    assert row.verdict in text
    assert "Nightly copy. Asked the owner." in text
    assert "2025-10-09 08:53:20 UTC" in text


def test_the_report_says_verified_only_of_what_is(store, tmp_path):
    unverified = make_finding(70, verified=False)
    store.add_run(make_run(5), [unverified])
    text = Page(page(store, [unverified.id])).text
    assert "Not verified." in text
    assert "1 interpretation could not be verified" in text
    assert "Verified." not in text.replace("Not verified.", "")


def test_a_finding_alone_needs_no_overview_and_several_link_to_each(store, findings):
    alone = Page(page(store, [findings[0].id]))
    assert "Findings in this report" not in alone.text
    ids = [finding.id for finding in findings]
    several = Page(page(store, ids))
    anchors = {attributes.get("id") for _, attributes in several.elements}
    links = [attributes["href"] for tag, attributes in several.elements if tag == "a"]
    assert links[: len(ids)] == [f"#{finding_id}" for finding_id in ids]
    assert all(link[1:] in anchors for link in links)


def test_nothing_in_the_page_loads_from_anywhere(store, findings):
    parsed = Page(page(store, [finding.id for finding in findings]))
    for tag, attributes in parsed.elements:
        assert tag not in {"link", "iframe", "img", "object", "embed", "form", "base", "video"}
        assert not {"src", "srcset", "action", "background", "data"} & set(attributes)
        assert attributes.get("href", "#").startswith("#")
    policy = next(a["content"] for _, a in parsed.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy
    assert "unsafe-inline" not in policy.split("script-src")[1]


def test_the_style_loads_nothing(store, findings):
    style = re.search(r"<style>(.*?)</style>", page(store, [findings[0].id]), re.DOTALL)
    assert style is not None
    assert not re.search(r"url\(|@import", style.group(1))


def test_figures_are_carried_as_data_and_plotly_once(store, findings):
    ids = [finding.id for finding in findings]
    document = ReportDocument.build(store, ids, generated_time=1_760_200_000.0, version="9.9.9")
    drawn = pictures(outline(document))
    parsed = Page(render(document))
    data = {a["id"]: text for a, text in parsed.scripts if a.get("type") == "application/json"}
    code = [text for a, text in parsed.scripts if "type" not in a]
    boxes = {a["data-figure"] for _, a in parsed.elements if "data-figure" in a}
    assert set(data) == boxes
    # Four for each finding, one for each pattern, one over time.
    assert list(data) == [one.id for one in drawn]
    assert len(data) == 4 * len(findings) + 4 + 1
    assert all(json.loads(text)["layout"]["title"]["text"] for text in data.values())
    assert len(code) == 2
    assert sum("plotly.js v" in text[:500] for text in code) == 1


def test_hostile_text_makes_no_element_and_no_attribute(hostile_store):
    ids = hostile_store.ids(FindingQuery())
    text = page(hostile_store, ids, title="<script>", author="<b>", filters="<i>")
    parsed = Page(text)
    assert {tag for tag, _ in parsed.elements} <= TAGS
    for tag, attributes in parsed.elements:
        assert set(attributes) <= ATTRIBUTES, tag
    executable = [a for a, _ in parsed.scripts if a.get("type") != "application/json"]
    assert len(executable) == 2
    for attributes, data in parsed.scripts:
        if attributes.get("type") == "application/json":
            assert "<" not in data


def test_hostile_text_shows_as_it_was_written_with_hidden_marks_visible(hostile_store):
    ids = hostile_store.ids(FindingQuery())
    text = page(hostile_store, ids)
    entity = hostile_store.finding(ids[0]).entity
    assert " ".join(visible(entity).split()) in Page(text).text
    assert not re.search("[\u202e\u2066\x07]", text)


def test_the_page_can_be_written_as_utf_8_whatever_the_names_hold(store):
    broken = make_finding(80, entity="half \ud800 pair", peers={"\udcff": 1})
    assert "⟨U+DCFF⟩" in render_unstored(store, broken)


def render_unstored(store, finding):
    # No database keeps half a surrogate pair; an imported document might still hold one.
    from dataclasses import replace

    known = make_finding(0)
    document = ReportDocument.build(
        store, [known.id], generated_time=1_760_200_000.0, version="9.9.9"
    )
    item = replace(document.findings[0], finding=finding)
    text = render(replace(document, title="x", findings=(item,)))
    text.encode("utf-8")
    return text


@pytest.mark.parametrize("tlp", ["clear", "red"])
def test_the_marking_is_the_first_thing_on_the_page(store, findings, tlp):
    assert (
        Page(page(store, [findings[0].id], tlp=tlp)).text.split("TLP:")[1].startswith(tlp.upper())
    )


def test_the_report_tells_how_firm_an_interpretation_is_and_where_nobody_measured(store):
    quality = Quality(
        flips_at=2,
        coherent=None,
        stability=1.0,
        noise=Kept(size=0.01, tries=3, flagged=3, shown=0.8, ranking=0.7),
    )
    plain, firm = make_finding(70), make_finding(71)
    firm = replace(firm, interpretation=replace(firm.interpretation, quality=quality))
    store.add_run(make_run(5), [plain, firm])
    told, untold = (Page(page(store, [one.id])).text for one in (firm, plain))
    assert "keep 80 % of what is named" in told
    assert "Random changes: ranking 70 %" in told
    assert "was not measured when it was stored" in untold
    assert "Random changes: ranking" not in untold
    document = ReportDocument.build(store, [firm.id], generated_time=0.0, version="1")
    (kept,) = json.loads(evidence_json(document))["content"]["findings"]
    assert kept["finding"]["interpretation"]["quality"]["noise"]["shown"] == 0.8
