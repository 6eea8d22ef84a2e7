"""An estimator by scikit-learn's conventions."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from dedup import Config, ConfigError, EventConfig, StoryClusterer, find_clusters

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


def test_wrong_parameters_are_told_when_they_are_used() -> None:
    wrong = StoryClusterer(threshold=7)
    with pytest.raises(ConfigError, match="threshold"):
        wrong.fit(TEXTS)
    with pytest.raises(ConfigError, match="no parameter 'treshold'"):
        wrong.set_params(treshold=0.5)
    assert wrong.set_params(threshold=0.5).get_params()["threshold"] == 0.5


def test_it_shows_what_was_changed() -> None:
    assert repr(StoryClusterer()) == "StoryClusterer()"
    shown = repr(StoryClusterer(threshold=0.5, level="duplicate"))
    assert shown == "StoryClusterer(threshold=0.5, level='duplicate')"


def test_scikit_learn_takes_it_for_one_of_its_own() -> None:
    base = pytest.importorskip("sklearn.base")
    pipeline = pytest.importorskip("sklearn.pipeline")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    estimator = StoryClusterer(threshold=0.5)
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
