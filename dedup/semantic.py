"""Sentence embeddings: what may be said alike in two languages.

Words carry the event stage, and between two languages there are none in common but names and
numbers.  An *embedder* turns a headline and its lead into a vector, near the vector of a
translation.  It is optional, it is another's model, and it never decides alone.

Laws: a text's vector does not depend on the other texts, nor on their order.  Cosines are exact
whole-number sums: what is stored once compares equal on every machine.  Where the embedder may not
know what it reads, it abstains: the row is not trusted, and its similarities are 0.

Theory of operation
-------------------
Models fail *unsafely*.  A text in a language that the model never saw falls apart into single
letters and unknown pieces, all such texts get nearly one vector, and two unrelated Tamil headlines
have a cosine of 0.98; that of two translations into known languages is 0.73.  So a row is trusted
only if

1. there is something to read: 20 letters or more, and more letters than other characters;
2. its language is not one that the embedder lacks, as :mod:`dedup.text.language` tells; and
3. the embedder, asked for its own opinion (``knows``), recognises the words.

The third guard carries short headlines, whose language nobody can tell.  The model at hand
(:mod:`dedup.sentence_encoder`) counts letters per vocabulary piece: known languages come in long
pieces (German 4.3 letters, Russian 3.5), unknown ones in short (Swedish 2.6, Serbian 2.3, Urdu 1.4,
Hindi 1.0).

Vectors are brought to unit length and rounded to 1/2048.  Over 800 news texts this moves a cosine
by 0.0002 (root mean square), 0.001 at most.  Float noise between processors is about 3e-7; in 3 %
of the texts it carries an entry over a rounding edge, and 0.4 % of cosines then differ, by one
4096th.  So vectors *made* on two machines may differ that little; vectors kept do not.

What a cosine is worth, and how it was measured, is told in ``docs/semantic.md``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

import numpy as np
import regex
from numpy.typing import ArrayLike, NDArray

from dedup.errors import ConfigError
from dedup.progress import Progress
from dedup.sentence_encoder import UniversalSentenceEncoder
from dedup.text.language import Languages, table_code

__all__ = [
    "COSINE_UNIT",
    "VECTOR_UNIT",
    "Embedded",
    "Embedder",
    "NamedEmbedder",
    "UniversalSentenceEncoder",
    "checked_embedder",
    "cosines",
    "embed",
    "excerpt",
    "similarity",
    "stored_embedder",
    "usable_embedder",
]

#: A vector's length, in its own units: small enough for int16 and for exact sums in 32 bits.
VECTOR_UNIT: Final = 2048
#: Units of a cosine.
COSINE_UNIT: Final = 4096

#: Characters of headline and lead that are read.  ROC AUC of judged pairs in two languages: .854
#: with 200, .861 with 400, .863 with 600; on translations, 1,000 did no better at twice the cost.
EXCERPT: Final = 600
#: One Han character says as much as three letters, one Korean syllable as two.
_HAN_WEIGHT: Final = 3
_HANGUL_WEIGHT: Final = 2

_LEAST_LETTERS: Final = 20
_BATCH: Final = 64
_BLOCK: Final = 1 << 13

_LETTER = regex.compile(r"[\p{L}\p{M}]")
_HAN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_HANGUL = regex.compile(r"\p{Hangul}")
_MARK = regex.compile(r"\p{M}")


@runtime_checkable
class Embedder(Protocol):
    """What turns texts into vectors.

    Two more things are asked for where they are there:

    ``languages : frozenset of str or None``
        ISO 639-1 codes of the languages that it is good for; None, or no such attribute, means
        any.  With codes and without ``knows``, a text is trusted only if its language is told.
    ``knows(text, sure) -> bool``
        Whether it recognises a text's words; ``sure`` says that the language is told and covered.

    Parameters
    ----------
    name, version : str
        Stored beside its vectors: those of two models, or of two versions, do not compare.
    """

    name: str
    version: str

    def __call__(self, texts: list[str], /) -> ArrayLike:
        """Return one row of floats per text, shape (n, d); each row from its own text alone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedEmbedder:
    """What a stored configuration says of its embedder: which it was, not how to call it."""

    name: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embedded:
    """Vectors of n texts.

    Parameters
    ----------
    vectors : ndarray of int16, shape (n, d)
        In units of ``1 / VECTOR_UNIT``, of about unit length; zeros where not trusted.  d is 0 if
        no text is trusted.
    trusted : ndarray of bool, shape (n,)
        Whether the embedder knows what it read.
    """

    vectors: NDArray[np.int16]
    trusted: NDArray[np.bool_]


