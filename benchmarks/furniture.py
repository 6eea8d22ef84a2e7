r"""How much site furniture `clean` takes off, and how much body it loses, on lines marked by hand.

Reads ``furniture_marks.jsonl`` beside this file (or the file named as first argument)::

    {"...": "header line, ignored"}
    {"set": "gva", "id": "...", "part": "...", "digest": "...", "lines": 20,
     "furniture": [0, 18, 19], "doubt": [4]}

Numbers count over ``text.split("\n")`` of the article as it stands in the data (environment
variable ``DEDUP_DATA``, by default ``../shared/data``).  Lines in doubt count on neither side,
empty lines neither.  A line of which only a part was cut counts as kept.

    python benchmarks/furniture.py [MARKS] [--show]
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import devsets
from dedup.article import Article
from dedup.text.boilerplate import count_lines
from dedup.text.clean import clean

HERE = Path(__file__).resolve().parent
FIELDS = ("id", "title", "text", "url", "source", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Lines of one set: marked as furniture, of these gone, marked as body, of these lost."""

    articles: int = 0
    furniture: int = 0
    gone: int = 0
    body: int = 0
    lost: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            articles=self.articles + other.articles,
            furniture=self.furniture + other.furniture,
            gone=self.gone + other.gone,
            body=self.body + other.body,
            lost=self.lost + other.lost,
        )


def read_marks(path: Path) -> dict[str, list[dict[str, Any]]]:
    by_set: dict[str, list[dict[str, Any]]] = {}
    with path.open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            mark = json.loads(line)
            by_set.setdefault(mark["set"], []).append(mark)
    return by_set


def read_rows(name: str) -> dict[str, dict[str, Any]]:
    rows = devsets.read(f"{name}.pairs" if name in ("semeval2022", "tgcontest") else name)
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for part in ("a", "b"):  # sets of pairs hold two articles a row
            if isinstance(row.get(part), dict):
                found[f"{row['id']}/{part}"] = {**row[part], "id": f"{row['id']}/{part}"}
        if "text" in row:
            found[str(row["id"])] = row
    return found


def article_of(row: Mapping[str, Any]) -> Article:
    fields = {name: row[name] for name in FIELDS if row.get(name)}
    return Article(**fields, language=row.get("lang"))


def key_of(mark: Mapping[str, Any]) -> str:
    """Return the key of a marked article: in sets of pairs, its part names the article."""
    return f"{mark['id']}/{mark['part']}" if mark.get("part") in {"a", "b"} else str(mark["id"])


def measure(
    marks: Iterable[Mapping[str, Any]],
    rows: Mapping[str, Mapping[str, Any]],
    rules: Counter[str],
    show: bool = False,
) -> Tally:
    articles = {key: article_of(row) for key, row in rows.items()}
    recurring = count_lines(articles.values())
    total = Tally()
    for mark in marks:
        article = articles[key_of(mark)]
        lines = article.text.split("\n")
        digest = hashlib.sha256(article.text.encode()).hexdigest()[:16]
        if mark.get("digest") not in {None, digest}:
            raise SystemExit(f"{key_of(mark)}: not the text that was marked")
        cleaned = clean(article, recurring)
        removed = {line.number: line.rule for line in cleaned.removed if line.whole}
        doubt = set(mark.get("doubt", ()))
        counted = {n for n, line in enumerate(lines) if line.strip() and n not in doubt}
        furniture = counted & set(mark["furniture"])
        body = counted - furniture
        lost = body & removed.keys()
        rules.update(removed[number] for number in lost)
        if show:
            for number in sorted(furniture - removed.keys()):
                print(f"    kept {key_of(mark)[:20]:20} {number:3} {lines[number].strip()[:100]}")
            for number in sorted(lost):
                print(f"    LOST {removed[number]:12} {number:3} {lines[number].strip()[:100]}")
        total += Tally(
            articles=1,
            furniture=len(furniture),
            gone=len(furniture & removed.keys()),
            body=len(body),
            lost=len(lost),
        )
    return total


def figures() -> dict[str, float]:
    """Return the share of furniture lines gone and of body lines kept, over all marked articles."""
    total = Tally()
    for name, marks in sorted(read_marks(HERE / "furniture_marks.jsonl").items()):
        total += measure(marks, read_rows(name), Counter())
    return {
        "furniture.lines_gone": total.gone / total.furniture,
        "furniture.body_lines_kept": 1 - total.lost / total.body,
    }


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:7.2f} %" if whole else "        –"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("marks", nargs="?", type=Path, default=HERE / "furniture_marks.jsonl")
    parser.add_argument("--show", action="store_true", help="print each line missed or lost")
    options = parser.parse_args()
    rules: Counter[str] = Counter()
    total = Tally()
    print(f"{'set':20} {'articles':>8} {'furniture':>9} {'gone':>9} {'body':>7} {'lost':>9}")
    for name, marks in sorted(read_marks(options.marks).items()):
        tally = measure(marks, read_rows(name), rules, options.show)
        total += tally
        print_row(name, tally)
    print_row("all", total)
    if rules:
        print("body lost by rule:", ", ".join(f"{rule} {n}" for rule, n in rules.most_common()))


def print_row(name: str, tally: Tally) -> None:
    print(
        f"{name:20} {tally.articles:8} {tally.furniture:9} {percent(tally.gone, tally.furniture)}"
        f" {tally.body:7} {percent(tally.lost, tally.body)}"
    )


if __name__ == "__main__":
    main()
