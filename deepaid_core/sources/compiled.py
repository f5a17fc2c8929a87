"""Compile numeric loops, once per machine where possible."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled", "compiled_part"]

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def compiled(function: FunctionT) -> FunctionT:
    """Compile on first call and keep the machine code on disk for the next start.

    The interpreter lock is released while it runs, so that other users' pages stay responsive.
    """
    try:
        return cast(FunctionT, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:
        # numba refuses to cache where neither the package nor the home folder is writable, as in
        # a read-only container; compiling at each start is slower, not wrong.
        return cast(FunctionT, numba.njit(nogil=True)(function))


def compiled_part(function: FunctionT) -> FunctionT:
    """Compile a helper into the compiled functions of its file that call it.

    It cannot be called from Python: leaving out the wrappers for that saves a third of the
    compile time. Keep it in the file of its callers, whose stored machine code would otherwise
    not notice a change.
    """
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast(FunctionT, numba.njit(nogil=True, **options)(function))
