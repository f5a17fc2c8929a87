"""Evaluations on planted rows with known answers."""

import gzip
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.settings import CaptureSettings, Period, SeriesSettings
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import (
    CancelledError,
    InvalidEventsError,
    InvalidParameterError,
    NotFoundError,
    WorkspaceError,
)
from deepaid_core.workflow import audit
from deepaid_core.workflow.evaluate import (
    LabelColumn,
    LabelFile,
    evaluate,
    evaluate_verdicts,
    evaluations,
)
from deepaid_core.workflow.evaluation_text import markdown_of
from deepaid_core.workflow.labels import Events, truth_of
from deepaid_core.workspace import Workspace
from tests.factories import make_verdict
from tests.judged import ODD, ROWS, START, judged

TRUTH = LabelColumn(column="truth")


@pytest.fixture
def data(tmp_path):
    return judged(tmp_path / "judged")


@pytest.fixture
def workspace(data):
    opened = Workspace.open(data.home)
    yield opened
    opened.close()


def shares(found):
    return {one.category: (one.wanted, one.events) for one in found.measures.categories}


def test_planted_rows_are_told_apart_by_a_column_of_the_file(workspace, data):
    found = evaluate(workspace, data.detector_id, data.mixed, labels=TRUTH, author="ben")
    measures = found.measures
    assert (measures.events, measures.wanted, found.unit) == (ROWS, 50, "events")
    assert measures.roc_auc == measures.average_precision == 1.0
    assert measures.at_threshold.recall == 1.0
    assert measures.at_best_f1.f1 == measures.at_best_accuracy.accuracy == 1.0
    assert shares(found) == {"scan": (True, 30), "flood": (True, 20)}
    assert "chosen with these labels in view" in found.notes[0]
    line = audit.lines(workspace)[0]
    assert (line.kind, line.author, line.about) == ("evaluation", "ben", (data.detector_id,))


def interval_table(path, **columns):
    frame = pd.DataFrame(columns)
    frame.to_csv(path, index=False)
    return path


def test_intervals_beside_the_file_say_the_same_as_the_column(workspace, data, tmp_path):
    spans = [(name, START + 60 * first, count) for first, (name, count) in ODD.items()]
    path = interval_table(
        tmp_path / "labels.csv",
        start=[start for _, start, _ in spans],
        end=[start + 60 * (count - 1) for _, start, count in spans],
        type=[name for name, _, _ in spans],
    )
    found = evaluate(workspace, data.detector_id, data.mixed, labels=path)
    by_column = evaluate(workspace, data.detector_id, data.mixed, labels=TRUTH)
    assert found.measures == by_column.measures
    assert found.id != by_column.id


def test_an_interval_of_one_entity_leaves_others_alone_and_benign_ones_are_no_misses(
    workspace, data, tmp_path
):
    path = interval_table(
        tmp_path / "labels.csv",
        start=[START + 6000, START + 12_000, START],
        end=[START + 7740, START + 13_140, START + 600],
        attacker=["h0, other", "h0,h1", ""],
        type=["scan", "flood", "backup"],
        is_attack=["1", "1", "0"],
    )
    found = evaluate(workspace, data.detector_id, data.mixed, labels=path)
    assert shares(found) == {"scan": (True, 15), "flood": (True, 20), "backup": (False, 11)}


def test_positions_are_joined_with_what_is_known_of_their_events(workspace, data, tmp_path):
    rows = {"row": list(range(100, 130)) + list(range(200, 220)) + [5, 6, 7]}
    rows["event_id"] = ["1"] * 30 + ["2"] * 20 + ["3"] * 2 + [""]
    positions = tmp_path / "packets.csv.gz"
    positions.write_bytes(gzip.compress(pd.DataFrame(rows).to_csv(index=False).encode()))
    events = interval_table(
        tmp_path / "events.csv", event_id=["1", "2", "3"], kind=["scan", "flood", "backup"],
        is_anomaly=["1", "1", "0"],
    )  # fmt: skip
    labels = LabelFile(path=positions, events=events)
    found = evaluate(workspace, data.detector_id, data.mixed, labels=labels)
    assert shares(found) == {"scan": (True, 30), "flood": (True, 20), "backup": (False, 2)}
    assert (found.measures.roc_auc, found.measures.wanted) == (1.0, 50)


