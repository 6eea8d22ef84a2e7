"""An estimator by scikit-learn's conventions."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dedup import ArticleError, Config, ConfigError, EventConfig, StoryClusterer, find_clusters

TEXTS = [
    "The VSSE is watching the Cainiao hub at Liege airport over spying fears.",
    "Storm Babet floods Brechin in Angus as the South Esk bursts its banks.",
    "Belgium's VSSE has been watching Cainiao's hub at the Liege airport.",
]


def test_it_finds_what_find_clusters_finds() -> None:
    estimator = StoryClusterer()
    labels = estimator.fit_predict(TEXTS)
    assert labels.tolist() == find_clusters(TEXTS, progress=False).labels.tolist()
    assert estimator.labels_ is labels
    assert len(estimator.clustering_) == 2
    assert StoryClusterer().fit(pd.DataFrame({"text": TEXTS})).labels_.tolist() == labels.tolist()


def test_parameters_do_what_they_say() -> None:
    assert len(set(StoryClusterer(threshold=1.0).fit_predict(TEXTS))) == 3
    assert len(set(StoryClusterer(level="duplicate").fit_predict(TEXTS))) == 3
    config = Config(event=EventConfig(threshold=1.0))
    assert len(set(StoryClusterer(config=config).fit_predict(TEXTS))) == 3
    assert len(set(StoryClusterer(threshold=0.425, config=config).fit_predict(TEXTS))) == 2
    assert config.event.threshold == 1.0


def test_rows_are_read_as_find_clusters_reads_them() -> None:
    rows = [{"inhalt": TEXTS[0]}, {"inhalt": TEXTS[1], "date": "no date"}, {"inhalt": TEXTS[2]}]
    estimator = StoryClusterer(columns={"text": "inhalt"}, on_error="skip")
    assert estimator.fit_predict(rows).tolist() == [0, -1, 0]
    assert [row.index for row in estimator.clustering_.skipped] == [1]
    with pytest.raises(ArticleError, match="no date"):
        estimator.set_params(on_error="raise").fit(rows)
    with pytest.raises(ConfigError, match="on_error must be"):
        estimator.set_params(on_error="ignore").fit(rows)


def test_a_threshold_below_the_floor_takes_the_floor_along() -> None:
    estimator = StoryClusterer(threshold=0.01)
    assert len(estimator.fit_predict(TEXTS)) == len(TEXTS)
    event = estimator.clustering_.config.event
    assert (event.threshold, event.floor) == (0.01, 0.01)
    high = Config(event=EventConfig(floor=0.5, threshold=0.6))
    estimator = StoryClusterer(threshold=0.55, config=high).fit(TEXTS)
    assert estimator.clustering_.config.event.floor == 0.5


@pytest.mark.parametrize("threshold", [0, -1, 7, "0.5", float("nan"), True])
def test_a_threshold_out_of_range_is_said_as_such(threshold: Any) -> None:
    with pytest.raises(ConfigError, match=r"threshold must lie in \(0, 1\]"):
        StoryClusterer(threshold=threshold).fit(TEXTS)


def test_a_threshold_for_copies_alone_says_where_theirs_is() -> None:
    with pytest.raises(ConfigError, match=r"threshold is about events.*DuplicateConfig\(threshold"):
        StoryClusterer(threshold=0.5, level="duplicate").fit(TEXTS)


def test_wrong_parameters_are_told_when_they_are_used() -> None:
    wrong = StoryClusterer(threshold=7)
    with pytest.raises(ConfigError, match="threshold"):
        wrong.fit(TEXTS)
    with pytest.raises(ConfigError, match="no parameter 'treshold'"):
        wrong.set_params(level="duplicate", treshold=0.5)
    assert wrong.level == "event"  # all or nothing
    with pytest.raises(ConfigError, match="config must be a Config"):
        StoryClusterer(threshold=0.5, config=0.5).fit(TEXTS)  # type: ignore[arg-type]
    assert wrong.set_params(threshold=0.5).get_params()["threshold"] == 0.5


def test_it_shows_what_was_changed() -> None:
    assert repr(StoryClusterer()) == "StoryClusterer()"
    shown = repr(StoryClusterer(threshold=0.5, level="duplicate"))
    assert shown == "StoryClusterer(threshold=0.5, level='duplicate')"


def test_scikit_learn_takes_it_for_one_of_its_own() -> None:
    base = pytest.importorskip("sklearn.base")
    pipeline = pytest.importorskip("sklearn.pipeline")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    estimator = StoryClusterer(threshold=0.5, columns={"text": "body"}, on_error="skip")
    twin = base.clone(estimator)
    assert twin is not estimator and twin.get_params() == estimator.get_params()
    assert base.is_clusterer(estimator)
    upper = preprocessing.FunctionTransformer(lambda texts: [text.strip() for text in texts])
    whole = pipeline.make_pipeline(upper, StoryClusterer())
    assert whole.fit_predict(TEXTS).tolist() == StoryClusterer().fit_predict(TEXTS).tolist()
    whole.set_params(storyclusterer__threshold=1.0)
    assert len(set(whole.fit_predict(TEXTS))) == 3


def test_scikit_learn_is_not_imported() -> None:
    code = (
        "import sys; from dedup import StoryClusterer; "
        "StoryClusterer().fit_predict(['a text', 'another']); assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_array_of_columns_is_refused_with_a_remedy() -> None:
    array = np.array(TEXTS)
    assert (
        StoryClusterer().fit_predict(array).tolist() == StoryClusterer().fit_predict(TEXTS).tolist()
    )
    with pytest.raises(ArticleError, match=r"has 2 dimensions.*\.ravel\(\)"):
        StoryClusterer().fit_predict(array.reshape(-1, 1))
