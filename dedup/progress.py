"""Progress of long work, through one callback: ``progress(stage, done, total)``.

``None`` draws bars with tqdm if it is installed and somebody is looking (a terminal or a notebook);
``False`` draws none; a callable is called.  The work itself only ever sees a callable.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[str, int, int], None]

#: Seconds before a bar appears: short work stays quiet.
_DELAY = 1.0


@contextmanager
def reporting(progress: Progress | bool | None) -> Iterator[Progress]:
    """Yield the callback that the stages report to.

    Parameters
    ----------
    progress : callable, bool or None
        See the head of this module.  ``True`` draws bars even into a pipe.

    Examples
    --------
    >>> with reporting(lambda stage, done, total: print(stage, done, total)) as report:
    ...     report("clean", 1, 2)
    clean 1 2
    """
    if callable(progress):
        yield progress
        return
    if progress is False or (progress is None and not _somebody_looks()):
        yield silent
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield silent
        return
    bars = _Bars(tqdm)
    try:
        yield bars
    finally:
        bars.close()


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def _somebody_looks() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules


class _Bars:
    """One bar at a time: a stage that begins closes the one before."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._stage: str | None = None
        self._bar: Any = None

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self.close()
            self._stage = stage
            self._bar = self._make(total=total, desc=stage, leave=False, delay=_DELAY)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
