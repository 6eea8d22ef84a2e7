"""The live articles, clustered as one batch; what the stream knew lives on in ids and pins."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dedup.article import Article
from dedup.batch import Batch, Group
from dedup.config import Config, EventConfig
from dedup.duplicates.fingerprints import fingerprint
from dedup.events.features import observe
from dedup.events.groups import features_of, profiles_of
from dedup.events.links import Links
from dedup.find import Run, run_stages
from dedup.index.choosing import show
from dedup.index.held import put_groups
from dedup.index.identity import keep_identities
from dedup.index.loading import unpacked
from dedup.index.log import follow_centres, note_moves
from dedup.index.packing import pack_text
from dedup.index.settling import sticky
from dedup.index.store import Store
from dedup.index.table import FeatureTable
from dedup.index.window import Fresh, exact_keys
from dedup.progress import Progress
from dedup.stats import Stopwatch
from dedup.text.told import Told

__all__ = ["consolidate"]


def consolidate(store: Store, config: Config, report: Progress) -> None:
    """Cluster what is live once more, and write down what becomes of it.

    Parameters
    ----------
    store : Store
        Inside a transaction.
    config : Config
    report : callable
        ``report(stage, done, total)``.
    """
    row_of: dict[str, int] = {}
    before: dict[int, int] = {}
    articles: list[Article] = []
    for row in store.live():
        row_of[row.id] = row.row
        before[row.row] = row.cluster
        articles.append(unpacked(row, store.texts([row.row]).get(row.row))[0])
    store.run("DELETE FROM links WHERE kind = 'languages'")
    shown = {
        cluster: (name, bool(live))
        for cluster, name, live in store.all(
            "SELECT clusters.id, articles.id, live FROM clusters "
            "JOIN articles ON articles.row = canonical AND articles.cluster = clusters.id"
        )
    }
    incumbents = frozenset(name for name, live in shown.values() if live)
    settings = _settings(store, config, row_of, incumbents)
    run = run_stages(articles, (), "event", settings, report, Stopwatch(), _links_of)
    _write(store, config, run, row_of, before, shown)


def _links_of(batch: Batch, groups: Sequence[Group], event: EventConfig) -> Links:
    """Return the user's pairs as pairs of groups; those that have come to be copies give way."""
    row_of = {
        batch.articles[at].id: row for row, group in enumerate(groups) for at in group.members
    }
    return Links.yielding(
        must=((row_of[a], row_of[b]) for a, b in event.must_link),
        cannot=((row_of[a], row_of[b]) for a, b in event.cannot_link),
    )


def _settings(
    store: Store, config: Config, row_of: dict[str, int], incumbents: frozenset[str]
) -> Config:
    """Return the configuration with the user's word in it."""
    links = [
        (a, b, kind)
        for a, b, kind in store.all("SELECT a, b, kind FROM links")
        if a in row_of and b in row_of
    ]
    pins = tuple(name for (name,) in store.all("SELECT id FROM pins ORDER BY id") if name in row_of)
    return replace(
        config,
        event=replace(
            config.event,
            must_link=tuple((a, b) for a, b, kind in links if kind == "together"),
            cannot_link=tuple((a, b) for a, b, kind in links if kind == "apart"),
        ),
        canonical=sticky(replace(config.canonical, pins=pins), incumbents),
    )


def _write(
    store: Store,
    config: Config,
    run: Run,
    row_of: dict[str, int],
    before: dict[int, int],
    shown: dict[int, tuple[str, bool]],
) -> None:
    clusters = run.clustering.clusters
    after = [[row_of[m.article.id] for m in cluster.members] for cluster in clusters]
    identities = keep_identities(before, after)
    ids = [store.new_cluster() if kept is None else kept for kept in identities.ids]
    note_moves(store, identities, ids, after, before)
    pins = run.clustering.config.canonical.pins
    for cluster_id, cluster in zip(ids, clusters, strict=True):
        name = cluster.canonical.id
        was, is_live = shown.get(cluster_id, (None, True))
        if is_live or name in pins:  # what has expired is shown still
            show(store, cluster_id, row_of[name], name, cluster.reasons, was)
        store.run_many(
            "UPDATE articles SET cluster = ?, centre = ?, role = ?, similarity = ?, note = ? "
            "WHERE row = ?",
            (
                (
                    cluster_id,
                    row_of[group.centre],
                    member.role.value,
                    member.similarity,
                    member.note,
                    row_of[member.article.id],
                )
                for group in cluster.groups
                for member in group.members
            ),
        )
    copies = "FROM articles WHERE NOT live AND centre != row"
    store.run(
        "UPDATE articles SET centre = (SELECT own.centre FROM articles AS own "
        f"WHERE own.row = articles.centre) WHERE row IN (SELECT row {copies})"
    )
    follow_centres(store, [row for (row,) in store.all(f"SELECT DISTINCT centre {copies}")])
    store.put("recurring", json.dumps(run.batch.recurring.to_dict(), ensure_ascii=False))
    store.put_texts(
        (row_of[article.id], pack_text(article, clean))
        for article, clean in zip(run.batch.articles, run.batch.cleaned, strict=True)
    )
    _write_groups(store, config, run, row_of)
    _write_pairs(store, run, row_of)


def _write_groups(store: Store, config: Config, run: Run, row_of: dict[str, int]) -> None:
    """Write what is compared about the groups, with words numbered anew."""
    store.run("DELETE FROM groups")
    store.run("DELETE FROM words")
    texts = [group.text for group in run.groups]
    profiles = profiles_of(texts)
    duplicate = config.duplicate
    prints = fingerprint(
        Told(texts), shingle_size=duplicate.shingle_size, num_perm=duplicate.num_perm
    )
    heads = np.unique(prints.representative)
    signatures = prints.signatures[np.searchsorted(heads, prints.representative)]
    table = FeatureTable()
    words = table.translated(
        features_of(texts, profiles, observe(profiles), config.event.prior_weight), profiles.named
    )
    table.extend(words)
    put_groups(
        store,
        table,
        [row_of[text.id] for text in texts],
        Fresh(words=words, signatures=signatures, exact=exact_keys(texts, signatures)),
    )


def _write_pairs(store: Store, run: Run, row_of: dict[str, int]) -> None:
    """Write the scored pairs, and what joined languages."""
    centres = [group.text.id for group in run.groups]
    store.run("DELETE FROM pairs")
    raw, scores = run.events.raw, run.events.scores
    if raw is None or scores is None:
        return
    versions = {(a, b) for a, b in scores.pairs[scores.versions].tolist()}
    store.run_many(
        "INSERT INTO pairs VALUES (?, ?, ?, ?)",
        (
            (
                *sorted((row_of[centres[a]], row_of[centres[b]])),
                chance,
                int((a, b) in versions),
            )
            for (a, b), chance in zip(raw.pairs.tolist(), raw.probability.tolist(), strict=True)
        ),
    )
    if run.events.across is None:
        return
    parts: defaultdict[int, set[int]] = defaultdict(set)
    for now, was in zip(run.events.labels.tolist(), run.events.across.before.tolist(), strict=True):
        parts[now].add(was)
    store.run_many(
        "INSERT OR IGNORE INTO links VALUES (?, ?, 'languages')",
        (
            sorted((centres[a], centres[b]))
            for joined in parts.values()
            for a, b in pairwise(sorted(joined))
        ),
    )
