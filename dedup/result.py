"""What :func:`dedup.find_clusters` returns: frozen records that answer questions.

``Clustering`` → ``Cluster`` (reports of one event) → ``DuplicateGroup`` (copies of one text) →
``Member`` (one article, with its role).  Every input row is in exactly one of each, but for rows
that were skipped on request, which are listed with the reason.

Laws: labels are ranks (largest first, then a key made from the members' ids), so they do not depend
on the order of the input; a cluster's id is made from its members' ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedup.article import Article, Skipped
from dedup.cluster import Cluster, DuplicateGroup, Member
from dedup.config import Config
from dedup.errors import ConfigError, UnknownIdError
from dedup.pairs import AcrossScores, PairScores, VerifiedCopies
from dedup.progress import Progress, reporting
from dedup.records import as_id
from dedup.roles import Role
from dedup.stats import Stats

if TYPE_CHECKING:
    from dedup.calibration import Calibration, Judgement
    from dedup.comparison import Context
    from dedup.explain import Evidence
    from dedup.plots import Plots
    from dedup.review import Borderline, Bridge, Listing

__all__ = ["Cluster", "Clustering", "DuplicateGroup", "Member", "Statistics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What happened on the way, caps included.

    Parameters
    ----------
    duplicate_candidates, duplicate_pairs : int
        Pairs that LSH proposed, and those that exact verification kept (exact copies collapsed).
    capped_buckets : int
        LSH buckets over ``duplicate.bucket_cap``; not all of their pairs were tried.
    capped_pairs : int
        Pairs that were not tried there, counted in each band that cut them.
    event_candidates, event_pairs : int
        Pairs of groups that were scored, and those at or above ``event.floor``.
    capped_terms : int
        Terms over ``event.posting_cap``, which proposed no pairs, or some of theirs.
    largest_component : int
        Groups in the largest connected component that was clustered.
    lines_removed : int
        Lines of site furniture that were taken off.
    texts_embedded : int
        Texts that ``event.embedder`` was asked about, since another language may report the same.
    across_candidates, across_joins : int
        Pairs of clusters in different languages that were compared, and those that were joined.
    """

    duplicate_candidates: int = 0
    duplicate_pairs: int = 0
    capped_buckets: int = 0
    capped_pairs: int = 0
    event_candidates: int = 0
    event_pairs: int = 0
    capped_terms: int = 0
    largest_component: int = 0
    lines_removed: int = 0
    texts_embedded: int = 0
    across_candidates: int = 0
    across_joins: int = 0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Clustering:
    """The answer of :func:`dedup.find_clusters`.

    Parameters
    ----------
    clusters : tuple of Cluster
        Largest first.
    labels : ndarray of int64, shape (n_rows,)
        Event label of each input row: the position of its cluster in ``clusters``; -1 only for a
        skipped row.
    group_labels : ndarray of int64, shape (n_rows,)
        Duplicate-group label of each input row, largest group first.
    skipped : tuple of Skipped
        Rows that could not be read, with the reason (``on_error="skip"``).
    level : str
        ``event`` or ``duplicate``.
    config : Config
        The configuration that made it.
    version : str
        The version of the library that made it.
    statistics : Statistics
    copies : VerifiedCopies
        See :attr:`verified_pairs`.
    context : Context or None
        What :meth:`explain` needs beside the articles; made again from them if absent.
    scores : PairScores or None
        The scored pairs of groups, which :meth:`rethreshold`, :meth:`weak_bridges` and
        :meth:`borderline` read; None if ``level`` is ``duplicate``.
    across : AcrossScores or None
        What joined clusters in different languages; None without an embedder.
    stats : Stats or None
        Where the time of the run went; None if the result was loaded, or clustered again.
    """

    clusters: tuple[Cluster, ...]
    labels: NDArray[np.int64]
    group_labels: NDArray[np.int64]
    skipped: tuple[Skipped, ...]
    level: str
    config: Config
    version: str
    statistics: Statistics
    copies: VerifiedCopies
    context: Context | None = None
    scores: PairScores | None = None
    across: AcrossScores | None = None
    stats: Stats | None = None

    def __len__(self) -> int:
        return len(self.clusters)

    def __iter__(self) -> Iterator[Cluster]:
        return iter(self.clusters)

    @property
    def groups(self) -> tuple[DuplicateGroup, ...]:
        """All duplicate groups, by label."""
        return tuple(
            sorted((g for c in self.clusters for g in c.groups), key=lambda group: group.label)
        )

    @property
    def n_articles(self) -> int:
        """Articles that were clustered."""
        return sum(len(cluster) for cluster in self.clusters)

    @property
    def duplicate_ratio(self) -> float:
        """Share of the articles that are copies of another one: 0 if all texts differ."""
        n = self.n_articles
        return 1 - sum(len(cluster.groups) for cluster in self.clusters) / n if n else 0.0

    @property
    def verified_pairs(self) -> NDArray[np.int64]:
        """All pairs of input rows whose exact Jaccard reaches the threshold, shape (m, 2), i < j.

        Exact copies are pairs too, so this is quadratic in the number of copies of one text.
        """
        return self.copies.expand()

    @cached_property
    def counted(self) -> Context:
        """What the run counted over its input; counted again, once, if the result was loaded."""
        from dedup.comparison import context_of

        return self.context or context_of(self)

    @cached_property
    def _place(self) -> Mapping[str, tuple[Cluster, DuplicateGroup, Member]]:
        return {
            member.article.id: (cluster, group, member)
            for cluster in self.clusters
            for group in cluster.groups
            for member in group.members
        }

    def article(self, article_id: str) -> Article:
        """Return an article by its id; KeyError says which ids there are like it."""
        return self._locate(article_id)[2].article

    def cluster_of(self, article_id: str) -> Cluster:
        """Return the cluster that an article is in."""
        return self._locate(article_id)[0]

    def group_of(self, article_id: str) -> DuplicateGroup:
        """Return the duplicate group that an article is in."""
        return self._locate(article_id)[1]

    def role_of(self, article_id: str) -> Role:
        """Return what an article is to its cluster."""
        return self._locate(article_id)[2].role

    def _locate(self, article_id: str) -> tuple[Cluster, DuplicateGroup, Member]:
        try:
            return self._place[str(as_id(article_id))]
        except KeyError:
            from difflib import get_close_matches

            near = get_close_matches(str(article_id), list(self._place), n=3)
            hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
            raise UnknownIdError(
                f"no article with id {article_id!r} in this result{hint}"
            ) from None

    def explain(self, a: str, b: str) -> Evidence:
        """Return the evidence for two articles being together, or apart.

        Parameters
        ----------
        a, b : str
            Ids of two articles, of one cluster or of two.

        Returns
        -------
        Evidence
            Printing it shows names, numbers, rare terms, Jaccard, containment and days, each with
            its share of the score.

        Raises
        ------
        UnknownIdError
            If there is no such article.

        Notes
        -----
        In a loaded result the first call reads all texts once more, for the document frequencies.
        """
        from dedup.comparison import explain_members

        return explain_members(self, str(as_id(a)), str(as_id(b)))

    def rethreshold(self, threshold: float) -> Clustering:
        """Return the result that ``find_clusters`` gives at another event threshold.

        Parameters
        ----------
        threshold : float
            See :class:`~dedup.EventConfig`; at least ``config.event.floor``.

        Returns
        -------
        Clustering
            The same in every respect: labels, groups, roles, versions to show, reasons.

        Raises
        ------
        ConfigError
            If the threshold is out of its range, no events were asked for, or the run had an
            embedder, whose vectors are not kept.

        Notes
        -----
        No pair is scored again, and stories whose members stay together are taken over.  Linkage
        over all pairs, plus cleaning the articles of the stories that change; in a loaded result,
        one pass over the lines of all articles.
        """
        from dedup.rethreshold import rethreshold

        return rethreshold(self, threshold)

    def weak_bridges(self, n: int = 20) -> Listing[Bridge]:
        """Return where clusters hang by least: their last merges, weakest first.

        Parameters
        ----------
        n : int
            At most so many.

        Returns
        -------
        tuple of Bridge
            At most one for each cluster of several groups.  What ``event.must_link`` joined is no
            bridge.  Printing it shows the articles.

        Raises
        ------
        ConfigError
            If no events were asked for, or ``n`` is no count.
        """
        from dedup.review import weak_bridges

        return weak_bridges(self, n)

    def borderline(self, n: int = 20) -> Listing[Borderline]:
        """Return pairs for a person to judge: those whose score is nearest to the threshold.

        Parameters
        ----------
        n : int
            At most so many.

        Returns
        -------
        tuple of Borderline
            Nearest first.  At most one pair inside each story and one between any two, and at most
            three that touch one story, so that no story fills the list.  What ``event.must_link``
            and ``event.cannot_link`` settle is left out.  Printing it shows the articles.

        Raises
        ------
        ConfigError
            If no events were asked for, or ``n`` is no count.
        """
        from dedup.review import borderline

        return borderline(self, n)

    def calibrate(
        self, judged: Iterable[Judgement | tuple[str, str, bool]], *, links: bool = True
    ) -> Calibration:
        """Fit the event threshold to what a person made of some pairs, and say how sure it is.

        Parameters
        ----------
        judged : iterable
            ``(id_a, id_b, same)``, or what ``borderline(…)[…].judged(same=…)`` returned.  Any two
            articles that some chain of scored pairs connects; the borderline ones say most.
        links : bool
            Make the judged pairs ``event.must_link`` and ``event.cannot_link`` as well.

        Returns
        -------
        Calibration
            Printing it says what it does and how sure it is; its ``config`` is for
            :func:`find_clusters`.

        Raises
        ------
        UnknownIdError
            If there is no such article.
        ConfigError
            If judgements contradict one another, the copies found, or ``event.must_link`` and
            ``event.cannot_link``; or if no event threshold joins two of the articles.

        Notes
        -----
        One linkage of all pairs, down to ``event.floor``.
        """
        from dedup.review import calibrated

        return calibrated(self, judged, links)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the clusters as plain data, one dict each, without the articles' texts."""
        from dedup.storage import cluster_to_dict

        return [cluster_to_dict(cluster) for cluster in self.clusters]

    def to_frame(self, like: Any = None, *, prefix: str = "") -> Any:
        """Return the result as a table: the caller's own, with a few columns more.

        Parameters
        ----------
        like : data frame, optional
            What :func:`dedup.find_clusters` was given: pandas, polars (eager or lazy), Arrow, a
            DuckDB relation, a dataset of Hugging Face, or a frame of narwhals.  Without it a frame
            of ids and titles is made, by the first of pandas, polars and pyarrow that is loaded.
        prefix : str
            Goes before the names of the new columns.

        Returns
        -------
        frame of the same type
            Rows, order, index and types as they were, and ``cluster`` and ``group`` (the labels),
            ``role``, ``canonical`` (whether it is the version to show) and ``score``: what ties the
            row to another one of its story, never to itself.  Where a text has copies, that is the
            Jaccard similarity with the copy at their centre, and the centre's own is that of its
            nearest copy; else the highest probability of one event with another text of the story.
            Rows that were skipped have nulls, and so have scores of what stands alone.

        Raises
        ------
        ConfigError
            If ``like`` has other rows than were clustered, or in another order, as far as a column
            of ids, texts or titles shows it; or a column of such a name, or two of one name.
        MissingDependencyError
            If a frame is to be made and no library for it is installed.

        Notes
        -----
        Linear in the rows and pairs; the caller's columns are not copied.  A lazy frame of polars
        is collected, once.  A DuckDB relation stays a query on the caller's connection, so it can
        be joined with the caller's tables; it leaves nothing in the database.  If its rows are
        others when it runs again, DuckDB raises an error instead of giving labels of other rows.

        Examples
        --------
        >>> import pandas as pd
        >>> from dedup import find_clusters
        >>> df = pd.DataFrame({"text": ["Snow in Oslo stopped all trams.", "A fire in Lima."] * 2})
        >>> find_clusters(df).to_frame(like=df)[["cluster", "role", "score"]].values.tolist()
        [[0, 'original', 1.0], [1, 'original', 1.0], [0, 'reprint', 1.0], [1, 'reprint', 1.0]]
        """
        from dedup.to_frame import to_frame

        return to_frame(self, like, prefix)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the result, articles included, as one JSON file (gzip if it ends in ``.gz``)."""
        from dedup.storage import save_clustering

        save_clustering(self, path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Clustering:
        """Read what :meth:`save` wrote.

        Raises
        ------
        FormatError
            If the file is not such a result.
        MismatchError
            If another version of the format made it.
        """
        from dedup.storage import load_clustering

        return load_clustering(path)

    def report(
        self,
        path: str | PathLike[str],
        *,
        title: str = "Stories",
        progress: Progress | bool | None = None,
    ) -> None:
        """Write the result as one page of HTML that needs no network, and no script to be read.

        Parameters
        ----------
        path : path
            Of the file to be written.
        title : str
            The page's heading.
        progress : callable, bool or None
            Called with ("write stories", stories done, stories in all); see :func:`find_clusters`.

        Raises
        ------
        ConfigError
            If the title is no string.

        Notes
        -----
        The largest stories can be opened, the others are lines, as many as a browser shows within
        three seconds: some three thousand stories of two articles, or six hundred of twelve, and
        twenty thousand lines.  What is cut is said.
        """
        from dedup.views.report import write_page

        if not isinstance(title, str):
            raise ConfigError(f"title must be a string, got {title!r}")
        with reporting(progress) as report:
            write_page(self, path, title, report)

    @property
    def plot(self) -> Plots:
        """Charts: ``plot.timeline()``, ``.sizes()``, ``.scores()``, ``.graph(cluster)``.

        They need altair: ``pip install 'story-dedup[notebook]'``.
        """
        from dedup.plots import Plots

        return Plots(self)

    def _repr_html_(self) -> str:
        from dedup.views.notebook import html_of_clustering

        return html_of_clustering(self)

    def __repr__(self) -> str:
        from dedup.views.overview import table

        return "\n".join(filter(None, [f"<{self.summary}>", table(self)]))

    @property
    def summary(self) -> str:
        """One line: how many articles, texts and stories."""
        several = sum(len(cluster) > 1 for cluster in self.clusters)
        n_groups = sum(len(cluster.groups) for cluster in self.clusters)
        n = len(self.skipped)
        skipped = f", {n} {'row' if n == 1 else 'rows'} skipped" if n else ""
        found = self.statistics
        capped = found.capped_buckets or found.capped_terms
        skipped += "; caps were hit, see .statistics" if capped else ""
        counted = ", ".join(
            f"{count} {one if count == 1 else many}"
            for count, one, many in (
                (self.n_articles, "article", "articles"),
                (n_groups, "text", "texts"),
                (len(self.clusters), "story", "stories"),
            )
        )
        return f"Clustering: {counted} ({several} with several articles){skipped}"

    def __str__(self) -> str:
        first = self.clusters[:_SHOWN]
        shown = [cluster.told(_MEMBERS) for cluster in first if len(cluster) > 1]
        several = sum(len(cluster) > 1 for cluster in self.clusters)
        left = several - len(shown)
        more = [f"… and {left:,} more stories with several articles"] if left else []
        return "\n\n".join([self.summary, *shown, *more])


#: Stories that printing a clustering shows, and articles of each.
_SHOWN = 10
_MEMBERS = 10
