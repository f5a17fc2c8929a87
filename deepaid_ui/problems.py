"""The one place where an error becomes a sentence on a page."""

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from deepaid_core.errors import DeepAidError
from deepaid_ui.text import plain

__all__ = ["guarded", "in_callback", "pending", "sentence", "show", "shown"]

_logger = logging.getLogger(__name__)
_P = ParamSpec("_P")
_PENDING = "_problem"
_UNEXPECTED = (
    "Something unexpected went wrong and nothing was saved by this step; the details are in the "
    "server's log."
)


def sentence(error: BaseException) -> str:
    """What to tell a user: an error of ours in its own words, any other one neutrally."""
    return str(error) if isinstance(error, DeepAidError) else _UNEXPECTED


def show(error: BaseException) -> None:
    """Put the error on the page; its text may quote attackers and is never read as Markdown."""
    st.error(plain(sentence(error)), icon=":material/error:")


@contextmanager
def shown() -> Iterator[None]:
    """Show what goes wrong inside instead of a traceback."""
    try:
        yield
    except DeepAidError as error:
        show(error)
    except Exception as error:  # the last line of defense of a page
        _logger.exception("A page failed.")
        show(error)


def guarded(draw: Callable[_P, None]) -> Callable[_P, None]:
    """Show what goes wrong inside a fragment there; Streamlit would put its own box first."""

    @functools.wraps(draw)
    def inner(*args: _P.args, **kwargs: _P.kwargs) -> None:
        with shown():
            draw(*args, **kwargs)

    return inner


def in_callback(callback: Callable[_P, None]) -> Callable[_P, None]:
    """Keep an error of a callback for the script run that follows it; see `pending`."""

    @functools.wraps(callback)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except DeepAidError as error:
            st.session_state[_PENDING] = sentence(error)
        except Exception as error:  # callbacks run outside `shown`
            _logger.exception("A callback failed.")
            st.session_state[_PENDING] = sentence(error)

    return guarded


def pending() -> None:
    """Show, once, what went wrong in the callback that led to this script run."""
    if message := st.session_state.pop(_PENDING, None):
        st.error(plain(message), icon=":material/error:")
