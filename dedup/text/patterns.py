"""Patterns of whole lines, read from data files and matched without trying them all.

The idea: thousands of phrases in thirty languages, yet a line of an article should cost a few
microseconds.  A line is folded once; then a dictionary answers for phrases without a star, and the
first two characters choose the few starred phrases that could fit.  Phrases that begin with a star
are looked for in the whole text first (:mod:`dedup.text.hints`): hardly one stands in it.

The syntax of the files is told in ``data/furniture/README.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from dedup.text.hints import Hints, fold, hints_of, pieces

__all__ = [
    "Anywhere",
    "LineRules",
    "ends_as_sentence",
    "fold_line",
    "furniture_names",
    "furniture_rules",
    "furniture_words",
    "read_sections",
]

_DECORATION: Final = (
    " \t•·●○■□▪▫◆◇★☆|¦>«»‹›→←↑↓▶►▸▼▲◄◀⇒➤➡*_–-~=+:.!…,;[](){}<>/\\✓✔✕✖×✗📷📸🎥👉🔴#@&"
)
_DIGITS = re.compile(r"\d+")
_LIMIT = re.compile(r"\s+%(\d+)$")

# Longest line, in characters, that a starred pattern of a section may remove.
_LONGEST: Final[Mapping[str, int]] = MappingProxyType(
    {
        "share": 160,
        "follow": 240,
        "subscribe": 300,
        "login": 240,
        "app": 300,
        "advertising": 200,
        "video": 160,
        "gallery": 160,
        "comments": 240,
        "related": 220,
        "related_list": 80,
        "tags": 240,
        "byline": 120,
        "contact": 300,
        "contributors": 220,
        "copyright": 500,
        "cookies": 500,
        "updates": 240,
        "navigation": 160,
        "notes": 300,
        "weak": 40,
    }
)
# Sections of words, not of patterns: other modules look for them inside a line.
_WORDS: Final = frozenset(
    {
        "before_name",
        "contact_word",
        "bio_role",
        "appeal",
        "reader_word",
        "credit_word",
        "share_word",
    }
)
# Here a line that ends as a sentence and is long is body, whatever it begins with.
_MILD: Final = frozenset({"navigation", "tags", "byline", "related_list", "gallery"})
_LONG_SENTENCE: Final = 80
_SENTENCE_ENDS: Final = (".", "!", "?", "…", "。", "！", "？", "।", "؟", '."', '!"', '?"', ".)")


def fold_line(line: str) -> str:
    """Return the form in which a line is compared with patterns.

    Examples
    --------
    >>> fold_line("» Baca Juga : 5 Fakta"), fold_line("[ 12 Comments ]")
    ('baca juga: # fakta', '# comments')
    """
    return _plain(fold(line).strip(_DECORATION))


def _plain(folded: str) -> str:
    """Write every number in one way, and a colon without a space before it."""
    if folded.isalpha():
        return folded
    return _DIGITS.sub("#", folded).replace(" :", ":")


def ends_as_sentence(line: str) -> bool:
    """Tell whether the line ends the way a sentence does.

    >>> ends_as_sentence('He said so."'), ends_as_sentence("Read more")
    (True, False)
    """
    return line.endswith(_SENTENCE_ENDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Starred:
    """A pattern with a star: how it begins, what follows after each star, its rule."""

    lead: str
    prefix: str
    parts: tuple[str, ...]
    rule: str
    longest: int

    def fits(self, folded: str, line: str) -> bool:
        if len(line) > self.longest:
            return False
        if self.lead and not fold(line).startswith(self.lead + self.prefix):
            return False
        if self.parts and not _expression(self.parts).fullmatch(folded, len(self.prefix)):
            return False
        if self.rule not in _MILD:
            return True
        return not ends_as_sentence(line) or (len(line) <= _LONG_SENTENCE and line[-1] != "?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anywhere:
    """A pattern that begins with a star.

    Parameters
    ----------
    literal : str
        Its longest part, which stands in every line that it fits.
    gate : str
        A part of that which stands in every text with such a line: numbers, colons and dashes are
        written in another way there.
    pattern : _Starred
    """

    literal: str
    gate: str
    pattern: _Starred


@cache
def _expression(parts: tuple[str, ...]) -> re.Pattern[str]:
    # Compiled when first asked for: most patterns never are.
    return re.compile(".*" + ".*".join(map(re.escape, parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRules:
    """Patterns arranged for look-up; see :func:`furniture_rules`.

    Parameters
    ----------
    whole : Mapping[str, tuple[str, ...]]
        Folded line to the rules that name it.
    starts : Mapping[str, tuple[_Starred, ...]]
        First characters, as many as :data:`_KEYS` allows, to the patterns that begin so.
    anywhere : tuple[Anywhere, ...]
        Patterns that begin with a star, in the order in which they are tried.
    by_word : Mapping[str, tuple[int, ...]]
        Places in ``anywhere``, by a word that must stand in the text; under no word, those that may
        fit without any.
    words : frozenset[str]
        The words of ``by_word``.
    """

    whole: Mapping[str, tuple[str, ...]]
    starts: Mapping[str, tuple[_Starred, ...]]
    anywhere: tuple[Anywhere, ...]
    by_word: Mapping[str, tuple[int, ...]]
    words: frozenset[str]

    def possible(self, hints: Hints) -> tuple[Anywhere, ...]:
        """Return the patterns that begin with a star and may fit a line of a text.

        Parameters
        ----------
        hints : Hints
            Of a vocabulary that holds ``words``.
        """
        found = [*self.by_word.get("", ())]
        for word in hints.words:
            found += self.by_word.get(word, ())
        return tuple(
            self.anywhere[place]
            for place in sorted(found)
            if self.anywhere[place].gate in hints.folded
        )

    def match(self, line: str, possible: Sequence[Anywhere] | None = None) -> tuple[str, ...]:
        """Return the names of the rules that the line fits, in a fixed order.

        Parameters
        ----------
        line : str
            A normalised line.
        possible : sequence of Anywhere, optional
            What :meth:`possible` says of the whole text.

        Returns
        -------
        tuple[str, ...]
            Usually empty or one name.  About a microsecond for an ordinary line.

        Examples
        --------
        >>> furniture_rules().match("Share this story on Facebook")
        ('share',)
        >>> furniture_rules().match("Share prices fell on Thursday.")
        ()
        """
        if len(line) > _MOST:
            return ()
        if possible is None:
            possible = self.possible(hints_of(line, self.words))
        bare = fold(line).strip(_DECORATION)
        head = _plain(bare[:_HEAD])
        if len(head) < _LEAST_HEAD:  # a short line, or a long number
            head = _plain(bare)
            found = self.whole.get(head, ())
            if found:
                return found
        folded = ""
        for length in _KEYS:
            for pattern in self.starts.get(head[:length], ()):
                if head.startswith(pattern.prefix):
                    folded = folded or _plain(bare)  # most lines never are, to their ends
                    if pattern.fits(folded, line):
                        return (pattern.rule,)
        for each in possible:
            folded = folded or _plain(bare)
            if each.literal in folded and each.pattern.fits(folded, line):
                return (each.pattern.rule,)
        return ()


_KEYS: Final = (5, 4, 3, 2)  # lengths of the beginnings by which starred patterns are filed
_HEAD: Final = 80  # characters that tell how a line begins
_LEAST_HEAD: Final = 60  # of these that numbers leave; no pattern up to its star is as long
_MOST: Final = max(_LONGEST.values())


def read_sections(text: str) -> list[tuple[str, str]]:
    r"""Read a pattern file: pairs of section and pattern, in the order of the file.

    Raises
    ------
    ValueError
        If a pattern stands before the first section.

    Examples
    --------
    >>> read_sections("# words\n[share]\nshare this *\n")
    [('share', 'share this *')]
    """
    section = ""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line == "#" or (line.startswith("# ") and not section):
            continue
        if line.startswith("[") and line.endswith("]") and line[1:-1].replace("_", "").isalpha():
            section = line[1:-1]
        elif not section:
            raise ValueError(f"pattern {line!r} stands before the first section")
        else:
            found.append((section, line))
    return found


def build_rules(pairs: Iterable[tuple[str, str]]) -> LineRules:
    """Arrange patterns for look-up.

    Raises
    ------
    ValueError
        If a section is unknown, or a pattern would fit almost every line, or is too long.

    Examples
    --------
    >>> build_rules([("share", "teilen *")]).match("Teilen Sie das")
    ('share',)
    """
    whole: dict[str, set[str]] = {}
    starts: dict[str, list[_Starred]] = {}
    anywhere: list[tuple[str, Anywhere]] = []
    # Sorted and unique, so that the order of files and lines cannot matter.
    for rule, written in sorted(set(pairs)):
        if rule not in _LONGEST:
            raise ValueError(f"unknown section {rule!r} of pattern {written!r}")
        longest = _LONGEST[rule]
        limit = _LIMIT.search(written)
        if limit:
            longest, written = int(limit[1]), written[: limit.start()]
        pattern = fold(written)
        if "*" not in pattern:
            # "#" stands for digits here, while it decorates a line of an article.
            line = fold_line(pattern.replace("#", "0"))
            if len(line) >= _LEAST_HEAD:
                raise ValueError(f"pattern {written!r} is too long without a star")
            whole.setdefault(line, set()).add(rule)
            continue
        prefix, *parts = pattern.split("*")
        literal = max((prefix, *parts), key=len)
        if len(literal) < 2:
            raise ValueError(f"pattern {written!r} is too open")
        bare = prefix.lstrip(_DECORATION.replace("#", ""))
        if len(bare) >= _LEAST_HEAD:
            raise ValueError(f"pattern {written!r} is too long before its star")
        lead, prefix = prefix[: len(prefix) - len(bare)], bare
        follow = () if parts == [""] else tuple(parts)
        starred = _Starred(lead=lead, prefix=prefix, parts=follow, rule=rule, longest=longest)
        if len(prefix) >= min(_KEYS):
            key = next(length for length in _KEYS if length <= len(prefix))
            starts.setdefault(prefix[:key], []).append(starred)
        else:
            gate = max(re.split("[#:\u2013\u2026]", literal), key=len)
            # Only what stands between two others is sure to be a whole word of the text too.
            words = pieces(f"x{gate}x")[1:-1]
            word = max(words, key=lambda word: (len(word), word), default="")
            anywhere.append((word, Anywhere(literal=literal, gate=gate, pattern=starred)))
    anywhere.sort(key=lambda each: _place_of(each[1].literal))
    by_word: dict[str, list[int]] = {}
    for place, (word, _) in enumerate(anywhere):
        by_word.setdefault(word, []).append(place)
    return LineRules(
        whole=MappingProxyType({line: tuple(sorted(rules)) for line, rules in whole.items()}),
        starts=MappingProxyType({key: tuple(value) for key, value in starts.items()}),
        anywhere=tuple(each for _, each in anywhere),
        by_word=MappingProxyType({word: tuple(places) for word, places in by_word.items()}),
        words=frozenset(by_word) - {""},
    )


def _place_of(literal: str) -> str:
    """Return what decides which of two patterns is tried first, and names a line that both fit.

    Those of less than three words come first, then those of the first longest inner word.
    """
    word = max(literal.split(" ")[1:-1], key=len, default="")
    return word or (" ascii" if literal.isascii() else " other")


@cache
def _furniture() -> tuple[tuple[str, str], ...]:
    folder = resources.files("dedup.text") / "data" / "furniture"
    pairs: list[tuple[str, str]] = []
    for file in folder.iterdir():
        if file.name.endswith(".txt") and file.name != "README.txt":
            pairs += read_sections(file.read_text(encoding="utf-8"))
    return tuple(sorted(set(pairs)))


@cache
def furniture_rules() -> LineRules:
    """Return the furniture patterns of all languages, read once.

    Examples
    --------
    >>> furniture_rules().match("Pos terkait")
    ('related_list',)
    """
    return build_rules(pair for pair in _furniture() if pair[0] not in _WORDS)


@cache
def furniture_words(section: str) -> frozenset[str]:
    """Return the words of a section that holds no patterns, folded.

    >>> "by" in furniture_words("before_name"), "newsletter" in furniture_words("appeal")
    (True, True)
    """
    return frozenset(fold(word) for rule, word in _furniture() if rule == section)


@cache
def furniture_names() -> frozenset[str]:
    """Return the words that stand before a name in a by-line, folded.

    >>> "by" in furniture_names()
    True
    """
    return furniture_words("before_name")