def test_a_part_of_the_file_is_an_evaluation_of_its_own(workspace, data):
    part = evaluate(
        workspace, data.detector_id, data.mixed, labels=TRUTH, period=Period(until=START + 60 * 150)
    )
    assert (part.measures.events, part.measures.wanted) == (150, 30)
    whole = evaluate(workspace, data.detector_id, data.mixed, labels=TRUTH)
    assert {one.id for one in evaluations(workspace)} == {part.id, whole.id}


def test_normal_events_alone_have_no_curve_and_say_so(workspace, data):
    found = evaluate(workspace, data.detector_id, data.normal, labels=TRUTH)
    assert (found.measures.roc_auc, found.measures.wanted) == (None, 0)
    assert "of one kind" in found.notes[0]
    assert found.measures.at_threshold.false_positive_rate < 0.05
    assert evaluations(workspace, data.detector_id) == (found,)


def test_what_is_kept_is_read_again_and_damaged_files_are_passed_over(workspace, data):
    found = evaluate(workspace, data.detector_id, data.mixed, labels=TRUTH)
    evaluate(workspace, data.detector_id, data.mixed, labels=TRUTH)  # the same again
    assert evaluations(workspace, "D-other") == ()
    (kept,) = evaluations(workspace, data.detector_id)
    assert replace(kept, created_time=0.0) == replace(found, created_time=0.0)
    folder = workspace.home / "evaluations"
    assert [path.name for path in folder.iterdir()] == [f"{found.id}.json"]
    whole = (folder / f"{found.id}.json").read_text()
    for number, content in enumerate((whole[:200], "[]", '{"id": 1}', "\x00", "[" * 100_000)):
        (folder / f"E-{number}.json").write_text(content)
    assert evaluations(workspace) == (kept,)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("start,type\n1,x\n", "says neither when"),
        ("row,type\n99999,x\n", "None of the 1 labels"),
        ("start,end,type\n5,6,x\n", "None of the 1 labels"),
        ("row,type\nmany,x\n", "many"),
        ("start,end\n2026-11-01,later\n", "later"),
    ],
)
def test_labels_that_do_not_fit_are_refused_and_nothing_is_kept(
    workspace, data, tmp_path, content, sentence
):
    path = tmp_path / "labels.csv"
    path.write_text(content)
    before = workspace.store.version(), len(audit.lines(workspace))
    with pytest.raises((InvalidParameterError, InvalidEventsError), match=sentence):
        evaluate(workspace, data.detector_id, data.mixed, labels=path)
    with pytest.raises(InvalidEventsError, match="no column 'nothing'"):
        evaluate(workspace, data.detector_id, data.mixed, labels=LabelColumn(column="nothing"))
    scoring = []
    for wrong in (LabelColumn(column="nothing"), tmp_path / "lost.csv"):
        with pytest.raises(InvalidEventsError):
            evaluate(
                workspace, data.detector_id, data.mixed, labels=wrong,
                progress=lambda share, text: scoring.append(text),
            )  # fmt: skip
    assert not scoring, "it was scored before its labels were looked at"
    with pytest.raises(CancelledError):
        evaluate(workspace, data.detector_id, data.mixed, labels=TRUTH, cancelled=lambda: True)
    with pytest.raises(NotFoundError):
        evaluate(workspace, "D-none", data.mixed, labels=TRUTH)
    assert (workspace.store.version(), len(audit.lines(workspace))) == before
    assert not (workspace.home / "evaluations").exists()


def test_a_folder_that_cannot_be_written_is_named(workspace, data):
    (workspace.home / "evaluations").write_text("in the way")
    with pytest.raises(WorkspaceError, match="evaluation cannot be written"):
        evaluate(workspace, data.detector_id, data.mixed, labels=TRUTH)


def test_a_capture_has_no_column_and_labels_may_be_spelled_in_many_ways(tmp_path):
    path = tmp_path / "steps.csv"
    spelled = ["0", "0.0", "Normal", "FALSE ", "", "1", "attack", "2.5"]
    pd.DataFrame({"m": range(8), "truth": spelled}).to_csv(path, index=False)
    events = Events(np.array([7, 1, 5]), np.zeros(3), np.full(3, "x", dtype=object))
    given = {"path": path, "source_kind": "series", "settings": SeriesSettings(columns=("m",))}
    found = truth_of(LabelColumn(column="truth"), events, **given)
    assert found.wanted.tolist() == [True, False, True]
    every = Events(np.arange(8), np.zeros(8), np.full(8, "x", dtype=object))
    found = truth_of(LabelColumn(column="truth"), every, **given)
    assert found.wanted.tolist() == [False] * 5 + [True] * 3
    assert found.categories.tolist() == [""] * 5 + ["1", "attack", "2.5"]
    given |= {"source_kind": "capture", "settings": CaptureSettings()}
    with pytest.raises(InvalidParameterError, match="no columns that could hold labels"):
        truth_of(LabelColumn(column="truth"), every, **given)


