"""Results as plain data and as one JSON file.

The file holds everything that the result holds, articles included, so that a loaded result answers
the same questions.  It is JSON and nothing else: no pickle is ever read.  A custom canonical rule
is kept by its name; the reasons that it gave are in the result.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.article import Article, Skipped
from dedup.config import Config
from dedup.dates import Interval
from dedup.errors import DedupError, FormatError, MismatchError
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.stories import FEATURES
from dedup.pairs import AcrossScores, PairScores, VerifiedCopies
from dedup.result import (
    Cluster,
    Clustering,
    DuplicateGroup,
    Member,
    Statistics,
)
from dedup.roles import Role

__all__ = ["FORMAT_VERSION", "cluster_to_dict", "load_clustering", "save_clustering"]

_FORMAT = "dedup.Clustering"

#: Raised when a file can no longer be read by the version before.
FORMAT_VERSION = 4


def cluster_to_dict(cluster: Cluster) -> dict[str, Any]:
    """Return a cluster as plain data: ids, titles, roles and reasons, but no texts."""
    return {
        "label": cluster.label,
        "id": cluster.id,
        "size": len(cluster),
        "canonical": cluster.canonical.id,
        "title": cluster.canonical.title,
        "reasons": list(cluster.reasons),
        "groups": [
            {
                "label": group.label,
                "centre": group.centre,
                "members": [
                    {
                        "id": member.article.id,
                        "row": member.row,
                        "role": member.role.value,
                        "similarity": member.similarity,
                        "title": member.article.title,
                        "source": member.article.source,
                        "url": member.article.url,
                        "published": interval_to_text(member.article.published),
                        "note": member.note,
                    }
                    for member in group.members
                ],
            }
            for group in cluster.groups
        ],
    }


def interval_to_text(interval: Interval | None) -> str | None:
    """Return a moment, or both bounds with a slash between, as ISO 8601 has it."""
    if interval is None:
        return None
    start, end = interval.start.isoformat(), interval.end.isoformat()
    return start if start == end else f"{start}/{end}"


def interval_from_text(text: str | None) -> Interval | None:
    if text is None:
        return None
    start, _, end = text.partition("/")
    return Interval(datetime.fromisoformat(start), datetime.fromisoformat(end or start))


def save_clustering(result: Clustering, path: str | PathLike[str]) -> None:
    """Write a result; see :meth:`dedup.Clustering.save`."""
    members = [m for cluster in result.clusters for m in cluster.members]
    data = {
        "format": _FORMAT,
        "format_version": FORMAT_VERSION,
        "version": result.version,
        "level": result.level,
        "config": result.config.to_dict(),
        "statistics": asdict(result.statistics),
        "n_rows": len(result.labels),
        "articles": [article_to_dict(member.article) for member in members],
        "clusters": [cluster_to_dict(cluster) for cluster in result.clusters],
        "skipped": [asdict(row) for row in result.skipped],
        "copies": {
            "representative": result.copies.representative.tolist(),
            "pairs": result.copies.pairs.tolist(),
            "jaccard": result.copies.jaccard.tolist(),
        },
        "scores": _scores_to_dict(result.scores),
        "across": _across_to_dict(result.across),
    }
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise FormatError(
            f"this result cannot be written as JSON: {error}; "
            "the articles' `extra` must hold plain data"
        ) from error
    target = Path(path)
    encoded = text.encode("utf-8")
    target.write_bytes(gzip.compress(encoded, mtime=0) if target.suffix == ".gz" else encoded)


def load_clustering(path: str | PathLike[str]) -> Clustering:
    """Read a result; see :meth:`dedup.Clustering.load`."""
    source = Path(path)
    try:
        raw = source.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        data = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError, EOFError, gzip.BadGzipFile) as error:
        raise FormatError(f"{source}: not a saved clustering: {error}") from error
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise FormatError(f"{source}: not a saved clustering; Clustering.save() makes one")
    if data.get("format_version") != FORMAT_VERSION:
        raise MismatchError(
            f"{source}: format {data.get('format_version')}, this library reads {FORMAT_VERSION}; "
            f"it was made by story-dedup {data.get('version')}: run find_clusters() again"
        )
    try:
        return _clustering(data)
    except (LookupError, TypeError, ValueError, AttributeError, DedupError) as error:
        raise FormatError(f"{source}: a damaged clustering: {error!r}") from error


def _clustering(data: Mapping[str, Any]) -> Clustering:
    articles = {row["id"]: article_from_dict(row) for row in data["articles"]}
    labels = np.full(data["n_rows"], -1, dtype=np.int64)
    group_labels = np.full(data["n_rows"], -1, dtype=np.int64)
    clusters = []
    for row in data["clusters"]:
        cluster = _cluster(row, articles)
        clusters.append(cluster)
        for group in cluster.groups:
            for member in group.members:
                labels[member.row] = cluster.label
                group_labels[member.row] = group.label
    config = Config.from_dict(data["config"])
    for article_id in chain.from_iterable((*config.event.must_link, *config.event.cannot_link)):
        if article_id not in articles:
            raise ValueError(f"the user's pairs name {article_id!r}, which is not there")
    return Clustering(
        clusters=tuple(clusters),
        labels=labels,
        group_labels=group_labels,
        skipped=tuple(Skipped(**row) for row in data["skipped"]),
        level=data["level"],
        config=config,
        version=data["version"],
        statistics=Statistics(**data["statistics"]),
        copies=_copies_from_dict(data["copies"], group_labels),
        scores=_scores_from_dict(data["scores"], sum(len(c.groups) for c in clusters)),
        across=_across_from_dict(data["across"], sum(len(c.groups) for c in clusters)),
    )


def _scores_to_dict(scores: PairScores | None) -> dict[str, list[int]] | None:
    """Return scored pairs as three lists of whole numbers."""
    if scores is None:
        return None
    return {
        "first": scores.pairs[:, 0].tolist(),
        "second": scores.pairs[:, 1].tolist(),
        "probability": scores.probability.tolist(),
        "versions": np.flatnonzero(scores.versions).tolist(),
    }


def _scores_from_dict(data: Mapping[str, Any] | None, n_groups: int) -> PairScores | None:
    if data is None:
        return None
    first, second, probability, at = (
        _whole_numbers(data[name]) for name in ("first", "second", "probability", "versions")
    )
    if not len(first) == len(second) == len(probability):
        raise ValueError("scores: lists of different lengths")
    if not ((first >= 0) & (first < second) & (second < n_groups)).all():
        raise ValueError("scores do not fit the groups")
    if (np.diff(first * n_groups + second) <= 0).any():
        raise ValueError("scores are not sorted")
    if not ((probability >= 0) & (probability <= PROBABILITY_UNIT)).all():
        raise ValueError("scores hold what is no probability")
    if (np.diff(at, prepend=-1) <= 0).any() or (at >= len(first)).any():
        raise ValueError("versions are not among the scores")
    versions = np.zeros(len(first), dtype=np.bool_)
    versions[at] = True
    return PairScores.of(np.stack([first, second], axis=1), probability, versions)


def _copies_from_dict(data: Mapping[str, Any], group_labels: NDArray[np.int64]) -> VerifiedCopies:
    representative, pairs = (_whole_numbers(data[name]) for name in ("representative", "pairs"))
    pairs = pairs.reshape(-1, 2)
    taken = group_labels >= 0
    if len(representative) != len(taken) or (representative[~taken] != -1).any():
        raise ValueError("copies do not fit the rows")
    heads = representative[taken]
    if not ((heads >= 0) & (heads < len(taken))).all() or (representative[heads] != heads).any():
        raise ValueError("copies do not fit the rows")
    if (group_labels[heads] != group_labels[taken]).any():
        raise ValueError("copies do not fit the groups")
    if len(pairs) and not np.isin(pairs, heads).all():
        raise ValueError("verified pairs do not fit the copies")
    jaccard = np.array(data["jaccard"], dtype=np.float64)
    if jaccard.shape != (len(pairs),) or not ((jaccard >= 0) & (jaccard <= 1)).all():
        raise ValueError("verified pairs without a similarity from 0 to 1")
    return VerifiedCopies(representative=representative, pairs=pairs, jaccard=jaccard)


def _across_to_dict(across: AcrossScores | None) -> dict[str, Any] | None:
    """Return what joined clusters across languages as lists of whole numbers."""
    if across is None:
        return None
    return {
        "before": across.before.tolist(),
        "trusted": np.flatnonzero(across.trusted).tolist(),
        "needed": np.flatnonzero(across.needed).tolist(),
        "pairs": across.pairs.tolist(),
        "values": across.values.tolist(),
        "joins": across.joins,
    }


def _across_from_dict(data: Mapping[str, Any] | None, n_groups: int) -> AcrossScores | None:
    if data is None:
        return None
    rows = {name: _whole_numbers(data[name]) for name in ("trusted", "needed", "before", "pairs")}
    before, pairs = rows["before"], rows["pairs"].reshape(-1, 2)
    values = _whole_numbers(data["values"]).reshape(-1, len(FEATURES))
    fits = all(((numbers >= 0) & (numbers < n_groups)).all() for numbers in rows.values())
    joins = _whole_numbers([data["joins"]]).item()
    if not fits or len(before) != n_groups or len(values) != len(pairs):
        raise ValueError("what joined clusters across languages does not fit the groups")
    if not 0 <= joins <= len(pairs):
        raise ValueError(f"{joins} joins of {len(pairs)} pairs")
    trusted, needed = (np.zeros(n_groups, dtype=np.bool_) for _ in range(2))
    trusted[rows["trusted"]] = True
    needed[rows["needed"]] = True
    return AcrossScores(
        before=before,
        trusted=trusted,
        needed=needed,
        pairs=pairs,
        values=values,
        joins=joins,
    )


def _whole_numbers(values: Any) -> NDArray[np.int64]:
    array = np.array(values)
    if array.size and array.dtype.kind != "i":
        raise ValueError(f"whole numbers expected, got {array.dtype}")
    return array.astype(np.int64)


def _cluster(row: Mapping[str, Any], articles: Mapping[str, Article]) -> Cluster:
    return Cluster(
        label=row["label"],
        id=row["id"],
        canonical=articles[row["canonical"]],
        reasons=tuple(row["reasons"]),
        groups=tuple(
            DuplicateGroup(
                label=group["label"],
                centre=group["centre"],
                members=tuple(
                    Member(
                        article=articles[member["id"]],
                        row=member["row"],
                        role=Role(member["role"]),
                        similarity=member["similarity"],
                        note=member["note"],
                    )
                    for member in group["members"]
                ),
            )
            for group in row["groups"]
        ),
    )


def article_to_dict(article: Article) -> dict[str, Any]:
    row = {part.name: getattr(article, part.name) for part in fields(article)}
    row["published"] = interval_to_text(article.published)
    row["modified"] = interval_to_text(article.modified)
    row["extra"] = dict(article.extra)
    return row


def article_from_dict(row: Mapping[str, Any]) -> Article:
    dates = {name: interval_from_text(row[name]) for name in ("published", "modified")}
    return Article(**{**row, **dates, "authors": tuple(row["authors"])})
