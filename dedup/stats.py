"""Where the time of a run went, stage by stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Stage", "Stats", "Stopwatch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a run.

    Parameters
    ----------
    name : str
    count : int
        What it worked on, and the unit of that.
    unit : str
    seconds, cpu_seconds : float
        By the clock, and of all threads of the process.
    """

    name: str
    count: int
    unit: str
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Where the time of a run went.

    Parameters
    ----------
    stages : tuple of Stage
        In their order; none inside another.
    seconds, cpu_seconds : float
        Of the whole run, with what lies between the stages.

    Examples
    --------
    >>> watch = Stopwatch()
    >>> with watch("clean", 2, "articles"):
    ...     pass
    >>> stats = watch.stats()
    >>> [(stage.name, stage.count) for stage in stats.stages]
    [('clean', 2)]
    """

    stages: tuple[Stage, ...]
    seconds: float
    cpu_seconds: float

    @property
    def outside(self) -> float:
        """Share of the seconds that lies in no stage, 0 to 1."""
        named = sum(stage.seconds for stage in self.stages)
        return max(0.0, 1 - named / self.seconds) if self.seconds else 0.0

    def __str__(self) -> str:
        width = max([len(stage.name) for stage in self.stages], default=0) + 2
        lines = [f"{'stage':{width}}{'count':>12}  {'unit':9}{'seconds':>9}{'CPU s':>9}"]
        lines += [
            f"{stage.name:{width}}{stage.count:12,}  {stage.unit:9}{stage.seconds:9.2f}"
            f"{stage.cpu_seconds:9.2f}"
            for stage in self.stages
        ]
        lines.append(f"{'in all':{width}}{'':23}{self.seconds:9.2f}{self.cpu_seconds:9.2f}")
        return "\n".join(lines)


class Stopwatch:
    """Measures stages, one after the other."""

    def __init__(self) -> None:
        self._stages: list[Stage] = []
        self._start = time.perf_counter(), time.process_time()

    @contextmanager
    def __call__(self, name: str, count: int, unit: str) -> Iterator[Callable[[int], None]]:
        """Measure one stage; yield what takes its count where that is known later."""
        counts = [count]
        seconds, cpu = time.perf_counter(), time.process_time()
        yield counts.append
        self._stages.append(
            Stage(
                name=name,
                count=counts[-1],
                unit=unit,
                seconds=time.perf_counter() - seconds,
                cpu_seconds=time.process_time() - cpu,
            )
        )

    def stats(self) -> Stats:
        """Return what was measured so far."""
        return Stats(
            stages=tuple(self._stages),
            seconds=time.perf_counter() - self._start[0],
            cpu_seconds=time.process_time() - self._start[1],
        )
