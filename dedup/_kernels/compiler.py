"""How the loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from numba import njit

__all__ = ["CACHED", "compiled"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _keeps_code() -> bool:
    """Whether compiled code can be kept on disk: in a read-only place without a home it cannot."""
    try:
        njit(cache=True)(_keeps_code)
    except RuntimeError:
        return False
    return True


#: Whether what is compiled here is kept for the next process.
CACHED: Final = _keeps_code()


def compiled(function: _Function) -> _Function:
    """Compile a function when it is first called, free of the interpreter's lock."""
    return cast(_Function, njit(nogil=True, cache=CACHED)(function))
