"""Lessons from one workspace to another: what an import would bring, and what it does."""

import json

import pytest

from deepaid_core.distiller import exchange as files
from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewLessons, TaughtPath
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import (
    ChangeRefusedError,
    ExchangeError,
    NotFoundError,
    VerdictRefusedError,
)
from deepaid_core.workflow import distill, exchange, triage, versions
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import (
    PATHS,
    make_detector_record,
    make_finding,
    make_run,
    make_suppression,
    make_verdict,
)

FALSE, TRUE = VerdictLabel.FALSE_POSITIVE, VerdictLabel.TRUE_POSITIVE
FINDINGS = [make_finding(number, max_score=0.3) for number in range(12)]
FIRST, SECOND = FINDINGS[::4], FINDINGS[1::4]
LESSONS = (
    TaughtPath("packets", FALSE, "backup-job", PATHS[1], 3),
    TaughtPath("packets", TRUE, "port-scan", PATHS[0], 2),
    TaughtPath("their-logins", TRUE, "malware", ("x",), 1),
)


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "here"))
    opened.store.add_detector(make_detector_record())
    opened.store.add_run(make_run(), FINDINGS)
    yield opened
    opened.close()


def write(workspace, *entries):
    return [workspace.store.append([entry])[0].number for entry in entries]


def content(*lessons):
    return files.to_json(lessons or LESSONS).encode()


def test_an_import_says_first_what_it_would_bring(workspace):
    write(
        workspace,
        make_suppression(FIRST[0]),
        make_verdict(SECOND[0], label=TRUE, category="port-scan"),
    )
    hidden = workspace.store.count(FindingQuery(status=Status.SUPPRESSED))
    found = exchange.import_preview(workspace, content(), "folder/theirs.json")
    assert found.name == "theirs.json"
    assert (found.lessons, found.paths, found.attacks, found.taught_here) == (6, 3, 3, 0)
    assert found.detectors_known == ("packets",)
    assert found.detectors_unknown == ("their-logins",)
    assert FIRST[0].pattern_id in found.protects
    assert len(found.protects) == 2
    assert found.protected_findings == len(FIRST)
    assert found.reopened == hidden > 0
    # Today's open findings: those that the suppression leaves are only what is re-surfaced.
    resurfaced = workspace.store.count(FindingQuery(resurfaced=True))
    assert found.differing >= resurfaced
    (conflict,) = found.conflicts
    assert found.conflicting == 1
    assert conflict.pattern_id == SECOND[0].pattern_id
    assert conflict.here == (("true positive / port-scan", 1),)
    assert conflict.there == (("false positive / backup-job", 3),)
    assert found.imported_as is None
    assert found.allowed
    assert len(workspace.store.log()) == 2


def test_an_import_is_one_entry_that_teaches_protects_and_can_be_undone(workspace):
    write(workspace, make_suppression(FIRST[0]))
    hidden = set(workspace.store.ids(FindingQuery(status=Status.SUPPRESSED)))
    before = distill.machine(workspace).digest()
    number = exchange.import_lessons(
        workspace, content(), name="theirs.json", author="ben", reason="From the other site."
    )
    (line,) = workspace.store.log(after=1)
    assert line.number == number == 2
    assert isinstance(line.entry, NewLessons)
    assert (line.entry.author, line.entry.reason) == ("ben", "From the other site.")
    assert line.entry.lessons == LESSONS
    assert distill.machine(workspace).verdicts == 6
    suggested = distill.suggestion_for_path(workspace, "packets", PATHS[0])
    assert (suggested.label, suggested.category, suggested.support) == (TRUE, "port-scan", 2)
    assert suggested.verdict_numbers == (number,)
    assert workspace.store.count(FindingQuery(status=Status.SUPPRESSED)) == 0
    triage.undo(workspace, entry_numbers=[number], author="ben")
    assert distill.machine(workspace).digest() == before
    assert set(workspace.store.ids(FindingQuery(status=Status.SUPPRESSED))) == hidden
    assert versions.replayed(workspace).same


