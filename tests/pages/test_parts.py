import csv
import hashlib
import io
import re
import threading
import time
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.errors import CancelledError, CaptureError
from deepaid_ui.export import findings_csv
from deepaid_ui.jobs import Registry
from deepaid_ui.session import GROUPINGS, SEVERITIES, SORTS, STATUSES, QueueView
from deepaid_ui.tables import evidence_frame
from deepaid_ui.text import plain, spreadsheet_cell
from tests.factories import make_finding

MAYBE = st.none() | st.text(min_size=1, max_size=20).filter(lambda text: text.strip() == text)


@given(st.text(max_size=200))
def test_plain_leaves_no_markdown_punctuation_unescaped(text):
    unescaped = re.sub(r"\\.", "", plain(text))
    assert not re.search(r"[\\`*_{}\[\]()#+!|<>~$:@^&=\"'\n\r]", unescaped)


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N", "P", "S"])))
def test_plain_keeps_every_visible_character(text):
    assert re.sub(r"\\(.)", r"\1", plain(text)).replace("\u2060", "") == text


# Markdown makes links of these wherever they stand, escaped or not.
@given(st.text(alphabet="htpsw:/.@aHTW\\", max_size=40))
@example("http://a.b https://a.b HTTP://a.b www.a.b a@a.b")
def test_plain_leaves_nothing_that_becomes_a_link(text):
    shown = re.sub(r"\\(.)", r"\1", plain(text))
    assert not re.search(r"https?:|www\.|@\w", shown, re.IGNORECASE)


def test_a_name_of_megabytes_is_not_the_whole_page():
    start = time.perf_counter()
    assert len(plain("n" * 5_000_000 + "end")) < 3000
    assert plain("n" * 5_000_000 + "end").endswith("end")
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize("text", ["\x00=1+1", "\u202e=1+1", "\ufeff\t-1", "＝1+1"])
def test_signs_of_formulas_are_found_behind_what_is_not_seen(text):
    assert spreadsheet_cell(text) == "'" + text


@given(st.text())
def test_no_spreadsheet_takes_a_cell_for_a_formula(text):
    assert spreadsheet_cell(text).lstrip()[:1] not in {"=", "+", "-", "@"}


def test_exported_findings_are_inert_and_complete(workspace, findings):
    ids = workspace.store.ids(FindingQuery())
    data = findings_csv(workspace, ids, filters="all")
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert {row["finding"] for row in rows} == {finding.id for finding in findings}
    hostile = next(row for row in rows if row["finding"] == findings[5].id)
    assert hostile["entity"] == findings[5].entity
    (line,) = workspace.store.desk.actions()
    assert line.action.facts["sha256"] == hashlib.sha256(data).hexdigest()
    assert line.action.facts["findings"] == str(len(findings))


views = st.builds(
    QueueView,
    status=st.sampled_from(STATUSES),
    severity=st.none() | st.sampled_from(SEVERITIES),
    detector=MAYBE,
    entity=MAYBE,
    pattern=st.none() | st.from_regex(r"P-[0-9a-f]{10}", fullmatch=True),
    suggestion=MAYBE,
    proof=st.none() | st.sampled_from(["verified", "not verified"]),
    assignee=MAYBE,
    case=st.none() | st.integers(1, 10**9 - 1).map(str),
    after=st.none() | st.dates().map(str),
    before=st.none() | st.dates().map(str),
    q=st.text(max_size=20).map(str.strip),
    sort=st.sampled_from(SORTS),
    group=st.sampled_from(GROUPINGS),
    page=st.integers(1, 1000),
)


@given(views)
def test_a_view_comes_back_from_its_parameters(view):
    assert QueueView.of(view.to_params()) == view


NAMES = ["status", "page", "since", "sort", "q", "assignee", "case", "after", "before"]


@given(st.dictionaries(st.sampled_from(NAMES), st.text() | st.dates().map(str)))
def test_any_parameters_give_a_query(params):
    assert QueueView.of(params).query().sort in SORTS


def waited(job):
    for _ in range(400):
        if not job.is_active:
            return job
        time.sleep(0.01)
    raise AssertionError(f"still {job.state}")


def test_a_job_reports_and_keeps_its_result():
    job = Registry().start(
        "demo", "Loading", lambda progress, cancelled: progress(0.5, "half") or 7
    )
    assert waited(job).state == "done"
    assert job.result == 7


def test_a_cancelled_job_ends_as_cancelled():
    started = threading.Event()

    def work(progress, cancelled):
        started.set()
        while not cancelled():
            time.sleep(0.005)
        raise CancelledError("Cancelled; nothing was kept.")

    job = Registry().start("demo", "Loading", work)
    assert started.wait(2)
    job.cancel.set()
    assert waited(job).state == "cancelled"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CaptureError("The capture is empty."), "The capture is empty."),
        (RuntimeError("secret /etc/passwd"), "Something unexpected went wrong"),
    ],
)
def test_a_failed_job_tells_users_only_what_is_meant_for_them(error, told):
    def work(progress, cancelled):
        raise error

    job = waited(Registry().start("demo", "Loading", work))
    assert job.state == "failed"
    assert job.message.startswith(told)
    assert "secret" not in job.message


def test_the_same_job_is_not_started_twice():
    release = threading.Event()
    registry = Registry()
    first = registry.start("demo", "Loading", lambda progress, cancelled: release.wait(2))
    second = registry.start("demo", "Loading", lambda progress, cancelled: release.wait(2))
    release.set()
    assert second is first
    assert waited(first).state == "done"


def test_evidence_tells_events_of_this_finding_from_those_of_another():
    finding = make_finding(1)
    own = finding.evidence[0]
    rows = (
        replace(own, index=finding.event_index, flagged=True, score=2.0),
        replace(own, index=finding.event_index + 1, flagged=True, score=1.5),
        replace(own, index=finding.event_index + 2, flagged=False, score=1.7),
        replace(own, index=finding.event_index + 3, flagged=False, score=None),
    )
    marks = evidence_frame(replace(finding, evidence=rows))["Mark"].tolist()
    assert marks == ["▶ interpreted", "● this finding", "○ another finding", ""]
