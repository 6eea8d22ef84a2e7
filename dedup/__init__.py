"""Find the same news story again: copies, reports of one event, and the version to show.

>>> from dedup import find_clusters
>>> len(find_clusters(["One short text about a harbour.", "One short text about a harbour."]))
1
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dedup.version import __version__

if TYPE_CHECKING:
    from dedup.article import Article, Skipped
    from dedup.calibration import Calibration, Judgement
    from dedup.canonical import CanonicalConfig, Grade, Rule
    from dedup.cluster import Cluster, DuplicateGroup, Member
    from dedup.comparison import compare
    from dedup.config import Config, DuplicateConfig, EventConfig, TextConfig
    from dedup.dates import Interval, parse_date
    from dedup.descent import Descent
    from dedup.errors import (
        ArticleError,
        ConfigError,
        DedupError,
        FormatError,
        MismatchError,
        MissingDependencyError,
        StoreError,
        UnknownIdError,
    )
    from dedup.estimator import StoryClusterer
    from dedup.evaluate import Evaluation
    from dedup.explain import Contribution, Evidence
    from dedup.find import find_clusters
    from dedup.index.records import (
        Assignment,
        Change,
        ChangeKind,
        IndexedCluster,
        IndexedMember,
        IndexStats,
    )
    from dedup.index.story_index import StoryIndex
    from dedup.readers import read_articles
    from dedup.result import Clustering, Statistics
    from dedup.review import Borderline, Bridge
    from dedup.roles import Role

# Each name is imported when it is first used: `import dedup` costs next to nothing.
_HOME = {
    "Article": "article",
    "ArticleError": "errors",
    "Assignment": "index.records",
    "Borderline": "review",
    "Bridge": "review",
    "Calibration": "calibration",
    "CanonicalConfig": "canonical",
    "Change": "index.records",
    "ChangeKind": "index.records",
    "Cluster": "cluster",
    "Clustering": "result",
    "Config": "config",
    "ConfigError": "errors",
    "Contribution": "explain",
    "DedupError": "errors",
    "Descent": "descent",
    "DuplicateConfig": "config",
    "DuplicateGroup": "cluster",
    "Evaluation": "evaluate",
    "EventConfig": "config",
    "Evidence": "explain",
    "FormatError": "errors",
    "Grade": "canonical",
    "IndexStats": "index.records",
    "IndexedCluster": "index.records",
    "IndexedMember": "index.records",
    "Interval": "dates",
    "Judgement": "calibration",
    "Member": "cluster",
    "MismatchError": "errors",
    "MissingDependencyError": "errors",
    "Role": "roles",
    "Rule": "canonical",
    "Skipped": "article",
    "Statistics": "result",
    "StoreError": "errors",
    "StoryClusterer": "estimator",
    "StoryIndex": "index.story_index",
    "TextConfig": "config",
    "UnknownIdError": "errors",
    "compare": "comparison",
    "find_clusters": "find",
    "parse_date": "dates",
    "read_articles": "readers",
}

__all__ = [
    "Article",
    "ArticleError",
    "Assignment",
    "Borderline",
    "Bridge",
    "Calibration",
    "CanonicalConfig",
    "Change",
    "ChangeKind",
    "Cluster",
    "Clustering",
    "Config",
    "ConfigError",
    "Contribution",
    "DedupError",
    "Descent",
    "DuplicateConfig",
    "DuplicateGroup",
    "Evaluation",
    "EventConfig",
    "Evidence",
    "FormatError",
    "Grade",
    "IndexStats",
    "IndexedCluster",
    "IndexedMember",
    "Interval",
    "Judgement",
    "Member",
    "MismatchError",
    "MissingDependencyError",
    "Role",
    "Rule",
    "Skipped",
    "Statistics",
    "StoreError",
    "StoryClusterer",
    "StoryIndex",
    "TextConfig",
    "UnknownIdError",
    "__version__",
    "compare",
    "find_clusters",
    "parse_date",
    "read_articles",
]

logging.getLogger("dedup").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'dedup' has no attribute {name!r}")
    return getattr(import_module(f"dedup.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
