"""The Detectors page: its list, a detector's tabs in each state, and what the buttons do."""

import shutil

import pytest

from deepaid_core.workflow.detect import detect
from deepaid_core.workflow.detector_exchange import packed
from deepaid_core.workflow.inspection import proposal
from deepaid_core.workflow.thresholds import versions
from deepaid_core.workflow.train import TrainingPlan, train
from deepaid_core.workspace import Workspace
from tests.factories import make_detector_record, make_run
from tests.hostile import plant
from tests.pages.conftest import HOSTILE
from tests.pages.test_data import chosen, finished, frames_with, take, texts
from tests.pages.test_pages import markdown
from tests.pages.test_verdicts import press, problems
from tests.unit.sources.table_files import connections_csv

PAGE = "pages/system/detectors.py"
TABS = ("Threshold", "Evaluation", "Drift", "Interpretations", "Versions", "Files")


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory):
    """A workspace with a small detector that has read a file with attacks."""
    folder = tmp_path_factory.mktemp("trained")
    workspace = Workspace.open(folder / "home")
    normal = connections_csv(folder / "normal.csv", 600, seed=1)
    plan = TrainingPlan(
        source_kind="table",
        settings=proposal(normal, "table"),
        detector_kind="pca",
        hyperparameters={"variance": 0.75},
    )
    train(workspace, normal, name="office", plan=plan, author="ben")
    detect(workspace, connections_csv(folder / "monday.csv", 250, seed=2, attacks=15))
    workspace.close()
    return folder


@pytest.fixture
def office(trained_home, workspace):
    shutil.copytree(trained_home / "home", workspace.home, dirs_exist_ok=True)
    return workspace.store.detectors()[0]


@pytest.fixture
def monday(trained_home):
    return trained_home / "monday.csv"


def opened(open_page, record, tab="Threshold", **params):
    return open_page(PAGE, id=record.id, tab=tab, **params)


def metric(app, label):
    return next(one.value for one in app.metric if one.label == label)


def number(app, label):
    return next(one for one in app.number_input if one.label == label)


def test_without_a_detector_the_page_says_how_to_get_one(open_page):
    app = open_page(PAGE)
    assert not app.exception
    assert "There is no detector yet" in markdown(app)


def test_the_list_has_a_line_for_each_name_with_what_its_latest_run_brought(open_page, workspace):
    store = workspace.store
    for at, name in enumerate(("packets", "packets", "quiet")):
        store.add_detector(make_detector_record(at, name=name))
    store.add_run(make_run(0, first_time=0.0, last_time=43_200.0, verified=9), [])
    (table,) = frames_with(open_page(PAGE), "Detector")
    lines = table.set_index("Detector")
    assert set(lines.index) == {"packets", "quiet"}
    assert lines.loc["packets", "Newest version"] == make_detector_record(1).id
    assert lines.loc["packets", "Versions"] == 2
    assert lines.loc["packets", "Findings, latest run"] == "6 a day"
    assert lines.loc["packets", "Anomalies, latest run"] == "12 of 3,000"
    assert lines.loc["packets", "Verified"] == "75 %"
    assert lines.loc["quiet", "Findings, latest run"] == "not run yet"


@pytest.mark.parametrize("asked", ["D-0000000000", "../../etc", "\x00", HOSTILE])
def test_an_unknown_detector_is_told_and_the_list_is_shown(open_page, findings, asked):
    app = open_page(PAGE, id=asked)
    assert not app.exception
    assert "no such detector" in app.warning[0].value
    assert frames_with(app, "Detector")


@pytest.mark.parametrize("tab", TABS)
def test_a_detector_whose_files_are_gone_is_told_in_a_sentence(open_page, findings, tab):
    app = open_page(PAGE, id=findings[0].detector_id, tab=tab)
    assert not app.exception
    assert all("unexpected" not in text for text in problems(app))
    if tab in {"Threshold", "Files"}:
        assert "cannot be read" in problems(app)[0]


