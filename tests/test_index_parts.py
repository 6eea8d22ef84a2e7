"""Parts of the index against obvious twins: ids, packing, postings, features, choice, window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from conftest import FIXTURES, read_lines
from dedup import engine
from dedup.article import Article, as_articles, content_id
from dedup.canonical import CanonicalConfig, Choice, Member, choose
from dedup.config import Config, DuplicateConfig
from dedup.dates import Interval, parse_date
from dedup.duplicates.fingerprints import fingerprint
from dedup.duplicates.minhash import EMPTY
from dedup.events.candidates import SHARED_PAGE, event_candidates
from dedup.events.features import (
    KINDS,
    UNDATED,
    Features,
    Observed,
    count,
    microseconds,
    observe,
)
from dedup.events.groups import GroupText, features_of, profiles_of
from dedup.events.scoring import score
from dedup.index import postings
from dedup.index.identity import Identities, keep_identities
from dedup.index.packing import (
    pack_article,
    pack_text,
    unpack_article,
    unpack_text,
)
from dedup.index.postings import Bands, Terms
from dedup.index.settling import sticky
from dedup.index.table import FeatureTable, Translated
from dedup.index.window import Fresh, LiveGroup, Window, exact_key, exact_keys
from dedup.text.clean import CleanArticle, clean
from dedup.text.normalize import normalize
from dedup.text.recurring import RecurringLines
from dedup.text.told import Told
from test_canonical import TITLE, decided, member

# ---------------------------------------------------------------- which cluster keeps its id


@st.composite
def partitions(draw: st.DrawFn) -> tuple[dict[int, int], list[list[int]]]:
    """Articles with their old ids, some without; and clusters now, where some are missing."""
    n = draw(st.integers(0, 14))
    old = draw(st.lists(st.sampled_from([0, 0, 3, 5, 5, 5, 8]), min_size=n, max_size=n))
    now = draw(st.lists(st.integers(-1, 5), min_size=n, max_size=n))
    before = {article: name for article, name in enumerate(old) if name}
    clusters = defaultdict(list)
    for article in draw(st.permutations(range(n))):
        clusters[now[article]].append(article)
    return before, [articles for place, articles in clusters.items() if place >= 0]


def shares(before: Mapping[int, int], after: Sequence[Sequence[int]]) -> dict[int, dict[int, int]]:
    """Return how many articles of each old id each place holds; ids without any are absent."""
    found: dict[int, dict[int, int]] = {}
    for place, articles in enumerate(after):
        for article in articles:
            if article in before:
                places = found.setdefault(before[article], {})
                places[place] = places.get(place, 0) + 1
    return found


@given(partitions())
def test_each_id_is_kept_once_or_merged(given_: tuple[dict[int, int], list[list[int]]]) -> None:
    before, after = given_
    found = keep_identities(before, after)
    held = shares(before, after)
    kept = [name for name in found.ids if name is not None]
    merged = [name for name, _ in found.merged]
    assert len(found.ids) == len(after)
    assert sorted(kept + merged) == sorted(held)
    for place, name in enumerate(found.ids):
        assert name is None or place in held[name]


@given(partitions())
def test_splits_are_all_that_an_id_left_elsewhere(
    given_: tuple[dict[int, int], list[list[int]]],
) -> None:
    before, after = given_
    found = keep_identities(before, after)
    expected = {
        (name, place)
        for name, places in shares(before, after).items()
        for place in places
        if name in found.ids and found.ids[place] != name
    }
    assert len(found.split) == len(expected)
    assert set(found.split) == expected


@given(partitions())
def test_what_is_merged_goes_where_most_of_it_went(
    given_: tuple[dict[int, int], list[list[int]]],
) -> None:
    before, after = given_
    found, held = keep_identities(before, after), shares(before, after)
    for name, place in found.merged:
        best = min(held[name], key=lambda at: (-held[name][at], min(after[at])))
        assert place == best
        assert found.ids[place] is not None


@given(partitions())
def test_no_id_and_no_cluster_would_rather_have_each_other(
    given_: tuple[dict[int, int], list[list[int]]],
) -> None:
    before, after = given_
    found, held = keep_identities(before, after), shares(before, after)
    home = {name: place for place, name in enumerate(found.ids) if name is not None}

    def claim(name: int, place: int) -> tuple[int, int, int]:
        return -held[name][place], name, min(after[place])

    for name, places in held.items():
        for place in places:
            rival = found.ids[place]
            here = rival is not None and claim(rival, place) <= claim(name, place)
            there = name in home and claim(name, home[name]) <= claim(name, place)
            assert here or there


@given(partitions(), st.randoms(use_true_random=False))
def test_the_order_of_clusters_and_articles_does_not_matter(
    given_: tuple[dict[int, int], list[list[int]]], random: Any
) -> None:
    before, after = given_
    order = list(range(len(after)))
    random.shuffle(order)
    moved = keep_identities(
        dict(random.sample(sorted(before.items()), len(before))),
        [random.sample(after[place], len(after[place])) for place in order],
    )
    found = keep_identities(before, after)
    assert moved.ids == tuple(found.ids[place] for place in order)
    for mine, other in ((moved.merged, found.merged), (moved.split, found.split)):
        assert sorted((name, order[place]) for name, place in mine) == sorted(other)


def test_ties_go_to_the_older_id_then_to_the_smallest_article() -> None:
    # One cluster takes up one of each: the smaller number stays.
    assert keep_identities({1: 9, 2: 4}, [[1, 2]]) == Identities(
        ids=(4,), merged=((9, 0),), split=()
    )
    # One id falls into equal halves: it stays with article 1.
    assert keep_identities({1: 7, 2: 7}, [[2], [1]]) == Identities(
        ids=(None, 7), merged=(), split=((7, 0),)
    )
    # What is merged in equal halves is said to be where its smallest article is.
    before = {1: 3, 2: 3, 3: 4, 4: 4, 5: 9, 6: 9}
    assert keep_identities(before, [[3, 4, 6], [1, 2, 5]]) == Identities(
        ids=(4, 3), merged=((9, 1),), split=()
    )


# ---------------------------------------------------------------- packing

ODD = (
    "a1Bß… ’“”–—\xa0\xad\u200b\u200d\u0338\u0301é½™ﬁΣςİカな比利ไทยกខ\ud800\udfff\U0010ffff"
    "\U0001d7d8\x00\x1c\x85\u2028\r\t&;#x"
)
odd_text = st.text(st.one_of(st.sampled_from(ODD), st.characters(codec=None)), max_size=40)
LINES = (
    "Oil rises",
    "Share",
    "By Ana Bo",
    "Thursday, 5 October 2023 | 18:20 GMT",
    "LONDON (Reuters) - Oil rose on Friday, traders said, after OPEC met in Vienna.",
    "LIÈGE, Belgium, Oct 5 (Reuters) — The hub “is watched”, the VSSE said on Thursday.",
    "The council said on Friday that the bridge would stay shut until engineers saw both towers.",
    "The closure was first reported by Bloomberg News, and it may last until Tuesday evening.",
    "(Reporting by Ana Bo; Editing by C. Do)",
    "Read more: Storm nears",
    "Editor's note: this story has been withdrawn.",
    "&amp;&shy;&#xD800;&quot;",
    "",
)
bodies = st.lists(st.one_of(st.sampled_from(LINES), odd_text), max_size=9).map("\n".join)
titles = st.one_of(
    odd_text,
    st.sampled_from(["UPDATE 2-Oil rises | Kite", "CORRECTED-Oil rises", "KILL: Oil\nrises", ""]),
)
plain = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), odd_text, st.just("")
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(odd_text, inner, max_size=3)
    ),
    max_leaves=6,
)
moments = st.datetimes(datetime(1700, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
dates = st.one_of(
    st.none(),
    moments,
    st.sampled_from(["2023-10-05", "2023-10-05 18:20", "2023-10-05T18:20:00.000001+07:00"]),
    st.tuples(moments, moments).map(lambda ends: Interval(min(ends), max(ends))),
)
some_text = st.one_of(st.none(), odd_text)
articles = st.builds(
    Article,
    id=odd_text,
    title=titles,
    text=st.one_of(bodies, odd_text),
    url=st.one_of(some_text, st.just("https://kite.example/1?utm_source=x")),
    canonical_url=some_text,
    source=st.one_of(some_text, st.just("kite.example")),
    published=dates,
    modified=dates,
    language=st.sampled_from([None, "en-GB", "id", "Indonesian", "zh-Hant", "und"]),
    authors=st.one_of(odd_text, st.lists(st.one_of(odd_text, st.just("Bo; Ana")), max_size=3)),
    credit=st.one_of(some_text, st.just("Reuters")),
    extra=st.one_of(st.none(), st.dictionaries(odd_text, plain, max_size=3)),
)


def cleaned(article: Article, *, strip_furniture: bool = True) -> CleanArticle:
    return clean(article, RecurringLines.empty(), strip_furniture=strip_furniture)


def assert_comes_back(article: Article, made: CleanArticle) -> None:
    told, packed = pack_article(article), pack_text(article, made)
    found, again = unpack_text(article.id, told, packed)
    assert found == article
    # Equality passes 1 for True and 1.0; the content's id does not.
    assert content_id(found) == content_id(article)
    assert again == made
    assert again.body == made.body
    assert (again.text is found.text) == (normalize(article.text) == article.text)
    assert unpack_article(article.id, told) == replace(article, text="")


def test_every_fixture_comes_back() -> None:
    rows = [row for path in sorted(FIXTURES.rglob("*.jsonl")) for row in read_lines(path)]
    found, _ = as_articles(rows, on_error="skip")
    assert len(found) > 150
    made = [cleaned(article) for article in found]
    for article, each in zip(found, made, strict=True):
        assert_comes_back(article, each)
    # So that each kind of thing that cleaning finds was there.
    for name in ("header", "dateline", "credits", "dates", "removed", "withdrawn", "spans"):
        assert any(getattr(each, name) for each in made), name
    assert any(each.text != article.text for article, each in zip(found, made, strict=True))


@given(articles, st.booleans())
@settings(max_examples=300)
def test_any_article_comes_back(article: Article, strip: bool) -> None:
    assert_comes_back(article, cleaned(article, strip_furniture=strip))


def test_an_empty_article_comes_back() -> None:
    article = Article(id="1")
    assert_comes_back(article, cleaned(article))


@pytest.mark.parametrize("text", ["Share", "Share\n\nAdvertisement", "“Share”\r\n—\u2028Share", ""])
def test_nothing_left_is_not_all_of_it(text: str) -> None:
    article = Article(id="1", title="Oil rises", text=text)
    made = cleaned(article)
    nothing, everything = replace(made, spans=()), replace(made, spans=None)
    for each in (nothing, everything):
        assert_comes_back(article, each)
    assert nothing.body == "" and (everything.body != "") == bool(text)
    assert nothing != everything


def test_empty_fields_take_no_room() -> None:
    article = Article(id="1", title="Oil rises")
    assert pack_article(article) == '{"title":"Oil rises"}'


# ---------------------------------------------------------------- postings: bands

BANDS = 3
# The same value in two bands is two keys, as in a signature.
KEYS = np.array([0, 1, 2, (1 << 62) - 1], dtype=np.uint64)
band_rows = st.lists(st.lists(st.integers(0, 3), min_size=BANDS, max_size=BANDS), max_size=9)


def keys_of(rows: Sequence[Sequence[int]]) -> NDArray[np.uint64]:
    places = np.array(rows, dtype=np.int64).reshape(-1, BANDS)
    keys: NDArray[np.uint64] = np.arange(BANDS, dtype=np.uint64) + 4 * KEYS[places]
    return keys


class ListedBands:
    """Bands as a dict of lists."""

    def __init__(self) -> None:
        self.rows: defaultdict[int, list[int]] = defaultdict(list)

    def extend(self, keys: NDArray[np.uint64], rows: NDArray[np.int64]) -> None:
        for row, own in zip(rows.tolist(), keys.tolist(), strict=True):
            for key in own:
                self.rows[key].append(row)

    def find(
        self, keys: NDArray[np.uint64], most: int, alive: NDArray[np.bool_]
    ) -> list[tuple[int, int]]:
        return sorted(
            {
                (at, row)
                for at, own in enumerate(keys.tolist())
                for key in own
                for row in [row for row in self.rows[key] if alive[row]][:most]
            }
        )


def listed(found: tuple[NDArray[np.int64], NDArray[np.int64]]) -> list[tuple[int, int]]:
    """Return pairs as a list, sorted; fail if one comes twice."""
    pairs = sorted(zip(found[0].tolist(), found[1].tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    return pairs


def merging(patch: pytest.MonkeyPatch, beside: int, share: int) -> None:
    """Let rows join the large part when more than so many, or such a share of it, stand beside."""
    patch.setattr(postings, "_BESIDE", beside)
    patch.setattr(postings, "_SHARE", share)


band_steps = st.lists(st.tuples(band_rows, st.sets(st.integers(0, 30)), band_rows), max_size=12)


@given(band_steps, st.integers(0, 5), st.integers(1, 9), st.integers(1, 4) | st.just(999))
@settings(max_examples=200)
def test_bands_equal_a_dict_of_lists(
    steps: list[tuple[list[list[int]], set[int], list[list[int]]]],
    beside: int,
    share: int,
    most: int,
) -> None:
    bands, twin, n = Bands(), ListedBands(), 0
    alive = np.ones(300, dtype=np.bool_)
    with pytest.MonkeyPatch.context() as patch:
        merging(patch, beside, share)
        for put, gone, asked in steps:
            rows = np.arange(n, n + 2 * len(put), 2, dtype=np.int64)  # not every row has a band
            n += 2 * len(put)
            for part in (bands, twin):
                part.extend(keys_of(put), rows)
            alive[[row for row in gone if row < n]] = False
            if asked:
                found = listed(bands.find(keys_of(asked), most, alive))
                assert found == twin.find(keys_of(asked), most, alive)


def test_bands_of_many_rows_equal_a_dict_of_lists() -> None:
    rng = np.random.default_rng(5)
    bands, twin, n = Bands(), ListedBands(), 0
    alive = rng.random(20_000) < 0.8
    for size in (1, 3000, 1, 2, 500, 4000, *[1] * 40, 700):
        keys = rng.integers(0, 2000, size=(size, 4), dtype=np.uint64)
        rows = np.arange(n, n + size, dtype=np.int64)
        n += size
        for part in (bands, twin):
            part.extend(keys, rows)
        asked = rng.integers(0, 2000, size=(30, 4), dtype=np.uint64)
        for most in (3, 999):
            assert listed(bands.find(asked, most, alive)) == twin.find(asked, most, alive)
    large, small = bands._sorted
    assert len(large.keys) and len(small.keys)
    assert alive[large.rows].all()  # who is gone is let go of


# ---------------------------------------------------------------- postings: terms

WIDTH = 7
term_row = st.lists(st.integers(0, 3), min_size=WIDTH, max_size=WIDTH)
term_rows = st.lists(term_row, max_size=6)


@pytest.fixture(params=["reference", "compiled"])
def kernels(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run a test by either engine, in little room."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEDUP_KERNELS", request.param)
        patch.setattr(postings, "_ROOM", 1)
        if request.param == "compiled":
            engine.warm_up()
        yield


def sparse(rows: Sequence[Sequence[int]], width: int) -> Any:
    dense = np.array(rows, dtype=np.int32).reshape(-1, WIDTH)[:, :width]
    return csr_array(dense)


def dense_twin(held: NDArray[np.int64], asked: Any, least: int) -> list[tuple[int, int]]:
    rows = asked.toarray().astype(np.int64)
    narrow = np.zeros((len(rows), WIDTH), dtype=np.int64)
    narrow[:, : rows.shape[1]] = rows
    return [(a, b) for a, b in np.argwhere(narrow @ held.T >= least).tolist()]


def capped(
    held: NDArray[np.int64], large: int, cap: int, common: frozenset[int]
) -> NDArray[np.int64]:
    """Return the rows without what does not count in the first ``large``."""
    kept = held.copy()
    for term in range(WIDTH):
        having = np.flatnonzero(held[:large, term])
        if len(having) > cap:
            kept[having if term in common else having[:-cap], term] = 0
    return kept


def are_in(common: frozenset[int]) -> Any:
    return lambda terms: np.isin(terms, sorted(common))


def all_of(held: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.ones(len(held), dtype=np.bool_)


NOBODY = are_in(frozenset())

term_steps = st.lists(st.tuples(term_rows, st.integers(0, 2), term_rows), max_size=10)
TermSteps = list[tuple[list[list[int]], int, list[list[int]]]]


def run_terms(
    steps: TermSteps,
    parts: tuple[int, int],
    least: int,
    cap: int,
    common: frozenset[int] = frozenset(),
) -> None:
    """Put rows in and ask, step by step; columns grow in between, as words come."""
    terms, held, width = Terms(), np.zeros((0, WIDTH), dtype=np.int64), 1
    with pytest.MonkeyPatch.context() as patch:
        merging(patch, *parts)
        for put, wider, asked in steps:
            width = min(WIDTH, width + wider)
            rows = sparse(put, width)
            terms.extend(rows)
            new = np.zeros((len(put), WIDTH), dtype=np.int64)
            new[:, :width] = rows.toarray()
            held = np.concatenate([held, new])
            for columns in (width, WIDTH):  # what is asked may hold words that no row holds
                newcomers = sparse(asked, columns)
                found = listed(terms.find(newcomers, least, cap, are_in(common), all_of(held)))
                kept = capped(held, terms._first, cap, common)
                assert found == dense_twin(kept, newcomers, least)


part_sizes = st.tuples(st.integers(0, 6), st.integers(1, 4))


@pytest.mark.usefixtures("kernels")
@given(steps=term_steps, parts=part_sizes, least=st.integers(1, 12))
@settings(max_examples=80)
def test_terms_equal_a_dense_product(steps: TermSteps, parts: tuple[int, int], least: int) -> None:
    run_terms(steps, parts, least, 999)


@pytest.mark.usefixtures("kernels")
@given(steps=term_steps, parts=part_sizes, cap=st.integers(1, 4))
@settings(max_examples=80)
def test_of_a_rare_term_the_last_rows_of_the_large_part_count(
    steps: TermSteps, parts: tuple[int, int], cap: int
) -> None:
    run_terms(steps, parts, 1, cap)


@pytest.mark.usefixtures("kernels")
@given(
    steps=term_steps,
    parts=part_sizes,
    cap=st.integers(1, 4),
    common=st.frozensets(st.integers(0, WIDTH - 1)),
)
@settings(max_examples=80)
def test_of_a_common_term_no_row_of_the_large_part_counts(
    steps: TermSteps, parts: tuple[int, int], cap: int, common: frozenset[int]
) -> None:
    run_terms(steps, parts, 1, cap, common)


def test_a_common_term_does_not_come_back() -> None:
    terms, one = Terms(), csr_array(np.ones((1, 1), dtype=np.int32))
    with pytest.MonkeyPatch.context() as patch:
        merging(patch, 0, 1 << 30)
        for _ in range(4):  # each row joins the large part by itself
            terms.extend(one)
            found = terms.find(one, 1, 2, are_in(frozenset({0})), np.ones(4, dtype=np.bool_))
        assert terms._first == 4
        assert listed(found) == []


def test_terms_of_many_rows_equal_a_dense_product(kernels: None) -> None:
    rng = np.random.default_rng(8)
    terms, parts, width = Terms(), [], 40
    for size in (1, 2500, 1, 3, 600, *[2] * 10, 900):
        width += int(rng.integers(0, 3))
        rows = rng.integers(1, 50, size=(size, width)) * (rng.random((size, width)) < 0.1)
        terms.extend(csr_array(rows.astype(np.int32)))
        parts.append(rows)
        asked = rng.integers(1, 50, size=(5, width)) * (rng.random((5, width)) < 0.2)
        held = np.zeros((sum(map(len, parts)), width), dtype=np.int64)
        ends = np.cumsum([0, *map(len, parts)]).tolist()
        for part, (start, end) in zip(parts, pairwise(ends), strict=True):
            held[start:end, : part.shape[1]] = part
        newcomers = csr_array(asked.astype(np.int32))
        found = listed(terms.find(newcomers, 900, 9999, NOBODY, all_of(held)))
        expected = [(a, b) for a, b in np.argwhere(asked @ held.T >= 900).tolist()]
        assert found == expected != []
    assert terms._large is not None and terms._small is not None


# ---------------------------------------------------------------- the table of features

WORDS = (
    *("alibaba", "Cainiao", "Liège", "Liege", "VSSE", "hub", "spies", "the", "of", "Thursday"),
    *("1,500", "7", "marlin", "Marlin", "bridge", "ferry"),
)
says = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
days = st.one_of(st.none(), st.integers(1, 28))
PAGES = ("https://kite.example/1", "https://wren.example/2")
pages = st.frozensets(st.sampled_from(PAGES))


def day_of(number: int | None, month: int = 10) -> Interval | None:
    return None if number is None else parse_date(f"2023-{month:02}-{number:02}T09:00Z")


def group(
    body: str, title: str = "", published: Interval | None = None, urls: Iterable[str] = ()
) -> GroupText:
    return GroupText(
        id=body,
        clean=CleanArticle(title=title, text=body),
        published=published,
        urls=frozenset(urls),
    )


groups = st.builds(group, says, says, days.map(day_of), pages)
some_groups = st.lists(groups, max_size=7)


def observed_in(texts: Sequence[GroupText]) -> Observed:
    return observe(profiles_of(texts))


def weighed(texts: Sequence[GroupText], observed: Observed) -> Features:
    return features_of(texts, profiles_of(texts), observed, 1000)


def every_pair(n: int) -> NDArray[np.int64]:
    return np.array(list(combinations(range(n), 2)), dtype=np.int64).reshape(-1, 2)


def told_by(features: Features) -> list[Any]:
    """Return what rows of features say, in words: column numbers mean nothing."""
    rows: list[Any] = []
    starts = features.views["terms"].matrix.indptr.tolist()
    for row in range(len(features)):
        said: dict[str, Any] = {}
        for kind in KINDS:
            view = features.views[kind]
            start, end = view.matrix.indptr[row : row + 2].tolist()
            columns = view.matrix.indices[start:end].tolist()
            weights = view.matrix.data[start:end].tolist()
            assert len(set(columns)) == len(columns)
            words = [view.words[column] for column in columns]
            said[kind] = sorted(zip(words, weights, strict=True))
            said[f"{kind} in all"] = float(view.norm[row]), int(view.total[row])
        columns = features.views["terms"].matrix.indices[starts[row] : starts[row + 1]].tolist()
        words = [features.views["terms"].words[column] for column in columns]
        places = features.places[starts[row] : starts[row + 1]].tolist()
        said["places"] = sorted(zip(words, places, strict=True))
        said["common"] = sorted(
            (word, bool(features.common[column]))
            for word, column in zip(words, columns, strict=True)
        )
        said["dates"] = int(features.earliest[row]), int(features.latest[row])
        said["urls"], said["languages"] = features.urls[row], features.languages[row]
        rows.append(said)
    return rows


def assert_same_scores(a: Features, b: Features, pairs: NDArray[np.int64]) -> None:
    one, other = score(a, pairs), score(b, pairs)
    assert one.values.tolist() == other.values.tolist()
    assert one.log_odds.tolist() == other.log_odds.tolist()
    assert one.probability.tolist() == other.probability.tolist()


def translated(table: FeatureTable, texts: Sequence[GroupText], observed: Observed) -> Translated:
    return table.translated(weighed(texts, observed), profiles_of(texts).named)


def in_pieces(pieces: Sequence[Sequence[GroupText]], observed: Observed) -> FeatureTable:
    table = FeatureTable()
    for piece in pieces:
        table.extend(translated(table, piece, observed))
    return table


@given(st.lists(some_groups, max_size=5))
@settings(max_examples=150)
def test_pieces_score_as_the_whole(pieces: list[list[GroupText]]) -> None:
    texts = [text for piece in pieces for text in piece]
    observed = observed_in(texts)
    table, whole = in_pieces(pieces, observed), weighed(texts, observed)
    assert len(table) == len(texts)
    assert told_by(table.whole()) == told_by(whole)
    assert [table.size(row) for row in range(len(texts))] == whole.sizes.tolist()
    pairs = every_pair(len(texts))
    assert_same_scores(table.whole(), whole, pairs)
    assert_same_scores(table.whole(), whole, pairs[:, ::-1])


@given(st.lists(some_groups, max_size=3), some_groups, st.booleans())
@settings(max_examples=100)
def test_rows_stand_beside_a_table_for_a_while(
    pieces: list[list[GroupText]], late: list[GroupText], fails: bool
) -> None:
    texts = [*(text for piece in pieces for text in piece), *late]
    observed = observed_in(texts)
    table, whole = in_pieces(pieces, observed), weighed(texts, observed)
    before = told_by(table.whole()), {kind: list(words) for kind, words in table.words.items()}
    newcomers = translated(table, late, observed)

    def now() -> tuple[list[Any], dict[str, list[str]]]:
        return told_by(table.whole()), {kind: list(words) for kind, words in table.words.items()}

    assert now() == before  # nothing is put in by translating
    try:
        with table.beside(newcomers) as features:
            assert told_by(features) == told_by(whole)
            assert_same_scores(features, whole, every_pair(len(texts)))
            if fails:
                raise InterruptedError
    except InterruptedError:
        assert fails
    assert now() == before
    assert len(table) == len(texts) - len(late)
    # What was translated before is still good, and so is what is translated now.
    table.extend(newcomers)
    assert told_by(table.whole()) == told_by(whole)
    table.extend(translated(table, texts, observed))
    assert told_by(table.whole()) == 2 * told_by(whole)


@given(some_groups, some_groups, st.data())
def test_another_set_of_newcomers_may_come_after_one_that_left(
    held: list[GroupText], late: list[GroupText], data: st.DataObject
) -> None:
    others = data.draw(some_groups)
    observed = observed_in([*held, *late, *others])
    table = in_pieces([held], observed)
    with table.beside(translated(table, late, observed)):
        pass
    table.extend(translated(table, others, observed))
    assert told_by(table.whole()) == told_by(weighed([*held, *others], observed))


def test_what_newcomers_take_for_a_name_leaves_with_them() -> None:
    texts = [group("the Cainiao marlin hub")]
    observed = observed_in(texts)
    assert {"cainiao"} == set(observed.names)
    table = in_pieces([texts], observed)
    before = told_by(table.whole())
    other = replace(observed, names={"marlin": 1})
    with table.beside(translated(table, [group("marlin cainiao ferry")], other)):
        assert told_by(table.whole()) != before
    assert told_by(table.whole()) == before
    table.extend(translated(table, texts, observed))
    assert told_by(table.whole()) == 2 * before


@given(st.lists(groups, min_size=1, max_size=6), groups, st.data())
def test_a_row_that_is_redated_scores_as_if_it_had_been_so(
    texts: list[GroupText], other: GroupText, data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, len(texts) - 1))
    observed = observed_in(texts)
    table = in_pieces([texts], observed)
    bounds = (int(UNDATED), int(UNDATED)) if other.published is None else None
    bounds = bounds or microseconds(other.published or Interval(datetime.max, datetime.max))
    table.redate(row, *bounds, other.urls)
    assert table.dates(row) == (*bounds, other.urls)
    changed = list(texts)
    changed[row] = replace(texts[row], published=other.published, urls=other.urls)
    whole = weighed(changed, observed)
    assert told_by(table.whole()) == told_by(whole)
    assert_same_scores(table.whole(), whole, every_pair(len(texts)))


# ---------------------------------------------------------------- what stays shown

EARLY, LATE, LATER = "2023-10-05T08:00Z", "2023-10-06T08:00Z", "2023-10-07T08:00Z"


def shown(
    members: Sequence[Member], incumbents: Iterable[str], config: CanonicalConfig | None = None
) -> Choice:
    return choose(members, sticky(config or CanonicalConfig(), frozenset(incumbents)))


def test_what_is_shown_stays_against_an_earlier_one() -> None:
    early, late = member("a", published=EARLY), member("z", published=LATE)
    assert choose([early, late]).article_id == "a"
    stays = shown([early, late], ["z"])
    assert stays.article_id == "z"
    assert decided(stays, [early, late]) == ["incumbent"]
    assert stays.reasons == ("it was shown before, and no other is clearly better",)


def test_what_is_shown_stays_against_a_nicer_one() -> None:
    for nicer in (
        [member("a", centrality=900), member("z", centrality=100)],
        [member("a"), member("z", title="SECURITY SERVICE WATCHES ALIBABA HUB")],
        [member("a"), member("z")],  # nothing but the smaller id
    ):
        assert choose(nicer).article_id == "a"
        assert shown(nicer, ["z"]).article_id == "z"


def clearly_better() -> dict[str, tuple[list[Member], CanonicalConfig]]:
    """Return stories, by a rule about what is right; ``a`` is shown, ``z`` is better."""
    now: dict[str, Any] = {"published": EARLY}
    late: dict[str, Any] = {"published": LATER}
    usual = CanonicalConfig()
    foreign = "Dinas keamanan Belgia memantau pusat logistik Alibaba di bandara kargo Liège. " * 5
    reuters = [("agency", "reuters")]
    return {
        "withdrawn": ([member("a", withdrawn=True, **now), member("z", **late)], usual),
        "withdrawn_story": (
            [
                member("k", title="Notice", source="Ledger", withdrawn=True, header=("kill", 0)),
                member("a", source="Ledger", group=7),
                member("z", source="AFP", title="Cainiao under watch", **late),
            ],
            usual,
        ),
        "pinned": (
            [member("a", **now), member("z", **late)],
            CanonicalConfig(pins=("z",)),
        ),
        "banned": (
            [member("a", **now), member("z", **late)],
            CanonicalConfig(bans=("a",)),
        ),
        "corrected": (
            [
                member("a", source="Reuters", group=1, **now),
                member("z", source="Reuters", group=1, header=("corrected", 0), **late),
            ],
            usual,
        ),
        "named_canonical": (
            [
                member("a", url="https://a.example/1", **now),
                member("b", url="https://b.example/1", canonical_url="https://z.example/1"),
                member("z", url="https://z.example/1", **late),
            ],
            usual,
        ),
        "agency": (
            [
                member("a", source="A", credits=[("republished_from", "reuters")], **now),
                member("b", source="B", credits=[("republished_from", "reuters")], **now),
                member("z", source="Reuters", credits=reuters, **late),
            ],
            usual,
        ),
        "source_priority": (
            [member("a", source="Ledger", **now), member("z", source="Z Post", **late)],
            CanonicalConfig(source_priority=("Z Post",)),
        ),
        "untranslated": (
            [
                member(
                    "a", paragraphs=[foreign + "“[We] mendeteksi [which are] berdasarkan”"], **now
                ),
                member("z", paragraphs=[foreign], **late),
            ],
            usual,
        ),
        "completeness": (
            [member("a", n_words=90, **now), member("b", **late), member("z", **late)],
            CanonicalConfig(bans=("b",)),
        ),
    }


@pytest.mark.parametrize("rule", sorted(clearly_better()))
def test_what_is_shown_gives_way_to_what_is_right(rule: str) -> None:
    members, config = clearly_better()[rule]
    choice = shown(members, ["a"], config)
    assert choice.article_id == "z"
    names = decided(choice, members)
    assert "incumbent" not in names
    assert {"banned": "pinned"}.get(rule, rule) in names


def test_what_is_right_stays_when_it_is_shown() -> None:
    for members, config in clearly_better().values():
        assert shown(members, ["z"], config).article_id == "z"


def test_updates_are_followed_where_they_are_preferred() -> None:
    first = member("a", source="Reuters", group=1, published=EARLY)
    second = member("z", source="Reuters", group=1, published=LATER, role="update")
    assert shown([first, second], ["a"]).article_id == "a"
    assert shown([first, second], ["a"], CanonicalConfig(prefer_updates=True)).article_id == "z"


def test_rules_that_do_not_run_are_not_looked_for() -> None:
    early, late = member("a", published=EARLY), member("z", published=LATE, title=TITLE.upper())
    for rules in ((), ("pinned",), ("earliest",), ("presentation",), ("centre", "earliest")):
        config = CanonicalConfig(rules=rules)
        assert choose([early, late], config).article_id == "a"
        assert shown([early, late], ["z"], config).article_id == "z"
    pinned = CanonicalConfig(rules=("pinned",), pins=("a",))
    assert shown([early, late], ["z"], pinned).article_id == "a"
    assert sticky(CanonicalConfig(), frozenset()) == CanonicalConfig()


def members_of(fields: Sequence[dict[str, Any]]) -> list[Member]:
    return [member(f"id{at}", **each) for at, each in enumerate(fields)]


some_members = st.lists(
    st.fixed_dictionaries(
        {
            "n_words": st.sampled_from([90, 400]),
            "group": st.integers(1, 2),
            "centrality": st.sampled_from([100, 900]),
            "published": st.sampled_from([None, EARLY, LATE, LATER]),
            "source": st.sampled_from(["Reuters", "Ledger"]),
            "header": st.sampled_from([None, ("corrected", 0), ("update", 1)]),
            "role": st.sampled_from(["report", "update"]),
            "withdrawn": st.booleans(),
        }
    ),
    min_size=1,
    max_size=5,
).map(members_of)


@given(some_members, st.integers(0, 5), st.booleans())
def test_only_what_is_right_puts_out_what_is_shown(
    members: list[Member], at: int, updates: bool
) -> None:
    config = CanonicalConfig(pins=("id0",), bans=("id2",), prefer_updates=updates)
    name = f"id{at}"
    choice = shown(members, [name], config)
    if at >= len(members):  # what was shown is in none of these: nothing changes
        usual = choose(members, config)
        assert (choice.article_id, choice.reasons) == (usual.article_id, usual.reasons)
        return
    left = [rule for rule, ids in choice.trail if name in ids]
    assert (choice.article_id == name) == (len(left) == len(choice.trail))
    # Out before the incumbent has its say, or in to the end.
    nice = {"incumbent", "earliest", "centre", "presentation", "stable"}
    if not updates:
        nice.add("updates")
    if choice.article_id != name:
        assert choice.trail[len(left)][0] not in nice
    again = shown(members, [choice.article_id], config)
    assert again.article_id == choice.article_id


# ---------------------------------------------------------------- the window

SMALL = Config(duplicate=DuplicateConfig(num_perm=32, bands=8, rows=2))


def fresh_of(
    window: Window,
    texts: Sequence[GroupText],
    observed: Observed | None = None,
    signed: NDArray[np.uint32] | None = None,
) -> Fresh:
    profiles = profiles_of(texts)
    duplicate = window.config.duplicate
    if signed is None:
        prints = fingerprint(
            Told(texts), shingle_size=duplicate.shingle_size, num_perm=duplicate.num_perm
        )
        heads = np.unique(prints.representative)
        signed = prints.signatures[np.searchsorted(heads, prints.representative)]
    observed = observed or window.counts.observed_with(count(profiles))
    return Fresh(
        words=window.table.translated(features_of(texts, profiles, observed, 1000), profiles.named),
        signatures=signed,
        exact=exact_keys(texts, signed),
    )


def put_in(window: Window, fresh: Fresh) -> list[int]:
    """Put groups of one article each in; an article's number is a hundred more than its row."""
    first = len(window)
    rows = list(range(first, first + len(fresh)))
    window.extend(
        [
            LiveGroup(centre=100 + row, id=str(row), members=[100 + row], sources=frozenset())
            for row in rows
        ],
        [1000 + row for row in rows],
        fresh,
    )
    return rows


