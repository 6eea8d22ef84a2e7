"""Who published a report and when, as far as that can be trusted.

Roles, the choice of a canonical article and the arrows between articles all ask two questions of
the members of a cluster: do these two come from one outlet, and did this one certainly appear
later?  Both are answered here, so that they cannot be answered in two ways.

Laws
----
* An unknown outlet is the same as none, not even as another unknown one.
* "Later" means certainly later: the earliest moment that one date can mean lies after the latest
  moment that the other can.  Of an absent date nothing is ever claimed.
* A date is distrusted for a stated reason only, and then counts as absent.

Which dates are not trusted
---------------------------
* The beginning of the Unix epoch, to the day: what a missing field turns into.
* A publication certainly after the article's own last change.
* A publication more than 30 days before the cluster's median, when three or more members are dated:
  default values, and the date of an archive page.  Thirty days is the widest gap across which two
  reports are compared at all.  The median is taken over groups of copies, so that forty copies with
  one bad date cannot outvote three independent reports.

A late date is never distrusted: being late wins nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from statistics import median_low
from typing import TYPE_CHECKING, Final

import regex

from dedup.dates import Interval
from dedup.text.agencies import known_key
from dedup.text.tokenize import strip_accents, tokenize
from dedup.urls import canonical_form, host, is_url

if TYPE_CHECKING:
    from dedup.article import Article
    from dedup.text.clean import CleanArticle

__all__ = [
    "FIRST_VERSION",
    "Name",
    "Version",
    "certainly_later",
    "credited_names",
    "is_later_version",
    "outlet",
    "publication",
    "published_names",
    "trusted_dates",
    "versions",
]

#: What an outlet goes by: a key, or the words that its name begins with.
Name = str | tuple[str, ...]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_WITHOUT_ZONE: Final = timedelta(hours=50)
_FURTHEST: Final = timedelta(days=30)
_ENOUGH_DATES: Final = 3
#: Words of a source that are laid beside a credit, which has 60 characters at most.
_MOST_WORDS: Final = 30

#: How far no header counts, and a notice of withdrawal.
FIRST_VERSION: Final = (0, 0)
_LAST_VERSION: Final = (1_000_000, 0)

_HOST: Final = regex.compile(r"(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}")
#: Second levels under which countries register names: bbc.co.uk, abc.net.au.
_SECOND_LEVELS: Final = frozenset(
    {"ac", "co", "com", "edu", "go", "gob", "gov", "mil", "ne", "net", "or", "org", "web"}
)


def outlet(article: Article) -> str:
    """Return a key for the outlet that published an article.

    The name in ``source`` counts first; the same for a host there, or failing both the host of the
    url, reduced to the name that was registered.

    Returns
    -------
    str
        Folded, without accents, spaces and a leading article; empty if nothing is known.
    """
    if article.source:
        return _outlet_of_name(article.source)
    return _registered_name(host(article.url))


def _outlet_of_name(name: str) -> str:
    """Return the key of an outlet's name or host.

    >>> _outlet_of_name("The Guardian"), _outlet_of_name("www.theguardian.com")
    ('guardian', 'guardian')
    """
    if is_url(name) or _HOST.fullmatch(name.strip()):
        return _registered_name(host(name))
    return _without_the("".join(strip_accents(word) for word in tokenize(name)))


def _registered_name(hostname: str | None) -> str:
    """Return the registered label of a host name; empty if there is none.

    >>> [_registered_name(name) for name in ("news.bbc.co.uk", "id.reuters.com", "www.ad.nl")]
    ['bbc', 'reuters', 'ad']
    """
    labels = [label for label in (hostname or "").split(".") if label]
    if len(labels) >= 3 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS:
        labels = labels[:-1]
    label = labels[-2] if len(labels) >= 2 else "".join(labels)
    return _without_the(label.replace("-", ""))


def _without_the(key: str) -> str:
    return key[3:] if key.startswith("the") and len(key) > 5 else key


def published_names(article: Article) -> frozenset[Name]:
    """Return all that an article's outlet goes by.

    An article is of a credited outlet if this and :func:`credited_names` have a name in common, so
    the articles of an outlet are looked up by its names, and not gone through for each credit.

    Notes
    -----
    A source that begins with the name is the agency too ("Reuters UK", "ANTARA News").  A host
    that merely contains the name is not.

    Examples
    --------
    >>> from dedup.article import Article
    >>> names = published_names(Article(id="1", text="x", source="Reuters UK"))
    >>> names.isdisjoint(credited_names("reuters")), names.isdisjoint(credited_names("afp"))
    (False, True)
    """
    return _names_of(article.source, host(article.source), host(article.url), outlet(article))


@lru_cache(maxsize=1 << 12)
def _names_of(
    source: str | None, source_host: str | None, url_host: str | None, key: str
) -> frozenset[Name]:
    hosts = [at for at in (source_host, url_host) if at]
    names: set[Name] = {key, *map(_registered_name, hosts)}
    names.update(known_key(domain) or "" for at in hosts for domain in _domains(at))
    if source:
        names.add(known_key(source.strip()) or "")
        words = tokenize(source)[:_MOST_WORDS]
        names.update(tuple(words[:count]) for count in range(1, len(words) + 1))
    return frozenset(names - {""})


@lru_cache(maxsize=1 << 12)
def credited_names(agency: str, *names: str) -> frozenset[Name]:
    """Return all that a credited outlet may go by; see :func:`published_names`.

    Parameters
    ----------
    agency : str
        Key of the agency, as credits carry it.
    *names : str
        Other ways to write it.
    """
    found: set[Name] = {agency}
    for name in (agency, *names):
        words = tuple(tokenize(name))
        if words:
            found |= {words, _outlet_of_name(name)}
    return frozenset(found - {""})


def _domains(hostname: str) -> list[str]:
    """Return a host name and the domains above it, but for the last label alone.

    >>> _domains("id.reuters.com")
    ['id.reuters.com', 'reuters.com']
    """
    labels = hostname.split(".")
    return [".".join(labels[at:]) for at in range(len(labels) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What tells where an article stands among those of its outlet.

    Parameters
    ----------
    outlet : str
        Its key, empty if unknown.
    address : str
        The url in its canonical form, empty if unknown.
    date, modified : Interval or None
        Publication as far as it is trusted, and the last change.
    revision : tuple of (int, int)
        How far its wire header counts; :data:`FIRST_VERSION` without one.
    """

    outlet: str
    address: str
    date: Interval | None
    modified: Interval | None
    revision: tuple[int, int]


