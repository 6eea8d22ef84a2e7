"""Which version of a story is shown, rule by rule, and that the order of members never matters."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.article import Article
from dedup.canonical import RULES, CanonicalConfig, Choice, Grade, Member, Rule, choose
from dedup.dates import parse_date
from dedup.errors import ConfigError
from dedup.text.boilerplate import count_lines
from dedup.text.clean import CleanArticle
from dedup.text.clean import clean as clean_article
from dedup.text.credits import Credit, WireHeader
from dedup.text.faults import (
    _padding,
    padding_paragraphs,
    presentation_faults,
    untranslated_fragments,
)
from dedup.text.tokenize import tokenize

TITLE = "Security service watches Alibaba hub at Liège airport"


def member(
    name: str,
    *,
    title: str = TITLE,
    paragraphs: Sequence[str] = ("A paragraph of the report.",),
    n_words: int = 400,
    group: int | None = None,
    role: str = "report",
    centrality: int = 800,
    published: str | None = None,
    modified: str | None = None,
    credits: Sequence[tuple[str, str]] = (),
    header: tuple[str, int] | None = None,
    withdrawn: bool = False,
    **fields: Any,
) -> Member:
    """Return a member; ``credits`` holds (relation, agency), each id makes a group of its own."""
    return Member(
        article=Article(
            id=name,
            title=title,
            text="\n\n".join(paragraphs),
            published=None if published is None else parse_date(published),
            modified=None if modified is None else parse_date(modified),
            **fields,
        ),
        clean=CleanArticle(
            title=title.rstrip("."),
            text="\n".join(paragraphs),
            header=None if header is None else WireHeader(kind=header[0], number=header[1]),
            dateline=None,
            credits=tuple(
                Credit(relation=relation, name=agency.title(), agency=agency)
                for relation, agency in credits
            ),
            dates=(),
            removed=(),
            withdrawn=withdrawn,
        ),
        n_words=n_words,
        group=sum(map(ord, name)) if group is None else group,
        role=role,
        centrality=centrality,
    )


def decided(choice: Choice, members: Sequence[Member]) -> list[str]:
    """Return the names of the rules that put somebody out."""
    names, left = [], len(members)
    for name, ids in choice.trail:
        if len(ids) < left:
            names.append(name)
        left = len(ids)
    return names


def expect(winner: str, rule: str, *members: Member, **config: Any) -> str:
    """Check who wins and by which rule alone; return the reason."""
    choice = choose(members, CanonicalConfig(**config))
    assert (choice.article_id, decided(choice, members)) == (winner, [rule])
    assert members[choice.index].article.id == winner
    assert len(choice.reasons) == 1
    return choice.reasons[0]


# One test for each rule.  The winner's id always comes last, so that no tie-break helps it.


def test_withdrawn_story_is_not_shown() -> None:
    gone, stands = member("a", withdrawn=True, n_words=900), member("z")
    assert expect("z", "withdrawn", gone, stands) == "not withdrawn itself; 1 other was"
    assert choose([gone, stands], CanonicalConfig(pins=("a",))).article_id == "z"
    assert choose([gone, stands], CanonicalConfig(bans=("z",))).article_id == "z"
    assert choose([gone, stands], CanonicalConfig(rules=())).article_id == "z"


def test_only_withdrawn_stories() -> None:
    gone = [member("a", withdrawn=True), member("b", withdrawn=True)]
    assert choose(gone).article_id == "a"
    assert choose(gone[:1]).reasons == ("the only report, and withdrawn by its publisher",)


def test_pins_and_bans() -> None:
    a, z = member("a"), member("z")
    assert expect("z", "pinned", a, z, pins=("z",)) == "pinned by you"
    assert expect("z", "pinned", a, z, bans=("a", "elsewhere")) == "not banned by you"
    assert choose([a], CanonicalConfig(bans=("a",))).article_id == "a"


def winner_of(*members: Member) -> str:
    return choose(members).article_id


def test_story_that_a_notice_withdraws_steps_back() -> None:
    notice = member("k", title="Notice", source="Ledger", withdrawn=True, header=("kill", 0))
    killed = member("a", source="Ledger", group=7)
    copy = member("b", source="Bisnis", title="Belgium watches Alibaba", group=7)
    own = member("z", source="AFP", title="Cainiao under watch")
    assert winner_of(notice, killed, copy, own) == "z"
    assert winner_of(notice, killed, copy) == "b"
    assert winner_of(notice, killed) == "a"  # a notice is no report at all
    late = replace(notice, article=replace(notice.article, published=parse_date("2023-10-05")))
    after = member("c", source="Ledger", published="2023-10-09")
    assert winner_of(late, killed, after) == "c"


@pytest.mark.parametrize(
    "notice",
    [
        member("k", source="Ledger", withdrawn=True),
        member("k", title="Notice", paragraphs=[f"“{TITLE}” is withdrawn."], withdrawn=True),
        member("k", title="Notice", canonical_url="https://www.ledger.example/1", withdrawn=True),
    ],
)
def test_notice_that_names_its_story_spares_the_outlets_others(notice: Member) -> None:
    notice = replace(notice, article=replace(notice.article, source="Ledger"))
    killed = member("a", source="Ledger", url="https://ledger.example/1?utm_source=x")
    spared = member("z", source="Ledger", title="Another story of the Ledger")
    choice = choose([notice, killed, spared])
    assert choice.article_id == "z"
    assert decided(choice, [notice, killed, spared]) == ["withdrawn", "withdrawn_story"]


def test_corrected_version_replaces_the_one_with_the_error() -> None:
    wrong = member("a", source="Reuters", group=1, published="2023-10-05T10:00Z")
    right = member(
        "z", source="Reuters", group=1, published="2023-10-05T12:00Z", header=("corrected", 0)
    )
    copy = member("b", source="Bisnis", group=1, published="2023-10-05T11:00Z", title="Belgium")
    reason = expect("z", "corrected", wrong, copy, right)
    assert reason == "the corrected version; earlier ones hold the error"
    assert winner_of(replace(wrong, group=2), right) == "z"  # by outlet and headline
    assert winner_of(wrong, replace(right, n_words=50)) == "a"  # only tells of the correction
    other = member("b", source="Bisnis", title="A report of its own", published="2023-10-05T11:00Z")
    assert winner_of(other, wrong, right) == "b"  # nobody corrected that


def test_page_that_others_name_as_canonical() -> None:
    a = member("a", url="https://a.example/1", canonical_url="https://a.example/1")
    b = member("b", url="https://b.example/1", canonical_url="http://www.z.example/1?utm_source=b")
    z = member("z", url="https://z.example/1")
    reason = expect("z", "named_canonical", a, b, z)
    assert reason == "1 other page names it as the canonical address"
    assert choose([a, replace(z, article=replace(z.article, id="y"))]).article_id == "a"


def test_own_article_of_the_credited_agency() -> None:
    reprints = [
        member(name, source=f"Paper {name}", credits=[("republished_from", "reuters")])
        for name in "abc"
    ]
    own = member("z", source="Reuters", credits=[("agency", "reuters")])
    reason = expect("z", "agency", *reprints, own)
    assert reason == "the agency's own article; 3 others credit Reuters"


def test_one_quotation_does_not_make_an_agency_the_source() -> None:
    quoting = member("a", source="BBC", credits=[("quotes", "reuters")])
    first = member("b", source="VRT", credits=[("first_reported_by", "reuters")])
    own = member("z", url="https://www.reuters.com/1")
    assert choose([quoting, own]).article_id == "a"
    assert expect("z", "agency", quoting, first, own).endswith("2 others credit Reuters")
    told_itself = member("z", source="Reuters", credits=[("quotes", "reuters")])
    assert choose([quoting, told_itself]).article_id == "a"
    same_text = [replace(quoting, group=1), replace(first, group=1), own]
    assert choose(same_text).article_id == "a"


def test_copy_under_the_agency_dateline_stands_in_for_its_own_article() -> None:
    rewrite = member("a", source="Bisnis", credits=[("republished_from", "reuters")])
    copy = member("y", source="Yahoo", credits=[("agency", "reuters")])
    own = member("z", source="Reuters")
    assert "under its dateline; 1 other credits" in expect("y", "agency", rewrite, copy)
    assert "own article; 2 others credit" in expect("z", "agency", rewrite, copy, own)
    part = replace(copy, role="excerpt")
    assert decided(choose([rewrite, part]), [rewrite, part]) == ["completeness"]


def test_a_dateline_does_not_credit_itself_nor_other_copies() -> None:
    site = member("z", credits=[("agency", "topautopay")])
    assert choose([member("a"), site]).article_id == "a"
    copies = [member(name, source=name, credits=[("agency", "reuters")]) for name in "xyz"]
    assert choose([member("a"), *copies]).article_id == "a"


def test_own_brief_is_not_the_agencys_article() -> None:
    full = member("a", source="Bisnis", credits=[("republished_from", "reuters")])
    brief = member("z", source="Reuters", header=("brief", 0))
    assert choose([full, brief]).article_id == "a"


@pytest.mark.parametrize(
    "entry", ["Z Post", "z post", "zpost.example", "https://www.zpost.example/"]
)
def test_source_priority_by_name_or_host(entry: str) -> None:
    a = member("a", source="A Post", url="https://apost.example/1")
    z = member("z", source="Z Post", url="https://news.zpost.example/1")
    reason = expect("z", "source_priority", a, z, source_priority=("Nobody", entry))
    assert "number 2 of your preferred sources" in reason
    assert choose([a, z], CanonicalConfig(source_priority=("A Post", entry))).article_id == "a"


def test_machine_translation_is_not_shown_however_long_or_early() -> None:
    sentence = "Kami menyangkal tuduhan tersebut [which are] berdasarkan asumsi sebelumnya saja. "
    machine = member(
        "a", paragraphs=[sentence * 9], n_words=900, published="2023-10-05T01:00Z", centrality=1000
    )
    person = member("z", n_words=300, published="2023-10-06T01:00Z", centrality=300)
    assert "“[which are]” untranslated" in expect("z", "untranslated", machine, person)


def test_completeness_and_never_simply_the_longest() -> None:
    short, full, dump = member("y", n_words=200), member("z", n_words=390), member("a", n_words=420)
    assert choose([short, full, dump]).article_id == "a"  # equal in completeness, then by id
    longest = member("zz", n_words=4000)
    choice = choose([short, full, dump, longest])
    assert choice.article_id == "a"
    assert choice.reasons[0] == "has the full text: 420 words where the median is 405"


def test_excerpts_fail_completeness_and_do_not_lower_the_bar() -> None:
    whole, other = member("z", n_words=400), member("y", n_words=390, centrality=0)
    cut = [member(f"a{at}", n_words=100, role="excerpt") for at in range(5)]
    short = member("b", n_words=250)
    assert choose([*cut, short, whole, other]).article_id == "y"
    same_length = [member("a", role="excerpt"), member("z")]
    assert "full text" in expect("z", "completeness", *same_length)


def test_many_copies_of_a_short_version_are_one_voice() -> None:
    copies = [member(f"a{at}", n_words=100, group=1) for at in range(9)]
    reports = [member(f"z{at}", n_words=400) for at in range(2)]
    assert choose([*copies, *reports]).article_id == "z0"


def test_a_report_of_two_thirds_of_the_other_is_full_enough() -> None:
    assert choose([member("a", n_words=270), member("z", n_words=400)]).article_id == "a"
    assert choose([member("a", n_words=260), member("z", n_words=400)]).article_id == "z"
    lower = CanonicalConfig(min_completeness=0.5)
    assert choose([member("a", n_words=260), member("z", n_words=400)], lower).article_id == "a"


def test_padding_does_not_count_as_text() -> None:
    body = [f"Paragraph {at} tells something that the others do not tell." for at in range(4)]
    pad = (TITLE + " and so on and so forth. ") * 2
    padded = member("a", paragraphs=[pad, *body, pad], n_words=400)
    short = member("z", n_words=150)
    assert expect("z", "presentation", padded, short).startswith("better presented")


def test_earliest_publication_with_the_lead_in_words() -> None:
    late = member("a", published="2023-10-05T20:30Z")
    first = member("z", published="2023-10-05T18:20Z")
    later = member("b", published="2023-10-07T20:00Z")
    reason = expect("z", "earliest", late, first, later)
    assert reason == "earliest publication: 5 Oct 2023 18:20 UTC, 2 h before the next"


def test_dates_that_overlap_decide_nothing() -> None:
    day, noon = member("z", published="2023-10-05"), member("a", published="2023-10-05T18:00Z")
    assert choose([day, noon]).article_id == "a"
    undated = member("a")
    assert choose([undated, day]).article_id == "a"


def test_no_date_is_no_advantage_where_somebody_is_known_to_be_early() -> None:
    first = member("z", published="2023-10-05T18:00Z")
    late = member("b", published="2023-10-06T18:00Z")
    assert expect("z", "earliest", member("a"), first, late).startswith("earliest publication")


def test_undated_reprint_of_a_dated_original_steps_back() -> None:
    original = member("z", group=1, role="original", published="2023-10-05T18:00Z")
    reprint = member("a", group=1, role="reprint")
    assert expect("z", "earliest", reprint, original).startswith("earliest publication")


def test_untrusted_dates_do_not_win() -> None:
    real = member("z", published="2023-10-05T18:00Z")
    late = member("y", published="2023-10-06T18:00Z")
    changed = "2023-10-04T10:00Z"
    for wrong in (
        member("a", published="1970-01-01T00:00Z"),
        member("a", published="2003-01-01"),
        member("a", published="2023-10-05T10:00Z", modified=changed),
    ):
        expect("z", "earliest", wrong, real, late)


def test_trust_in_dates_is_judged_on_the_whole_cluster() -> None:
    wrong = member("a", published="2003-01-01")
    real = member("z", published="2023-10-05T18:00Z")
    banned = member("y", published="2023-10-06T18:00Z")
    choice = choose([wrong, real, banned], CanonicalConfig(bans=("y",)))
    assert decided(choice, [wrong, real, banned]) == ["pinned", "stable"]


def test_updates_only_if_preferred() -> None:
    first = member("a", published="2023-10-05T10:00Z", role="original")
    second = member("b", published="2023-10-05T11:00Z", role="update", header=("update", 1))
    third = member("z", published="2023-10-05T12:00Z", role="update", header=("update", 2))
    members = [first, second, third]
    assert choose(members).article_id == "a"
    reason = expect("z", "updates", *members, prefer_updates=True)
    assert reason == "the latest update of the story"
    assert choose(members[:2], CanonicalConfig(prefer_updates=True)).article_id == "b"


def test_cut_update_is_not_preferred() -> None:
    first, cut = member("a", n_words=400), member("z", n_words=100, role="update")
    assert choose([first, cut], CanonicalConfig(prefer_updates=True)).article_id == "a"


def test_nearness_to_the_centre_in_coarse_steps() -> None:
    far = [member("a", centrality=600), member("b", centrality=450)]
    reason = expect("z", "centre", *far, member("z", centrality=900))
    assert reason == "closest to what the reports have in common"
    near = [member("a", centrality=810), member("b", centrality=800), member("z", centrality=900)]
    assert choose(near).article_id == "a"
    assert choose([far[1], member("z", centrality=900)]).article_id == "b"  # two have no middle


@pytest.mark.parametrize("title", [TITLE.upper(), "Security service watches Alibaba hub..."])
def test_presentation(title: str) -> None:
    bad, good = member("a", title=title), member("z")
    assert expect("z", "presentation", bad, good).startswith("better presented; others have a head")
    expect("a", "stable", bad, replace(bad, article=replace(bad.article, id="b")))


def test_tie_ends_at_the_id() -> None:
    assert expect("a", "stable", member("b"), member("a")) == (
        "equal in all else to 1 other; first by id"
    )


def test_only_report() -> None:
    choice = choose([member("a")])
    assert choice == Choice(index=0, article_id="a", reasons=("the only report",), trail=())


def test_earlier_rules_win_and_only_deciding_rules_give_reasons() -> None:
    early = member("a", n_words=50, published="2023-10-01T10:00Z")
    full = member("y", published="2023-10-05T10:00Z")
    late = member("z", published="2023-10-06T10:00Z", n_words=410)
    choice = choose([late, early, full])
    assert choice.article_id == "y"
    assert [reason.split(":")[0] for reason in choice.reasons] == [
        "has the full text",
        "earliest publication",
    ]
    assert choice.trail[-1] == ("earliest", ("y",))
    assert ("completeness", ("y", "z")) in choice.trail


# The configuration.


def test_rules_can_be_reordered_and_switched_off() -> None:
    early = member("a", n_words=50, published="2023-10-01T10:00Z")
    full = member("z", published="2023-10-05T10:00Z")
    assert choose([early, full]).article_id == "z"
    for rules in (("earliest", "completeness"), ("earliest",)):
        assert choose([early, full], CanonicalConfig(rules=rules)).article_id == "a"
    assert choose([early, full], CanonicalConfig(rules=())).reasons[0].endswith("first by id")


def test_own_rule() -> None:
    def by_letter(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
        return [Grade(int(m.article.id == "z"), "it is the last letter") for m in members]

    rule = Rule(name="letter", grade=by_letter)
    config = CanonicalConfig(rules=("pinned", rule, "earliest"))
    assert choose([member("a"), member("z")], config).reasons == ("it is the last letter",)

    stored = json.loads(json.dumps(config.to_dict()))
    assert stored["rules"] == ["pinned", "letter", "earliest"]
    read = CanonicalConfig.from_dict(stored)
    assert read.to_dict() == config.to_dict()
    with pytest.raises(ConfigError, match="the rule 'letter' is not built in"):
        choose([member("a"), member("z")], read)


def test_own_rule_must_grade_every_member() -> None:
    rule = Rule(name="lazy", grade=lambda members, config: [Grade(1, "")])
    with pytest.raises(ConfigError, match="'lazy' must give one Grade"):
        choose([member("a"), member("z")], CanonicalConfig(rules=(rule,)))


def test_configuration_survives_storing() -> None:
    config = CanonicalConfig(
        pins=("a",),
        bans=("b",),
        source_priority=("x.example",),
        min_completeness=0.6,
        prefer_updates=True,
        rules=("earliest", "pinned"),
    )
    assert CanonicalConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert CanonicalConfig.from_dict({}) == CanonicalConfig()
    assert CanonicalConfig(rules=RULES) == CanonicalConfig()
    assert hash(config) == hash(replace(config))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pins": "a"}, r"canonical\.pins must be a tuple of strings"),
        ({"bans": (1,)}, r"canonical\.bans must be"),
        ({"source_priority": None}, r"canonical\.source_priority must be"),
        ({"pins": ("a",), "bans": ("a",)}, r"canonical\.pins and canonical\.bans both hold 'a'"),
        ({"min_completeness": 0}, r"canonical\.min_completeness must lie in \(0, 1\]"),
        ({"min_completeness": 80}, r"0\.8 means 80 %"),
        ({"min_completeness": float("nan")}, r"canonical\.min_completeness"),
        ({"prefer_updates": "yes"}, r"canonical\.prefer_updates must be True or False"),
        ({"rules": "pinned"}, r"canonical\.rules must be a tuple"),
        ({"rules": (3,)}, r"canonical\.rules holds 3"),
        ({"rules": ("longest",)}, r"there is no rule 'longest'; there are pinned, .*presentation"),
        ({"rules": ("pinned", "pinned")}, r"canonical\.rules holds 'pinned' twice"),
        ({"rules": ("withdrawn",)}, r"'withdrawn' always runs first"),
        ({"rules": ("stable",)}, r"'stable' always runs last"),
        ({"rules": (Rule(name="pinned", grade=RULES[1].grade),)}, r"'pinned' is a built-in rule"),
    ],
)
def test_settings_out_of_range(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CanonicalConfig(**settings)


def test_unknown_setting_and_bad_rule() -> None:
    with pytest.raises(ConfigError, match=r"canonical\.pin is no setting; there are bans"):
        CanonicalConfig.from_dict({"pin": []})
    with pytest.raises(ConfigError, match="name must be"):
        Rule(name=" ", grade=RULES[0].grade)
    with pytest.raises(ConfigError, match="must be callable"):
        Rule(name="x", grade=None)  # type: ignore[arg-type]


def test_members_must_be_there_and_have_ids_of_their_own() -> None:
    with pytest.raises(ValueError, match="at least one member"):
        choose([])
    with pytest.raises(ValueError, match="no two with one id"):
        choose([member("a"), member("a")])


# Laws.

MEMBERS = st.lists(
    st.fixed_dictionaries(
        {
            "n_words": st.sampled_from([0, 50, 300, 400]),
            "group": st.integers(0, 3),
            "role": st.sampled_from(["original", "report", "reprint", "excerpt", "update"]),
            "centrality": st.integers(0, 1000),
            "published": st.sampled_from([None, "1970-01-01", "2023-10-05", "2023-10-05T23:00Z"]),
            "credits": st.sampled_from([[], [("republished_from", "reuters")]]),
            "source": st.sampled_from([None, "Reuters", "Bisnis.com"]),
            "url": st.sampled_from([None, "https://a.example/1", "https://b.example/1"]),
            "canonical_url": st.sampled_from([None, "https://a.example/1"]),
            "header": st.sampled_from([None, ("update", 1), ("update", 3)]),
            "withdrawn": st.booleans(),
            "title": st.sampled_from(["", TITLE, TITLE.upper()]),
        }
    ),
    min_size=1,
    max_size=7,
)


@given(MEMBERS, st.booleans(), st.randoms(use_true_random=False))
def test_laws(settings: list[dict[str, Any]], updates: bool, rng: random.Random) -> None:
    members = [member(f"id{at}", **fields) for at, fields in enumerate(settings)]
    names = list(CanonicalConfig().rules)
    rng.shuffle(names)
    config = CanonicalConfig(rules=tuple(names), prefer_updates=updates, bans=("id1",))
    choice = choose(members, config)
    assert members[choice.index].article.id == choice.article_id
    assert choice.reasons and all(choice.reasons)
    if not all(m.clean.withdrawn for m in members):
        assert not members[choice.index].clean.withdrawn
    if len(members) > 1:
        assert choice.trail[-1][1] == (choice.article_id,)
        assert len(decided(choice, members)) == len(choice.reasons)

    shuffled = rng.sample(members, len(members))
    again = choose(shuffled, config)
    assert replace(again, index=0) == replace(choice, index=0)


# Faults of the text.


def test_untranslated_fragments() -> None:
    body = "Dinas keamanan Belgia memantau pusat logistik Alibaba di bandara kargo Liège. " * 5
    assert untranslated_fragments(body + "“[We] mendeteksi [which are] berdasarkan”") == (
        "[We]",
        "[which are]",
    )
    assert untranslated_fragments(body + "tuduhan [which berdasarkan") == ("[which",)
    for harmless in ("[The Guardian]", "[sic]", "[1]", "[red]", "[Kami]", "[]"):
        assert untranslated_fragments(body + harmless) == ()
    assert untranslated_fragments("tuduhan [which are] lama") == ()  # too short to tell
    english = (
        "The security service of Belgium watches the hub of Alibaba and its arm at Liège. " * 5
    )
    assert untranslated_fragments(english + "“[They] watch us”") == ()
    dutch = "De dienst zegt dat we het bedrijf volgen en dat we waakzaam zijn, zo blijkt nu. " * 4
    assert untranslated_fragments(dutch + "“[we] volgen”") == ()


def test_presentation_faults() -> None:
    assert presentation_faults(TITLE, TITLE, ["One.", "Two."]) == ()
    assert presentation_faults("", "", ["", "One."]) == ()
    assert presentation_faults("VSSE: NATO", "VSSE: NATO", []) == ()  # two abbreviations
    assert presentation_faults("比利时监视阿里巴巴", "比利时监视阿里巴巴", []) == ()
    assert presentation_faults("Belgium watches Alib…", "Belgium watches Alib", []) == (
        "a headline cut off",
    )
    repeated = "its headline repeated"
    assert presentation_faults(TITLE, TITLE, ["Photo", TITLE.upper()]) == (repeated,)
    assert presentation_faults(f"{TITLE} – {TITLE}", f"{TITLE} – {TITLE}", []) == (repeated,)


def test_padding_needs_opening_and_closing() -> None:
    body = ["One thing.", "Another thing.", "A third thing.", "A fourth thing."]
    told = TITLE + ", as was reported."
    assert padding_paragraphs(TITLE, [told, *body, told]) == (0, 5)
    assert padding_paragraphs(TITLE, [TITLE, told, *body, told, "Source"]) == (1, 6)
    assert padding_paragraphs(TITLE, [told, *body]) == ()
    assert padding_paragraphs(TITLE, [*body, told]) == ()
    assert padding_paragraphs("Alibaba falls", ["Alibaba falls", *body, "Alibaba falls"]) == ()


_HEADLINES = st.lists(
    st.sampled_from(["Oil", "rises", "OPEC", "5th", "1,500", "1.5", "a5", "ﬁre", "fire", "油"]),
    min_size=4,
    max_size=9,
).map(" ".join)


@given(_HEADLINES, st.data())
def test_padding_is_never_passed_over(title: str, data: st.DataObject) -> None:
    words = st.one_of(st.sampled_from(title.split()), st.just("x"))
    text = st.lists(words, min_size=1, max_size=9).map(" ".join)
    paragraphs = data.draw(st.lists(st.one_of(st.just(title), text), min_size=5, max_size=7))
    assert padding_paragraphs(title, paragraphs) == _padding(title, paragraphs)


# The founding pair: a machine translation in padding, and a newsroom's rewrite.


def seeds() -> tuple[Article, Article]:
    root = Path(__file__).resolve().parents[1]
    data = Path(os.environ.get("DEDUP_DATA", root.parent / "shared" / "data"))
    folder = data.parent / "seeds"
    if not folder.is_dir():
        pytest.skip(f"no development data at {folder}")
    articles = []
    for path, name in zip(sorted(folder.glob("*.txt")), ("machine", "newsroom"), strict=True):
        title, _, text = path.read_text(encoding="utf-8").partition("\n")
        articles.append(Article(id=name, title=title, text=text))
    return articles[0], articles[1]


def seed_member(article: Article, text: str, published: str | None) -> Member:
    article = replace(
        article, text=text, published=None if published is None else parse_date(published)
    )
    cleaned = clean_article(article, count_lines([article]))
    return Member(
        article=article,
        clean=cleaned,
        n_words=len(tokenize(cleaned.body)),
        group=int(article.id == "machine"),
        role="report",
        centrality=500,
    )


def without_words(text: str, share: float, rng: random.Random) -> str:
    lines = [line.split(" ") for line in text.split("\n")]
    return "\n".join(" ".join(w for w in line if rng.random() >= share) for line in lines)


@pytest.mark.parametrize(
    "published",
    [
        (None, None),
        ("2023-10-05", "2023-10-05"),
        ("2023-10-05T09:00Z", "2023-10-05T11:20Z"),
        ("2023-10-06T09:00Z", "2023-10-05T11:20Z"),
    ],
)
def test_the_newsroom_piece_is_shown(published: tuple[str | None, str | None]) -> None:
    pair = seeds()
    members = [
        seed_member(article, article.text, date)
        for article, date in zip(pair, published, strict=True)
    ]
    choice = choose(members)
    assert choice.article_id == "newsroom"
    assert "no sign of machine translation" in choice.reasons[0]


@pytest.mark.parametrize("seed", range(5))
def test_the_newsroom_piece_is_shown_when_both_are_edited(seed: int) -> None:
    rng = random.Random(seed)
    members = [
        seed_member(article, without_words(article.text, 0.1, rng), None) for article in seeds()
    ]
    assert choose(members).article_id == "newsroom"


def test_the_newsroom_piece_does_not_hang_on_one_rule() -> None:
    config = CanonicalConfig(rules=tuple(n for n in CanonicalConfig().rules if n != "untranslated"))
    choice = choose([seed_member(article, article.text, None) for article in seeds()], config)
    assert choice.article_id == "newsroom"
