"""The founding case: two Indonesian reports of one event that share one 5-gram in a thousand."""

from __future__ import annotations

import random
from typing import Any

import pytest

from dedup import Clustering, find_clusters

Rows = list[dict[str, Any]]

#: Furniture as such sites write it, to be added in random places.
FURNITURE = [
    "Bagikan artikel ini",
    "Baca Juga: Harga Emas Hari Ini Naik Tipis",
    "ADVERTISEMENT",
    "Ikuti kami di Google News dan dapatkan berita terbaru",
    "Berita Terkait",
    "Komentar",
]


def drop_words(text: str, share: float, chance: random.Random) -> str:
    return "\n".join(
        " ".join(word for word in line.split(" ") if chance.random() >= share)
        for line in text.split("\n")
    )


def add_furniture(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    for line in FURNITURE:
        lines.insert(chance.randrange(len(lines)), line)
    return "\n".join(lines)


def edited(rows: Rows, how: str, seed: int) -> Rows:
    chance = random.Random(seed)
    out = []
    for row in rows:
        text = row["text"]
        if how == "words dropped":
            text = drop_words(text, 0.1, chance)
        elif how == "furniture added":
            text = add_furniture(text, chance)
        elif how == "dates removed":
            text = text.replace("Kamis, 5 Oktober 2023 | 18:20 WIB\n", "")
            text = text.replace("Kamis (5/10/2023)", "").replace("hari Kamis", "")
        out.append({**row, "text": text})
    return out


def check(result: Clustering) -> None:
    cluster = result.cluster_of("translation")
    assert cluster is result.cluster_of("newsroom")
    assert len(cluster) == 2
    assert cluster.canonical.id == "newsroom"


EDITS = [("as they are", 0)] + [
    (how, seed)
    for how in ("words dropped", "furniture added", "dates removed")
    for seed in ((1,) if how == "dates removed" else (1, 2, 3))
]


@pytest.mark.parametrize(("how", "seed"), EDITS)
def test_alone(seeds: Rows, how: str, seed: int) -> None:
    result = find_clusters(edited(seeds, how, seed))
    check(result)
    assert len(result.clusters) == 1


@pytest.mark.parametrize(("how", "seed"), EDITS)
def test_among_the_hard_negatives(seeds: Rows, belgium: Rows, how: str, seed: int) -> None:
    others = [row for row in belgium if not row["id"].startswith(("id-vsse", "en-vsse"))]
    check(find_clusters(edited(seeds, how, seed) + others))


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", ["as they are", "words dropped", "furniture added", "dates removed"]
)
def test_among_1406_articles(seeds: Rows, indonesian: Rows, how: str) -> None:
    check(find_clusters(edited(seeds, how, 1) + indonesian))


def test_the_evidence_is_led_by_shared_rare_names(seeds: Rows) -> None:
    evidence = find_clusters(seeds).explain("translation", "newsroom")
    first = list(evidence.contributions[:5])
    assert sum(c.kind == "name" for c in first) >= 3
    assert {"alibaba", "cainiao", "vsse"} <= set(evidence.shared_names[:6])
    assert evidence.jaccard < 0.01
