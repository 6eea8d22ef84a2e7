"""Texts become fingerprints: exact copies collapsed, shingle sets, signatures.

Laws
----
* The reference and the compiled path give the same signatures and sets of shingles, to the bit, in
  any number of threads.
* A text is gone once it is fingerprinted: only numbers are kept.

Theory of operation
-------------------
Exact copies are collapsed first, by 128 bits of their tokens, so that a press release carried by a
thousand sites costs one row from then on.  The reference path works on lists of tokens, with
:mod:`regex` and :mod:`datasketch`.  The compiled path lays a slice of texts into one flat buffer of
code points and never makes a token: fold, hash tokens, hash shingles, sign.  Slices are
small enough to stay in the processor's cache, and are worked on side by side.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import Chunks
from dedup.duplicates.minhash import EMPTY, permutations, signatures
from dedup.duplicates.shingling import Ragged, Runs, check_size, shingle
from dedup.progress import Progress, silent
from dedup.text.code_points import code_points
from dedup.text.tokenize import FEWEST_TOKENS, SHORT_BODY, compared_tokens

__all__ = ["Fingerprints", "fingerprint", "fingerprint_tokens", "shingle_texts", "token_digest"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fingerprints:
    """Fingerprints of n texts, of which r differ.

    Parameters
    ----------
    representative : ndarray of int64, shape (n,)
        The first row with the same tokens; its own number for a row that is first, or that has no
        tokens.
    shingles : Runs
        Shingle hashes of the r representatives, in their order.
    signatures : ndarray of uint32, shape (r, num_perm)
    """

    representative: NDArray[np.int64]
    shingles: Runs
    signatures: NDArray[np.uint32]


def fingerprint(
    texts: Sequence[tuple[str, str]],
    *,
    shingle_size: int,
    num_perm: int = 128,
    progress: Progress = silent,
) -> Fingerprints:
    """Fingerprint cleaned texts.

    Parameters
    ----------
    texts : sequence of (str, str)
        Headline and body of each, in a stable order.
    shingle_size : int
        Tokens in a shingle, at least 1.
    num_perm : int
        Places in a signature.
    progress : callable, optional
        Called with ("fingerprint", texts done, texts in all).

    Returns
    -------
    Fingerprints
        Linear in the length of all texts.

    Raises
    ------
    ValueError
        If a number is below 1.

    Examples
    --------
    >>> texts = [("", "The VSSE is watching."), ("", "the VSSE is watching"), ("", "Storm Babet.")]
    >>> found = fingerprint(texts, shingle_size=2)
    >>> found.representative.tolist(), [len(found.shingles.row(row)) for row in (0, 1)]
    ([0, 0, 2], [3, 0])
    """
    sizes = engine.lengths(texts)
    if engine.is_compiled(int(sizes.sum())):
        engine.warm_up(progress)
        return _compiled(texts, sizes, shingle_size, num_perm, progress)
    tokens = [compared_tokens(title, body) for title, body in texts]
    return fingerprint_tokens(
        tokens, shingle_size=shingle_size, num_perm=num_perm, progress=progress
    )


def fingerprint_tokens(
    token_lists: Sequence[Sequence[str]],
    *,
    shingle_size: int,
    num_perm: int = 128,
    progress: Progress = silent,
) -> Fingerprints:
    """Fingerprint lists of tokens, in the same way; the reference of the compiled path.

    Examples
    --------
    >>> found = fingerprint_tokens([["a", "b"], ["a", "b"], []], shingle_size=1, num_perm=8)
    >>> found.representative.tolist(), found.signatures.shape
    ([0, 0, 2], (2, 8))
    """
    first: dict[bytes, int] = {}
    representative = np.fromiter(
        (
            first.setdefault(token_digest(tokens), row) if len(tokens) else row
            for row, tokens in enumerate(token_lists)
        ),
        dtype=np.int64,
        count=len(token_lists),
    )
    heads = np.unique(representative).tolist()
    shingles = shingle((token_lists[row] for row in heads), shingle_size)
    signed = signatures(
        shingles,
        num_perm=num_perm,
        progress=lambda done, total: progress("fingerprint", done, total),
    )
    return Fingerprints(
        representative=representative, shingles=Runs(parts=(shingles,)), signatures=signed
    )


def shingle_texts(texts: Sequence[tuple[str, str]], shingle_size: int) -> Runs:
    """Return the shingles of texts, one row for each, copies too.

    Parameters
    ----------
    texts : sequence of (str, str)
        Headline and body of each.
    shingle_size : int
        Tokens in a shingle, at least 1.

    Returns
    -------
    Runs
        Linear in the length of all texts.

    Raises
    ------
    ValueError
        If the size is below 1.

    Examples
    --------
    >>> shingle_texts([("", "a b c d"), ("", "a b c d")], 3).sets(np.array([1])).lengths.tolist()
    [2]
    """
    sizes = engine.lengths(texts)
    if not engine.is_compiled(int(sizes.sum())):
        rows = shingle((compared_tokens(*text) for text in texts), shingle_size)
        return Runs(parts=(rows,))
    engine.warm_up()
    check_size(shingle_size)

    def shingled(part: slice) -> Ragged:
        tokens = _tokens(texts[part], np.empty(0, dtype=np.uint64))
        room = np.empty(len(tokens.values), dtype=np.uint64)
        return _shingled(tokens, np.arange(part.stop - part.start), shingle_size, room)

    made: list[Ragged] = []
    for parts in engine.groups_of_parts(sizes):
        made += engine.in_parallel(shingled, parts)
    return Runs(parts=tuple(made))


def token_digest(tokens: Sequence[str]) -> bytes:
    """Return a 128-bit digest of a token sequence; no two sequences are written alike.

    >>> token_digest(["ab", "c"]) == token_digest(["a", "bc"])
    False
    """
    digest = blake2b(digest_size=16)
    # The lengths make the joined text readable in one way only.
    digest.update(np.fromiter(map(len, tokens), dtype="<u8", count=len(tokens)).tobytes())
    digest.update("".join(tokens).encode("utf-8", "surrogatepass"))
    return digest.digest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tokens:
    """Token hashes of a part of the texts, row by row, and a digest of each row."""

    values: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    digests: NDArray[np.uint64]


def _compiled(
    texts: Sequence[tuple[str, str]],
    sizes: NDArray[np.int64],
    shingle_size: int,
    num_perm: int,
    progress: Progress,
) -> Fingerprints:
    check_size(shingle_size)
    factors, terms = permutations(num_perm)

    def signed(part: _Part) -> Ragged:
        rows = _shingled(part.tokens, part.rows, shingle_size, part.room)
        part.signatures[:] = EMPTY
        engine.kernels().sign_rows(rows.values, rows.offsets, factors, terms, part.signatures)
        return rows

    digests = np.empty((len(texts), 2), dtype=np.uint64)
    table = np.full(1 << (2 * len(texts)).bit_length(), -1, dtype=np.int64)
    representative = np.arange(len(texts), dtype=np.int64)
    made: list[Ragged] = []
    chunks = Chunks(np.uint64)
    signatures, done = np.empty((len(texts), num_perm), dtype=np.uint32), 0
    rooms: list[NDArray[np.uint64]] = []
    for parts in engine.groups_of_parts(sizes):
        rooms = _large_enough(rooms, [2 * int(sizes[part].sum()) + 1 for part in parts])
        found = engine.in_parallel(
            lambda work: _tokens(texts[work[0]], work[1]), zip(parts, rooms, strict=True)
        )
        fresh = []
        for part, tokens in zip(parts, found, strict=True):
            digests[part] = tokens.digests
            engine.kernels().first_rows(
                digests, part.start, np.diff(tokens.offsets), table, representative
            )
            rows = np.flatnonzero(representative[part] == np.arange(part.start, part.stop))
            room = chunks.room(int(np.diff(tokens.offsets)[rows].sum()))
            here = signatures[done : done + len(rows)]
            done += len(rows)
            fresh.append(_Part(tokens=tokens, rows=rows, room=room, signatures=here))
        made += engine.in_parallel(signed, fresh)
        progress("fingerprint", parts[-1].stop, len(texts))
    return Fingerprints(
        representative=representative,
        shingles=Runs(parts=tuple(made)),
        signatures=signatures[:done],
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Tokens of a part of the texts, its rows that are no copies, and room for what they become."""

    tokens: _Tokens
    rows: NDArray[np.int64]
    room: NDArray[np.uint64]
    signatures: NDArray[np.uint32]


