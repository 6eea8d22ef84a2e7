"""Edits that reprints and updates make to an article, on the text as it was crawled.

An edit takes a :class:`Page` and gives another; the cleaning stage sees the result only
afterwards.  Everything is seeded by the article's id and the kind of edit: the same page comes out
every time, whatever else is edited beside it.

A text that came as one line is handled by the sentence and put back together as one line, with the
furniture inside: that is what is left of a page when a crawler loses its line breaks, and rules on
lines cannot help there.

Kinds of edit are in three groups, by what a newsroom wants to happen:

* ``REPRINTS`` should be found: the same text under a new headline, cut at the end by up to 30 %,
  touched here and there, with a site's furniture around it, and these together.
* ``BEYOND`` may be found: cut by 40 %, or every tenth word changed.
* ``UPDATES`` add sentences: 15 % is still nearly the same text; a text of which 25 to 40 % is new
  should rather stand for itself.  ``rewrite`` adds and cuts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

import regex

__all__ = ["BEYOND", "EDITS", "REPRINTS", "UPDATES", "Page", "edited", "furniture_words", "page_of"]

FURNITURE = """\
Sign up for our free newsletter and get the day's headlines in your inbox every morning
Share this article on Facebook, Twitter, WhatsApp or by email
Follow us on Google News for the latest updates
Advertisement: scroll to continue reading
Read also: ten things you need to know before the markets open
Download our app for Android and iPhone to read without interruption
This story has been published from a wire agency feed without modifications to the text
All rights reserved. This material may not be published, broadcast, rewritten or redistributed
Click here to join our channel and never miss an important story again
Subscribe now for unlimited access to premium content from only one euro a week
Most read: mayor answers critics after long night in the council chamber
Related topics: business, world, security, logistics, technology
We use cookies to improve your experience; by using this site you accept our privacy policy
Have something to say? Leave a comment below or write a letter to the editor
Photo: file picture, courtesy of the agency, taken some years ago near the site
Watch: live coverage from our studio, every weekday at six in the evening
Trending now: see what everyone else is talking about today
Contact the newsroom with tips, corrections and pictures at any hour of the day""".splitlines()

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
# A word, or one character of a script that writes no spaces, with the space behind it.
_WORD = regex.compile(rf"(?:[{_UNSPACED}]\p{{M}}*|(?:(?![{_UNSPACED}])\S)+)\s*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
_LEAST_SENTENCE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One article as it was crawled, in blocks that edits may move.

    Parameters
    ----------
    id : str
    headline : str
    blocks : tuple of str
        Paragraphs; the sentences of a text that is one line.
    joint : str
        What stands between two blocks.
    """

    id: str
    headline: str
    blocks: tuple[str, ...]
    joint: str

    @property
    def text(self) -> str:
        """The blocks put together again."""
        return self.joint.join(self.blocks)


def page_of(name: str, headline: str, text: str) -> Page:
    """Cut a text into blocks."""
    if "\n    " in text:  # wrapped lines, indented paragraphs: Reuters, 1987
        parts, joint = re.split(r"\n {2,}", text), "\n    "
    elif "\n" in text.strip():
        parts, joint = re.split(r"\n+", text), "\n\n" if "\n\n" in text else "\n"
    else:
        parts, joint = _SENTENCE.split(text), " "
    blocks = tuple(part for part in parts if part.strip())
    return Page(id=name, headline=headline, blocks=blocks, joint=joint)


Edit = Callable[[Page, Random, Sequence[Page]], Page]


def scatter(share: float) -> Edit:
    """Replace (6 of 10), drop (2) or insert (2) words here and there."""

    def edit(page: Page, random: Random, pool: Sequence[Page]) -> Page:
        fresh = _words(random.choice(pool).text)
        blocks = []
        for block in page.blocks:
            words = []
            for word in _words(block):
                roll = random.random() / share
                if roll >= 0.8:
                    words.append(word)
                if roll < 0.6 or 0.8 <= roll < 1:
                    words.append(random.choice(fresh).rstrip() + " ")
            blocks.append("".join(words))
        return replace(page, blocks=tuple(blocks))

    return edit


def headline(page: Page, random: Random, pool: Sequence[Page]) -> Page:
    """Give the article another article's headline."""
    other = random.choice(pool)
    return replace(page, headline=other.headline or "".join(_words(other.text)[:12]))


