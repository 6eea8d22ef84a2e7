"""Hints spare work and change nothing."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dedup.text.appeals import appeal_words, appeals_in, is_appeal
from dedup.text.credits import _templates, article_credits, credit_words
from dedup.text.hints import Hints, hints_of, pieces
from dedup.text.normalize import normalize
from dedup.text.patterns import _furniture, furniture_rules

RULES = furniture_rules()
#: What is looked for, in all languages, with something in place of each star.
PHRASES = sorted({phrase for _, phrase in _furniture()})
WORDS = st.sampled_from(
    [
        *(
            "Reuters",
            "7 12",
            "the harbour",
            "©",
            "–",
            "…",
            ": ",
            " :",
            ",",
            "比利时",
            "ß",
            "İ",
            "ı",
        ),
        *("ı", "(", '"', "™", "•", "·", "。", "，", "®", "#", "/"),
    ]
)
GAPS = st.sampled_from([" ", "", " ", ", ", "™ ", " ·", "-"])
phrases = st.builds(
    lambda phrase, star: phrase.split(" %")[0].replace("*", star), st.sampled_from(PHRASES), WORDS
)
cased = st.builds(lambda text, change: change(text), phrases, st.sampled_from([str.title, str]))
lines = st.lists(st.tuples(st.one_of(cased, WORDS), GAPS), min_size=1, max_size=6).map(
    lambda parts: normalize("".join(part + gap for part, gap in parts).replace("\n", " "))
)
texts = st.lists(lines, min_size=1, max_size=4)


@given(texts)
@settings(max_examples=400, deadline=None)
@example(["Published from a wire agency", "Read on : 12 pictures", "7" * 90 + " share this"])
def test_no_pattern_is_passed_over(text: list[str]) -> None:
    possible = RULES.possible(hints_of("\n".join(text), RULES.words))
    for line in text:
        assert RULES.match(line, possible) == RULES.match(line, RULES.anywhere)


@given(texts)
@settings(max_examples=400, deadline=None)
@example(["Log in to your account, or subscribe to our newsletter for the latest updates."])
def test_no_appeal_is_passed_over(text: list[str]) -> None:
    words = appeals_in(hints_of("\n".join(text), appeal_words()))
    for line in filter(None, text):
        assert is_appeal(line) == (words is not None and is_appeal(line, words))


TEMPLATES = [template for found in _templates()[0].values() for template in found]
NAMES = st.sampled_from(["Reuters", "the BBC", "dpa", "Kite News", "police", "ТАСС"])
MARKS = st.sampled_from([".", ",", "", "", ")", ":", " –", "•", "؟", "।", "¹", "5", "#", "¿", "_"])
stated = st.builds(
    lambda template, name, before, after: (
        f"{before}{name} {template.phrase.strip()}{after}"
        if template.name_first
        else f"{before}{template.phrase.strip()} {name}{after}"
    ),
    st.sampled_from(TEMPLATES),
    NAMES,
    MARKS,
    MARKS,
)


@given(st.lists(st.one_of(stated, WORDS), min_size=1, max_size=5).map(" ".join))
@settings(max_examples=400, deadline=None)
@example("Bakanlık, saldırıyı doğruladı, Reuters aktardı, dedi.")
@example("•According to Reuters, the port is shut. ¿Según AFP? #according to dpa")
def test_no_credit_is_passed_over(text: str) -> None:
    text = normalize(text)
    everything = Hints(folded="", words=credit_words())
    assert article_credits(text) == article_credits(text, hints=everything)


def test_words_that_are_asked_for_can_be_found() -> None:
    for word in RULES.words | appeal_words() | credit_words():
        assert pieces(word) == [word]


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_text_is_cut_as_its_lines_are(one: str, other: str) -> None:
    assert pieces(f"{one}\n{other}") == pieces(one) + pieces(other)
