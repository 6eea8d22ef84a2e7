"""What is compared about the live groups of copies, in memory.

One row a group: its words, its bands, its addresses, its scored pairs.  Rows are numbered as they
come and marked when they go; a window with many gone ones is made anew by whoever holds it.

Law: a window is a function of what the file holds; it can be thrown away at any time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrays import Growing
from dedup.config import Config
from dedup.duplicates.fingerprints import token_digest
from dedup.duplicates.lsh import band_keys
from dedup.duplicates.minhash import EMPTY
from dedup.events.candidates import COSINE_UNIT, SHARED_PAGE, gap_days, heaviest, one_language
from dedup.events.features import UNDATED, Features, bounds_of, microseconds
from dedup.events.groups import GroupText
from dedup.events.profiles import RARE
from dedup.index.counts import WordCounts
from dedup.index.postings import Bands, Terms
from dedup.index.table import FeatureTable, Translated
from dedup.text.background import prior_document_frequency
from dedup.text.clean import CleanArticle
from dedup.text.tokenize import compared_tokens

__all__ = ["Fresh", "LiveGroup", "Window", "exact_key", "exact_keys"]


#: Words that may be of nobody before they are forgotten.
_WORDS: Final = 1 << 16


@dataclass(slots=True, kw_only=True)
class LiveGroup:
    """A live group of copies.

    Parameters
    ----------
    centre : int
        The file's row of the article at its centre.
    id : str
        That article's id.
    members : list of int
        The file's rows of all members.
    sources : frozenset of str
    """

    centre: int
    id: str
    members: list[int]
    sources: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fresh:
    """Groups that are not in the window yet, ready to be compared with it.

    Parameters
    ----------
    words : Translated
        Their features, in the window's columns.
    signatures : ndarray of uint32, shape (k, num_perm)
    exact : sequence of bytes
        What copies have in common, where a text is shorter than a shingle; see :func:`exact_key`.
    """

    words: Translated
    signatures: NDArray[np.uint32]
    exact: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.exact)

    @property
    def urls(self) -> Sequence[frozenset[str]]:
        """The addresses of each."""
        return self.words.features.urls


class Window:
    """The live groups.

    Parameters
    ----------
    config : Config
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.groups: list[LiveGroup] = []
        self.alive = Growing(np.bool_)
        self.cluster = Growing(np.int64)
        self.home: dict[int, int] = {}
        self.exact: dict[bytes, int] = {}
        self._exact_of: dict[int, bytes] = {}
        self.table = FeatureTable()
        self.bands = Bands()
        self._signatures = Growing(np.uint32)
        self.terms = Terms()
        self._pages: defaultdict[str, list[int]] = defaultdict(list)
        self._scored: list[list[int]] = []
        self._ends = Growing(np.int64)
        self._probability = Growing(np.int64)
        self._version = Growing(np.bool_)
        self.counts = WordCounts(self.table)

    def __len__(self) -> int:
        """Return the number of rows, those that are gone included."""
        return len(self.groups)

    @property
    def n_alive(self) -> int:
        """Groups that are compared."""
        return int(np.count_nonzero(self.alive.values))

    @property
    def is_wordy(self) -> bool:
        """Whether most of its words are of groups that are gone."""
        known = sum(len(self.table.words[kind]) for kind in ("terms", "numbers"))
        return known > 2 * self.counts.words_in_use + _WORDS

    def signatures(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Return the signatures of some rows, shape (k, num_perm)."""
        every = self._signatures.values.reshape(-1, self.config.duplicate.num_perm)
        return np.asarray(every[rows])

    def exact_keys(self, rows: NDArray[np.int64]) -> list[bytes]:
        """Return what copies of some rows have in common; see :func:`exact_keys`."""
        return [self._exact_of.get(row, b"") for row in rows.tolist()]

    # ------------------------------------------------------------ putting in, taking out

    def extend(
        self, groups: Sequence[LiveGroup], clusters: Sequence[int], fresh: Fresh
    ) -> NDArray[np.int64]:
        """Put groups in at the end; return their rows."""
        first = len(self.groups)
        rows = np.arange(first, first + len(groups), dtype=np.int64)
        self.groups += groups
        self._scored += [[] for _ in groups]
        self.alive.extend(np.ones(len(groups), dtype=np.bool_))
        self.cluster.extend(np.array(clusters, dtype=np.int64))
        for row, group in enumerate(groups, start=first):
            self.home.update(dict.fromkeys(group.members, row))
        self.table.extend(fresh.words)
        self.counts.change(rows, 1)
        self.terms.extend(self._heaviest(fresh.words.features))
        occupied = _are_signed(fresh.signatures)
        self.bands.extend(self.keys(fresh.signatures[occupied]), rows[occupied])
        self._signatures.extend(fresh.signatures.ravel())
        for row, urls, exact in zip(rows.tolist(), fresh.urls, fresh.exact, strict=True):
            for url in urls:
                self._pages[url].append(row)
            if exact:
                self.exact[exact] = row
                self._exact_of[row] = exact
        return rows

    def drop(self, row: int) -> LiveGroup:
        """Take a group out; return it."""
        group = self.groups[row]
        self.alive.values[row] = False
        for member in group.members:
            del self.home[member]
        exact = self._exact_of.pop(row, b"")
        if self.exact.get(exact) == row:
            del self.exact[exact]
        self._forget_pages(row, self.table.dates(row)[2])
        self.counts.change(np.array([row], dtype=np.int64), -1)
        return group

    def join(self, row: int, member: int, text: GroupText) -> None:
        """Put a copy into a group, whose date and addresses may change."""
        group = self.groups[row]
        group.members.append(member)
        self.home[member] = row
        group.sources |= text.sources
        earliest, latest, urls = self.table.dates(row)
        alone = None if text.published is None else microseconds(text.published)
        undated = earliest == UNDATED
        if alone is not None and (undated or (alone[1], alone[0]) < (latest, earliest)):
            earliest, latest = alone
        for url in text.urls - urls:
            self._pages[url].append(row)
        self.table.redate(row, earliest, latest, urls | text.urls)

    def leave(self, row: int, members: Sequence[int]) -> None:
        """Take copies out of a group that stays; what it says then is told by :meth:`retell`."""
        for member in members:
            self.groups[row].members.remove(member)
            del self.home[member]

    def retell(self, row: int, text: GroupText) -> None:
        """Give a group the date, the addresses and the sources of the copies that are left."""
        self.groups[row].sources = text.sources
        self._forget_pages(row, self.table.dates(row)[2] - text.urls)
        earliest, latest = bounds_of([text.published])[0].tolist()
        self.table.redate(row, earliest, latest, text.urls)

    def _forget_pages(self, row: int, urls: Collection[str]) -> None:
        for url in urls:
            self._pages[url].remove(row)
            if not self._pages[url]:
                del self._pages[url]

    # ------------------------------------------------------------ scored pairs

    def add_pairs(
        self,
        pairs: NDArray[np.int64],
        probability: NDArray[np.int64],
        version: NDArray[np.bool_],
    ) -> None:
        """Keep scored pairs of rows."""
        first = len(self._probability)
        for at, (a, b) in enumerate(pairs.tolist(), start=first):
            self._scored[a].append(at)
            self._scored[b].append(at)
        self._ends.extend(pairs.ravel())
        self._probability.extend(probability)
        self._version.extend(version)

    def neighbours(self, row: int) -> list[tuple[int, int]]:
        """Return the live rows that a row was scored with, and the probabilities."""
        if row >= len(self._scored):
            return []
        alive, ends, chance = self.alive.values, self._ends.values, self._probability.values
        found = []
        for pair in self._scored[row]:
            other = int(ends[2 * pair] + ends[2 * pair + 1]) - row
            if alive[other]:
                found.append((other, int(chance[pair])))
        return found

    def pairs_among(
        self, rows: Collection[int]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return the scored pairs among some live rows: ends, probabilities, who are versions."""
        ends = self._ends.values
        found = sorted(
            pair
            for row in rows
            if row < len(self._scored)
            for pair in self._scored[row]
            # Each pair once, with its first end.
            if ends[2 * pair] == row and int(ends[2 * pair + 1]) in rows
        )
        at = np.array(found, dtype=np.int64)
        return ends.reshape(-1, 2)[at], self._probability.values[at], self._version.values[at]

    # ------------------------------------------------------------ who is near

    def keys(self, signatures: NDArray[np.uint32]) -> NDArray[np.uint64]:
        """Return the band keys of signatures."""
        duplicate = self.config.duplicate
        return band_keys(signatures, duplicate.bands, duplicate.rows)

    def alike(self, signatures: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs of a newcomer and a live row that may be copies.

        They share a band, and their signatures agree in so many places that the similarity that is
        asked for lies within five standard deviations.

        Returns
        -------
        newcomers, rows : ndarray of int64, shape (m,)
        """
        duplicate = self.config.duplicate
        occupied = np.flatnonzero(_are_signed(signatures))
        keys = self.keys(signatures[occupied])
        at, rows = self.bands.find(keys, duplicate.bucket_cap, self.alive.values)
        at = occupied[at]
        known = self._signatures.values.reshape(-1, duplicate.num_perm)
        share = (signatures[at] == known[rows]).mean(axis=1)
        p = duplicate.threshold
        likely = share >= p - 5 * math.sqrt(p * (1 - p) / duplicate.num_perm)
        return at[likely], rows[likely]

    def near(self, fresh: Fresh, features: Features) -> NDArray[np.int64]:
        """Return the pairs worth scoring that hold a newcomer.

        Parameters
        ----------
        fresh : Fresh
        features : Features
            Of all rows, the newcomers at the end.

        Returns
        -------
        ndarray of int64, shape (m, 2)
            The newcomer, or the later one, first, sorted: so its words are laid out once.
        """
        event = self.config.event
        pairs = np.concatenate([self._by_terms(fresh), self._by_url(fresh)])
        alive = np.concatenate([self.alive.values, np.ones(len(fresh), dtype=np.bool_)])
        pairs = np.sort(pairs[alive[pairs[:, 1]]], axis=1)[:, ::-1]
        codes = np.unique(pairs[:, 0] * len(features) + pairs[:, 1])
        pairs = np.stack(np.divmod(codes, max(1, len(features))), axis=1)
        pairs = pairs[gap_days(features, pairs) <= event.window_days]
        if event.across_languages:
            return pairs
        asked, place = np.unique(pairs, return_inverse=True)
        spoken = [features.languages[row] for row in asked.tolist()]
        return pairs[one_language(spoken)(place.reshape(-1, 2))]

    def _heaviest(self, features: Features) -> Any:
        return heaviest(features.views["terms"], self.config.event.top_terms)

    def _by_terms(self, fresh: Fresh) -> NDArray[np.int64]:
        event, n = self.config.event, len(self)
        least = math.ceil(event.min_cosine * COSINE_UNIT**2)
        newcomers = self._heaviest(fresh.words.features)
        a, b = self.terms.find(
            newcomers, least, event.posting_cap, self._are_common, self.alive.values
        )
        product = (newcomers @ newcomers.T).tocoo()
        kept = (product.data >= least) & (product.row < product.col)
        among = np.stack([product.row[kept], product.col[kept]], axis=1).astype(np.int64)
        return np.concatenate([np.stack([n + a, b], axis=1), n + among])

    def _are_common(self, terms: NDArray[np.int64]) -> NDArray[np.bool_]:
        words = [self.table.words["terms"][term] for term in terms.tolist()]
        return np.asarray(prior_document_frequency(words) >= RARE)

    def _by_url(self, fresh: Fresh) -> NDArray[np.int64]:
        n = len(self)
        own: defaultdict[str, list[int]] = defaultdict(list)
        pairs = []
        for at, urls in enumerate(fresh.urls):
            for url in urls:
                rows = [*self._pages.get(url, ()), *own[url]]
                own[url].append(n + at)
                if len(rows) < SHARED_PAGE - 1:
                    pairs += [(n + at, row) for row in rows]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def exact_keys(texts: Sequence[GroupText], signatures: NDArray[np.uint32]) -> list[bytes]:
    """Return what copies have in common, for texts that no shingle tells of; else nothing."""
    return [
        b"" if signed else exact_key(text.clean)
        for text, signed in zip(texts, _are_signed(signatures).tolist(), strict=True)
    ]


def exact_key(clean: CleanArticle) -> bytes:
    """Return what copies have in common that are shorter than a shingle; nothing without words."""
    tokens = compared_tokens(clean.title, clean.body)
    return token_digest(tokens) if tokens else b""


def _are_signed(signatures: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return np.asarray((signatures != EMPTY).any(axis=1))