@pytest.mark.parametrize("tab", TABS)
def test_a_damaged_description_is_told_in_a_sentence(open_page, office, workspace, tab):
    (workspace.artifacts / office.artifact / "detector.json").write_bytes(b'{"format": 1, "x')
    app = opened(open_page, office, tab)
    assert not app.exception
    assert all("unexpected" not in text for text in problems(app))


def test_hostile_names_stay_text_on_every_tab(open_page, workspace):
    plant(workspace)
    record = workspace.store.detectors()[0]
    for tab in TABS:
        app = opened(open_page, record, tab)
        assert not app.exception
        assert "![x](" not in markdown(app)
        assert "<img" not in markdown(app).replace("\\<", "")
    assert "![x](" not in markdown(open_page(PAGE))


def test_the_threshold_tab_draws_scores_and_says_what_the_bound_in_force_does(open_page, office):
    app = opened(open_page, office)
    assert not problems(app)
    assert "held back from training" in texts(app)
    assert number(app, "Or as a number").value == office.threshold
    assert metric(app, "Normal events flagged").endswith("%")
    assert next(b for b in app.button if b.label.startswith("Back to the one")).disabled


def test_another_bound_shows_its_effect_at_once_and_changes_nothing(open_page, office, workspace):
    app = opened(open_page, office)
    number(app, "Or as a number").set_value(office.threshold / 3).run()
    before, after = metric(app, "Normal events flagged").split(" → ")
    assert before != after
    assert "→" in metric(app, "Anomalies in its runs")
    assert "→" in metric(app, "Findings in its runs")
    assert [one.id for one in workspace.store.detectors()] == [office.id]
    press(app, "Back to the one in force")
    assert "→" not in metric(app, "Normal events flagged")


def test_slider_and_number_follow_each_other(open_page, office):
    app = opened(open_page, office)
    slider = app.select_slider[0]
    # It tells its steps apart by how they are written.
    assert len(slider.options) == len(set(slider.options)) > 50
    number(app, "Or as a number").set_value(float(slider.options[20])).run()
    assert app.select_slider[0].value == pytest.approx(float(slider.options[20]), rel=1e-3)
    app.select_slider[0].set_value(office.threshold).run()
    assert number(app, "Or as a number").value == office.threshold


def test_what_is_tried_survives_a_look_at_another_tab(open_page, office):
    app = opened(open_page, office)
    number(app, "Or as a number").set_value(office.threshold / 2).run()
    for tab in ("Files", "Threshold"):
        app.session_state["tab"] = tab
        app.run()
    assert number(app, "Or as a number").value == office.threshold / 2


def test_a_suggestion_is_tried_and_says_how_it_was_chosen(open_page, office):
    app = opened(open_page, office)
    next(box for box in app.selectbox if box.label == "Method").set_value(
        "false-positive-rate"
    ).run()
    number(app, "Highest share of normal events to flag").set_value(0.1).run()
    press(app, "Try it")
    assert not problems(app)
    assert number(app, "Or as a number").value < office.threshold
    assert "Suggested: false-positive rate at most 0.1" in texts(app)


def test_a_suggestion_that_needs_labels_says_so(open_page, office):
    app = opened(open_page, office)
    next(box for box in app.selectbox if box.label == "Method").set_value("best-f1").run()
    press(app, "Try it")
    assert "evaluate" in problems(app)[0].lower()
    assert number(app, "Or as a number").value == office.threshold