def checked_embedder(embedder: object) -> Embedder:
    """Return the embedder; refuse what cannot be one.

    Raises
    ------
    ConfigError
        If it is not callable, has no name and version, or lists languages that are no set.
    """
    named = all(isinstance(getattr(embedder, part, None), str) for part in ("name", "version"))
    if isinstance(embedder, type) or not named or not isinstance(embedder, Embedder):
        raise ConfigError(
            "an embedder must be callable with a list of texts, and have a name and a version "
            f"(both str); got {embedder!r}"
        )
    languages = getattr(embedder, "languages", None)
    if languages is not None and not isinstance(languages, frozenset | set):
        raise ConfigError(
            f"embedder {embedder.name!r}: languages must be a set of codes or None, "
            f"got {languages!r}"
        )
    return embedder


def stored_embedder(value: object) -> Embedder | NamedEmbedder | None:
    """Return what a configuration may hold: an embedder, the name of one, or none.

    Raises
    ------
    ConfigError
        If it is anything else.

    Examples
    --------
    >>> stored_embedder({"name": "letters", "version": "1"})
    NamedEmbedder(name='letters', version='1')
    """
    if value is None or isinstance(value, NamedEmbedder):
        return value
    if isinstance(value, Mapping):
        parts = {key: value.get(key) for key in ("name", "version")}
        if set(value) == set(parts) and all(isinstance(part, str) for part in parts.values()):
            return NamedEmbedder(name=str(parts["name"]), version=str(parts["version"]))
    return checked_embedder(value)


def usable_embedder(value: Embedder | NamedEmbedder | None) -> Embedder | None:
    """Return an embedder that can be called.

    Raises
    ------
    ConfigError
        If only its name is known.
    """
    if isinstance(value, NamedEmbedder):
        raise ConfigError(
            f"this configuration was stored with the embedder {value.name!r}, version "
            f"{value.version}, of which only the name is kept; give the embedder itself as "
            "event.embedder, or None to do without"
        )
    return value


def embed(
    embedder: Embedder,
    texts: Sequence[tuple[str, str]],
    languages: Sequence[Languages],
    *,
    progress: Progress | None = None,
) -> Embedded:
    """Embed headlines with their leads.

    Parameters
    ----------
    embedder : Embedder
        It is given distinct texts in sorted order, at most 64 at once, and none that it would not
        be trusted with.
    texts : sequence of (str, str)
        Cleaned headline and body of n texts.
    languages : sequence of Languages
        What each may be written in.
    progress : callable, optional
        Called with ("embed", texts done, texts in all).

    Returns
    -------
    Embedded

    Raises
    ------
    ConfigError
        If what the embedder returns is not one row of finite numbers for each text.

    Examples
    --------
    >>> text = ("Officers watch the hub at Liège", "The service said on Monday that it had.")
    >>> unknown = Languages("Latin", frozenset())
    >>> embedded = embed(UniversalSentenceEncoder(), [text, ("2 - 1", "")], [unknown, unknown])
    >>> embedded.vectors.shape, embedded.trusted.tolist()
    ((2, 512), [True, False])
    """
    embedder = checked_embedder(embedder)
    excerpts = [excerpt(title, body) for title, body in texts]
    trusted = [
        _is_trusted(embedder, text, may) for text, may in zip(excerpts, languages, strict=True)
    ]
    distinct = sorted({text for text, is_so in zip(excerpts, trusted, strict=True) if is_so})
    found = _embed_distinct(embedder, distinct, progress)
    row_of = {text: row for row, text in enumerate(distinct)}
    vectors = np.zeros((len(excerpts), found.shape[1]), dtype=np.int16)
    for index, (text, is_so) in enumerate(zip(excerpts, trusted, strict=True)):
        if is_so:
            vectors[index] = found[row_of[text]]
    # A row of zeros is how some embedders say that they found nothing to read.
    return Embedded(
        vectors=vectors, trusted=np.array(trusted, dtype=np.bool_) & vectors.any(axis=1)
    )


