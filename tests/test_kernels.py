"""The compiled loops give the same bits as the reference, on any text."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from itertools import combinations, pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import dedup.text.tokenize as tokens_module
import devsets
from dedup import ConfigError, engine, find_clusters
from dedup.cli import main
from dedup.dates import parse_date
from dedup.duplicates.fingerprints import Fingerprints, fingerprint
from dedup.duplicates.lsh import candidate_pairs
from dedup.duplicates.minhash import EMPTY
from dedup.duplicates.shingling import Ragged, Runs
from dedup.duplicates.verify import shared, verify
from dedup.events import candidates, clustering, round_ups
from dedup.events.candidates import event_candidates
from dedup.events.clustering import PROBABILITY_UNIT, Linkage, link
from dedup.events.features import KINDS, observe, weigh
from dedup.events.links import Links, units
from dedup.events.overlaps import overlaps_of
from dedup.events.profiles import read_profile
from dedup.events.reading import read_profiles
from dedup.events.round_ups import held_down
from dedup.text.code_points import CODE_MASK, EXPANDS, LIMIT, UNSURE, code_points
from dedup.text.language import Languages
from dedup.text.tokenize import tokenize

#: Characters at which the rules part: folding to several, marks, digits and letters of scripts
#: with and without spaces, separators, surrogates, the last code points.
ODD = (
    "a1B…！\xa0½™＝\u0338´⩴İßŉFǰΐﬁΣς ͅ\u0301é1٣๗Ⅷ½²,.-'’ー・カな比利ไทยកខကབ\u200d\u0e31\u093f\u1037"
    "\U000e0101\U0001d7d8\ud800\U0010ffff\U000ee000\n\x00ก็ກ່"
)
any_text = st.text(st.one_of(st.sampled_from(ODD), st.characters(codec=None, categories=None)))
words = st.lists(st.sampled_from(["Alibaba", "hub", "1,500", "Liège", "比利时", "x"]), max_size=80)
texts = st.tuples(any_text, st.one_of(any_text, words.map(" ".join)))


def both(
    monkeypatch: pytest.MonkeyPatch, articles: Sequence[tuple[str, str]], size: int
) -> tuple[Fingerprints, Fingerprints]:
    found = []
    for which in ("reference", "compiled"):
        monkeypatch.setenv("DEDUP_KERNELS", which)
        found.append(fingerprint(articles, shingle_size=size, num_perm=16))
    return found[0], found[1]


def assert_equal(a: Fingerprints, b: Fingerprints) -> None:
    assert a.representative.tolist() == b.representative.tolist()
    count = len(a.shingles)
    mine, other = (found.shingles.sets(np.arange(count)) for found in (a, b))
    assert all(np.array_equal(mine.row(n), other.row(n)) for n in range(count))
    assert np.array_equal(a.signatures, b.signatures)


@given(st.lists(texts, max_size=6), st.integers(1, 6))
@settings(max_examples=500, deadline=None)
@example([("", ""), ("ß", "ẞ" * 40), ("a" * 3, "ŉ" * 70)], 1)
@example([("a b", "c"), ("", "a b c a b"), ("x", "a " * 30)], 2)
def test_fingerprints_equal_the_reference(articles: list[tuple[str, str]], size: int) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert_equal(*both(monkeypatch, articles, size))


SAYINGS = (
    "Alibaba VSSE ЦРУ hub Said on Monday kereta Ǆ straße É 1,500 1.500,25 1,2,345 2023 7 ١٬٥٠٠ "
    "1๒,๓๔๕ 3b β2 1①2 比利时安全局 カイニャオ ひらがな ประเทศไทย ကခ ー ｶﾅ ½ ﬁn x́ . ? “ – ,"
)
words_and_names = st.lists(st.sampled_from([*SAYINGS.split(), "\n"]), max_size=120)
written = st.one_of(
    any_text, words_and_names.map(" ".join), words_and_names.map("".join), words.map(" ".join)
)


@given(st.lists(st.tuples(written, written), max_size=5))
@settings(max_examples=500, deadline=None)
def test_profiles_equal_the_reference(articles: list[tuple[str, str]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DEDUP_KERNELS", "compiled")
        found = read_profiles(articles)
        assert len(found) == len(articles)
        for text, (title, body) in enumerate(articles):
            assert found[text] == read_profile(title, body)
        monkeypatch.setenv("DEDUP_KERNELS", "reference")
        assert [read_profiles(articles)[text] for text in range(len(articles))] == [
            found[text] for text in range(len(articles))
        ]


@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=40), max_size=4))
@settings(deadline=None)
def test_numbering(batches: list[list[int]]) -> None:
    keys, table = np.empty(160, dtype=np.uint64), np.full(1024, -1, dtype=np.int64)
    loops, count, known = engine.kernels(), 0, []
    for some in batches:
        values = np.array(some * 3, dtype=np.uint64)
        numbers, firsts = np.empty(len(values), np.int64), np.empty(len(values), np.int64)
        before = count
        count = loops.number_values(values, keys, table, count, numbers, firsts)
        known += [value for value in dict.fromkeys(some) if value not in known]
        assert keys[:count].tolist() == known
        assert values[firsts[: count - before]].tolist() == known[before:]
        assert [known[number] for number in numbers.tolist()] == some * 3
        again = np.full(2048, -1, dtype=np.int64)
        loops.place_values(keys[:count], again)
        table = again


def test_a_table_of_words_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", "compiled")
    starts = range(0, 500_000, 2500)
    texts = [("", " ".join(f"word{n:07}" for n in range(at, at + 3000))) for at in starts]
    found = read_profiles(texts)
    assert len(found.words) == starts[-1] + 3000
    assert found[7] == read_profile(*texts[7])
    assert found[-1 + len(texts)] == read_profile(*texts[-1])


def test_every_code_point_is_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each between letters, between digits, in a word, and after a character without spaces."""
    step = 1 << 12
    articles = [
        ("", " ".join(f"a{c}b1{c}2比{c} 1{c}2" for c in map(chr, range(start, start + step))))
        for start in range(0, sys.maxunicode, step)
    ]
    assert_equal(*both(monkeypatch, articles, 2))
    found = read_profiles(articles)
    for text, (title, body) in enumerate(articles):
        assert found[text] == read_profile(title, body)


