"""How well the versions of one running report, from one source, stay together.

::

    python benchmarks/update_chains.py

No set labels the updates of a source, so they are made from its articles, four versions each, under
four addresses, within nine hours: a flash of two sentences; the first half; the whole with the
newest first, under another headline; and what is new alone, with another first figure.  They are
clustered among all other articles of the set.  Printed: chains that end up in one cluster, whole;
versions that stand with the one before; and the share of the other members of their clusters that
report the same event by the set's own labels.  The wmt_mt sets are undated, so nothing there is
known to be a version.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

import devsets
from dedup import find_clusters

SETS = ("gva", "vietnamese", "wmt_mt.en", "wmt_mt.de", "wmt_mt.fr", "wmt_mt.ja")
CHAINS = 100
FEWEST_SENTENCES = 8
HOURS = (0, 1, 4, 9)

_END = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\n+")


def versions(row: dict[str, Any], chance: random.Random) -> list[dict[str, Any]]:
    """Return four versions of an article, the oldest first; none if it is too short."""
    told = [part for part in _END.split(row["text"]) if len(part) > 10]
    if len(told) < FEWEST_SENTENCES:
        return []
    half = len(told) // 2
    title = row.get("title") or " ".join(told[0].split()[:12])
    other_title = " ".join(told[half].split()[:12])
    figures = re.findall(r"\d+", " ".join(told[half:]))
    old = figures[0] if figures else "no figure"
    new = [part.replace(old, str(chance.randint(2, 99))) for part in told[half:]]
    bodies = (told[:2], told[:half], told[half:] + told[:half], new)
    titles = (title, title, other_title, other_title)
    start = np.datetime64(row["published"][:19], "s") if row.get("published") else None
    return [
        {
            "id": f"{row['id']} version {number}",
            "title": heading,
            "text": "\n\n".join(body),
            "source": row.get("source") or "The Chain",
            "url": f"https://chain.example/{row['id']}/{number}",
        }
        | ({} if start is None else {"published": f"{start + np.timedelta64(hours, 'h')}Z"})
        for number, (hours, heading, body) in enumerate(zip(HOURS, titles, bodies, strict=True))
    ]


def lines() -> Iterator[str]:
    """Yield the table."""
    yield f"{'set':12}{'chains':>8}{'whole':>7}{'with the one before':>22}{'others right':>14}"
    for data in devsets.labelled_sets():
        if data.name not in SETS:
            continue
        chance = random.Random(7)
        events = {row["id"]: event for row, event in zip(data.articles, data.events, strict=True)}
        shuffled = chance.sample(data.articles, len(data.articles))
        made = {row["id"]: found for row in shuffled if (found := versions(row, chance))}
        chains = dict(list(made.items())[:CHAINS])
        kept = [row for row in data.articles if row["id"] not in chains]
        rows = kept + [version for chain in chains.values() for version in chain]
        clustering = find_clusters(rows, progress=False)
        label = dict(zip((row["id"] for row in rows), clustering.labels.tolist(), strict=True))
        of_chain = {v["id"]: events[i] for i, chain in chains.items() for v in chain}
        members: dict[int, list[str]] = {}
        for each, cluster in label.items():
            members.setdefault(cluster, []).append(each)
        stays: list[list[bool]] = []
        right = others = 0
        for event_of, chain in ((events[i], chain) for i, chain in chains.items()):
            labels = [label[version["id"]] for version in chain]
            stays.append([a == b for a, b in pairwise(labels)])
            ids = {version["id"] for version in chain}
            near = {each for cluster in set(labels) for each in members[cluster]} - ids
            others += len(near)
            right += sum((of_chain.get(each) or events[each]) == event_of for each in near)
        steps = np.array(stays)
        yield (
            f"{data.name:12}{len(chains):8}{steps.all(axis=1).mean():7.2f}"
            + "  "
            + "".join(f"{share:6.2f}" for share in steps.mean(axis=0))
            + f"{right / max(others, 1):16.2f}"
        )


if __name__ == "__main__":
    for line in lines():
        print(line)
