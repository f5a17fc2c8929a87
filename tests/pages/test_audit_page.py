"""The audit log on its page."""

import sqlite3
import time

import pytest

from deepaid_core.domain.actions import NewAssignment, NewNote
from deepaid_core.domain.log import NewUndo
from deepaid_ui.jobs import registry
from tests.factories import make_verdict
from tests.pages.conftest import HOSTILE

PAGE = "pages/system/audit.py"


@pytest.fixture
def written(workspace, findings):
    """Two decisions by ana and ben, and two actions, one of them hostile."""
    workspace.store.append([make_verdict(findings[0]), NewUndo(1, "ben", "Wrong.")])
    workspace.store.desk.act(
        [NewAssignment({findings[1].id: HOSTILE}, "ana"), NewNote(findings[0].id, HOSTILE, "ben")]
    )
    return findings


def _lines(app):
    return list(app.dataframe[-1].value["Line"])


def test_an_empty_log_says_what_it_is_for(workspace, open_page):
    app = open_page(PAGE)
    assert not app.exception
    assert "Nothing was done yet" in app.markdown[0].value
    assert not app.dataframe


def test_the_address_filters_the_list(written, open_page):
    assert _lines(open_page(PAGE)) == ["action 2", "action 1", "decision 2", "decision 1"]
    assert _lines(open_page(PAGE, author="ben")) == ["action 2", "decision 2"]
    assert _lines(open_page(PAGE, kind="verdict")) == ["decision 1"]
    assert _lines(open_page(PAGE, about=written[1].id)) == ["action 1"]
    assert _lines(open_page(PAGE, q="wrong.")) == ["decision 2"]
    nothing = open_page(PAGE, since="2001-01-01", until="2001-01-02")
    assert not nothing.exception
    assert "No line matches" in " ".join(one.value for one in nothing.markdown)


def test_filters_that_match_nothing_can_be_cleared(written, open_page):
    app = open_page(PAGE, q="nothing like it")
    next(one for one in app.button if one.label == "Clear filters").click().run()
    assert len(_lines(app)) == 4
    assert "q" not in app.query_params


def test_a_line_shows_before_and_after_and_what_it_is_about(written, open_page):
    app = open_page(PAGE, line="decision 2")
    assert not app.exception
    changes = app.dataframe[0].value
    assert list(changes["Before"]) == ["in force"]
    assert list(changes["After"]) == ["taken back"]
    assert any(one.value == "Wrong." for one in app.text)
    app = open_page(PAGE, line="decision 99")
    assert "no line 'decision 99'" in app.error[0].value.replace("\\", "")


def test_hostile_text_is_shown_and_never_read_as_markup(written, open_page):
    app = open_page(PAGE, line="action 2")
    assert not app.exception
    assert HOSTILE in [one.value for one in app.text]
    marked_up = [*app.markdown, *app.caption, *app.error]
    assert not any("](http" in one.value for one in marked_up)


def _check(app):
    next(one for one in app.button if one.label == "Check the chain").click().run()
    for _ in range(200):
        if not registry().latest("audit-check").is_active:
            break
        time.sleep(0.05)
    return app.run()


def test_the_check_says_that_all_is_whole_and_gives_the_heads(workspace, written, open_page):
    app = _check(open_page(PAGE))
    assert app.success[0].value == "2 decisions and 2 actions, each as it was written."
    for head in workspace.store.audit.heads():
        assert head.digest in app.code[0].value


def test_the_check_names_the_line_that_was_changed(workspace, written, open_page):
    app = open_page(PAGE)
    with sqlite3.connect(workspace.home / "deepaid.db") as connection:
        connection.execute("UPDATE decisions SET author = 'mallory' WHERE number = 1")
    app = _check(app)
    assert "Decision 1 was changed after it was written" in app.error[0].value.replace("\\", "")
    assert app.success[0].value == "2 actions, each as it was written."
