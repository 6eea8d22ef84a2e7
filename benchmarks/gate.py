"""The quality gate: figures held against ``floors.json``.

What should be high has a floor, what should be low (:data:`LOW`) a ceiling.  ``pin`` moves a floor
only up and a ceiling only down; whoever means to give something up edits the file by hand, and says
why in the commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import devsets

FLOORS = Path(__file__).parent / "floors.json"

#: Last parts of the names of figures that are better when they are lower.
LOW = {"gap", "calibration_error", "reliability_error", "brier", "log_loss"}

#: A floor is pinned this far below what was reached: a change in the last digits is no regression.
#: Scores left out come from a fit whose last digits differ between machines.
MARGIN = 0.002
LEFT_OUT_MARGIN = 0.01
CEILING_MARGIN = 0.01

Figures = dict[str, float]


def digests() -> dict[str, str]:
    """Return the digests of the sets that floors are pinned for."""
    return {
        path.name.removesuffix(".jsonl.gz"): devsets.digest(path.name.removesuffix(".jsonl.gz"))
        for path in sorted(devsets.DATA.glob("*.jsonl.gz"))
    }


def read_pinned() -> dict[str, dict[str, Any]]:
    """Return what is pinned: digests, floors and ceilings."""
    empty: dict[str, dict[str, Any]] = {"digests": {}, "floors": {}, "ceilings": {}}
    return empty | json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else empty


def check(figures: Figures) -> list[str]:
    """Return what lies beyond its bound, or cannot be held against it."""
    pinned, present = read_pinned(), digests()
    faults = [
        f"{name}: the set is not the one that floors were pinned for"
        for name, digest in pinned["digests"].items()
        if name in present and present[name] != digest
    ]
    return faults + beyond(figures, pinned["floors"], pinned["ceilings"])


def beyond(figures: Figures, floors: Figures, ceilings: Figures) -> list[str]:
    """Return the faults of the figures themselves."""
    faults = [
        f"{name}: {figures[name]:.4f} is below its floor {floor:.4f}"
        for name, floor in floors.items()
        if name in figures and figures[name] < floor
    ]
    faults += [
        f"{name}: {figures[name]:.4f} is above its ceiling {ceiling:.4f}"
        for name, ceiling in ceilings.items()
        if name in figures and figures[name] > ceiling
    ]
    return faults + [
        f"{name}: was not measured"
        for name in (*floors, *ceilings)
        if name not in figures and _measurable(name)
    ]


def _measurable(name: str) -> bool:
    return name.startswith("fixtures") or devsets.available()


def pin(figures: Figures) -> None:
    """Write floors and ceilings; what is not measured in this run stays as it is."""
    old = read_pinned()
    low = {name: value for name, value in figures.items() if is_low(name)}
    high = {name: value for name, value in figures.items() if name not in low}
    data = {
        "digests": old["digests"] | digests(),
        "floors": tightened(old["floors"], high, _floor, max),
        "ceilings": tightened(old["ceilings"], low, _ceiling, min),
    }
    FLOORS.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def is_low(name: str) -> bool:
    """Say whether a figure is better when it is lower.

    >>> is_low("gva.gap"), is_low("gva.left_out")
    (True, False)
    """
    return name.rpartition(".")[2] in LOW


def tightened(
    old: Figures,
    figures: Figures,
    bound: Callable[[str, float], float],
    stricter: Callable[[float, float], float],
) -> Figures:
    """Return the old bounds with those of the figures, of two the stricter one."""
    new = {name: bound(name, value) for name, value in figures.items()}
    return old | {name: stricter(old.get(name, value), value) for name, value in new.items()}


def _floor(name: str, value: float) -> float:
    if value == 1.0:
        return value
    return round(value - (LEFT_OUT_MARGIN if "left_out" in name else MARGIN), 4)


def _ceiling(name: str, value: float) -> float:
    return round(value + CEILING_MARGIN, 4)
