"""What a report says to whom: its sections, and the numbers in them."""

from dataclasses import replace

import pytest

from deepaid_core.domain.actions import NewCase, NewNote, NewTechnique
from deepaid_core.domain.audit import AuditHead
from deepaid_core.domain.case import TLP
from deepaid_core.errors import InvalidParameterError
from deepaid_core.figures.numbers import format_duration, format_score
from deepaid_core.figures.tables import Table
from deepaid_core.reports.blocks import Facts, Items, Paragraph, Picture, Source
from deepaid_core.reports.defang import defanged
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.outline import PICTURED, outline
from deepaid_core.reports.parts import Activity, DetectorFiles, Rest
from tests.factories import make_finding, make_run, make_suppression

JARGON = ("percentile", "seed", "tabular-greedy", "threshold_method", "SHA-256 of its weights")


def build(store, ids, **overrides):
    values = {"generated_time": 1_760_200_000.0, "version": "9.9.9", **overrides}
    return ReportDocument.build(store, ids, **values)


def words(block):
    match block:
        case Paragraph(text=text) | Source(text=text):
            return text
        case Items(texts=texts):
            return "\n".join(texts)
        case Facts(pairs=pairs):
            return "\n".join(f"{name}: {value}" for name, value in pairs)
        case Table():
            cells = [block.title, *block.columns, *(cell for row in block.rows for cell in row)]
            return "\n".join(map(str, cells))
        case Picture():
            return f"{block.title}\n{block.alt}\n{block.note}"
    raise AssertionError(block)


def said(report, section=None):
    return "\n".join(
        words(block) for one in report.sections if section in (None, one.id) for block in one.blocks
    )


def titles(report):
    return [section.title for section in report.sections if section.level == 1]


@pytest.fixture
def case(store, findings):
    desk = store.desk
    ids = (findings[0].id, findings[1].id)
    desk.act([NewCase("Odd copies", ids, "ana", "First line.\nSecond line.")])
    desk.act([NewTechnique(1, "T1046", "Many ports in a row.", "ana")])
    desk.act([NewNote("C-1", "Called the owner.", "bo")])
    return desk.case(1)


def test_a_technical_report_has_all_chapters_in_order(store, findings):
    report = outline(build(store, [findings[0].id]))
    assert titles(report) == [
        "Summary", f"Finding {findings[0].id}: 10.77.0.10", "Timeline", "Scope",
        "Pattern and precedent", "Indicators and ATT&CK",
        "Actions taken, recommendations, open questions", "Annex", "How to get this report again",
    ]  # fmt: skip
    ids = [section.id for section in report.sections]
    assert len(set(ids)) == len(ids)


def test_executives_get_what_happened_without_the_words_of_the_detector(store, findings):
    document = build(store, [finding.id for finding in findings], audience="executive")
    report = outline(document)
    text = said(report)
    assert not [word for word in JARGON if word in text]
    assert "Annex" not in titles(report)
    assert "Pattern and precedent" not in titles(report)
    worst = max(findings, key=lambda finding: finding.ratio)
    assert f"Finding {worst.id}: {worst.entity}" in [one.title for one in report.sections]
    assert sum(one.id.startswith("F-") for one in report.sections) == 3
    technical = said(outline(replace(document, audience="technical")))
    assert all(word in technical for word in ("percentile", "seed", "tabular-greedy"))


def test_the_summary_is_in_the_analysts_words_and_says_whose(store, findings):
    judged = said(outline(build(store, [findings[0].id])), "summary")
    assert "Nightly copy.\nAsked the owner." in judged
    assert "Reason of a verdict by ana" in judged
    drafted = said(outline(build(store, [findings[1].id])), "summary")
    assert "Drafted by the software" in drafted


def test_a_report_of_a_case_tells_its_story(store, case):
    document = build(
        store, case.finding_ids, case=case, subject="C-1", notes=store.desk.notes("C-1")
    )
    report = outline(document)
    assert "First line.\nSecond line." in said(report, "summary")
    assert "Case: C-1, open, opened by ana" in words(report.facts)
    assert "T1046\nNetwork Service Discovery\nMany ports in a row.\nana" in said(
        report, "indicators"
    )
    actions = said(report, "actions")
    assert "Called the owner." in actions
    assert "Impact: nothing was written yet." in actions
    assert "Nobody has written the impact yet." in actions
    assert "deepaid report --case C-1" in said(report, "again")
    empty = build(store, [], case=replace(case, finding_ids=()), subject="C-1")
    assert "The case holds no finding yet." in said(outline(empty))


