"""From the file to a window, and to what single articles say.

Laws: a window that is loaded holds what the file holds; one that is refreshed, what was added since
is put in at the end.
"""

from __future__ import annotations

import json
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Final

import numpy as np

from dedup import engine
from dedup.article import Article
from dedup.dates import Interval
from dedup.events.groups import GroupText
from dedup.index.held import GroupRow, learn_words, unpack_groups
from dedup.index.packing import unpack_text
from dedup.index.store import ArticleRow, Store, undamaged
from dedup.index.window import LiveGroup, Window
from dedup.progress import Progress, silent
from dedup.text.clean import CleanArticle
from dedup.text.tokenize import is_comparable

__all__ = ["Reader", "interval", "refresh", "said", "unpacked"]

#: Groups that are read at once, and articles that are kept at hand.
_AT_ONCE: Final = 1 << 10
_AT_HAND: Final = 1 << 12

#: Characters that cost about as much as a group that a newcomer is compared with.
_CHARACTERS: Final = 1 << 10

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Reader:
    """What live articles say; those that were asked for lately are at hand.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: OrderedDict[int, tuple[Article, CleanArticle]] = OrderedDict()

    def read(self, rows: Iterable[int]) -> dict[int, tuple[Article, CleanArticle]]:
        """Return articles and what they say, by their rows in the file."""
        wanted = list(dict.fromkeys(rows))
        found = {row: self._held[row] for row in wanted if row in self._held}
        missing = [row for row in wanted if row not in found]
        texts = self._store.texts(missing)
        for row, each in self._store.articles(missing).items():
            found[row] = unpacked(each, texts.get(row))
            self.keep(row, *found[row])
        return found

    def keep(self, row: int, article: Article, clean: CleanArticle) -> None:
        """Keep an article at hand."""
        self._held[row] = article, clean
        if len(self._held) > _AT_HAND:
            self._held.popitem(last=False)

    def cleaned(self, rows: Iterable[int]) -> dict[int, CleanArticle]:
        """Return what articles say, by their rows in the file."""
        return {row: clean for row, (_, clean) in self.read(rows).items()}

    def forget(self, rows: Iterable[int]) -> None:
        """Let go of articles that have changed."""
        for row in rows:
            self._held.pop(row, None)


def unpacked(row: ArticleRow, packed: bytes | None) -> tuple[Article, CleanArticle]:
    """Return a live article and what it says."""
    with undamaged(f"article {row.id!r}"):
        return unpack_text(row.id, row.told, packed or b"")


def refresh(store: Store, window: Window, after: int, progress: Progress = silent) -> None:
    """Put in what stands in the file behind a row.

    Parameters
    ----------
    store : Store
        Inside a transaction.
    window : Window
        It holds all live articles up to the row.
    after : int
    progress : callable, optional
        Called with ("open", groups done, groups in all).
    """
    members: defaultdict[int, list[int]] = defaultdict(list)
    cluster: dict[int, int] = {}
    for centre, row, its_cluster in store.each(
        "SELECT centre, row, cluster FROM articles WHERE live ORDER BY centre, row"
    ):
        cluster[centre] = its_cluster
        if row > after:
            members[centre].append(row)
    learn_words(store, window.table, after)
    centres = [centre for centre in members if centre > after]
    for start in range(0, len(centres), _AT_ONCE):
        chosen = centres[start : start + _AT_ONCE]
        _put_in(store, window, chosen, members, cluster)
        progress("open", start + len(chosen), len(centres))
    for centre in members.keys() - set(centres):
        for row in store.articles(members[centre]).values():
            window.join(window.home[centre], row.row, said(row))
    for at, group in enumerate(window.groups):
        if window.alive.values[at]:
            window.cluster.values[at] = cluster[group.centre]
    found = store.each("SELECT a, b, probability, version FROM pairs WHERE b > ?", after)
    with undamaged("a scored pair"):
        table = np.fromiter(chain.from_iterable(found), dtype=np.int64).reshape(-1, 4)
        ends = np.array([window.home[row] for row in table[:, :2].ravel().tolist()], dtype=np.int64)
    window.add_pairs(
        np.sort(ends.reshape(-1, 2), axis=1), table[:, 2], table[:, 3].astype(np.bool_)
    )
    if engine.is_compiled(_CHARACTERS * len(window)):
        engine.warm_up()  # each question to a large window is work for compiled code


def _put_in(
    store: Store,
    window: Window,
    centres: Sequence[int],
    members: Mapping[int, Sequence[int]],
    cluster: Mapping[int, int],
) -> None:
    rows = store.articles(row for centre in centres for row in members[centre])
    held = store.groups(centres)
    texts = [
        said(rows[centre], members=[rows[row] for row in members[centre]]) for centre in centres
    ]
    with undamaged("a group"):
        fresh = unpack_groups(
            [GroupRow(*held[centre]) for centre in centres],
            window.config.duplicate.num_perm,
            [text.published for text in texts],
            [text.urls for text in texts],
            window.table,
        )
    groups = [
        LiveGroup(centre=centre, id=text.id, members=list(members[centre]), sources=text.sources)
        for centre, text in zip(centres, texts, strict=True)
    ]
    window.extend(groups, [cluster[centre] for centre in centres], fresh)


def said(
    own: ArticleRow,
    clean: CleanArticle | None = None,
    language: str | None = None,
    members: Sequence[ArticleRow] = (),
) -> GroupText:
    """Return what a group says, of what the file tells of its members."""
    every = members or [own]
    with undamaged(f"article {own.id!r}"):
        urls = _shared(frozenset(url for row in every for url in json.loads(row.urls)))
        dates = [interval(row.early, row.late) for row in every]
    return GroupText(
        id=own.id,
        clean=clean if clean and is_comparable(clean.title, clean.body) else CleanArticle(),
        published=min(
            (date for date in dates if date is not None),
            key=lambda date: (date.end, date.start),
            default=None,
        ),
        urls=urls,
        language=language,
        sources=_shared(frozenset(row.source for row in every if row.source)),
    )


@lru_cache(maxsize=_AT_ONCE)
def _shared(names: frozenset[str]) -> frozenset[str]:
    """Return one object for all that are equal: few differ."""
    return names


def interval(early: int | None, late: int | None) -> Interval | None:
    """Return a date from its bounds in microseconds since 1970."""
    if early is None or late is None:
        return None
    return Interval(_EPOCH + timedelta(microseconds=early), _EPOCH + timedelta(microseconds=late))