def test_applying_makes_a_new_version_and_leaves_findings_and_the_old_one(
    open_page, office, workspace
):
    before = workspace.store.overview().findings
    app = opened(open_page, office)
    number(app, "Or as a number").set_value(office.threshold / 2).run()
    press(app, "Make the new version")
    assert not problems(app)
    newest, old = versions(workspace, "office")
    assert old.id == office.id
    assert newest.threshold == pytest.approx(office.threshold / 2)
    assert "set by hand" in newest.threshold_method
    assert workspace.store.overview().findings == before
    assert app.query_params["id"] == newest.id
    assert any("has a new version" in one.value for one in app.text)
    assert "This version has read no file yet" in app.info[0].value.replace("\\", "")
    (line,) = frames_with(open_page(PAGE), "Detector")
    assert line["Versions"].tolist() == [2]


def test_an_older_version_leads_to_the_newest_and_two_are_compared(open_page, office, workspace):
    app = opened(open_page, office)
    number(app, "Or as a number").set_value(office.threshold / 2).run()
    press(app, "Make the new version")
    newest, _ = versions(workspace, "office")
    app = opened(open_page, office, "Versions")
    assert newest.id in app.info[0].value.replace("\\", "")
    (table,) = frames_with(app, "Differs")
    rows = table.set_index("What")
    assert rows.loc["Threshold", "Differs"] == "≠"
    assert rows.loc["Hyperparameter variance", "Differs"] == ""
    assert rows.loc["Hyperparameter variance", office.id] == "0.75"
    app = opened(open_page, newest, "Versions")
    press(app, "Make the new version")
    assert not problems(app)
    latest = versions(workspace, "office")[0]
    assert latest.threshold == office.threshold
    assert latest.id not in {newest.id}


def test_files_show_digests_and_hyperparameters_and_notice_a_change(open_page, office, workspace):
    app = opened(open_page, office, "Files")
    (hyper,) = [t for t in frames_with(app, "Value") if "variance" in set(t["Name"])]
    assert dict(zip(hyper["Name"], hyper["Value"], strict=True))["variance"] == "0.75"
    (digests,) = frames_with(app, "SHA-256")
    assert digests["SHA-256"][0] == office.sha256
    assert not problems(app)
    path = workspace.artifacts / office.artifact / "detector.json"
    path.write_text(path.read_text().replace('"variance": 0.75', '"variance": 0.85'))
    assert "not the ones that were registered" in problems(opened(open_page, office, "Files"))[0]


def test_interpretations_of_its_findings_are_measured(open_page, office):
    app = opened(open_page, office, "Interpretations")
    assert not problems(app)
    assert metric(app, "Verified").endswith("%")
    assert int(metric(app, "Deviations, median")) >= 1


def test_drift_compares_the_latest_run_with_training(open_page, office):
    app = opened(open_page, office, "Drift")
    assert not problems(app)
    assert "Stability index" in texts(app)
    (columns,) = frames_with(app, "Outside the training range")
    assert {"sent", "received"} <= set(columns["Column"])


def test_evaluating_on_a_column_of_labels(open_page, office, monday):
    app = opened(open_page, office, "Evaluation")
    assert "was not evaluated yet" in markdown(app)
    take(app, monday)
    assert chosen(app, "Column") == "label"
    press(app, "Evaluate")
    finished(app)
    assert not problems(app)
    assert float(metric(app, "ROC area")) > 0.5
    (confusion,) = frames_with(app, "Not flagged")
    assert confusion["Together"].tolist() == ["15", "235"]
    (recall,) = [table for table in frames_with(app, "Recall") if "Category" in table]
    assert recall["Category"].tolist() == ["attack"]


def test_evaluating_without_verdicts_says_so(open_page, office):
    app = opened(open_page, office, "Evaluation")
    press(app, "Evaluate on verdicts")
    assert "judge some first" in problems(app)[0]


