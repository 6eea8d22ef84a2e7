"""What one duplicate group says, as the event stage reads it.

A group speaks through its centre's text, appears under every url of its members, and is as old as
its earliest member.  Everything later is computed from these records alone, so a pair can be scored
again at any time, with the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.dates import Interval
from dedup.duplicates.shingling import shingle
from dedup.events.features import Features, Observed, weigh
from dedup.events.profiles import Profiles
from dedup.events.reading import read_profiles
from dedup.events.scoring import Scored, score
from dedup.progress import Progress, silent
from dedup.text.clean import CleanArticle
from dedup.text.language import Languages, possible_languages
from dedup.text.tokenize import compared_tokens, first_tokens
from dedup.text.told import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupText:
    """A duplicate group, as the event stage reads it.

    Parameters
    ----------
    id : str
        Id of the centre.
    clean : CleanArticle
        The centre's text; blank where it cannot be compared.
    published : Interval or None
        The earliest date of the group.
    urls : frozenset of str
        Comparable urls of all members.
    language : str or None
        What the centre says of itself; believed only where its words do not tell.
    sources : frozenset of str
        Who published any of its members.
    """

    id: str
    clean: CleanArticle
    published: Interval | None
    urls: frozenset[str]
    language: str | None = None
    sources: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """Its headline."""
        return self.clean.title

    @property
    def body(self) -> str:
        """Its body, put together anew each time."""
        return self.clean.body

    @property
    def tokens(self) -> list[str]:
        """Tokens that shingles are made of; see :func:`dedup.text.tokenize.compared_tokens`."""
        return compared_tokens(self.title, self.body)

    @property
    def languages(self) -> Languages:
        """What it may be written in."""
        text = f"{self.title}\n{self.body}"
        return possible_languages(text, first_tokens(text[:4000]), self.language)


def profiles_of(groups: Sequence[GroupText], *, progress: Progress = silent) -> Profiles:
    """Read the texts of groups; see :func:`dedup.events.reading.read_profiles`."""
    return read_profiles(Told(groups), progress=progress)


def features_of(
    groups: Sequence[GroupText],
    profiles: Profiles,
    observed: Observed,
    prior_weight: int,
) -> Features:
    """Weigh the profiles of groups; see :func:`dedup.events.features.weigh`."""
    shared: dict[Languages, Languages] = {}  # few differ: one object for each
    return weigh(
        profiles,
        observed,
        published=[group.published for group in groups],
        urls=[group.urls for group in groups],
        languages=[shared.setdefault(each, each) for each in (g.languages for g in groups)],
        prior_weight=prior_weight,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairScore:
    """One scored pair, with what it was scored from (rows 0 and 1)."""

    features: Features
    scored: Scored
    shingles: tuple[NDArray[np.uint64], NDArray[np.uint64]]


def score_pair(
    a: GroupText, b: GroupText, observed: Observed, *, prior_weight: int, shingle_size: int
) -> PairScore:
    """Score two groups as the batch would: the same functions, two rows.

    Parameters
    ----------
    a, b : GroupText
    observed : Observed
        Counts of the whole input.
    prior_weight, shingle_size : int
        See :class:`~dedup.config.EventConfig` and :class:`~dedup.config.DuplicateConfig`.
    """
    features = features_of([a, b], profiles_of([a, b]), observed, prior_weight)
    shingles = shingle([a.tokens, b.tokens], shingle_size)
    scored = score(features, np.array([[0, 1]], dtype=np.int64))
    return PairScore(features=features, scored=scored, shingles=(shingles.row(0), shingles.row(1)))