def test_long_texts_and_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    vocabulary = np.array([f"w{n}" for n in range(3000)])
    articles = [
        ("Headline", " ".join(random.choice(vocabulary, size=n)))
        for n in [0, 1, 29, 30, 200_000, *random.integers(2, 400, size=3000).tolist()]
    ]
    articles += articles[::3]
    slow, quick = both(monkeypatch, articles, 5)
    assert_equal(slow, quick)
    for threads in ("1", "3"):
        monkeypatch.setenv("DEDUP_THREADS", threads)
        assert_equal(quick, fingerprint(articles, shingle_size=5, num_perm=16))


def test_case_folding_is_that_of_str() -> None:
    points = code_points()
    for code in range(LIMIT):
        folded = chr(code).casefold()
        entry = int(points.entries[code])
        found = [entry]
        if entry & EXPANDS:
            place = entry & CODE_MASK
            count = int(points.expansions[place])
            found = points.expansions[place + 1 : place + 1 + count].tolist()
        assert [part & CODE_MASK for part in found] == list(map(ord, folded))
    assert all(chr(code).casefold() == chr(code) for code in range(LIMIT, sys.maxunicode + 1))


def test_where_tokens_are_sure_the_normal_form_has_the_same() -> None:
    entries = code_points().entries
    sure = [chr(code) for code in range(LIMIT) if not entries[code] & UNSURE]
    assert len(sure) > LIMIT / 2
    assert not any(entries[ord(mark)] & UNSURE for mark in "…！\xa0﹏")
    # Each between letters and digits, and all of them side by side.
    for text in ("".join(f"b{mark}1{mark}b " for mark in sure), "".join(sure)):
        folded = unicodedata.normalize("NFKC", text).casefold()
        assert tokens_module._TOKEN.findall(text.casefold()) == tokens_module._TOKEN.findall(folded)
    beyond = "".join(map(chr, range(LIMIT, sys.maxunicode + 1)))
    assert unicodedata.is_normalized("NFKC", beyond)