def test_a_file_of_another_form_cannot_be_evaluated(open_page, office, tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n3,4\n")
    app = opened(open_page, office, "Evaluation")
    take(app, tmp_path / "other.csv")
    assert "has no column" in app.warning[0].value.replace("\\", "")
    assert not [one for one in app.button if one.label == "Evaluate"]


def test_the_data_page_takes_the_detector_that_the_link_names(open_page, office, workspace, monday):
    app = opened(open_page, office)
    number(app, "Or as a number").set_value(office.threshold / 2).run()
    press(app, "Make the new version")
    page = open_page("pages/system/data.py", detector=office.id)
    take(page, monday)
    assert chosen(page, "Detector") == office.id


def test_the_form_shows_the_telling_hyperparameters_of_the_chosen_detector(open_page, trained_home):
    app = open_page(PAGE, part="Train a detector")
    take(app, trained_home / "normal.csv")
    assert not problems(app)
    labels = [one.label for one in app.number_input]
    assert labels.index("Narrowest layer") < labels.index("Seed")
    assert "Use it as the first choice" in texts(app)
    press(app, "Train")
    assert problems(app) == ["The detector has no name; give it one, e.g. office-logins."]


def test_normal_scores_are_read_from_a_file_where_training_kept_none(
    open_page, office, workspace, trained_home
):
    # As of the shipped detectors: the same without the scores that were held back.
    from dataclasses import replace

    from deepaid_core.detectors.artifacts import load_trained
    from deepaid_core.workflow.train import register

    bare = replace(load_trained(workspace.artifacts / office.artifact), held_back_scores=None)
    record = register(workspace, replace(bare, name="bare"))
    app = opened(open_page, record)
    take(app, trained_home / "normal.csv")
    press(app, "Read its scores")
    finished(app)
    assert not problems(app)
    assert "120 scores of normal events kept" in texts(app)
    assert "the last fifth of what it learned from" in texts(app.run())


@pytest.mark.slow
def test_training_by_the_form_brings_a_detector_with_the_chosen_settings(
    open_page, trained_home, workspace
):
    app = open_page(PAGE, part="Train a detector")
    take(app, trained_home / "normal.csv")
    number(app, "Narrowest layer").set_value(0.5).run()
    next(box for box in app.selectbox if box.label == "How to choose it").set_value(
        "false-positive-rate"
    ).run()
    number(app, "Highest share of normal events to flag").set_value(0.05).run()
    next(box for box in app.text_input if box.label == "Name of the detector").set_value("small")
    press(app, "Train")
    finished(app)
    assert not problems(app)
    (record,) = workspace.store.detectors()
    assert record.name == "small"
    assert record.threshold_method.startswith("false-positive rate at most 0.05")
    assert "is ready" in texts(app)
    (curve,) = frames_with(app, "Epoch")
    assert len(curve) >= 1
    files = opened(open_page, record, "Files")
    (hyper,) = [t for t in frames_with(files, "Value") if "bottleneck" in set(t["Name"])]
    assert dict(zip(hyper["Name"], hyper["Value"], strict=True))["bottleneck"] == "0.5"


def test_a_detector_of_another_workspace_is_registered_and_shown(
    open_page, workspace, trained_home
):
    other = Workspace.open(trained_home / "home")
    (record,) = other.store.detectors()
    content = packed(other, record, author="ben")
    other.close()
    app = open_page(PAGE)
    assert next(one for one in app.button if one.label == "Register").disabled
    app.file_uploader[0].upload(f"{HOSTILE}.zip", content).run()
    press(app, "Register")
    assert not app.exception
    assert not problems(app)
    assert app.query_params["id"] == record.id
    assert f"Registered the detector office, {record.id}." in "".join(texts(app))
    assert [one.id for one in workspace.store.detectors()] == [record.id]
    assert not list(workspace.home.glob("upload-*"))


def test_what_is_no_detector_is_refused_in_a_sentence(open_page, workspace):
    app = open_page(PAGE)
    app.file_uploader[0].upload("model.pkl", b"\x80\x04.").run()
    press(app, "Register")
    assert not app.exception
    assert "'model.pkl' is refused: it is no zip file" in "".join(problems(app))
    assert not workspace.store.detectors()
    assert not list(workspace.home.glob("upload-*"))
