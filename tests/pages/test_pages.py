import subprocess
import sys

import pytest

from deepaid_ui.navigation import PAGES
from deepaid_ui.session import PAGE_SIZE
from tests.pages.conftest import HOSTILE, ROOT

FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "pages").rglob("*.py"))


def texts(app, *kinds):
    return [element.value for kind in kinds for element in getattr(app, kind)]


def markdown(app):
    """Everything that the browser reads as Markdown."""
    return "\n".join(
        str(text)
        for text in [
            *texts(app, "markdown", "caption", "error", "warning", "info", "success", "header"),
            *texts(app, "subheader", "title", "toast"),
            *[button.label for button in app.button],
            *[metric.label + metric.value for metric in app.metric],
            *[radio.label for radio in app.radio],
            *[tab.label for tab in app.tabs],
        ]
    )


def test_no_page_lies_directly_in_pages():
    # Streamlit would serve such a file without app.py to the first visitor of a cold server.
    assert not list((ROOT / "pages").glob("*.py"))


def test_every_page_file_is_in_the_table():
    assert sorted(page.path for page in PAGES) == FILES


@pytest.mark.parametrize("path", FILES)
def test_page_opens_on_an_empty_workspace(open_page, path):
    app = open_page(path)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("path", FILES)
def test_page_opens_on_a_filled_workspace(open_page, findings, path):
    app = open_page(path, id=findings[0].id)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("tab", ["Deviations", "Pattern and history", "Evidence", "Activity"])
def test_each_tab_of_a_finding_opens_by_its_address(open_page, findings, tab):
    app = open_page("pages/triage/finding.py", id=findings[0].id, tab=tab)
    assert not app.exception
    assert not app.error
    assert app.session_state["tab"] == tab


@pytest.mark.parametrize("group", ["pattern", "entity", "detector"])
def test_the_queue_groups(open_page, findings, group):
    app = open_page("pages/triage/queue.py", group=group)
    assert not app.error
    counted = app.dataframe[0].value
    assert counted["Findings"].sum() == len(findings)


def test_an_empty_workspace_offers_the_demo_data(open_page):
    app = open_page("pages/triage/overview.py")
    assert "Load the demo data" in [button.label for button in app.button]


def test_a_filter_that_is_too_narrow_reads_differently_from_a_queue_that_is_done(
    open_page, findings
):
    narrow = open_page("pages/triage/queue.py", q="no such host")
    assert "too narrow" in markdown(narrow)
    assert "All clear" not in markdown(narrow)


def test_clearing_a_narrow_filter_brings_the_open_findings_back(open_page, findings):
    app = open_page("pages/triage/queue.py", q="no such host", severity="critical")
    next(button for button in app.button if button.label == "Clear filters").click().run()
    assert not app.error
    assert len(app.dataframe[0].value) == PAGE_SIZE


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("pages/triage/finding.py", {"id": "F-0000000000"}),
        ("pages/triage/finding.py", {"id": "../../etc/passwd"}),
        ("pages/triage/finding.py", {"id": "<script>alert(1)</script>" * 50}),
    ],
)
def test_an_unknown_finding_is_told_in_a_sentence(open_page, findings, path, params):
    app = open_page(path, **params)
    assert not app.exception
    assert len(app.error) == 1
    assert "unexpected" not in app.error[0].value


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("pages/triage/queue.py", {"page": "-3"}),
        ("pages/triage/queue.py", {"page": "lots", "status": "nonsense", "severity": "9"}),
        ("pages/triage/queue.py", {"peek": "F-0000000000", "pattern": "P-x", "sort": "; DROP"}),
        ("pages/triage/queue.py", {"since": "nan", "proof": "maybe", "group": "everything"}),
        ("pages/triage/queue.py", {"since": "9" * 400}),
        ("pages/triage/finding.py", {"view": "page=x&sort=%00&status=1&since=1e999" * 40}),
        ("pages/knowledge/patterns.py", {"pattern": "P-0000000000", "entry": "x"}),
        ("pages/knowledge/patterns.py", {"tab": "Verdict log", "standing": "x", "page": "9"}),
        ("pages/triage/queue.py", {"suppression": "S-999999999", "resurfaced": "maybe"}),
        ("pages/triage/queue.py", {"suppression": "9" * 40}),
        ("pages/system/data.py", {"tab": "\x00"}),
    ],
)
def test_garbage_in_the_address_is_ignored(open_page, findings, path, params):
    app = open_page(path, id=findings[0].id, **params)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("pages/triage/overview.py", {}),
        ("pages/triage/queue.py", {"entity": HOSTILE}),
        ("pages/triage/finding.py", {}),
        ("pages/triage/finding.py", {"tab": "Evidence"}),
        ("pages/triage/finding.py", {"tab": "Pattern and history"}),
        ("pages/knowledge/patterns.py", {}),
    ],
)
def test_a_hostile_host_name_never_reaches_markdown(open_page, findings, path, params):
    app = open_page(path, id=findings[5].id, peek=findings[5].id, **params)
    assert not app.error
    assert "](http" not in markdown(app)
    assert "<img" not in markdown(app)


def test_a_hostile_host_name_is_shown_as_it_is(open_page, findings):
    app = open_page("pages/triage/finding.py", id=findings[5].id)
    assert HOSTILE in texts(app, "text")


@pytest.mark.slow
def test_torch_stays_out_of_the_pages(findings):
    code = (
        "import sys; from streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(ROOT / 'app.py')!r}, default_timeout=60)\n"
        + "".join(
            f"app.switch_page({path!r}); app.query_params['id'] = {findings[0].id!r}; app.run()\n"
            "assert not app.exception and not app.error\n"
            for path in FILES
        )
        + "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