def _large_enough(
    rooms: Sequence[NDArray[np.uint64]], sizes: Sequence[int]
) -> list[NDArray[np.uint64]]:
    """Return rooms for so many values, those at hand where they are large enough.

    Memory that is fresh from the system is dear, above all where two threads ask for it.
    """
    at_hand = chain(rooms, repeat(np.empty(0, dtype=np.uint64)))
    return [
        room if len(room) >= size else np.empty(size, dtype=np.uint64)
        for room, size in zip(at_hand, sizes, strict=False)
    ]


def _shingled(
    tokens: _Tokens, rows: NDArray[np.int64], shingle_size: int, room: NDArray[np.uint64]
) -> Ragged:
    """Return the shingles of some rows, in any order inside a row; their tokens' room is enough."""
    lengths = np.empty(len(rows), dtype=np.int64)
    count = engine.kernels().shingle_rows(
        tokens.values, tokens.offsets, rows, shingle_size, room, lengths
    )
    return Ragged(values=room[:count], offsets=np.concatenate([[0], np.cumsum(lengths)]))


def _tokens(texts: Sequence[tuple[str, str]], room: NDArray[np.uint64]) -> _Tokens:
    """Hash the tokens of some texts, into a room if it is large enough."""
    loops, points = engine.kernels(), code_points()
    pieces = list(chain.from_iterable(texts))
    text, bounds = engine.buffer(pieces)
    others = engine.not_in_nfkc(pieces, text, bounds)
    if others:
        for at in others:
            pieces[at] = unicodedata.normalize("NFKC", pieces[at])
        text, bounds = engine.buffer(pieces)
    size = 2 * len(text) + 1
    values = room if len(room) >= size else np.empty(size, dtype=np.uint64)
    lengths = np.empty(len(texts), dtype=np.int64)
    digests = np.empty((len(texts), 2), dtype=np.uint64)
    count = loops.compared_tokens(
        *(text, bounds, points.entries, points.expansions, SHORT_BODY, FEWEST_TOKENS),
        *(values, lengths, digests),
    )
    return _Tokens(
        values=values[:count],
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        digests=digests,
    )
