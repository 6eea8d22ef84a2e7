"""Lines that one source prints around its articles, counted beforehand and frozen.

The idea: what a site prints at the head or the foot of many unrelated articles is furniture, in
any language and without a pattern.  What it prints in many versions of *one* story is the story.

Laws
----
* The table does not depend on the order of the articles, nor on exact copies among them.
* A line enters only on the evidence of articles that share little else: ``LEAST`` of them at
  least, and a stated share of the source's articles.
* A line that ends as a sentence needs far more evidence: papers repeat background paragraphs.

Theory of operation
-------------------
Per source, distinct texts are counted once each (a wire story printed thrice is one text).  Only
the first :data:`HEAD` and the last :data:`TAIL` lines of a text are looked at.  For a line that
enough texts share, independent witnesses are picked greedily in a stable order: a text joins them
if it shares at most a fifth of its characters with each witness before it, the line in question
aside.  Versions of one story share much and so count once.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from dedup.article import Article
from dedup.text.normalize import normalize
from dedup.text.patterns import ends_as_sentence, fold_line
from dedup.text.told import unpacked

__all__ = ["RecurringLines", "count_lines", "source_key"]

LEAST: Final = 3
"""Fewest independent articles of one source that must carry a line."""
LEAST_SENTENCE: Final = 6
"""The same for a line that ends as a sentence."""
SHARE: Final = 0.1
"""Smallest share of the source's distinct texts that must carry a line."""
SHARE_SENTENCE: Final = 0.3
"""The same for a line that ends as a sentence."""
OVERLAP: Final = 0.2
"""Largest share of characters that two independent articles may have in common."""
HEAD: Final = 6
"""Lines looked at from the beginning of a text."""
TAIL: Final = 12
"""Lines looked at from the end of a text."""
LONGEST: Final = 200
"""Longest line in characters that can recur."""

_WITNESSES: Final = 40  # texts examined for one line: enough evidence, and never quadratic


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringLines:
    """The frozen table: folded lines that recur, per source.

    Parameters
    ----------
    table : Mapping[str, frozenset[str]]
        Source key to folded lines, as :func:`dedup.text.patterns.fold_line` writes them.
    """

    table: Mapping[str, frozenset[str]]

    def __post_init__(self) -> None:
        frozen = {source: frozenset(lines) for source, lines in sorted(self.table.items())}
        object.__setattr__(self, "table", MappingProxyType(frozen))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (dict(self.table),)  # a mapping proxy cannot be pickled or copied

    @classmethod
    def empty(cls) -> RecurringLines:
        """Return a table without lines, for texts that come alone.

        >>> RecurringLines.empty().of("example.org")
        frozenset()
        """
        return cls(table={})

    def of(self, source: str | None) -> frozenset[str]:
        """Return the folded lines of one source; none for an unknown one."""
        return self.table.get(source, frozenset()) if source else frozenset()

    def to_dict(self) -> dict[str, list[str]]:
        """Return the table as plain sorted data, fit for JSON.

        >>> RecurringLines(table={"a.org": frozenset({"y", "x"})}).to_dict()
        {'a.org': ['x', 'y']}
        """
        return {source: sorted(lines) for source, lines in sorted(self.table.items())}

    def digest(self) -> str:
        """Return a short digest of the whole table, the same on every machine.

        >>> len(RecurringLines.empty().digest())
        32
        """
        hasher = hashlib.blake2b(digest_size=16)
        for source, lines in self.to_dict().items():
            hasher.update("\x1d".join([source, *lines, "\x1e"]).encode("utf-8", "surrogatepass"))
        return hasher.hexdigest()


def _restored(table: dict[str, frozenset[str]]) -> RecurringLines:
    return RecurringLines(table=table)


def source_key(article: Article) -> str:
    """Return what names an article's source: the source folded, else the host of its url.

    Examples
    --------
    >>> source_key(Article(id="1", text="x", url="https://www.Example.org/a"))
    'example.org'
    """
    name = (article.source or "").strip() or url_host(article.url or "")
    return name.casefold().removeprefix("www.")


def url_host(url: str) -> str:
    """Return the host of a url, folded; empty if no one can tell.

    >>> url_host("https://www.example.org/a"), url_host("http://[")
    ('example.org', '')
    """
    try:
        return (urlsplit(url).hostname or "").casefold().removeprefix("www.")
    except ValueError:
        return ""