def near(window: Window, fresh: Fresh) -> list[tuple[int, int]]:
    with window.table.beside(fresh.words) as features:
        pairs = window.near(fresh, features).tolist()
    assert pairs == sorted(pairs)
    assert all(a > b and a >= len(window) for a, b in pairs)
    return [(a, b) for a, b in pairs]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[list[GroupText]], list[list[int]], list[GroupText]]:
    """Batches; after each, the rows that go; and who asks at last."""
    batches = draw(st.lists(some_groups, min_size=1, max_size=4))
    alive: list[int] = []
    gone, n = [], 0
    for batch in batches:
        alive += range(n, n + len(batch))
        n += len(batch)
        leaving = draw(st.lists(st.sampled_from(alive), unique=True)) if alive else []
        alive = [row for row in alive if row not in leaving]
        gone.append(leaving)
    return batches, gone, draw(st.lists(groups, max_size=4))


@given(streams())
@settings(max_examples=120)
def test_near_are_the_candidates_of_a_batch_of_who_is_left(
    stream: tuple[list[list[GroupText]], list[list[int]], list[GroupText]],
) -> None:
    batches, gone, asking = stream
    texts = [text for batch in batches for text in batch]
    observed = observed_in([*texts, *asking])
    with pytest.MonkeyPatch.context() as patch:
        merging(patch, 2, 3)
        window = Window(SMALL)
        for batch, leaving in zip(batches, gone, strict=True):
            put_in(window, fresh_of(window, batch, observed))
            for row in leaving:
                window.drop(row)
            near(window, fresh_of(window, asking, observed))
        found = near(window, fresh_of(window, asking, observed))
    out = {row for leaving in gone for row in leaving}
    left = [row for row in range(len(texts)) if row not in out]
    assert np.flatnonzero(window.alive.values).tolist() == left
    assert window.n_alive == len(left)
    assert out.isdisjoint(row for pair in found for row in pair)
    event = SMALL.event
    everyone = [*(texts[row] for row in left), *asking]
    batch_pairs = event_candidates(
        weighed(everyone, observed),
        top_terms=event.top_terms,
        min_cosine=event.min_cosine,
        window_days=event.window_days,
        posting_cap=event.posting_cap,
    ).pairs
    row_of = [*left, *range(len(texts), len(texts) + len(asking))]
    expected = sorted((row_of[j], row_of[i]) for i, j in batch_pairs.tolist() if j >= len(left))
    assert found == expected