def test_the_same_lessons_are_imported_once_while_they_are_in_force(workspace):
    first = exchange.import_lessons(workspace, content(), name="a.json", author="ana")
    graph = files.to_graphml(LESSONS).encode()
    for again, name in ((content(), "b.json"), (graph, "a.graphml")):
        assert exchange.import_preview(workspace, again, name).imported_as == first
        assert not exchange.import_preview(workspace, again, name).allowed
        with pytest.raises(ChangeRefusedError, match="as entry 1 already"):
            exchange.import_lessons(workspace, again, name=name, author="ana")
    triage.undo(workspace, entry_numbers=[first], author="ana")
    assert exchange.import_preview(workspace, graph, "a.graphml").allowed
    assert exchange.import_lessons(workspace, graph, name="a.graphml", author="ana") == 3


@pytest.mark.parametrize("export", [exchange.export_json, exchange.export_graphml])
def test_what_any_version_exports_teaches_an_empty_workspace_the_same(workspace, tmp_path, export):
    write(
        workspace,
        make_verdict(FIRST[0]),
        make_verdict(FIRST[1], label=TRUE, category="port-scan"),
        make_verdict(SECOND[0], path=("a\x00\x1b", "b</data>\u202e", "c\ud800")),
        make_verdict(SECOND[1], label=VerdictLabel.BENIGN_POSITIVE, category=""),
    )
    for version in (None, 1, 2, 3):
        other = Workspace.open(empty_home(tmp_path / f"there-{version}"))
        text = export(workspace, version)
        exchange.import_lessons(other, text.encode(), name="from-here", author="ben")
        assert distill.machine(other).digest() == distill.machine(workspace, version).digest()
        assert export(other) == text
        other.close()
    with pytest.raises(NotFoundError, match="M-9"):
        export(workspace, 9)


def test_own_lessons_are_recognised(workspace):
    write(workspace, make_verdict(FIRST[0]), make_verdict(SECOND[0]))
    own = exchange.export_json(workspace).encode()
    found = exchange.import_preview(workspace, own, "own.json")
    assert found.taught_here == found.paths == 2
    assert found.conflicts == ()


def test_a_name_is_kept_readable_and_never_opened(workspace, tmp_path):
    trap = tmp_path / "trap.json"
    trap.write_text("{}")
    for name, kept in (
        ("../../\x1b[2Jevil\u202e.json", "⟨U+001B⟩[2Jevil⟨U+202E⟩.json"),
        (str(trap), "trap.json"),
        ("", "unnamed"),
    ):
        assert exchange.import_preview(workspace, content(), name).name == kept
    long = exchange.import_preview(workspace, content(), "x" * 10_000).name
    assert len(long) == 200


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        (b"", "no JSON"),
        (b"not json", "no JSON"),
        (b"<graphml/>", "."),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><graphml/>", "."),
        (b"\xff\xfe", "."),
        (content()[:-20], "no JSON"),
        (content().replace(b'"count": 3', b'"count": -3'), "whole number"),
        (json.dumps({"format": "deepaid-lessons", "version": 1, "lessons": []}).encode(), "no les"),
        (content(TaughtPath("p", TRUE, "unknown", ("s",), 1)), "one of its categories is none"),
        (content(TaughtPath("p", TRUE, "x" * 61, ("s",), 1)), "61 characters"),
        (content(TaughtPath("p", TRUE, "\x1b[2J", ("s",), 1)), "cannot be seen"),
        (content(TaughtPath("p", TRUE, "Port-Scan", ("s",), 1)), "spelled 'port-scan' here"),
    ],
)
def test_a_file_that_is_damaged_or_foreign_is_refused_and_nothing_is_kept(
    workspace, damaged, words
):
    with pytest.raises(ExchangeError, match=words) as caught:
        exchange.import_lessons(workspace, damaged, name="x\x1b.json", author="ana")
    assert str(caught.value).isprintable()
    with pytest.raises(ExchangeError):
        exchange.import_preview(workspace, damaged, "x.json")
    assert workspace.store.log() == ()


def test_an_import_needs_an_author(workspace):
    with pytest.raises(VerdictRefusedError, match="Nobody is named"):
        exchange.import_lessons(workspace, content(), name="a.json", author=" ")
