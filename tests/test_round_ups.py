"""Round-ups: near to several stories, they must not tie these together."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup import Config, EventConfig, find_clusters
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.round_ups import held_down

STORIES = {
    "spies": (
        "Belgium's VSSE has been monitoring Alibaba's Cainiao hub at Liege airport over espionage "
        "fears. Officials said that the Chinese firm could pass data to Beijing under its laws. "
        "The Cainiao hub opened in 2021 and handles most parcels. Alibaba denied the claims.",
        "VSSE agents keep watch at Liege airport on Cainiao, the logistics arm of Alibaba. The "
        "Belgian service fears espionage for Beijing at the hub, which was opened in 2021.",
    ),
    "storm": (
        "Storm Babet flooded Brechin in Angus as the South Esk burst its banks. Firefighters "
        "rescued families by boat. Scottish police told residents to leave. A woman of 57 died at "
        "Glen Esk after being swept away.",
        "Hundreds of homes in Brechin were evacuated when the South Esk overtopped flood defences. "
        "Storm Babet killed a woman, 57, in Glen Esk, Angus police said.",
    ),
    "summit": (
        "Biden arrived in Tel Aviv on Wednesday and met Netanyahu after the blast at the al-Ahli "
        "hospital in Gaza. Protests spread to Amman and Beirut.",
        "In Tel Aviv, Biden met Netanyahu about the al-Ahli hospital explosion in Gaza. Jordan "
        "called off the summit in Amman after the blast.",
    ),
    "rugby": (
        "New Zealand beat Argentina 44-6 in Paris to reach the rugby World Cup final. Will Jordan "
        "scored three tries at the Stade de France. The All Blacks meet South Africa or England.",
        "Will Jordan's hat-trick sent the All Blacks into the World Cup final with a 44-6 win over "
        "the Pumas of Argentina at Stade de France.",
    ),
}


def reports() -> list[dict[str, Any]]:
    return [
        {"id": f"{name}{n}", "text": text, "published": "2023-10-18"}
        for name, texts in STORIES.items()
        for n, text in enumerate(texts)
    ]


def round_up(n: int, *names: str) -> dict[str, Any]:
    body = "\n\n".join(STORIES[name][n] for name in names or STORIES)
    return {
        "id": f"round-up{n}{''.join(names)}",
        "title": "The briefing",
        "text": body,
        "published": "2023-10-18",
    }


@pytest.mark.parametrize(
    "briefings",
    [
        [round_up(0)],
        [round_up(0), round_up(1)],
        [round_up(0), round_up(1), round_up(0, "spies", "storm"), round_up(1, "storm", "rugby")],
    ],
)
def test_round_ups_do_not_glue_stories_together(briefings: list[dict[str, Any]]) -> None:
    result = find_clusters(reports() + briefings, progress=False)
    for a, b in combinations(STORIES, 2):
        for m, n in ((0, 0), (0, 1), (1, 0), (1, 1)):
            assert result.cluster_of(f"{a}{m}") is not result.cluster_of(f"{b}{n}")
    for name in STORIES:
        assert result.cluster_of(f"{name}0") is result.cluster_of(f"{name}1")


def test_what_counts_for_less_is_explained() -> None:
    result = find_clusters([*reports(), round_up(0), round_up(1)], progress=False)
    notes = {
        name: " ".join(result.explain(f"{name}0", "round-up0").notes) for name in sorted(STORIES)
    }
    told = [name for name, note in notes.items() if "near to several stories" in note]
    assert 1 <= len(told) < len(STORIES)  # with one of them it stays
    assert not any("near to several" in note for note in result.explain("storm0", "storm1").notes)


def test_a_high_floor_takes_no_report_for_a_round_up() -> None:
    rows = [*reports(), round_up(0), round_up(1)]
    usual = find_clusters(rows, progress=False)
    for floor in (0.2, 0.4):
        result = find_clusters(rows, progress=False, config=Config(event=EventConfig(floor=floor)))
        assert result.labels.tolist() == usual.labels.tolist()
        assert result.scores is not None
        assert result.scores.probability.min() >= floor * PROBABILITY_UNIT


def held_down_by_sets(sizes: list[int], chance: dict[tuple[int, int], float]) -> set[int]:
    """Return the texts that are round-ups, from plain sets; for up to 16 neighbours."""
    met = {frozenset(pair) for pair, p in chance.items() if p >= 0.05}
    found = set()
    for text, size in enumerate(sizes):
        near = [b if a == text else a for (a, b), p in chance.items() if text in (a, b) and p > 0.9]
        strangers = [q for q in combinations(sorted(near), 2) if frozenset(q) not in met]
        if size < 40 or len(near) < 3 or 4 * len(strangers) < len(near) * (len(near) - 1) / 2:
            continue
        rest = {each for pair in strangers for each in pair}
        if 2 * len(strangers) > len(rest) * (len(rest) - 1) / 2:
            found.add(text)
    return found


@given(st.integers(2, 9), st.data())
def test_round_ups_are_those_of_the_plain_twin(n: int, data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.sampled_from([10, 200]), min_size=n, max_size=n))
    possible = list(combinations(range(n), 2))
    levels = st.sampled_from([0.0, 0.03, 0.3, 0.95, 0.99])
    drawn = data.draw(st.lists(levels, min_size=len(possible), max_size=len(possible)))
    chance = {pair: p for pair, p in zip(possible, drawn, strict=True) if p}
    pairs = np.array(list(chance), dtype=np.int64).reshape(-1, 2)
    before = np.array([round(p * PROBABILITY_UNIT) for p in chance.values()], dtype=np.int64)
    after = held_down(np.array(sizes), pairs, before)
    assert (after <= before).all()
    round_ups = held_down_by_sets(sizes, chance)
    touched = pairs[after < before]
    assert all(round_ups & set(pair) for pair in touched.tolist())
    # A round-up keeps its nearest story, and no more: some of its neighbours are strangers to it.
    for text in round_ups:
        assert any(text in pair for pair in touched.tolist())


def test_stories_under_the_address_of_a_section_stay_apart() -> None:
    for field in ("url", "canonical_url"):
        rows = [
            {**row, field: "https://example.org/news/"} for row in reports() if row["id"][-1] == "0"
        ]
        assert len(find_clusters(rows, progress=False)) == len(STORIES)
        headlines = [
            {key: value for key, value in row.items() if key != "text"}
            | {"title": row["text"].split(".")[0]}
            for row in rows
        ]
        assert len(find_clusters(headlines, progress=False)) == len(STORIES)
