"""The Compare page: several methods on one finding, and the last benchmark run."""

import json
import re
import time

import pytest

from deepaid_core.domain.modality import Modality
from deepaid_core.workflow import benchmark_results
from deepaid_core.workflow.benchmark_measures import MEASURES
from deepaid_ui import compare_benchmark
from tests.comparisons import planted_finding
from tests.factories import make_detector_record, make_finding, make_interpretation, make_run
from tests.kinds import make_link_finding, renamed
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown, texts

PAGE = "pages/knowledge/compare.py"
QUICK = "largest-error,nearest-normal"


def done(app):
    """The page once no method runs any more."""
    for _ in range(200):
        if not any(button.label == "Cancel" for button in app.button):
            return app
        time.sleep(0.1)
        app.run()
    pytest.fail("A method never came to an end.")


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()
    return done(app)


def summary(app):
    return next(f.value for f in app.dataframe if "Flips the label" in f.value.columns)


@pytest.fixture
def planted(workspace):
    return planted_finding(workspace)


def test_without_a_finding_the_page_says_what_it_is_for_and_offers_some(open_page, findings):
    app = open_page(PAGE)
    assert "No finding is chosen" in markdown(app)
    offered = app.dataframe[0].value["Finding"].tolist()
    assert offered
    assert set(offered) <= {finding.id for finding in findings}


def test_the_finding_that_was_opened_last_is_offered(open_page, findings):
    app = open_page("pages/triage/finding.py", id=findings[2].id)
    app.switch_page(PAGE).run()
    label = next(b.label for b in app.button if "you opened last" in b.label)
    assert findings[2].id in label.replace("\\", "")
    next(b for b in app.button if "you opened last" in b.label).click().run()
    assert app.query_params["finding"] == findings[2].id
    assert findings[2].id in texts(app, "subheader")


def test_an_empty_workspace_leads_to_the_overview(open_page):
    assert "There are no findings yet." in markdown(open_page(PAGE))


@pytest.mark.parametrize(
    "finding_id", ["F-0000000000", "../../etc/passwd", "<script>alert(1)</script>" * 50]
)
def test_an_unknown_finding_is_told_in_a_sentence_beside_others(open_page, findings, finding_id):
    app = open_page(PAGE, finding=finding_id)
    assert len(app.error) == 1
    assert "unexpected" not in app.error[0].value
    assert not app.exception
    assert app.dataframe[0].value["Finding"].tolist()


def test_the_answers_of_the_methods_named_in_the_address_stand_side_by_side(open_page, planted):
    app = done(open_page(PAGE, finding=planted.id, **{"with": QUICK}))
    assert not app.error
    assert not app.exception
    shown = summary(app)
    assert shown["Method"].tolist() == [
        "Greedy search (stored)", "Largest error", "Nearest normal",
    ]  # fmt: skip
    assert shown["Flips the label"].str.startswith(("yes", "no")).all()
    assert shown["Time for this event"].tolist()[0] == "stored"


def test_choosing_another_method_changes_the_address_and_asks_only_that_one(open_page, planted):
    app = done(open_page(PAGE, finding=planted.id, **{"with": "largest-error"}))
    app.multiselect[0].set_value(["largest-error", "random"]).run()
    done(app)
    assert app.query_params["with"] == "largest-error,random"
    assert "Random order" in summary(app)["Method"].tolist()
    app.multiselect[0].set_value([]).run()
    assert app.query_params["with"] == "none"
    assert not any("Flips the label" in frame.value.columns for frame in app.dataframe)


@pytest.mark.parametrize("asked", ["tarot", ",,,", "%00", "x" * 5000, "largest-error,tarot"])
def test_methods_that_make_no_sense_are_ignored(open_page, planted, asked):
    app = done(open_page(PAGE, finding=planted.id, **{"with": asked}))
    assert not app.error
    assert not app.exception
    assert set(app.multiselect[0].value) <= {"largest-error"}


def test_without_a_choice_an_easy_method_stands_beside_the_stored_answer(open_page, planted):
    app = open_page(PAGE, finding=planted.id)
    assert "largest-error" in app.multiselect[0].value
    assert not app.exception


def test_a_detector_that_is_gone_leaves_the_stored_answer(open_page, findings, workspace):
    app = done(open_page(PAGE, finding=findings[0].id, **{"with": QUICK}))
    assert len(app.error) == 1
    assert "detector" in app.error[0].value.lower()
    assert "flips the label after" in markdown(app).replace("\\", "")
    again = press(app, "Ask again")
    assert len(again.error) == 1


@pytest.mark.slow
def test_how_firm_the_answers_are_is_measured_when_asked_for(open_page, planted):
    app = done(open_page(PAGE, finding=planted.id, **{"with": "largest-error"}))
    assert not any("Asked again" in frame.value.columns for frame in app.dataframe)
    app = press(app, "Measure how firm they are")
    assert not app.error
    firm = next(f.value for f in app.dataframe if "Asked again" in f.value.columns)
    assert firm["Method"].tolist() == ["Greedy search", "Largest error"]
    assert firm["Asked again"].tolist() == ["100 %", "100 %"]