def test_nothing_beyond_the_tables_is_a_token() -> None:
    assert tokenize("".join(map(chr, range(LIMIT, sys.maxunicode + 1)))) == []


hashes = st.one_of(
    st.lists(st.integers(0, 2**64 - 1), max_size=300),
    # Crowded: all in one heap of the sort.
    st.lists(st.integers(2**63, 2**63 + 500), min_size=60, max_size=300),
)


@given(hashes)
@settings(deadline=None)
def test_sorting(values: list[int]) -> None:
    row = np.array(values, dtype=np.uint64)
    scratch, starts = np.empty_like(row), np.empty(len(row) + 2, dtype=np.int64)
    engine.kernels().sort_hashes(row, scratch, starts)
    assert row.tolist() == sorted(values)


@given(st.lists(st.tuples(written, written), min_size=1, max_size=6), st.data())
@settings(max_examples=150, deadline=None)
def test_overlaps_equal_the_reference(articles: list[tuple[str, str]], data: st.DataObject) -> None:
    profiles = read_profiles(articles)
    n = len(articles)
    features = weigh(
        profiles,
        observe(profiles),
        published=[None] * n,
        urls=[frozenset()] * n,
        languages=[Languages("", frozenset())] * n,
        prior_weight=1000,
    )
    places = st.integers(0, n - 1)
    drawn = data.draw(st.lists(st.tuples(places, places), max_size=20))
    pairs = np.array(drawn, dtype=np.int64).reshape(-1, 2)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DEDUP_KERNELS", "reference")
        slow = overlaps_of(features, len(pairs))(pairs)
        monkeypatch.setenv("DEDUP_KERNELS", "compiled")
        quick = overlaps_of(features, len(pairs))(pairs)
    for kind in KINDS:
        assert slow.products[kind].tolist() == quick.products[kind].tolist()
    for kind in ("names", "numbers"):
        assert slow.minima[kind].tolist() == quick.minima[kind].tolist()
    for name in ("rarest", "common", "places"):
        assert getattr(slow, name).tolist() == getattr(quick, name).tolist()


@given(st.lists(st.tuples(written, written), min_size=1, max_size=12), st.data())
@settings(max_examples=150, deadline=None)
def test_event_candidates_equal_the_reference(
    articles: list[tuple[str, str]], data: st.DataObject
) -> None:
    n = len(articles)
    days = data.draw(st.lists(st.none() | st.integers(1, 28), min_size=n, max_size=n))
    profiles = read_profiles(articles)
    features = weigh(
        profiles,
        observe(profiles),
        published=[None if day is None else parse_date(f"2023-10-{day:02}") for day in days],
        urls=[frozenset()] * n,
        languages=[Languages("", frozenset())] * n,
        prior_weight=1000,
    )
    top, cap = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 12))
    found = []
    for which in ("reference", "compiled"):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("DEDUP_KERNELS", which)
            # Little room, so that the loop has to stop and go on.
            monkeypatch.setattr(candidates, "_ROOM", 2)
            found.append(
                event_candidates(
                    features,
                    top_terms=top,
                    min_cosine=0.03,
                    window_days=3,
                    posting_cap=cap,
                )
            )
    assert found[0].pairs.tolist() == found[1].pairs.tolist()
    assert found[0].capped_terms == found[1].capped_terms


def link_by(
    which: str, n: int, pairs: NDArray[np.int64], values: NDArray[np.int64], *rest: Any, **more: Any
) -> Linkage:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("DEDUP_KERNELS", which)
        return link(n, pairs, values, *rest, **more)


def with_progress(*graph: Any, **more: Any) -> tuple[Linkage, list[tuple[int, int]]]:
    done: list[tuple[int, int]] = []
    return link_by(*graph, **more, progress=lambda *at: done.append(at)), done


def assert_one_linkage(n: int, *graph: Any, **more: Any) -> Linkage:
    slow, quick = (link_by(which, n, *graph, **more) for which in ("reference", "compiled"))
    for name in ("merges", "total", "area", "labels"):
        mine, other = getattr(slow, name), getattr(quick, name)
        assert mine.tolist() == other.tolist()
        assert mine.dtype == other.dtype
    assert slow.largest_component == quick.largest_component
    return quick