def versions(
    articles: Sequence[Article], cleans: Sequence[CleanArticle], groups: Sequence[int]
) -> list[Version]:
    """Return where each member of a cluster stands among those of its outlet.

    Parameters
    ----------
    articles, cleans, groups : sequences of equal length
        As :func:`trusted_dates` takes them.
    """
    return [
        Version(
            outlet=outlet(article),
            address=canonical_form(article.url) or "",
            date=date,
            modified=article.modified,
            revision=_revision(clean),
        )
        for article, clean, date in zip(
            articles, cleans, trusted_dates(articles, cleans, groups), strict=True
        )
    ]


def _revision(clean: CleanArticle) -> tuple[int, int]:
    """Return how far a wire header counts: UPDATE 2 after UPDATE 1 after none, KILL after all."""
    header = clean.header
    if header is not None and header.kind == "kill":
        return _LAST_VERSION
    if header is None or header.kind not in ("update", "corrected", "refile"):
        return FIRST_VERSION
    if header.kind == "update":
        return max(header.number, 1), 0
    return header.number, 1


def is_later_version(newer: Version, older: Version) -> bool:
    """Tell whether one version of an outlet follows another; never true both ways.

    By their dates; where these leave it open, by their headers; where one page was crawled twice,
    by its last change.
    """
    if certainly_later(newer.date, older.date):
        return True
    if certainly_later(older.date, newer.date):
        return False
    if newer.revision != older.revision:
        return newer.revision > older.revision
    same_address = bool(newer.address) and newer.address == older.address
    return same_address and certainly_later(newer.modified, older.modified)


def publication(article: Article, clean: CleanArticle) -> Interval | None:
    """Return when an article says that it was published.

    The field counts before what stands in the text; of several dates in the text the earliest does,
    since the others tell of changes.
    """
    if article.published is not None:
        return article.published
    return min(clean.dates, key=lambda date: (date.end, date.start), default=None)


def trusted_dates(
    articles: Sequence[Article], cleans: Sequence[CleanArticle], groups: Sequence[int]
) -> list[Interval | None]:
    """Return the publication of each member of a cluster, or None where it is not to be trusted.

    Parameters
    ----------
    articles, cleans : sequences of equal length
        The members, before and after cleaning.
    groups : sequence of int
        Each member's group of copies.

    Returns
    -------
    list of Interval or None
        Aligned with the members; see the module's text for what is distrusted.  O(n log n).
    """
    dates = [
        _plausible(publication(article, clean), article.modified)
        for article, clean in zip(articles, cleans, strict=True)
    ]
    by_group: dict[int, list[datetime]] = {}
    for group, date in zip(groups, dates, strict=True):
        if date is not None:
            by_group.setdefault(group, []).append(date.start)
    if sum(map(len, by_group.values())) < _ENOUGH_DATES:
        return dates
    middle = median_low([median_low(starts) for starts in by_group.values()])
    return [None if date and date.end < middle - _FURTHEST else date for date in dates]


def _plausible(date: Interval | None, modified: Interval | None) -> Interval | None:
    if date is None or certainly_later(date, modified):
        return None
    is_epoch = date.start <= _EPOCH <= date.end and date.precision <= _DAY_WITHOUT_ZONE
    return None if is_epoch else date


def certainly_later(a: Interval | None, b: Interval | None) -> bool:
    """Tell whether ``a`` lies after ``b`` whatever the two dates mean; False if one is absent."""
    return a is not None and b is not None and a.start > b.end