def test_overlapping_intervals_count_as_what_is_to_be_found(tmp_path):
    path = interval_table(
        tmp_path / "labels.csv", start=[0.0, 5.0], end=[20.0, 8.0], type=["scan", "backup"],
        is_attack=["1", "0"],
    )  # fmt: skip
    events = Events(np.arange(3), np.array([6.0, 1.0, 30.0]), np.full(3, "x", dtype=object))
    found = truth_of(
        LabelFile(path=path), events, path=path, source_kind="log", settings=CaptureSettings()
    )
    assert found.wanted.tolist() == [True, True, False]
    assert found.categories.tolist() == ["scan", "scan", ""]


def test_verdicts_are_labels_with_their_bias(workspace, data):
    with pytest.raises(InvalidParameterError, match=r"is judged .* yet; judge some first"):
        evaluate_verdicts(workspace, data.detector_id)
    query = FindingQuery(detector_name="rows")
    found = [workspace.store.finding(one) for one in workspace.store.ids(query)]
    by_score = sorted(found, key=lambda one: -one.max_score)
    given = [
        (by_score[0], VerdictLabel.TRUE_POSITIVE, "scan"),
        (by_score[1], VerdictLabel.BENIGN_POSITIVE, "audit"),
        (by_score[2], VerdictLabel.TRUE_POSITIVE, "scan"),
        (by_score[-1], VerdictLabel.FALSE_POSITIVE, "backup"),
        (by_score[3], VerdictLabel.UNDETERMINED, ""),
    ]
    for finding, label, category in given:
        workspace.store.append([make_verdict(finding, label=label, category=category)])
    told = evaluate_verdicts(workspace, data.detector_id, author="ben")
    measures = told.measures
    assert (told.unit, measures.events, measures.wanted) == ("findings", 4, 2)
    assert measures.at_threshold.precision == 0.5
    assert measures.at_threshold.recall == 1.0
    expected = {"scan": (True, 2), "audit": (False, 1), "backup": (False, 1)}
    assert shares(told) == expected
    assert "Only what this detector flagged was judged" in told.notes[0]
    assert told.notes[1].startswith("1 benign positive is")
    assert evaluations(workspace, data.detector_id) == (told,)


def test_the_markdown_holds_the_figures_and_no_markup_of_others(workspace, data):
    found = evaluate(workspace, data.detector_id, data.mixed, labels=TRUTH)
    first = found.measures.categories[0]
    hostile = replace(first, category="<img src=x>|[link](http://x)\u202e")
    page = markdown_of(
        replace(found, measures=replace(found.measures, categories=(hostile,)), author="**a**")
    )
    assert "| ROC AUC | 1.000 |" in page.replace("\\", "")
    assert "<img" not in page
    assert "[link]" not in page
    assert "\u202e" not in page
    assert "**a**" not in page
    rows = [line for line in page.splitlines() if "img" in line]
    assert [row.count("|") for row in rows] == [6]
    assert json.dumps(page)


@pytest.mark.slow
def test_the_recorded_sessions_are_told_apart_by_their_lines(tmp_path):
    from deepaid_core.detectors.artifacts import load_trained
    from deepaid_core.workflow.demo import DEMOS, sample_data
    from deepaid_core.workflow.train import register
    from tests.empty import empty_home

    demo = next(one for one in DEMOS if one.name == "ssh-sessions")
    workspace = Workspace.open(empty_home(tmp_path / "home"))
    record = register(workspace, load_trained(demo.shipped))
    logs = sample_data() / "logs"
    labels = LabelFile(path=logs / "events.csv.gz", events=logs / "sessions.csv")
    found = evaluate(
        workspace, record.id, sample_data() / demo.mixed, labels=labels, period=demo.period
    )
    workspace.close()
    assert found.unit == "sessions"
    assert found.measures.roc_auc > 0.97
    assert shares(found)["invalid_user"] == (True, 50)
    assert not shares(found)["password_typo"][0]