def test_a_page_of_many_stories_says_nothing() -> None:
    page = "https://kite.example/live"
    window = Window(SMALL)
    texts = [group(f"story{at}", urls=[page]) for at in range(SHARED_PAGE - 1)]
    put_in(window, fresh_of(window, texts))
    asking = [group("another", urls=[page])]
    assert near(window, fresh_of(window, asking)) == []
    window.drop(3)
    n = len(window)
    left = [row for row in range(n) if row != 3]
    assert near(window, fresh_of(window, asking)) == [(n, row) for row in left]


def test_dates_too_far_apart_are_not_near() -> None:
    window = Window(SMALL)
    text = "Cainiao hub at Liège watched by VSSE spies"
    put_in(
        window,
        fresh_of(
            window, [group(text, published=day_of(day, month)) for day, month in ((1, 1), (1, 10))]
        ),
    )
    asking = fresh_of(window, [group(text, published=day_of(20))])
    assert near(window, asking) == [(2, 1)]
    window.join(0, 7, group(text, published=day_of(2, 10)))  # the later date does not count
    assert near(window, asking) == [(2, 1)]
    window.join(1, 8, group(text, published=day_of(1, 2)))
    assert near(window, asking) == []


@given(st.integers(0, 1 << 16), st.integers(0, 12), st.integers(0, 12), st.data())
@settings(max_examples=60)
def test_alike_are_live_rows_that_share_a_band_and_enough_places(
    seed: int, n: int, k: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    num_perm, bands, rows = 64, 16, 2
    duplicate = DuplicateConfig(num_perm=num_perm, bands=bands, rows=rows)
    base = rng.integers(0, 1 << 30, size=(3, num_perm)).astype(np.uint32)
    noise = rng.integers(0, 1 << 30, size=(n + k, num_perm)).astype(np.uint32)
    differ = rng.random((n + k, num_perm)) < rng.choice([0.0, 0.3, 0.6, 0.7, 0.8], size=(n + k, 1))
    signed = np.where(differ, noise, base[rng.integers(0, 3, size=n + k)])
    signed[rng.random(n + k) < 0.2] = EMPTY
    window = Window(Config(duplicate=duplicate))
    texts = [group(str(at)) for at in range(n)]
    cut = data.draw(st.integers(0, n))
    for start, stop in ((0, cut), (cut, n)):
        put_in(window, fresh_of(window, texts[start:stop], signed=signed[start:stop]))
    out = data.draw(st.sets(st.integers(0, n - 1))) if n else set()
    for row in out:
        window.drop(row)
    p = duplicate.threshold
    least = p - 5 * (p * (1 - p) / num_perm) ** 0.5
    expected = []
    for at, row in product(range(k), range(n)):
        mine, other = signed[n + at], signed[row]
        same = mine == other
        empty = (mine == EMPTY).all() or (other == EMPTY).all()
        shared = same[: bands * rows].reshape(bands, rows).all(axis=1).any()
        if row not in out and not empty and shared and same.mean() >= least:
            expected.append((at, row))
    assert listed(window.alike(signed[n:])) == expected


def test_rows_that_are_gone_take_no_room_in_a_band() -> None:
    duplicate = replace(SMALL.duplicate, bucket_cap=8)
    window, loaded = (Window(Config(duplicate=duplicate)) for _ in range(2))
    signed = np.tile(np.arange(32, dtype=np.uint32), (9, 1))
    texts = [group(str(at)) for at in range(9)]
    put_in(window, fresh_of(window, texts, signed=signed))
    for row in range(8):
        window.drop(row)
    # A window that never held those finds who is left.
    put_in(loaded, fresh_of(loaded, texts[8:], signed=signed[8:]))
    assert listed(loaded.alike(signed[:1])) == [(0, 0)]
    assert listed(window.alike(signed[:1])) == [(0, 8)]


def test_rows_that_are_gone_do_not_make_a_term_common() -> None:
    config = replace(SMALL, event=replace(SMALL.event, posting_cap=2))
    window, loaded = (Window(config) for _ in range(2))
    texts = [group("ferry bridge")] * 5
    observed = observed_in(texts)
    with pytest.MonkeyPatch.context() as patch:
        merging(patch, 0, 1 << 30)
        put_in(window, fresh_of(window, texts[:4], observed))
        for row in range(1, 4):
            window.drop(row)
        put_in(loaded, fresh_of(loaded, texts[:1], observed))
        assert near(loaded, fresh_of(loaded, texts[4:], observed)) == [(1, 0)]
        assert near(window, fresh_of(window, texts[4:], observed)) == [(4, 0)]


def kept_counts(window: Window) -> list[Any]:
    counts, words = window.counts, window.table.words
    tables = (
        (counts._seen["terms"], words["terms"]),
        (counts._seen["numbers"], words["numbers"]),
        (counts._holding, words["names"]),
        (counts._naming, words["names"]),
    )
    return [
        counts._n_texts,
        *(
            {word: n for word, n in zip(names, table.values.tolist(), strict=False) if n}
            for table, names in tables
        ),
    ]


@given(some_groups, some_groups, some_groups)
def test_counts_are_those_of_who_is_left(
    held: list[GroupText], passing: list[GroupText], asking: list[GroupText]
) -> None:
    window = Window(SMALL)
    put_in(window, fresh_of(window, held))
    asked, before = count(profiles_of(asking)), kept_counts(window)

    def now() -> list[Observed]:
        return [window.counts.observed_with(asked, known=known) for known in (False, True)]

    expected = now()
    rows = put_in(window, fresh_of(window, passing))
    for row in rows:
        window.drop(row)
    assert now() == expected
    assert kept_counts(window) == before
    for row in range(len(held)):
        window.drop(row)
    assert kept_counts(window) == kept_counts(Window(SMALL))


@given(some_groups, some_groups)
def test_counts_are_those_of_a_batch(held: list[GroupText], asking: list[GroupText]) -> None:
    window = Window(SMALL)
    put_in(window, fresh_of(window, held[:3]))
    put_in(window, fresh_of(window, held[3:]))
    counted = count(profiles_of(asking))
    for known, texts in ((False, [*held, *asking]), (True, held)):
        found, whole = window.counts.observed_with(counted, known=known), observed_in(texts)
        assert found.n_texts == whole.n_texts
        for mine, every in ((found.terms, whole.terms), (found.numbers, whole.numbers)):
            assert mine == {word: every.get(word, 0) for word in mine}
        assert set(found.terms) | set(found.numbers) == set(counted.words)
        assert found.names == {
            word: whole.names[word] for word in counted.bare if word in whole.names
        }


Scored = list[tuple[int, int, int]]


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 99)), max_size=15),
    st.sets(st.integers(0, 7)),
)
def test_scored_pairs_name_live_rows_alone(scored: Scored, out: set[int]) -> None:
    texts = [group(word) for word in WORDS[:8]]
    window = Window(SMALL)
    put_in(window, fresh_of(window, texts))
    chance_of = {(min(a, b), max(a, b)): chance for a, b, chance in scored if a != b}
    ends = np.array(list(chance_of), dtype=np.int64).reshape(-1, 2)
    chance = np.array(list(chance_of.values()), dtype=np.int64)
    for part in (slice(0, 4), slice(4, None)):
        window.add_pairs(ends[part], chance[part], chance[part] % 2 == 0)
    for row in out:
        window.drop(row)
    live = sorted(set(range(8)) - out)
    for row in live:
        expected = [
            (a + b - row, value)
            for (a, b), value in chance_of.items()
            if row in (a, b) and a + b - row in live
        ]
        assert sorted(window.neighbours(row)) == sorted(expected)
    assert window.neighbours(8) == []
    pairs, values, version = window.pairs_among({*live, 8, 9})
    found = {
        (a, b): (value, is_version)
        for (a, b), value, is_version in zip(
            pairs.tolist(), values.tolist(), version.tolist(), strict=True
        )
    }
    assert len(found) == len(pairs)
    assert found == {
        pair: (value, value % 2 == 0) for pair, value in chance_of.items() if out.isdisjoint(pair)
    }


