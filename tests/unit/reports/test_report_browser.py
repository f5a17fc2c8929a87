"""The report in a real browser: offline, drawn, printable."""

import shutil

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.html import render

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium or Chrome on the PATH")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a report from disk; gives the page, its requests and its complaints."""
    contexts = []

    def open_report(store):
        document = ReportDocument.build(
            store, store.ids(FindingQuery())[:3], generated_time=1_760_200_000.0, version="9.9.9"
        )
        file = tmp_path / "report.html"
        file.write_text(render(document), encoding="utf-8")
        context = browser.new_context(viewport={"width": 1000, "height": 900})
        contexts.append(context)
        page = context.new_page()
        requests, complaints = [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(file.as_uri())
        return page, requests, complaints

    yield open_report
    for context in contexts:
        context.close()


def draw_all(page):
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(
        "[...document.querySelectorAll('.plot')].every(box => box.querySelector('.main-svg'))"
    )


def test_a_report_opens_without_a_request_and_draws_its_figures_when_seen(store, opened):
    page, requests, complaints = opened(store)
    figures = page.locator(".plot")
    assert page.locator("[data-drawn]").count() < figures.count()
    figures.last.scroll_into_view_if_needed()
    figures.last.locator(".main-svg").first.wait_for()
    draw_all(page)
    assert page.locator("[data-drawn]").count() == figures.count() == 16
    assert [url for url in requests if not url.startswith("file:")] == []
    assert len(requests) == 1
    assert complaints == []


def test_hostile_names_run_nothing_and_load_nothing(hostile_store, opened):
    page, requests, complaints = opened(hostile_store)
    draw_all(page)
    assert len(requests) == 1
    assert complaints == []
    assert page.locator("img, iframe, [onerror], [onload]").count() == 0


def test_titles_and_labels_stay_inside_their_figures(store, opened):
    page, _, _ = opened(store)
    draw_all(page)
    seen, outside = page.evaluate(
        """() => {
            let seen = 0;
            const outside = [];
            for (const box of document.querySelectorAll('.plot')) {
                const frame = box.getBoundingClientRect();
                for (const text of box.querySelectorAll('.main-svg text')) {
                    const spot = text.getBoundingClientRect();
                    if (!spot.width) continue;
                    seen += 1;
                    if (spot.left < frame.left - 1 || spot.right > frame.right + 1
                        || spot.top < frame.top - 1 || spot.bottom > frame.bottom + 1)
                        outside.push(text.textContent);
                }
            }
            return [seen, outside];
        }"""
    )
    assert seen > 100  # three findings, four figures each, a dozen labels on most
    assert outside == []


def test_no_page_is_wider_than_paper(store, opened):
    page, _, _ = opened(store)
    draw_all(page)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 less its margins, at 96 dpi
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