def random_graph(
    seed: int, n: int, m: int, levels: int, n_links: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Links]:
    """Some pairs of n rows, turned at random, and required and forbidden ones."""
    chance = np.random.default_rng(seed)
    every = np.array(list(combinations(range(n), 2)))
    pairs = chance.permuted(chance.permutation(every)[:m], axis=1)
    values = chance.integers(1, levels + 1, len(pairs)) * (PROBABILITY_UNIT // levels)
    drawn = chance.integers(0, n, (2, n_links, 2)).tolist()
    must = [(a, b) for a, b in drawn[0][: n_links // 2] if a != b]
    unit = units(must)
    cannot = [(a, b) for a, b in drawn[1] if unit.get(a, a) != unit.get(b, b)]
    return pairs, values, Links(must=tuple(must), cannot=tuple(cannot))


@given(
    st.integers(0, 999),
    st.integers(2, 40),
    st.sampled_from([0.03, 0.1, 0.4, 1.0]),
    st.sampled_from([1, 2, 8, PROBABILITY_UNIT]),  # few levels make many ties
    st.sampled_from([0.05, 0.3, 0.5, 0.9]),
    st.integers(0, 12),
)
@settings(max_examples=500, deadline=None)
def test_linkage_equals_the_reference(
    seed: int, n: int, density: float, levels: int, threshold: float, n_links: int
) -> None:
    m = round(density * n * (n - 1) / 2)
    pairs, values, links = random_graph(seed, n, m, levels, n_links)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(clustering, "_AT_ONCE", 4)
        assert_one_linkage(n, pairs, values, round(threshold * PROBABILITY_UNIT), links=links)


@pytest.mark.parametrize("levels", [4, PROBABILITY_UNIT])
@pytest.mark.parametrize("threshold", [0.005, 0.02, 0.5])
def test_a_large_linkage_equals_the_reference(levels: int, threshold: float) -> None:
    chance = np.random.default_rng(levels)
    codes = np.sort(chance.choice(2000 * 2000, 125_000, replace=False))
    pairs = np.stack(np.divmod(codes, 2000), axis=1)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    assert len(pairs) > 60_000
    values = chance.integers(1, levels + 1, len(pairs)) * (PROBABILITY_UNIT // levels)
    _, _, links = random_graph(5, 200, 0, 1, 60)
    found = assert_one_linkage(
        2000, pairs, values, round(threshold * PROBABILITY_UNIT), links=links
    )
    assert len(found.merges) > 900


def test_a_mean_that_stays_the_same_rounded_goes_to_the_smaller_rows() -> None:
    """The one case in which the compiled loop has to look at a link twice."""
    many = 1 << 40
    of_31, of_128 = 23 + 31 * many, 95 + 128 * many
    assert of_31 / 31 < of_128 / 128 == (of_31 + of_128) / 159
    pairs = np.array([[0, 32], [0, 160], [32, 160], [31, 161], [31, 160]])
    values = np.array([31 * 128 * (many + 2), of_31, of_128, of_128, 1])
    sets = range(31), range(32, 160), range(161, 289)
    links = Links(must=tuple(pair for rows in sets for pair in pairwise(rows)))
    found = assert_one_linkage(289, pairs, values, 1, links=links)
    assert found.merges.tolist()[:3] == [[0, 32], [0, 160], [31, 161]]


def test_components_beyond_the_exact_floats_are_left_to_the_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pairs = np.array([[0, 1], [2, 3], [3, 4], [5, 6], [6, 7], [8, 9], [9, 10]])
    values = np.array([9, 30, 20, 11, 10, 99, 12])
    links = Links(cannot=((8, 10), (5, 0)))
    usual = assert_one_linkage(11, pairs, values, 2, links=links)
    left = []
    plain = clustering._cluster_component

    def noted(graph: dict[int, dict[int, int]], *rest: Any) -> list[tuple[int, int, int, int]]:
        left.append(min(graph))
        return plain(graph, *rest)

    monkeypatch.setattr(clustering, "_cluster_component", noted)
    for limit, expected in ((1 << 53, []), (111, [8]), (50, [2, 8]), (10, [2, 5, 8]), (4, None)):
        monkeypatch.setattr(clustering, "_EXACT", limit)
        left.clear()
        found, done = with_progress("compiled", 11, pairs, values, 2, links=links)
        assert left == ([0, 2, 5, 8] if expected is None else expected)
        assert found.merges.tolist() == usual.merges.tolist()
        assert done[-1] == (4, 4)
        assert done == sorted(set(done))


def test_progress_of_a_linkage(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = np.arange(600).reshape(-1, 2)
    values = np.full(300, PROBABILITY_UNIT)
    monkeypatch.setattr(clustering, "_AT_ONCE", 100)
    for which, expected in (("reference", range(1, 301)), ("compiled", (100, 200, 300))):
        _, done = with_progress(which, 600, pairs, values, 1)
        assert done == [(count, 300) for count in expected]


@given(
    st.integers(0, 999),
    st.integers(2, 40),
    st.sampled_from([0.2, 0.5, 1.0]),
    st.sampled_from([0, 100_000]),  # codes of pairs of rows, beyond 32 bits
)
@settings(deadline=None)
def test_round_ups_equal_the_reference(seed: int, n: int, density: float, shift: int) -> None:
    pairs, _, _ = random_graph(seed, n, round(density * n * (n - 1) / 2), 1, 0)
    pairs = np.sort(pairs, axis=1)
    chance = np.random.default_rng(seed)
    levels = np.array([0.03, 0.04, 0.3, 0.95, 0.99]) * PROBABILITY_UNIT
    values = chance.choice(levels, len(pairs)).astype(np.int64)
    sizes = chance.choice([10, 200, 300], n + shift)
    found = []
    for which in ("reference", "compiled"):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("DEDUP_KERNELS", which)
            found.append(held_down(sizes, pairs + shift, values).tolist())
    assert found[0] == found[1]
    assert found[0] == held_down(sizes[shift:], pairs, values).tolist()


@given(st.integers(0, 999), st.integers(2, 30), st.integers(0, 8))
@settings(deadline=None)
def test_strangers_are_those_of_plain_sets(seed: int, n: int, looked_at: int) -> None:
    pairs, _, _ = random_graph(seed, n, n * (n - 1) // 3, 1, 0)
    chances = np.random.default_rng(seed).integers(0, 10, len(pairs))
    known = {frozenset(pair): p for pair, p in zip(pairs.tolist(), chances.tolist(), strict=True)}
    bounds, ends, place = round_ups._rows_of(pairs, n)
    counts = np.empty((n, 2), dtype=np.int64)
    engine.kernels().count_strangers(
        *(bounds, ends, chances[place], np.arange(n), 5, 2, looked_at, counts)
    )
    for text in range(n):
        near = [other for other in range(n) if known.get(frozenset((text, other)), 0) >= 5]
        size = min(len(near), looked_at)
        looked = [near[at * len(near) // size] for at in range(size)]
        strange = [q for q in permutations(looked, 2) if known.get(frozenset(q), 0) < 2]
        assert counts[text].tolist() == [size * (size - 1), len(strange)]


@given(st.lists(st.sets(st.integers(0, 60), max_size=40), min_size=1, max_size=8), st.data())
@settings(deadline=None)
def test_shared_counts_equal_the_reference(rows: list[set[int]], data: st.DataObject) -> None:
    # Unsorted, and some values twice.
    parts = [
        Ragged.from_rows(np.array([*row, *list(row)[:3]], dtype=np.uint64) for row in part)
        for part in (rows[:3], rows[3:])
    ]
    places = st.integers(0, len(rows) - 1)
    drawn = data.draw(st.lists(st.tuples(places, places), max_size=20))
    pairs: NDArray[np.int32] = np.array(drawn, dtype=np.int32).reshape(-1, 2)
    expected = [len(rows[i] & rows[j]) for i, j in drawn]
    for which in ("reference", "compiled"):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("DEDUP_KERNELS", which)
            found = shared(Runs(parts=tuple(parts)), pairs)
            assert found.counts.tolist() == expected
            assert found.sizes.tolist() == [[len(rows[i]), len(rows[j])] for i, j in drawn]


@given(st.integers(0, 99), st.sampled_from([0.1, 0.5, 0.65, 0.7, 1.0]))
@settings(deadline=None)
def test_verified_pairs_equal_the_reference(seed: int, threshold: float) -> None:
    """Also where a merge is given up on the way."""
    chance = np.random.default_rng(seed)
    whole = chance.integers(0, 2**63, 400, dtype=np.uint64)
    kept = [chance.random(400) < share for share in (1, 0.95, 0.8, 0.7, 0.65, 0.5, 0.1)]
    runs = Runs(parts=(Ragged.from_rows(whole[places] for places in kept),))
    pairs: NDArray[np.int32] = np.array(list(combinations(range(7), 2)), dtype=np.int32)
    found = []
    for which in ("reference", "compiled"):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("DEDUP_KERNELS", which)
            found.append(verify(runs, pairs, threshold))
    assert found[0].pairs.tolist() == found[1].pairs.tolist()
    assert found[0].jaccard.tolist() == found[1].jaccard.tolist()


@given(
    st.integers(0, 400).flatmap(
        lambda n: st.tuples(st.just(n), st.integers(1, 12), st.integers(0, 99))
    ),
    st.integers(8, 20),
)
@settings(max_examples=60, deadline=None)
def test_candidates_equal_the_reference(shape: tuple[int, int, int], cap: int) -> None:
    n, values, seed = shape
    signed = np.random.default_rng(seed).integers(0, values, (n, 6)).astype(np.uint32)
    signed[signed == 0] = EMPTY
    found = []
    for which in ("reference", "compiled"):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("DEDUP_KERNELS", which)
            found.append(candidate_pairs(signed, bands=3, rows=2, bucket_cap=cap))
    a, b = found
    assert a.pairs.tolist() == b.pairs.tolist()
    assert (a.capped_buckets, a.capped_pairs) == (b.capped_buckets, b.capped_pairs)
    assert a.largest_bucket == b.largest_bucket


def test_settings_of_the_environment_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEDUP_KERNELS", "fast")
    with pytest.raises(ConfigError, match="DEDUP_KERNELS must be 'reference' or 'compiled'"):
        engine.is_compiled(0)
    for wrong in ("0", "two", "-1", "²"):
        monkeypatch.setenv("DEDUP_THREADS", wrong)
        with pytest.raises(ConfigError, match="DEDUP_THREADS must be a number above 0"):
            engine.threads()


def test_little_work_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEDUP_KERNELS", raising=False)
    monkeypatch.setattr(engine, "_is_loaded", lambda: False)
    assert not engine.is_compiled(40 * 3000)
    assert engine.is_compiled(20_000 * 3000)
    monkeypatch.setattr(engine, "_is_loaded", lambda: True)
    assert engine.is_compiled(3000)


def test_warm_up_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["warm-up"]) == 0
    assert capsys.readouterr().out == "The compiled loops are ready.\n"
    monkeypatch.setattr(engine.kernels(), "CACHED", False)
    assert main(["warm-up"]) == 1
    assert "set NUMBA_CACHE_DIR" in capsys.readouterr().err


@pytest.mark.slow
def test_compiled_code_is_kept_where_numba_is_told(tmp_path: Path) -> None:
    code = "from dedup.engine import warm_up; print(warm_up())"
    kept: list[dict[Path, int]] = []
    for _ in range(2):
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout.strip() == "True"
        kept.append({path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")})
    assert kept[0]
    assert kept[0] == kept[1]  # the second process compiled nothing


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fixtures", "vietnamese", "olympics_titles", "indonesian"])
def test_results_do_not_depend_on_the_engine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "fixtures":
        paths = sorted((devsets.ROOT / "fixtures").rglob("*.jsonl"))
        lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
        articles = [{**json.loads(line), "id": str(n)} for n, line in enumerate(lines)]
        articles = [row for row in articles if "text" in row or "title" in row]
    else:
        path = devsets.DATA / f"{name}.jsonl.gz"
        if not path.exists():
            pytest.skip(f"{path} is absent")
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            articles = [{**json.loads(line), "id": str(n)} for n, line in enumerate(stream)][:1500]
    found = []
    for which in ("reference", "compiled"):
        monkeypatch.setenv("DEDUP_KERNELS", which)
        result = find_clusters(articles, progress=False)
        found.append(result.to_dicts())
    assert found[0] == found[1]
