"""Marks that turn the reading order or are not seen reach no text of a page as they are."""

import re

import pytest

from tests.hostile import plant

TEXTS = ("text", "markdown", "caption", "subheader", "info", "warning", "error", "success")
# What becomes a link or an element wherever it stands in Markdown.
ACTS = re.compile(r"https?:|<script|<img|\]\(|\$", re.IGNORECASE)
FINDING, CASES = "pages/triage/finding.py", "pages/triage/cases.py"
SUPPRESSIONS = "pages/knowledge/suppressions.py"
DETECTORS = "pages/system/detectors.py"
TABS = ("Threshold", "Interpretations", "Versions", "Files")


def shown(app):
    assert not app.exception
    return [(kind, one.value) for kind in TEXTS for one in app.get(kind)]


def pages(found):
    one = found["markup"]
    return [
        *((FINDING, {"id": finding.id}) for finding in one.findings[:4]),
        (FINDING, {"id": one.findings[0].id, "tab": "Activity"}),
        (FINDING, {"id": one.findings[0].id, "tab": "Pattern and history"}),
        (CASES, {"case": f"C-{one.case_number}"}),
        (CASES, {"case": f"C-{one.case_number}", "tab": "Notes and activity"}),
        (SUPPRESSIONS, {"s": "5"}),
        ("pages/knowledge/versions.py", {"entry": "4"}),
        ("pages/knowledge/patterns.py", {"pattern": one.findings[0].pattern_id}),
        ("pages/system/audit.py", {}),
        ("pages/triage/overview.py", {}),
        (DETECTORS, {}),
        *((DETECTORS, {"id": one.findings[0].detector_id, "tab": tab}) for tab in TABS),
    ]


def check(open_page, addresses):
    for path, params in addresses:
        for kind, text in shown(open_page(path, **params)):
            assert not set("\u202e\x00") & set(text), (path, params, text[:300])
            if kind != "text":
                assert not ACTS.search(re.sub(r"\\.", "", text)), (path, params, text[:300])


def test_a_suppressed_finding_and_its_suppression_show_hidden_marks(open_page, workspace):
    found = plant(workspace)
    login = found["markup"].findings[3]
    check(open_page, [(FINDING, {"id": login.id}), (SUPPRESSIONS, {"s": "5"})])


@pytest.mark.slow
def test_no_page_has_hidden_marks_or_what_markdown_acts_on(open_page, workspace):
    check(open_page, pages(plant(workspace)))
