"""Which engine runs the loops: plain Python for little work, compiled code for much.

Both give the same bits; only time differs.  Loading compiled code takes half a second, and
compiling it, once in the life of an installation, half a minute.  ``DEDUP_KERNELS`` set to
``reference`` or ``compiled`` forces either; ``DEDUP_THREADS`` bounds the threads, of which there
is else one for each processor that this process may use.

Compiled code is kept beside the package or, where that is read-only, in the user's cache; numba's
``NUMBA_CACHE_DIR`` names another place.  :func:`warm_up` (``dedup warm-up``) fills it ahead.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import ModuleType
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from dedup.errors import ConfigError
from dedup.progress import Progress, silent

__all__ = [
    "buffer",
    "groups_of_parts",
    "in_parallel",
    "is_compiled",
    "kernels",
    "lengths",
    "not_in_nfkc",
    "threads",
    "warm_up",
]

_logger = logging.getLogger("dedup")

#: Characters from which on compiled code is quicker: with all that it costs to load, and where a
#: process has loaded it.
_ENOUGH: Final = 1 << 20
_ENOUGH_LOADED: Final = 1 << 8

#: Seconds after which a start counts as a first compile, to be told of.
_SLOW_START: Final = 5.0

#: Characters that one thread works on at a time, and such parts of each thread in one go.
_PART: Final = 1 << 19
_AHEAD: Final = 8

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def is_compiled(characters: int) -> bool:
    """Return whether compiled code runs for so many characters of text.

    Raises
    ------
    ConfigError
        If ``DEDUP_KERNELS`` is neither of its values.
    """
    wanted = os.environ.get("DEDUP_KERNELS", "")
    if wanted not in ("", "reference", "compiled"):
        raise ConfigError(
            f"the environment variable DEDUP_KERNELS must be 'reference' or 'compiled', "
            f"got {wanted!r}"
        )
    if wanted:
        return wanted == "compiled"
    return characters >= _ENOUGH or (characters >= _ENOUGH_LOADED and _is_loaded())


def _is_loaded() -> bool:
    """Whether all loops are loaded, or compiled, in this process."""
    loops = sys.modules.get("dedup._kernels")
    return loops is not None and bool(loops.shared_counts.signatures)  # the last of warm_up()


def threads() -> int:
    """Return how many threads run compiled code.

    Raises
    ------
    ConfigError
        If ``DEDUP_THREADS`` is no number above 0.
    """
    wanted = os.environ.get("DEDUP_THREADS", "")
    if not wanted:
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if not wanted.isascii() or not wanted.isdigit() or int(wanted) < 1:
        raise ConfigError(
            f"the environment variable DEDUP_THREADS must be a number above 0, got {wanted!r}"
        )
    return int(wanted)


def in_parallel(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """Return ``function`` of each item, in their order, on :func:`threads` threads.

    >>> in_parallel(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    work = list(items)
    workers = min(threads(), len(work))
    if workers < 2:
        return [function(item) for item in work]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, work))


def lengths(texts: Iterable[tuple[str, str]]) -> NDArray[np.int64]:
    """Return how many characters each headline and body have together.

    >>> lengths([("ab", "c"), ("", "")]).tolist()
    [3, 0]
    """
    return np.array([len(title) + len(body) for title, body in texts], dtype=np.int64)


def groups_of_parts(sizes: NDArray[np.int64]) -> Iterator[list[slice]]:
    """Cut texts into parts that fit into a processor's cache; yield as many as keep it busy.

    Parameters
    ----------
    sizes : ndarray of int64, shape (n,)
        As :func:`lengths` returns them.

    Yields
    ------
    list of slice
        Parts of about half a million characters, none without a text; eight for each thread.
    """
    total = np.cumsum(sizes)
    whole = int(total[-1]) if len(total) else 0
    ends = np.searchsorted(total, np.arange(_PART, whole, _PART)) + 1
    bounds = np.unique(np.concatenate([[0], ends, [len(sizes)]])).tolist()
    parts = [slice(start, end) for start, end in pairwise(bounds)]
    size = _AHEAD * threads()
    for start in range(0, len(parts), size):
        yield parts[start : start + size]


