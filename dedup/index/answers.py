"""What an index is asked: from the file's rows to records; nothing is written here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dedup.article import Article, content_id
from dedup.comparison import group_text
from dedup.errors import UnknownIdError
from dedup.events.features import count
from dedup.events.groups import GroupText, profiles_of
from dedup.explain import Evidence, explain_pair
from dedup.index.editing import Editor
from dedup.index.held import GroupRow, learn_words, unpack_groups
from dedup.index.loading import Reader, said, unpacked
from dedup.index.packing import unpack_article
from dedup.index.placing import place
from dedup.index.records import Assignment, IndexedCluster, IndexedMember, IndexStats
from dedup.index.settling import Loss, Placed, assembled, placed, reasons_of, settled
from dedup.index.store import ArticleRow, DamagedError, Store, undamaged
from dedup.index.table import FeatureTable
from dedup.index.window import Window
from dedup.roles import Role
from dedup.text.clean import CleanArticle

__all__ = ["assignments", "check", "cluster", "explain", "query", "stats"]


def assignments(store: Store, ids: Sequence[str]) -> list[Assignment]:
    """Say where articles stand; all of them are there."""
    rows = store.by_id(ids)
    centres = store.articles({row.centre for row in rows.values()})
    founder = {
        cluster: store.one("SELECT founder FROM clusters WHERE id = ?", cluster)
        for cluster in {row.cluster for row in rows.values()}
    }
    found = []
    for name in ids:
        row = rows[name]
        began = founder[row.cluster]
        centre = centres.get(row.centre)
        with undamaged(f"article {name!r}"):
            found.append(
                Assignment(
                    article_id=name,
                    cluster_id=row.cluster,
                    group_id=name if centre is None else centre.id,
                    role=Role(row.role),
                    is_new=began is not None and began[0] == row.row,
                    reasons=(*json.loads(row.reasons), *([row.note] if row.note else [])),
                )
            )
    return found


def query(
    store: Store, window: Window, editor: Editor, reader: Reader, article: Article
) -> Assignment:
    """Say where an article would go."""
    known = store.by_id([article.id]).get(article.id)
    if known is not None and known.content == content_id(article):
        return assignments(store, [article.id])[0]
    # Another version of an article that is there is compared with it as any other.
    own = article.id if known is None else f"{article.id} (new version)"
    newcomers = editor.newcomers([_under(article, own)], [0])
    plan = place(window, newcomers, reader.cleaned, editor.links())
    what = settled(window, newcomers, plan, Loss())
    at = next(place for place, story in enumerate(what.stories) if 0 in story.members)
    story = what.stories[at]
    story_of = {row: place for place, each in enumerate(what.stories) for row in each.rows}
    n = len(window)
    centre_of = {row: (window.groups[row].centre if row < n else 0) for row in story.rows}
    told = store.articles(row for row in story.members if row)
    read = reader.read(told)
    joined = plan.joined.get(0)
    centre = 0 if joined is None else window.groups[joined].centre
    places = placed(told, read)
    newcomer = newcomers[0]
    places.append(
        Placed(
            row=0,
            article=newcomer.article,
            clean=newcomer.clean,
            centre=centre,
            similarity=plan.similarity[0],
        )
    )
    labels = dict.fromkeys(centre_of.values(), 0)
    pairs = [
        (centre_of[a], centre_of[b], chance)
        for (a, b), chance in zip(plan.every.tolist(), plan.held.tolist(), strict=True)
        if a in centre_of and b in centre_of
    ]
    chosen = assembled(window.config, places, labels, pairs, frozenset())[0]
    member = next(each for each in chosen.members if each.article.id == own)
    kept = what.identities.ids[at]
    reasons = reasons_of(window, newcomers, plan, story_of)[0]
    return Assignment(
        article_id=article.id,
        cluster_id=kept,
        group_id=article.id if not centre else told[centre].id,
        role=member.role,
        is_new=len(story.members) == 1,
        reasons=(*reasons, member.note) if member.note else reasons,
    )


def _under(article: Article, article_id: str) -> Article:
    """Return the article under an id."""
    return article if article.id == article_id else replace(article, id=article_id)


def cluster(store: Store, cluster_id: int) -> IndexedCluster:
    """Return a cluster by its id, or by one that was merged into it."""
    is_id = isinstance(cluster_id, int) and abs(cluster_id) < 1 << 63  # as SQLite has numbers
    found = store.resolve(cluster_id) if is_id else None
    rows = [] if found is None else store.in_clusters([found])
    told = store.one("SELECT canonical, reasons FROM clusters WHERE id = ?", found)
    if found is None or not rows or told is None:
        raise UnknownIdError(
            f"there is no cluster {cluster_id!r} in {store.path}, or all its articles were removed"
        )
    centres = store.articles({row.centre for row in rows})
    members = {row.row: _member(row, centres.get(row.centre)) for row in rows}
    sizes: dict[str, int] = {}
    for member in members.values():
        sizes[member.group_id] = sizes.get(member.group_id, 0) + 1
    order = sorted(
        members.values(),
        key=lambda m: (-sizes[m.group_id], m.group_id, m.role is not Role.ORIGINAL, m.article_id),
    )
    # Where what was shown is gone, the oldest is.
    canonical = members.get(told[0], members[min(members)])
    return IndexedCluster(
        id=found, members=tuple(order), canonical=canonical, reasons=tuple(json.loads(told[1]))
    )


def _member(row: ArticleRow, centre: ArticleRow | None) -> IndexedMember:
    with undamaged(f"article {row.id!r}"):
        article, role = unpack_article(row.id, row.told), Role(row.role)
    return IndexedMember(
        article_id=row.id,
        title=article.title,
        source=article.source,
        url=article.url,
        published=article.published,
        role=role,
        group_id=row.id if centre is None else centre.id,
        similarity=row.similarity,
        live=bool(row.live),
        note=row.note,
    )


def explain(store: Store, window: Window, a: ArticleRow, b: ArticleRow) -> Evidence:
    """Return the evidence for two articles; see :meth:`dedup.Clustering.explain`."""
    config = window.config
    notes: list[str] = []
    copies = a.centre == b.centre
    texts = store.texts([a.row, b.row, a.centre, b.centre])
    sides = [_side(store, row, texts, copies, notes) for row in (a, b)]
    together = a.cluster == b.cluster
    counted = count(profiles_of(sides))
    if copies and notes:
        least = min(a.similarity, b.similarity)
        notes.append(f"copies when they came, at a Jaccard similarity of {least:.2f} or more")
    return explain_pair(
        sides[0],
        sides[1],
        window.counts.observed_with(counted, known=bool(a.live and b.live)),
        prior_weight=config.event.prior_weight,
        shingle_size=config.duplicate.shingle_size,
        relation="copies" if copies else "one event" if together else "apart",
        notes=notes,
        ids=(a.id, b.id),
        titles=(unpack_article(a.id, a.told).title, unpack_article(b.id, b.told).title),
    )


def _side(
    store: Store, row: ArticleRow, texts: Mapping[int, bytes], copies: bool, notes: list[str]
) -> GroupText:
    """Return what an article says, as far as it is known; note what else a reader should know."""
    if row.row not in texts:
        notes.append(
            f"the text of {row.id} is gone, since it has expired: it is compared by its headline "
            "and its heaviest words (keep_texts=True keeps texts)"
        )
        words = store.one("SELECT words FROM remains WHERE row = ?", row.row)
        title = unpack_article(row.id, row.told).title
        return said(row, CleanArticle(title=title, text=str(words[0]) if words else ""))
    article, clean = unpacked(row, texts[row.row])
    if copies:
        return group_text([article], [clean], 0)
    centre = store.articles([row.centre])[row.centre]
    members = store.of_centres([row.centre]) if row.live else [row]
    if centre.row != row.row and centre.row in texts:
        article, clean = unpacked(centre, texts[centre.row])
        notes.append(f"{row.id} is compared by the text that it copies, {centre.id}")
    return said(centre, clean, article.language, members)


def stats(store: Store) -> IndexStats:
    """Count what is there."""

    def number(statement: str) -> int:
        found = store.one(statement)
        return int(found[0] or 0) if found else 0

    return IndexStats(
        articles=number("SELECT count(*) FROM articles"),
        live=number("SELECT count(*) FROM articles WHERE live"),
        groups=number("SELECT count(DISTINCT centre) FROM articles WHERE live"),
        clusters=number("SELECT count(DISTINCT cluster) FROM articles WHERE live"),
        pairs=number("SELECT count(*) FROM pairs"),
        changes=number("SELECT max(number) FROM changes"),
        bytes=store.size(),
    )


#: What may not be, and a question that finds the articles or clusters where it is.
_BROKEN = {
    "is live, but its text is gone": (
        "SELECT id FROM articles LEFT JOIN texts USING (row) WHERE live AND packed IS NULL"
    ),
    "stands at the centre of a group, but what is compared about it is gone": (
        "SELECT id FROM articles LEFT JOIN groups AS g ON g.centre = row "
        "WHERE live AND articles.centre = row AND g.centre IS NULL"
    ),
    "stands in a group without a centre": (
        "SELECT a.id FROM articles AS a LEFT JOIN articles AS c ON c.row = a.centre "
        "WHERE c.row IS NULL OR c.centre != c.row OR a.live > c.live"
    ),
    "is in another cluster than its group": (
        "SELECT a.id FROM articles AS a JOIN articles AS c ON c.row = a.centre "
        "WHERE a.cluster != c.cluster"
    ),
    "is in a cluster that is not there, or was merged": (
        "SELECT a.id FROM articles AS a LEFT JOIN clusters AS c ON c.id = a.cluster "
        "WHERE c.id IS NULL OR c.merged_into IS NOT NULL"
    ),
    "is shown by a cluster that it is not in": (
        "SELECT a.id FROM clusters AS c JOIN articles AS a ON a.row = c.canonical "
        "WHERE c.merged_into IS NULL AND a.cluster != c.id"
    ),
    "has a row that is handed out once more": (
        "SELECT id FROM articles WHERE row >= "
        "coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'next_row'), 0)"
    ),
}


def _unreadable(store: Store) -> Iterator[DamagedError]:
    """Yield what is there and cannot be read."""
    table = FeatureTable()
    try:
        learn_words(store, table, 0)
    except DamagedError as error:
        yield error
        return
    num_perm = store.config.duplicate.num_perm
    for row in store.live():
        packed, held = store.texts([row.row]), store.groups([row.row])
        try:  # what is gone is asked for elsewhere
            said(row)
            if packed:
                unpacked(row, packed[row.row])
            with undamaged(f"the group of article {row.id!r}"):
                for group in held.values():
                    unpack_groups([GroupRow(*group)], num_perm, [None], [frozenset()], table)
        except DamagedError as error:
            yield error


def check(store: Store) -> list[str]:
    """Return what is wrong."""
    found = [
        f"the file is damaged: {line}"
        for (line,) in store.all("PRAGMA quick_check")
        if line != "ok"
    ]
    found += [f"the file is damaged: {error}" for error in _unreadable(store)]
    for what, question in _BROKEN.items():
        found += [f"article {name!r} {what}" for (name,) in store.all(question)]
    lost = store.all(
        "SELECT a, b FROM pairs LEFT JOIN articles AS one ON one.row = a "
        "LEFT JOIN articles AS two ON two.row = b WHERE one.row IS NULL OR two.row IS NULL "
        "OR NOT one.live OR NOT two.live OR one.centre != a OR two.centre != b"
    )
    return found + [f"the scored pair {a}, {b} is not of two live groups" for a, b in lost]