def test_a_group_that_goes_takes_its_copies_and_addresses_along() -> None:
    window = Window(SMALL)
    text = group("Cainiao hub", published=day_of(5), urls=[PAGES[0]])
    put_in(window, fresh_of(window, [text, group("ferry")]))
    window.join(0, 7, group("Cainiao hub", published=day_of(3), urls=PAGES))
    assert window.home == {100: 0, 7: 0, 101: 1}
    earliest, latest, urls = window.table.dates(0)
    assert (earliest, latest) == microseconds(day_of(3) or Interval(datetime.max, datetime.max))
    assert urls == frozenset(PAGES)
    asking = fresh_of(window, [group("marlin", urls=PAGES[1:])])
    assert near(window, asking) == [(2, 0)]
    assert window.drop(0).members == [100, 7]
    assert window.home == {101: 1}
    assert near(window, asking) == []
    assert not any(window._pages.values())


def test_a_text_without_shingles_is_known_by_its_words_until_it_goes() -> None:
    window = Window(SMALL)
    short = group("Storm floods Brechin")
    unsigned = np.full((1, SMALL.duplicate.num_perm), EMPTY)
    key = exact_key(short.clean)
    for row in (0, 1):
        put_in(window, fresh_of(window, [short], signed=unsigned))
        assert window.exact == {key: row}
    window.drop(0)  # another holds the key now
    assert window.exact == {key: 1}
    window.drop(1)
    assert window.exact == {}
    put_in(window, fresh_of(window, [group("")], signed=unsigned))
    assert window.exact == {}
