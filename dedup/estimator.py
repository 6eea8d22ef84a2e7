"""The conventions of scikit-learn, without importing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from dedup.config import Config, checked_config
from dedup.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dedup.result import Clustering

__all__ = ["StoryClusterer"]


class StoryClusterer:
    """Cluster articles as an estimator: ``StoryClusterer().fit_predict(texts)``.

    Parameters
    ----------
    threshold : float, optional
        Of events, see :class:`~dedup.EventConfig`; that of ``config`` if absent.  A floor above it
        is lowered to it.
    level : {"event", "duplicate"}
        See :func:`dedup.find_clusters`.
    config : Config, optional
        The defaults are meant to be kept.
    columns : mapping of str to str, optional
        Field → your name for it, such as ``{"text": "body"}``.
    on_error : {"raise", "skip"}
        What to do with a row that cannot be read; see :func:`dedup.find_clusters`.

    Attributes
    ----------
    labels_ : ndarray of int64, shape (n_rows,)
        The story of each row; -1 for one that was skipped.
    clustering_ : Clustering
        The whole result.

    Examples
    --------
    >>> text = "One short text about a harbour."
    >>> texts = [text, "Another one.", text]
    >>> StoryClusterer().fit_predict(texts).tolist()
    [0, 1, 0]
    >>> StoryClusterer(threshold=0.5)
    StoryClusterer(threshold=0.5)
    """

    labels_: NDArray[np.int64]
    clustering_: Clustering

    def __init__(
        self,
        threshold: float | None = None,
        level: Literal["event", "duplicate"] = "event",
        config: Config | None = None,
        *,
        columns: Mapping[str, str] | None = None,
        on_error: Literal["raise", "skip"] = "raise",
    ) -> None:
        # Checked when they are used: an estimator keeps what it was given.
        self.threshold = threshold
        self.level = level
        self.config = config
        self.columns = columns
        self.on_error = on_error

    def fit(self, X: Any, y: Any = None) -> StoryClusterer:  # noqa: N803
        """Cluster articles.

        Parameters
        ----------
        X : iterable
            Texts, dicts, a frame: whatever :func:`dedup.find_clusters` takes.
        y : ignored

        Returns
        -------
        StoryClusterer
            Itself.

        Raises
        ------
        ArticleError
            If a row cannot be read.
        ConfigError
            If a parameter is out of its range, or ``threshold`` is given with
            ``level="duplicate"``, which looks for no events.
        """
        from dedup.find import find_clusters

        self.clustering_ = find_clusters(
            X,
            level=self.level,
            config=self._config(),
            columns=self.columns,
            on_error=self.on_error,
        )
        self.labels_ = self.clustering_.labels
        return self

    def _config(self) -> Config:
        config = checked_config(self.config)
        if self.threshold is None:
            return config
        if self.level == "duplicate":
            raise ConfigError(
                "threshold is about events, and level='duplicate' does not look for any; how alike "
                "copies must be says config=Config(duplicate=DuplicateConfig(threshold=…))"
            )
        return replace(config, event=config.event.at_threshold(self.threshold))

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.int64]:  # noqa: N803
        """Cluster articles; return the story of each row."""
        return self.fit(X, y).labels_

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by their names."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **parameters: Any) -> StoryClusterer:
        """Set parameters by their names; return the estimator itself.

        Raises
        ------
        ConfigError
            If there is no such parameter.
        """
        for name in parameters:
            if name not in _PARAMETERS:
                raise ConfigError(
                    f"StoryClusterer has no parameter {name!r}; there are {', '.join(_PARAMETERS)}"
                )
        for name, value in parameters.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = StoryClusterer()
        changed = (
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if value != getattr(defaults, name)
        )
        return f"StoryClusterer({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks an estimator about itself."""
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type="clusterer",
            target_tags=TargetTags(required=False),
            input_tags=InputTags(string=True, two_d_array=False),
        )


_PARAMETERS = ("threshold", "level", "config", "columns", "on_error")
