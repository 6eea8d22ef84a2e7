"""Tables that are printed, and written as Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

ABSENT = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under a title; the first column names the row.

    Parameters
    ----------
    title : str
    columns : sequence of str
    rows : sequence of sequences of str
        As many cells each as there are columns.
    note : str
        How to read it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def text(self) -> str:
        """Return the table for a terminal."""
        lines = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        body = [
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip()
            for line in lines
        ]
        return "\n".join([f"\n{self.title}", *body, *wrap(self.note, 100)])

    def markdown(self) -> str:
        """Return the table for a page."""
        rule = ["---"] + ["---:"] * (len(self.columns) - 1)
        body = [f"| {' | '.join(line)} |" for line in (self.columns, rule, *self.rows)]
        note = ["", self.note] if self.note else []
        return "\n".join([f"### {self.title}", "", *body, *note])


def share(value: float | None, digits: int = 3) -> str:
    """Return a cell.

    >>> share(0.98765), share(None)
    ('0.988', '–')
    """
    return ABSENT if value is None else f"{value:.{digits}f}"
