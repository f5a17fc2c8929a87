import shutil

import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewSetting
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workflow import distill, exchange, suppress, triage, versions
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_detector_record, make_finding, make_run
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown
from tests.pages.test_suppressions_page import press, said
from tests.suppressing import (
    FINDINGS,
    FIRST,
    PATTERN,
    SECOND,
    TRUE,
    judge,
    judge_falsely,
    make_suppression,
)

PAGE = "pages/knowledge/versions.py"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Forty findings; entries 1 to 3 are false positives, 4 a suppression of seven findings."""
    workspace = Workspace.open(empty_home(tmp_path_factory.mktemp("judged")))
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), FINDINGS)
    judge_falsely(workspace)
    assert suppress.suppress(workspace, make_suppression()).number == 4
    workspace.close()
    return workspace.home


@pytest.fixture
def judged(template, tmp_path):
    shutil.copytree(template, tmp_path / "workspace", dirs_exist_ok=True)
    opened = Workspace.open(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def lessons(tmp_path):
    """What another workspace was taught: a port scan on the first pattern."""
    other = Workspace.open(empty_home(tmp_path / "other"))
    other.store.add_run(make_run(), FINDINGS)
    judge(other, FIRST[0], label=TRUE, category="port-scan")
    content = exchange.export_json(other).encode()
    other.close()
    return content


def hidden(workspace):
    return workspace.store.count(FindingQuery(status=Status.SUPPRESSED))


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def number(app, label):
    return next(box for box in app.number_input if box.label == label)


def upload(app, name, content):
    app.file_uploader[0].upload(name, content)
    return app.run()


def test_an_empty_log_says_what_it_is_for(open_page):
    for tab in ("Timeline", "Compare"):
        app = open_page(PAGE, tab=tab)
        assert not app.error
        assert not app.dataframe
        assert "Nothing was decided yet" in said(app)


def test_the_timeline_says_in_words_what_was_decided(open_page, judged):
    triage.undo(judged, entry_numbers=(4,), author="ben", reason="Too early.")
    versions.change_setting(judged, name="least_verdicts", value="5", author="ben")
    rows = open_page(PAGE).dataframe[0].value
    assert rows["Version"].tolist() == ["M-6", "M-5", "M-4", "M-3", "M-2", "M-1"]
    assert rows["Kind"].tolist() == [
        "⚙ setting", "↩ undo", "⊘ suppression", "✎ verdict", "✎ verdict", "✎ verdict",
    ]  # fmt: skip
    assert rows["In force"].tolist()[1:3] == ["✓ yes", "✗ no, since 5"]
    assert rows["Why"].tolist()[1] == "Too early."


def test_an_entry_shows_what_it_changed_and_is_taken_back(open_page, judged):
    app = open_page(PAGE, entry="1")
    words = said(app)
    assert "What entry 1 changed" in words
    assert "From M-0 to M-1" in words
    # Start, three states and the category: four steps, each from 0 to 1.
    steps = app.dataframe[0].value
    assert steps["Before"].tolist() == [0, 0, 0, 0]
    assert steps["After"].tolist() == [1, 1, 1, 1]
    press(app, "Undo it")
    assert not app.error
    # Nobody judges it any more, so it falls under the suppression.
    assert judged.store.row(FIRST[0]).verdict is None
    assert hidden(judged) == 8
    assert "not in force since entry 5" in said(app)


def test_open_findings_that_read_differently_are_listed_with_both_readings(open_page, judged):
    triage.undo(judged, entry_numbers=(4,), author="ana")
    app = open_page(PAGE, entry="1")
    assert "7 open findings of today read differently" in said(app)
    row = app.dataframe[0].value.iloc[0]
    assert (row["Pattern"], row["Open findings"]) == (PATTERN, 7)
    assert row["Suggestion before"] == "unknown"
    assert row["Suggestion after"].startswith("backup-job ")


@pytest.mark.parametrize("entry", ["4", "5", "6", "7", "8"])
def test_entries_of_every_kind_can_be_opened(open_page, judged, lessons, entry):
    triage.undo(judged, entry_numbers=(4,), author="ana")
    versions.change_setting(judged, name="least_verdicts", value="5", author="ben")
    exchange.import_lessons(judged, lessons, name="other.json", author="ana")
    versions.roll_back(judged, to=4, author="ana", reason="Try again.")
    app = open_page(PAGE, entry=entry)
    assert not app.exception
    assert not app.error
    assert f"What entry {entry} changed" in said(app)


def test_undoing_what_somebody_else_undid_is_told_in_a_sentence(open_page, judged):
    app = open_page(PAGE, entry="4")
    triage.undo(judged, entry_numbers=(4,), author="ben")
    press(app, "Undo it")
    assert not app.exception
    assert len(app.error) == 1
    assert "unexpected" not in app.error[0].value


def test_any_two_versions_are_compared_by_address(open_page, judged):
    versions.change_setting(judged, name="resurfaced_share", value="0.5", author="ana")
    app = open_page(PAGE, before="2", after="5")
    words = said(app)
    assert "**Share of suppressed findings left in the queue**: 2 % → 50 %" in words
    assert "In force only afterwards" in words
    steps = app.dataframe[-1].value
    assert steps["Before"].tolist() == [2, 2, 2, 2]
    assert steps["After"].tolist() == [3, 3, 3, 3]
    same = open_page(PAGE, before="3", after="3")
    assert "Nothing differs" in said(same)


def test_a_roll_back_is_previewed_confirmed_and_exact(open_page, judged):
    before = distill.machine(judged, 2)
    app = open_page(PAGE, to="2")
    assert metrics(app) == {
        "Read differently": "0",
        "Back in the queue": "7",
        "Out of the queue": "0",
        "Patterns unprotected": "0",
    }
    assert app.dataframe[0].value["Version"].tolist() == ["M-4", "M-3"]
    assert hidden(judged) == 7
    app.text_area[0].set_value("Judged in haste.")
    press(app, "Roll back to M-2")
    assert not app.error
    assert distill.machine(judged) == before
    assert hidden(judged) == 0
    assert "Rolled back to M-2: 2 decisions taken back" in said(app)
    assert "to" not in app.query_params


def test_a_roll_back_that_unprotects_an_attack_must_be_confirmed(open_page, judged):
    judge(judged, FIRST[9], label=TRUE, category="exfiltration")
    assert hidden(judged) == 0
    app = open_page(PAGE, to="4")
    words = said(app)
    assert "1 pattern would lose the protection of a confirmed attack" in words
    assert "1 finding that was confirmed as an attack would be hidden" in words
    app.text_area[0].set_value("It was the backup after all.")
    app.run()
    button = next(one for one in app.button if one.label == "Roll back to M-4")
    assert button.disabled
    app.checkbox[0].check().run()
    press(app, "Roll back to M-4")
    assert not app.error
    assert hidden(judged) == 7
    assert "1 pattern lost the protection of an attack" in said(app)


def test_a_roll_back_that_others_overtook_is_refused_in_words(open_page, judged):
    app = open_page(PAGE, to="2")
    app.text_area[0].set_value("Judged in haste.")
    judge(judged, SECOND[0])
    press(app, "Roll back to M-2")
    assert not app.exception
    assert "log went on" in app.error[0].value.replace("\\", "")
    assert hidden(judged) == 7


@pytest.mark.parametrize("to", ["4", "999"])
def test_a_roll_back_to_nowhere_is_refused_in_words(open_page, judged, to):
    app = open_page(PAGE, to=to)
    assert not app.exception
    assert len(app.error) == 1
    assert "unexpected" not in app.error[0].value
    press(app, "Back to the log")
    assert not app.error
    assert len(app.dataframe) == 1


def test_replaying_the_log_gives_the_same_machine_with_its_digest(open_page, judged):
    app = open_page(PAGE)
    press(app, "Replay the log")
    while not app.success:
        app.run()
    assert "4 entries replayed from nothing: the same machine" in app.success[0].value
    assert distill.machine(judged).digest() in app.code[0].value


def test_other_settings_are_tried_before_they_are_changed(open_page, judged):
    app = open_page(PAGE, tab="What if")
    share = next(box for box in app.number_input if "Share of suppressed" in box.label)
    share.set_value(100.0).run()
    press(app, "See what would follow")
    assert metrics(app)["Back in the queue"] == "7"
    assert "No attack is confirmed yet" in said(app)
    assert judged.store.version()[0] == 4
    press(app, "Change the settings")
    assert not app.error
    assert judged.store.settings().resurfaced_share == 1.0
    assert hidden(judged) == 0
    press(app, "Undo")
    assert hidden(judged) == 7


def test_a_question_that_changed_is_not_answered_with_the_old_answer(open_page, judged):
    app = open_page(PAGE, tab="What if")
    number(app, "Agreeing verdicts that a suppression needs").set_value(9).run()
    press(app, "See what would follow")
    assert metrics(app)
    number(app, "Agreeing verdicts that a suppression needs").set_value(8).run()
    assert not metrics(app)
    assert "ask again" in said(app)


def test_leaving_out_an_attack_tells_what_would_be_hidden(open_page, judged):
    judge(judged, FIRST[9], label=TRUE, category="exfiltration")
    app = open_page(PAGE, tab="What if")
    app.multiselect[0].set_value([5]).run()
    press(app, "See what would follow")
    assert "1 confirmed attack replayed: 1 would be hidden." in said(app)
    assert metrics(app)["Out of the queue"] == "7"
    assert "Change the settings" not in [button.label for button in app.button]
    assert (hidden(judged), judged.store.version()[0]) == (0, 5)


def test_any_version_can_be_exported(open_page, judged):
    app = open_page(PAGE, tab="Export and import")
    assert "M-4 holds 3 lessons" in said(app)
    number(app, "Version M-").set_value(1).run()
    assert "M-1 holds 1 lesson:" in said(app)
    labels = [one.proto.label for one in app.get("download_button")]
    assert labels == ["JSON", "GraphML"]


def test_lessons_are_previewed_imported_and_refused_twice(open_page, judged, lessons):
    app = upload(open_page(PAGE, tab="Export and import"), f"{HOSTILE}.json", lessons)
    words = said(app)
    assert "On 1 pattern it says something else than was taught here" in words
    assert "10 findings here" in words
    assert "7 suppressed findings" in words
    assert "](http" not in markdown(app)
    press(app, "Import")
    assert not app.error
    assert judged.store.protected() == {PATTERN}
    assert hidden(judged) == 0
    again = upload(open_page(PAGE, tab="Export and import"), "other.json", lessons)
    assert "The same content was imported as entry 5" in said(again)
    assert "Import" not in [button.label for button in again.button]
    press(app, "Undo")
    assert hidden(judged) == 7


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"<a>", b"\x80\x04\x95pickle", b'{"lessons": 3}', b"[1]", b"null", b"\xff\xfe"],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(open_page, judged, content):
    app = upload(open_page(PAGE, tab="Export and import"), "lessons.json", content)
    assert not app.exception
    assert len(app.error) == 1
    assert "unexpected" not in app.error[0].value
    assert judged.store.version()[0] == 4


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"entry": "5"},
        {"entry": "6"},
        {"before": "0", "after": "6"},
        {"to": "4"},
        {"tab": "What if"},
    ],
)
def test_hostile_texts_never_reach_markdown(open_page, judged, params):
    judged.store.add_run(make_run(1), [make_finding(100, path=(HOSTILE,), entity=HOSTILE)])
    hostile = make_finding(100, path=(HOSTILE,), entity=HOSTILE)
    judge(judged, hostile.id, category=HOSTILE[:60], reason=HOSTILE, author=HOSTILE[:60])
    judged.store.append(
        [make_suppression(owner=HOSTILE, ticket=HOSTILE, reason=HOSTILE, author=HOSTILE)]
    )
    app = open_page(PAGE, **params)
    assert not app.exception
    assert not app.error
    assert "](http" not in markdown(app)
    assert "<img" not in markdown(app)


@pytest.mark.parametrize(
    "params",
    [
        {"entry": "0"},
        {"entry": "999"},
        {"entry": "x" * 500},
        {"to": "-1"},
        {"to": "²"},
        {"before": "-5", "after": "99999999999"},
        {"before": "x", "after": ""},
        {"tab": "\x00"},
        {"page": "77"},
    ],
)
def test_garbage_in_the_address_is_ignored(open_page, judged, params):
    app = open_page(PAGE, **params)
    assert not app.exception
    assert not app.error


def test_a_long_log_has_pages(open_page, judged):
    judged.store.append([NewSetting("least_verdicts", str(n + 1), "ana") for n in range(60)])
    assert len(open_page(PAGE).dataframe[0].value) == 50
    last = open_page(PAGE, page="2").dataframe[0].value
    assert last["Version"].tolist()[-1] == "M-1"