def test_a_kind_that_only_one_method_reads_says_so_and_shows_its_answer(open_page, workspace):
    finding = planted_finding(workspace, Modality.LINK)
    app = done(open_page(PAGE, finding=finding.id, **{"with": "none"}))
    assert not app.error
    assert "Endpoint replacement" in markdown(app)


def test_hostile_text_reaches_no_markdown(open_page, workspace):
    link = renamed(make_link_finding(1), HOSTILE)
    named = make_interpretation(path=(HOSTILE,))
    table = make_finding(0, entity=HOSTILE, summary=HOSTILE, interpretation=named)
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), [link, table])
    for finding in (link, table):
        app = done(open_page(PAGE, finding=finding.id, **{"with": "none"}))
        assert not app.exception
        acts = re.sub(r"\\.", "", markdown(app))
        assert not re.search(r"\]\(|<script|<img|\*\*b|:material/home:", acts)


def test_the_page_of_a_finding_leads_here(open_page, findings):
    app = open_page("pages/triage/finding.py", id=findings[0].id, tab="Deviations")
    links = [element.proto for element in app.get("page_link")]
    assert any("Compare with other methods" in str(link) for link in links)


RESULTS = {
    "measured": "2026-11-20T10:00:00+00:00",
    "commit": "abc1234",
    "machine": {"processor": "a processor", "python": "3.11"},
    "load_before": 0.1,
    "figures": {
        "command": "deepaid bench --only comparison",
        "size": "default",
        "settings": {"seed": "0"},
        "skipped": {"kdd99": "it is not there."},
        "reasons": [{"task": "made-up", "measure": "lfr_3", "reason": "It guesses well."}],
        "targets": [
            {"task": "made-up", "measure": "lfr_1", "asked": "at least 0.2", "measured": 0.3,
             "met": True, "reason": ""},
        ],
        "tasks": [
            {
                "key": "made-up",
                "title": "Made up",
                "ours": "greedy",
                "anomalies": 100,
                "methods": [
                    {"method": "greedy", "n": 100,
                     "measures": {"lfr_1": 0.3, "lfr_3": 0.5, "cpu_s_per_1000": 0.5}},
                    {"method": "random", "n": 100, "notes": ["Once only."],
                     "measures": {"lfr_1": 0.1, "lfr_3": 0.9, "cpu_s_per_1000": 1.5}},
                ],
            }
        ],
    },
}  # fmt: skip


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """Makes the last benchmark run one with these contents."""
    path = tmp_path / "benchmarks.json"
    read = benchmark_results.last_results
    monkeypatch.setattr(
        "deepaid_ui.compare_benchmark.last_results", lambda: read(path), raising=True
    )
    return path


def test_the_benchmark_marks_the_best_and_says_where_ours_is_behind_and_why(open_page, measured):
    measured.write_text(json.dumps({"comparison": RESULTS}))
    app = open_page(PAGE, tab="Benchmark")
    assert not app.exception
    methods, standings = (frame.value for frame in app.dataframe[:2])
    assert methods["Method"].tolist() == ["Greedy search (default)", "Random order"]
    assert methods["after 1"].tolist() == ["★ 0.300", "0.100"]
    assert methods["after 3"].tolist() == ["0.500", "★ 0.900"]
    behind = standings[standings["Ours is"].str.contains("behind")]
    assert behind["Measure"].tolist() == ["Label flips after 3 fields"]
    assert behind["Why we accept it"].tolist() == ["It guesses well."]
    said = markdown(app).replace("\\", "")
    assert "behind on 1 of 3 comparisons" in said
    assert "2026-11-20" in said
    assert "Once only." in said
    assert "1 of 1 met" in said + "".join(box.label for box in app.expander)
    assert "deepaid bench --only comparison" in texts(app, "code")


def test_measures_are_shown_in_groups(open_page, measured):
    measured.write_text(json.dumps({"comparison": RESULTS}))
    app = open_page(PAGE, tab="Benchmark")
    app.session_state["measures"] = "Speed"
    app.run()
    assert app.dataframe[0].value["CPU s per 1000"].tolist() == ["★ 0.500", "1.50"]


def test_every_measure_of_the_benchmark_stands_in_a_group():
    shown = [key for keys in compare_benchmark._GROUPS.values() for key in keys]
    assert sorted(shown) == sorted(MEASURES)


def test_before_any_run_the_page_says_how_to_make_one(open_page, measured):
    app = open_page(PAGE, tab="Benchmark")
    assert "Not measured yet" in markdown(app)
    assert "deepaid bench --only comparison" in texts(app, "code")


def test_damaged_results_are_told_in_a_sentence(open_page, measured):
    measured.write_text('{"comparison": {"figures": 3}}')
    app = open_page(PAGE, tab="Benchmark")
    assert len(app.error) == 1
    assert "measure it again" in app.error[0].value.replace("\\", "")
