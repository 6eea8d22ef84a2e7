"""Articles by the hundred thousand, grown from real sentences by a seeded generator.

Timing needs more articles than any set holds.  These are made of the sentences of Reuters-21578 and
gva.  A *story* has a cast of made-up names and figures of its own, put in wherever its sentences
hold a name or a figure; its reports share the cast and some of the sentences.  A report may be
carried by several sources, edited, cut short, or with the source's own lines around it.  A share of
all articles are notices filled in from one form.  Articles come at a steady rate, so more articles
are more days, as in an archive.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import devsets

#: Characters of an article, and articles of a day.
LENGTH = 2900
A_DAY = 2000

_START = datetime(2020, 1, 1, tzinfo=UTC)
_END = re.compile(r"(?<=[.!?])\s+")
# A name is a capitalised word that does not open its sentence.
_SLOT = re.compile(r"(?<=[a-z,] )([A-Z][a-z]{2,})\b|\b(\d[\d.,]*\d|\d)\b")
_SYLLABLES = (
    "ba ber cal dor el fen gar hol is jan kor lem mar nov ol pet ros sal tor ul ver wen zan"
)
_CAST = 12
_FORM = (
    "The regional office for roads and waterways gives notice of works in {0}. From {1} until {2} "
    "the lane between {3} and {4} will be closed to all traffic, and drivers are asked to follow "
    "the signs. Residents keep access on foot at all hours. Questions are answered by {5} at the "
    "town hall, room {6}, between nine and twelve. The office regrets any inconvenience that the "
    "works may cause, and thanks the people of {0} for their patience until the lane is open again."
)
_AROUND = (
    "Sign up for the {0} newsletter and get the day's stories in your inbox.",
    "Copyright {0}. All rights reserved. This material may not be published or rewritten.",
    "Follow {0} on Facebook and Twitter. Read more stories like this one on our site.",
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in pieces: every second one is a name or a figure."""

    pieces: tuple[str, ...]

    def told_of(self, cast: list[str], figures: list[str]) -> str:
        """Return it with the names and figures of a story."""
        found = list(self.pieces)
        for place in range(1, len(found), 2):
            word = found[place]
            chosen = figures if word[0].isdigit() else cast
            found[place] = chosen[(len(word) * 7 + ord(word[0])) % len(chosen)]
        return "".join(found)


class Grown:
    """A corpus of any size; the same numbers give the same articles.

    Parameters
    ----------
    seed : int
    form_share : float
        Share of all articles that are notices from one form.
    """

    def __init__(self, seed: int = 1, form_share: float = 0.02) -> None:
        self.seed = seed
        self.form_share = form_share

    @cached_property
    def sentences(self) -> list[list[Sentence]]:
        """The sentences of each article that the corpus grows from."""
        found = []
        for name in ("reuters21578", "gva"):
            for row in devsets.read(name):
                told = _END.split(" ".join(row.get("text", "").split()))
                usable = [part for part in told if 30 < len(part) < 400]
                if len(usable) > 3:
                    found.append([_sentence(part) for part in usable])
        return found

    def articles(self, n: int) -> Iterator[dict[str, Any]]:
        """Yield n articles, nearly in the order of their dates."""
        chance = random.Random(self.seed)
        made = 0
        while made < n:
            when = _START + timedelta(days=made / A_DAY)
            form = chance.random() < self.form_share
            story = [self._notice(chance, when)] if form else self._story(chance, when)
            for article in story[: n - made]:
                yield {"id": f"a{made:07}", **article}
                made += 1

    def _notice(self, chance: random.Random, when: datetime) -> dict[str, Any]:
        words = [_name(chance) if chance.random() < 0.6 else _figure(chance) for _ in range(7)]
        return {
            "title": "Notice of works",
            "text": _FORM.format(*words),
            "source": "The Gazette",
            "published": when.isoformat(),
        }

    def _story(self, chance: random.Random, when: datetime) -> list[dict[str, Any]]:
        """Return the copies of the reports of one story."""
        cast = [_name(chance) for _ in range(_CAST)]
        figures = [_figure(chance) for _ in range(_CAST)]
        base = chance.choice(self.sentences)
        found = []
        for _ in range(_many(chance, 0.75, 0.4)):
            told = self._report(chance, base, cast, figures)
            for _ in range(_many(chance, 0.8, 0.5)):
                source = f"Paper {chance.randrange(400)}"
                hours = chance.expovariate(1 / 12)
                found.append(
                    {
                        "title": told[0][:90],
                        "text": _carried(chance, told, source),
                        "source": source,
                        "published": (when + timedelta(hours=hours)).isoformat(),
                    }
                )
        return found

    def _report(
        self, chance: random.Random, base: list[Sentence], cast: list[str], figures: list[str]
    ) -> list[str]:
        """Return sentences: half of what the story has, and others about the same people."""
        chosen = [sentence for sentence in base if chance.random() < 0.6] or base[:1]
        size = sum(sum(map(len, sentence.pieces)) for sentence in chosen)
        while size < LENGTH:
            other = chance.choice(self.sentences)
            start = chance.randrange(len(other))
            for sentence in other[start : start + 4]:
                chosen.append(sentence)
                size += sum(map(len, sentence.pieces))
        return [sentence.told_of(cast, figures) for sentence in chosen]


def _sentence(text: str) -> Sentence:
    pieces, end = [], 0
    for match in _SLOT.finditer(text):
        pieces += [text[end : match.start()], match.group()]
        end = match.end()
    return Sentence((*pieces, text[end:]))


def _carried(chance: random.Random, told: list[str], source: str) -> str:
    """Return a report as one source carries it."""
    lines = list(told)
    kind = chance.random()
    if kind < 0.2:
        lines = lines[: max(3, int(len(lines) * chance.uniform(0.4, 0.9)))]
    elif kind < 0.5:
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(lines))
            words = lines[place].split()
            words[chance.randrange(len(words))] = "reportedly"
            lines[place] = " ".join(words)
    if chance.random() < 0.4:
        lines.append(_AROUND[hash_of(source) % len(_AROUND)].format(source))
    paragraphs = [" ".join(lines[at : at + 3]) for at in range(0, len(lines), 3)]
    return "\n\n".join(paragraphs)


def hash_of(text: str) -> int:
    """Return a number that does not change from process to process."""
    return sum(map(ord, text))


def _many(chance: random.Random, one: float, stop: float) -> int:
    """Return 1 most of the time, else 2 or more."""
    if chance.random() < one:
        return 1
    count = 2
    while chance.random() > stop:
        count += 1
    return count


def _name(chance: random.Random) -> str:
    syllables = _SYLLABLES.split()
    return "".join(chance.choice(syllables) for _ in range(chance.randrange(2, 5))).title()


def _figure(chance: random.Random) -> str:
    return str(int(10 ** chance.uniform(0.5, 5)))