def cut(share: float) -> Edit:
    """Cut the tail: so many of the words, to the word."""

    def edit(page: Page, random: Random, pool: Sequence[Page]) -> Page:
        left = round(len(_words(page.text)) * (1 - share))
        kept = []
        for block in page.blocks:
            words = _words(block)[:left]
            left -= len(words)
            kept.append("".join(words))
        return replace(page, blocks=tuple(block for block in kept if block))

    return edit


def furniture(lines: int) -> Edit:
    """Put lines of site furniture between, before and after the blocks."""

    def edit(page: Page, random: Random, pool: Sequence[Page]) -> Page:
        blocks = list(page.blocks)
        for line in random.sample(FURNITURE, lines):
            blocks.insert(random.randint(0, len(blocks)), line)
        return replace(page, blocks=tuple(blocks))

    return edit


def furniture_words(lines: int) -> float:
    """Return how many words so many lines of furniture have on average."""
    return lines * sum(len(_words(line)) for line in FURNITURE) / len(FURNITURE)


def swap(page: Page, random: Random, pool: Sequence[Page]) -> Page:
    """Put the blocks after the first in another order."""
    rest = list(page.blocks[1:])
    random.shuffle(rest)
    return replace(page, blocks=(*page.blocks[:1], *rest))


def update(share: float) -> Edit:
    """Add sentences of other articles, half at the top, until they are this share of the text."""

    def edit(page: Page, random: Random, pool: Sequence[Page]) -> Page:
        wanted = round(len(_words(page.text)) * share / (1 - share))
        top: list[str] = []
        blocks = list(page.blocks)
        for sentence in _sentences(wanted, page.id, random, pool):
            if len(_words(" ".join([*top, sentence]))) <= wanted / 2:
                top.append(sentence)
            else:
                blocks.insert(random.randint(0, len(blocks)), sentence)
        return replace(page, blocks=(*top, *blocks))

    return edit


def _sentences(wanted: int, name: str, random: Random, pool: Sequence[Page]) -> list[str]:
    """Return sentences of other articles with so many words in all; the last is cut to fit."""
    found: list[str] = []
    for _ in range(100):
        other = random.choice(pool)
        for sentence in _SENTENCE.split(other.text) if other.id != name else ():
            words = _words(" ".join(sentence.split()))
            if len(words) < _LEAST_SENTENCE or "".join(words) in found:
                continue
            found.append("".join(words[:wanted]).rstrip())
            wanted -= len(words)
            if wanted <= 0:
                return found
    return found


def _words(text: str) -> list[str]:
    return [str(word) for word in _WORD.findall(text)]


REPRINTS: dict[str, tuple[Edit, ...]] = {
    "headline": (headline,),
    "words 2 %": (scatter(0.02),),
    "cut 10 %": (cut(0.10),),
    "cut 25 %": (cut(0.25),),
    "cut 30 %": (cut(0.30),),
    "furniture 5": (furniture(5),),
    "furniture 15": (furniture(15),),
    "swapped": (swap,),
    "2 %, cut 10 %": (headline, scatter(0.02), cut(0.10)),
    "2 %, furniture 5": (headline, scatter(0.02), furniture(5)),
    "cut 25 %, furniture 5": (headline, cut(0.25), furniture(5)),
    "2 %, cut 25 %, furniture 5": (headline, scatter(0.02), cut(0.25), furniture(5)),
    "2 %, cut 30 %, furniture 10": (headline, scatter(0.02), cut(0.30), furniture(10)),
}
BEYOND: dict[str, tuple[Edit, ...]] = {
    "words 5 %": (scatter(0.05),),
    "words 10 %": (scatter(0.10),),
    "cut 40 %": (cut(0.40),),
    "5 %, cut 40 %, furniture 15": (headline, scatter(0.05), cut(0.40), furniture(15)),
}
UPDATES: dict[str, tuple[Edit, ...]] = {
    "update 15 %": (update(0.15),),
    "update 25 %": (update(0.25),),
    "update 40 %": (update(0.40),),
    "rewrite: cut 25 %, update 25 %": (headline, cut(0.25), update(0.25)),
}
EDITS: dict[str, tuple[Edit, ...]] = REPRINTS | BEYOND | UPDATES


def edited(page: Page, kind: str, pool: Sequence[Page]) -> Page:
    """Return the page after one kind of edit."""
    random = Random(f"{page.id} {kind}")
    for edit in EDITS[kind]:
        page = edit(page, random, pool)
    return page