@dataclass(frozen=True)
class _Text:
    """One distinct text: lines at its edges, those that end as sentences, lengths of all lines."""

    candidates: frozenset[str]
    sentences: frozenset[str]
    text: str | bytes

    @cached_property
    def lengths(self) -> Mapping[str, int]:
        """Lengths of all lines; asked only of texts that share a line with others."""
        return {fold_line(line): len(line) for line in unpacked(self.text).split("\n") if line}

    @cached_property
    def total(self) -> int:
        return sum(self.lengths.values())


def count_lines(
    articles: Iterable[Article], texts: Iterable[str | bytes] | None = None
) -> RecurringLines:
    r"""Count the lines that recur across each source's articles.

    Parameters
    ----------
    articles : Iterable[Article]
        Any order, copies allowed; articles without source and url are passed over.
    texts : Iterable[str or bytes], optional
        Their texts, normalised and :func:`~dedup.text.told.packed`, where somebody has them.

    Returns
    -------
    RecurringLines
        A table that depends on the set of distinct texts per source only.

    Notes
    -----
    Linear in the text, but for lines that recur: each compares at most 40 texts with one another.

    Examples
    --------
    >>> pages = [Article(id=str(n), text=f"{body}\nThe Daily Kite since 1901", source="kite")
    ...     for n, body in enumerate(["One fell.", "Two rose in the east.", "Three met."])]
    >>> sorted(count_lines(pages).of("kite"))
    ['the daily kite since #']
    """
    by_source: defaultdict[str, dict[bytes, _Text]] = defaultdict(dict)
    if texts is None:
        articles = list(articles)
        texts = (normalize(article.text) for article in articles)
    for article, held in zip(articles, texts, strict=True):
        source = source_key(article)
        if source and article.text:
            text = unpacked(held)
            key = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            if key not in by_source[source]:
                by_source[source][key] = _read(text, held)
    table = {
        source: _recurring([texts[key] for key in sorted(texts)])
        for source, texts in sorted(by_source.items())
        if len(texts) >= LEAST
    }
    return RecurringLines(table={source: lines for source, lines in table.items() if lines})


def _read(text: str, held: str | bytes) -> _Text:
    lines = [line for line in text.split("\n") if line]
    edges = lines[:HEAD] + lines[HEAD:][-TAIL:]
    short = [line for line in edges if len(line) <= LONGEST]
    folded = {line: fold_line(line) for line in short}
    return _Text(
        candidates=frozenset(folded.values()) - {""},
        # Noted before folding, which strips the full stop.
        sentences=frozenset(form for line, form in folded.items() if ends_as_sentence(line)),
        text=held,
    )


def _recurring(texts: list[_Text]) -> frozenset[str]:
    carriers: defaultdict[str, list[_Text]] = defaultdict(list)
    for text in texts:
        for line in text.candidates:
            carriers[line].append(text)
    return frozenset(
        line
        for line, found in carriers.items()
        if len(found) >= LEAST and _enough(line, found, texts)
    )


def _enough(line: str, found: list[_Text], texts: list[_Text]) -> bool:
    sentence = any(line in text.sentences for text in found)
    least, share = (LEAST_SENTENCE, SHARE_SENTENCE) if sentence else (LEAST, SHARE)
    if len(found) < max(least, share * len(texts)):
        return False
    return _witnesses(line, found, least) >= least


def _witnesses(line: str, found: list[_Text], least: int) -> int:
    """Count texts that carry the line and share little else, up to the number needed."""
    picked: list[_Text] = []
    for text in found[:_WITNESSES]:
        if all(_overlap(text, other, line) <= OVERLAP for other in picked):
            picked.append(text)
            if len(picked) == least:
                break
    return len(picked)


def _overlap(a: _Text, b: _Text, line: str) -> float:
    """Return the share of the smaller text that stands in the other too, one line aside."""
    if len(a.lengths) > len(b.lengths):
        a, b = b, a
    shared = sum(length for key, length in a.lengths.items() if key in b.lengths and key != line)
    smaller = min(a.total - a.lengths[line], b.total - b.lengths[line])
    return shared / smaller if smaller > 0 else 0.0