def test_indicators_are_defanged_unless_asked_otherwise(store, findings):
    document = build(store, [findings[0].id])
    assert "203[.]0[.]113[.]9" in said(outline(document), "indicators")
    plain = said(outline(replace(document, defang=False)), "indicators")
    assert "203.0.113.9" in plain
    assert "[.]" not in plain


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("http://10.0.0.5/x", "hxxp[://]10[.]0[.]0[.]5/x"),
        ("HTTPS://a.example", "hxxps[://]a[.]example"),
        ("ftp://a", "fxp[://]a"),
        ("bo@a.example", "bo[@]a[.]example"),
        ("printer", "printer"),
    ],
)
def test_nothing_makes_a_link_of_what_is_defanged(text, after):
    assert defanged(text) == after


def test_the_timeline_has_the_times_of_detection_and_qualification(store, findings):
    text = said(outline(build(store, [findings[0].id])), "timeline")
    run = make_run()
    assert (
        f"Time to detection: {format_duration(run.finished_time - findings[0].first_time)}" in text
    )
    waited = format_duration(1_760_100_000.0 - run.finished_time)
    assert f"Time to qualification: {waited}" in text
    several = said(outline(build(store, [findings[0].id, findings[1].id])), "timeline")
    assert "Time to qualification" not in several
    assert "Not yet qualified: 1 finding" in several


def test_the_annex_tells_by_hand_from_automatic_and_gives_every_digest(store, findings):
    item = findings[0]
    document = build(
        store,
        [item.id],
        activity=(Activity(1.0, "", "flagged it", automatic=True), Activity(2.0, "bo", "took it")),
        files=(DetectorFiles(item.detector_id, "aa" * 32, "bb" * 32, "", "cc" * 32),),
        heads=(AuditHead("decisions", 7, "dd" * 32),),
        software=(("DeepAID Studio", "9.9.9"), ("Python", "3.11")),
    )
    text = said(outline(document))
    assert "automatic\n–\n\nflagged it" in text
    assert "by hand\nbo\n\ntook it" in text
    for digest in ("aa" * 32, "bb" * 32, "cc" * 32, "dd" * 32, item.source_sha256):
        assert digest in text
    assert "SHA-256 of its profile of normal events: it has none" in text
    assert "Version of Python: 3.11" in text


def test_suppressions_of_its_pattern_are_named(store, findings):
    (entry,) = store.append([make_suppression(findings[1])])
    active = store.suppressions(in_force=True)
    document = build(store, [findings[1].id, findings[2].id], suppressions=active)
    report = outline(document)
    assert f"Suppression S-{entry.number}" in said(report, findings[1].pattern_id)
    assert "No suppression covers it." in said(report, findings[2].pattern_id)


def test_long_reports_draw_some_findings_and_keep_the_numbers_of_all(store):
    many = [make_finding(number) for number in range(100, 100 + PICTURED + 5)]
    store.add_run(make_run(9), many)
    report = outline(build(store, [finding.id for finding in many]))
    drawn = [
        block.id for one in report.sections for block in one.blocks if isinstance(block, Picture)
    ]
    assert len(set(drawn)) == len(drawn)
    assert f"score-{PICTURED - 1}" in drawn
    assert f"score-{PICTURED}" not in drawn
    last = said(report, many[-1].id)
    assert format_score(many[-1].max_score) in last


def test_findings_that_are_only_counted_are_said_to_be(store, findings):
    rest = Rest(1234, 200, 99_999, (("10.9.9.9", 900),))
    report = outline(build(store, [findings[0].id], rest=rest))
    assert "1,234 further findings (200 open, 99,999 events)" in said(report, "summary")
    assert "10.9.9.9\n900" in said(report, "scope")
    assert "1 shown of 1,235" in words(report.facts)


def test_every_picture_has_its_numbers_in_a_table(store, findings):
    report = outline(build(store, [finding.id for finding in findings[:2]]))
    for section in report.sections:
        tables = [block for block in section.blocks if isinstance(block, Table)]
        for block in section.blocks:
            if isinstance(block, Picture):
                assert (block.twin and block.twin.rows) or tables, block.id
                assert block.alt


@pytest.mark.parametrize("tlp", TLP)
def test_the_marking_is_handed_to_every_format(store, findings, tlp):
    assert outline(build(store, [findings[0].id], tlp=tlp)).tlp == tlp


def test_an_unknown_audience_is_refused(store, findings):
    with pytest.raises(InvalidParameterError, match="'children' is no audience"):
        build(store, [findings[0].id], audience="children")
