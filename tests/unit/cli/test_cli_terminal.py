import contextlib
import io
import json
import os
import signal
import unicodedata
from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from deepaid_core.cli.terminal import (
    Column,
    Settings,
    guarded,
    interruptible,
    json_text,
    say,
    show_table,
)
from deepaid_core.errors import CancelledError, StoreError

HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold red]web01[/] [link=http://x]y[/link] :skull: \u202egpj\r\n"


def printed(action, *args) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        action(*args)
    return out.getvalue()


def steers(text: str) -> list[str]:
    return [c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}]


@given(st.text())
def test_a_line_is_one_line_and_cannot_steer_the_terminal(text):
    shown = printed(say, text)
    assert steers(shown) == []
    assert shown.count("\n") == 1


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_cells_of_a_table_cannot_steer_the_terminal(cells):
    shown = printed(show_table, [Column("Entity")] * len(cells), [cells])
    assert steers(shown) == []


def test_markup_in_event_text_is_shown_as_it_was_written():
    shown = printed(show_table, [Column("Entity", whole=True)], [[HOSTILE]])
    assert "[bold red]web01[/] [link=http://x]y[/link] :skull:" in shown


def test_a_name_of_kilobytes_does_not_flood_the_screen():
    assert len(printed(show_table, [Column("Entity")], [["x" * 100_000]])) < 2_000


@given(st.recursive(st.text() | st.floats() | st.integers(), st.lists, max_leaves=5))
def test_json_is_ascii_and_says_the_same(value):
    text = json_text(value)
    assert text.isascii()
    assert steers(text) == []
    json.loads(text)


def test_json_has_null_where_a_number_is_not_finite():
    @dataclass(frozen=True)
    class Row:
        ratio: float
        host: str

    assert json.loads(json_text((Row(float("inf"), HOSTILE),))) == [
        {"ratio": None, "host": HOSTILE}
    ]


def run(error: BaseException, *arguments: str):
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback()
    def options(ctx: typer.Context, debug: Annotated[bool, typer.Option("--debug")] = False):
        ctx.obj = Settings(None, debug)

    def command(ctx: typer.Context):
        raise error

    app.command("work")(guarded(command))
    return CliRunner().invoke(app, [*arguments, "work"])


def test_an_error_of_ours_is_one_sentence_on_standard_error_and_exit_code_1():
    result = run(StoreError("The database of \x1b[31mthis\n host is newer; update deepaid."))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "is newer; update deepaid." in result.stderr
    assert "\x1b" not in result.stderr


def test_an_unexpected_error_is_a_sentence_that_names_the_way_to_its_traceback():
    result = run(ZeroDivisionError("division by zero"))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "ZeroDivisionError" in result.stderr
    assert "--debug" in result.stderr


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), StoreError("y")])
def test_debug_shows_the_traceback(error):
    result = run(error, "--debug")
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.stderr


def test_a_cancelled_job_ends_with_the_code_of_an_interrupt():
    result = run(CancelledError("Cancelled; nothing was kept."))
    assert result.exit_code == 130
    assert "nothing was kept" in result.stderr


def test_the_first_interrupt_asks_and_the_second_stops():
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as cancelled:
        assert not cancelled()
        os.kill(os.getpid(), signal.SIGINT)
        assert cancelled()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
