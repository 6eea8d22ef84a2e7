"""The live articles, clustered as one batch; what the stream knew lives on in ids and pins."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import numpy as np

from dedup.article import Article
from dedup.config import Config
from dedup.duplicates.fingerprints import fingerprint
from dedup.events.features import observe
from dedup.events.groups import features_of, profiles_of
from dedup.find import Run, run_stages
from dedup.index.editing import Editor
from dedup.index.held import put_groups
from dedup.index.identity import keep_identities
from dedup.index.loading import unpacked
from dedup.index.packing import pack_text
from dedup.index.records import ChangeKind
from dedup.index.settling import sticky
from dedup.index.store import Store
from dedup.index.table import FeatureTable
from dedup.index.window import Fresh, exact_keys
from dedup.progress import Progress
from dedup.stats import Stopwatch
from dedup.text.told import Told

__all__ = ["consolidate"]


def consolidate(store: Store, config: Config, editor: Editor, report: Progress) -> None:
    """Cluster what is live once more, and write down what becomes of it.

    Parameters
    ----------
    store : Store
        Inside a transaction.
    config : Config
    editor : Editor
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
    shown = dict(
        store.all(
            "SELECT clusters.id, articles.id FROM clusters "
            "JOIN articles ON articles.row = canonical WHERE live AND merged_into IS NULL"
        )
    )
    settings = _settings(store, config, row_of, frozenset(shown.values()))
    run = run_stages(articles, (), "event", settings, report, Stopwatch())
    _write(store, config, editor, run, row_of, before, shown)


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
    editor: Editor,
    run: Run,
    row_of: dict[str, int],
    before: dict[int, int],
    shown: dict[int, str],
) -> None:
    clusters = run.clustering.clusters
    after = [[row_of[m.article.id] for m in cluster.members] for cluster in clusters]
    identities = keep_identities(before, after)
    ids: list[int] = []
    parted = {at for _, at in identities.split}
    for at, kept in enumerate(identities.ids):
        if kept is None:
            kept = editor.new_cluster()
            if at not in parted:
                editor.note(ChangeKind.CREATED, kept)
        ids.append(kept)
    for old, at in identities.split:
        editor.note(ChangeKind.SPLIT, old, other=ids[at])
    for old, at in identities.merged:
        editor.note(ChangeKind.MERGED, old, other=ids[at])
        store.run("UPDATE clusters SET merged_into = ? WHERE id = ?", ids[at], old)
        store.run("UPDATE articles SET cluster = ? WHERE cluster = ?", ids[at], old)
    for cluster_id, cluster in zip(ids, clusters, strict=True):
        store.run(
            "UPDATE clusters SET canonical = ?, reasons = ? WHERE id = ?",
            row_of[cluster.canonical.id],
            json.dumps(cluster.reasons, ensure_ascii=False),
            cluster_id,
        )
        was = shown.get(cluster_id)
        if was is not None and was != cluster.canonical.id:
            editor.note(
                ChangeKind.CANONICAL_CHANGED,
                cluster_id,
                article=cluster.canonical.id,
                reason="; ".join(cluster.reasons),
            )
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