def buffer(pieces: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Lay texts one after the other as code points.

    Returns
    -------
    text : ndarray of uint32
    bounds : ndarray of int64, shape (len(pieces) + 1,)
        Where each begins, and where the last ends.

    Examples
    --------
    >>> text, bounds = buffer(["ab", "", "é"])
    >>> text.tolist(), bounds.tolist()
    ([97, 98, 233], [0, 2, 2, 3])
    """
    bounds = np.zeros(len(pieces) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces)), out=bounds[1:])
    encoded = "".join(pieces).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(encoded, dtype=np.uint32), bounds


def not_in_nfkc(
    pieces: Sequence[str], text: NDArray[np.uint32], bounds: NDArray[np.int64]
) -> list[int]:
    """Return the places of the pieces that NFKC may change, of those laid out by :func:`buffer`.

    The table tells of most pieces that their tokens stay as they are; only the others are asked one
    by one.
    """
    from dedup.text.code_points import code_points

    others = [at for at, piece in enumerate(pieces) if not piece.isascii()]
    unsure = np.empty(len(others), dtype=np.bool_)
    places = np.array(others, dtype=np.int64)
    kernels().unsure_parts(text, bounds, places, code_points().entries, unsure)
    return [
        at for at in places[unsure].tolist() if not unicodedata.is_normalized("NFKC", pieces[at])
    ]


def kernels() -> ModuleType:
    """Return the compiled loops, loaded when first asked for."""
    import dedup._kernels

    return dedup._kernels


def warm_up(progress: Progress = silent) -> bool:
    """Compile the loops, or load them as they were compiled before.

    Parameters
    ----------
    progress : callable, optional
        Called with ("compile", loops done, loops in all).

    Returns
    -------
    bool
        Whether the compiled code is kept for the next process.
    """
    started = time.perf_counter()
    loops = kernels()
    if _is_loaded():
        return bool(loops.CACHED)
    calls = _calls(loops)
    _logger.info(
        "loading the compiled loops; the first time they are compiled, for some ten seconds"
    )
    progress("compile", 0, len(calls))
    for done, call in enumerate(calls, start=1):
        call()
        progress("compile", done, len(calls))
    seconds = time.perf_counter() - started
    if seconds > _SLOW_START:
        _logger.info(
            "compiled the loops in %.0f s, %s",
            seconds,
            "once for this installation"
            if loops.CACHED
            else "for this process alone: set NUMBA_CACHE_DIR to a folder that can be written",
        )
    return bool(loops.CACHED)


def _calls(loops: ModuleType) -> list[Callable[[], object]]:
    """Return one call of each loop, with the types that it is used with."""
    from dedup.text.code_points import code_points

    points = code_points()
    tables = (points.entries, points.expansions)
    few = np.zeros(4, dtype=np.uint8)
    hashes, places = np.zeros(4, dtype=np.uint64), np.zeros(3, dtype=np.int64)
    one, pairs = np.zeros(1, dtype=np.int64), np.zeros((1, 2), dtype=np.int64)
    small = np.zeros(2, dtype=np.uint32)
    text = np.frombuffer(small.tobytes(), dtype=np.uint32)  # read-only, as texts are
    offsets, ends = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int32)
    return [
        lambda: loops.unsure_parts(text, offsets, one, tables[0], np.zeros(1, dtype=np.bool_)),
        lambda: loops.compared_tokens(
            text, places, *tables, 30, 3, hashes, one, np.zeros((1, 2), dtype=np.uint64)
        ),
        lambda: loops.count_words(
            *(text, places, *tables, points.written, 60, 16),
            *(hashes, np.zeros((2, 2), np.int64), np.zeros((2, 4), np.int32), few, one),
        ),
        lambda: loops.place_values(hashes[:1], -np.ones(4, dtype=np.int64)),
        lambda: loops.number_values(
            hashes[:1], hashes, -np.ones(4, dtype=np.int64), 0, one.copy(), one.copy()
        ),
        lambda: loops.first_rows(
            np.zeros((1, 2), dtype=np.uint64), 0, one, -np.ones(4, dtype=np.int64), one.copy()
        ),
        lambda: loops.shingle_rows(hashes, offsets, one, 1, hashes, one),
        lambda: loops.sign_rows(hashes, offsets, small, small, np.zeros((1, 2), dtype=np.uint32)),
        lambda: loops.shared_terms(
            *(ends, *(ends[:1],) * 3, np.zeros(1, np.uint16), np.zeros(1, np.bool_)),
            *(pairs, np.zeros((6, 1), dtype=np.int64)),
        ),
        lambda: loops.shared_weights(ends, *(ends[:1],) * 2, 1, pairs, pairs.copy().T),
        lambda: loops.set_rows(hashes, offsets, one, hashes, one),
        lambda: loops.sorted_band(
            np.zeros((1, 2), dtype=np.uint32), one, 0, 1, hashes[0], *(hashes[:1],) * 2, places
        ),
        lambda: loops.bucket_pairs(hashes[:1], one, hashes[0], 8, 8, one, places),
        lambda: loops.near_rows(
            *(offsets, ends[:1], ends[:1], ends[:1], offsets, ends[:1], ends[:1]),
            *(one, 0.0, 0, 1, one, ends[:1].copy(), one),
        ),
        lambda: loops.count_strangers(
            *(offsets, ends[:1], one, places[:1], 1, 1, 1, np.zeros((1, 2), dtype=np.int64)),
        ),
        lambda: loops.link_components(
            *(np.zeros((1, 2), dtype=np.int32), one.copy(), offsets, one.copy(), 1),
            *(np.zeros((4, 1), dtype=np.int32), np.zeros((1, 4), dtype=np.int64)),
        ),
        lambda: loops.shared_counts(hashes, one, one, pairs, 0.0, one.copy()),
    ]