def similarity(embedded: Embedded, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cosine of each pair.

    Parameters
    ----------
    embedded : Embedded
        n texts.
    pairs : ndarray of int64, shape (m, 2)
        Row numbers.

    Returns
    -------
    ndarray of int64, shape (m,)
        In units of ``1 / COSINE_UNIT``; from -COSINE_UNIT to COSINE_UNIT, equal texts reach it.
        0 where either side is not trusted.  O(m * d).

    Examples
    --------
    >>> vectors = np.array([[2048, 0], [1448, 1448], [2048, 0]], dtype=np.int16)
    >>> embedded = Embedded(vectors=vectors, trusted=np.array([True, True, False]))
    >>> similarity(embedded, np.array([[0, 1], [1, 1], [0, 2]])).tolist()
    [2896, 4096, 0]
    """
    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    found = np.zeros(len(pairs), dtype=np.int64)
    trusted = np.flatnonzero(embedded.trusted[pairs].all(axis=1))
    for start in range(0, len(trusted), _BLOCK):
        chosen = trusted[start : start + _BLOCK]
        a, b = (embedded.vectors[pairs[chosen, side]].astype(np.int64) for side in (0, 1))
        dot, aa, bb = ((x * y).sum(axis=1) for x, y in ((a, b), (a, a), (b, b)))
        found[chosen] = cosines(dot, aa, bb)
    return found


def cosines(
    dot: NDArray[np.int64], aa: NDArray[np.int64], bb: NDArray[np.int64] | np.int64
) -> NDArray[np.int64]:
    """Return cosines from exact sums: the product of two vectors, and of each with itself.

    Returns
    -------
    ndarray of int64, shape (m,)
        In units of ``1 / COSINE_UNIT``; 0 where a vector is.
    """
    # Exact up to here; roots, products and quotients of doubles are rounded alike anywhere.
    lengths = np.sqrt(aa.astype(np.float64)) * np.sqrt(np.asarray(bb, dtype=np.float64))
    return np.asarray(np.rint(COSINE_UNIT * (dot / np.maximum(lengths, 1.0))), dtype=np.int64)


def excerpt(title: str, body: str) -> str:
    r"""Return what the embedder reads of a text: headline and lead, cut between words.

    >>> excerpt("Acme  raises dividend", "Payable on\n3 May.")
    'Acme raises dividend Payable on 3 May.'
    >>> len(excerpt("比" * 900, ""))
    200
    """
    # White space may fill a text's head; beyond this, it holds nothing to read.
    start = 8 * EXCERPT
    text = " ".join(f"{title[:start]}\n{body[:start]}".split())
    room = EXCERPT
    end = 0
    while end < len(text) and room > 0:
        room -= _HAN_WEIGHT if _HAN.match(text, end) else 1
        end += 1
    if end == len(text):
        return text
    # Unspaced scripts have no word to keep whole; marks stay with their letter.
    space = text.rfind(" ", end - EXCERPT // 6, end + 1)
    if space > 0:
        return text[:space]
    while end > 1 and _MARK.match(text, end):
        end -= 1
    return text[:end]


def _is_trusted(embedder: Embedder, text: str, languages: Languages) -> bool:
    letters = len(_LETTER.findall(text))
    weighed = (
        letters
        + (_HAN_WEIGHT - 1) * len(_HAN.findall(text))
        + (_HANGUL_WEIGHT - 1) * len(_HANGUL.findall(text))
    )
    others = len(text) - text.count(" ") - letters
    if weighed < _LEAST_LETTERS or letters <= others:
        return False
    covered = getattr(embedder, "languages", None)
    told = bool(languages.possible)
    if covered is not None and told and languages.possible.isdisjoint(map(table_code, covered)):
        return False
    knows = getattr(embedder, "knows", None)
    if knows is None:
        return told or covered is None
    return bool(knows(text, told))


def _embed_distinct(
    embedder: Embedder, texts: list[str], progress: Progress | None
) -> NDArray[np.int16]:
    """Return the quantised vectors of distinct texts, shape (n, d)."""
    batches: list[NDArray[np.int16]] = []
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        rows = _checked(embedder, embedder(batch), len(batch))
        if batches and rows.shape[1] != batches[0].shape[1]:
            raise ConfigError(
                f"embedder {embedder.name!r} returned vectors of {rows.shape[1]} dimensions "
                f"after vectors of {batches[0].shape[1]}"
            )
        batches.append(_quantise(rows))
        if progress is not None:
            progress("embed", start + len(batch), len(texts))
    return np.concatenate(batches) if batches else np.zeros((0, 0), dtype=np.int16)


def _checked(embedder: Embedder, found: object, expected: int) -> NDArray[np.float64]:
    who = f"embedder {embedder.name!r}"
    try:
        rows = np.asarray(found)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{who} returned what is no array of numbers: {error}") from error
    if rows.dtype.kind not in "fiu":
        raise ConfigError(f"{who} returned an array of {rows.dtype}; it must be of numbers")
    if rows.ndim != 2 or len(rows) != expected or rows.shape[1] == 0:
        raise ConfigError(
            f"{who} returned an array of shape {rows.shape} for {expected} texts; "
            f"it must be ({expected}, d), one row for each"
        )
    if not np.isfinite(rows).all():
        bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise ConfigError(f"{who} returned a row (number {bad}) that is not finite")
    return rows.astype(np.float64)


def _quantise(rows: NDArray[np.float64]) -> NDArray[np.int16]:
    """Bring rows to unit length and round them; rows of zeros stay."""
    # Largest entry first, so that squares neither overflow nor vanish.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    scaled = np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0)
    length = np.sqrt((scaled * scaled).sum(axis=1, keepdims=True))
    unit = np.divide(scaled, length, out=np.zeros_like(rows), where=length > 0)
    rounded: NDArray[np.int16] = np.rint(unit * VECTOR_UNIT).astype(np.int16)
    return rounded
