"""Variants of one address are equal, different pages are not, and nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedup.urls import canonical_form, host, is_url

PAGE = "example.com/2023/10/bridge"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/2023/10/bridge",
        "http://www.example.com:80/2023/10/bridge/",
        "HTTPS://WWW.EXAMPLE.COM:443/2023/10/bridge#comments",
        "//example.com/2023/10/bridge",
        "example.com/2023/10/bridge",
        "  https://example.com./2023//10/bridge \n",
        "https://user:secret@example.com/2023/10/bridge",
        "https://example.com/2023/10/bridge?utm_source=x&utm_medium=y&fbclid=1&gclid=2",
        "https://example.com/2023/10/bridge?mc_cid=1&amp;ref=home&amp;cmpid=rss&ocid=a&CMP=b",
        "https://m.example.com/2023/10/bridge",
        "https://www.mobile.example.com/2023/10/bridge",
        "https://amp.example.com/2023/10/bridge",
        "https://example.com/2023/10/bridge/amp",
        "https://example.com/2023/10/bridge/amp/",
        "https://example.com/amp/2023/10/bridge",
        "https://example.com/2023/10/bridge.amp",
        "https://example.com/2023/10/bridge?amp=1",
        "https://example.com/2023/10/bridge?amp",
        "https://example.com/2023/10/bridge?outputType=amp",
        "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/2023/10/bridge.amp?usqp=m",
        "https://cdn.ampproject.org/v/s/example.com/2023/10/bridge/amp/?amp_js_v=0.1",
        "https://www-example-com.bing-amp.com/c/s/www.example.com/2023/10/bridge",
        "https://www.google.com/amp/s/www.example.com/2023/10/bridge/amp/",
        "https://google.co.id/amp/example.com/2023/10/bridge",
        "https://example.com/%32023/10/bridge",
    ],
)
def test_variants_of_one_page_are_equal(url: str) -> None:
    assert canonical_form(url) == PAGE
    assert host(url) == "example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/?p=1", "https://example.com/?p=2"),
        ("https://example.com/story?id=123", "https://example.com/story?id=124"),
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/a", "https://sport.example.com/a"),
        ("https://example.com:8080/a", "https://example.com/a"),
        ("https://example.com/a%2Fb", "https://example.com/a/b"),
        ("https://example.com/?q=%B1%B1", "https://example.com/?q=%BE%A9"),  # not UTF-8
        ("https://example.com/amplifier", "https://example.com/lifier"),
        ("https://example.com/.amp", "https://example.com/"),
        ("https://google.com/amplify/x.com", "https://x.com"),
        ("https://m.com/a", "https://com/a"),
        ("ftp://example.com/a", "https://example.com/a"),
        ("tag:example.com,2023:1", "tag:example.com,2023:2"),
    ],
)
def test_what_chooses_a_page_is_kept(one: str, other: str) -> None:
    assert canonical_form(one) != canonical_form(other)


def test_the_order_of_parameters_does_not_matter() -> None:
    assert canonical_form("https://example.com/?b=2&a=1&b=1") == "example.com?a=1&b=1&b=2"
    assert canonical_form("https://example.com/a?z&utm_id=1") == "example.com/a?z="


def test_names_in_other_scripts_equal_their_encoded_form() -> None:
    assert canonical_form("https://bücher.example/ä") == canonical_form(
        "https://xn--bcher-kva.example/%C3%A4"
    )


@pytest.mark.parametrize("nothing", [None, "", "  ", "\n"])
def test_nothing_is_none(nothing: str | None) -> None:
    assert canonical_form(nothing) is None
    assert host(nothing) is None


@pytest.mark.parametrize("bad", ["http://[", "http://[::1", "https://a\u2100b.com/", "http://"])
def test_a_bad_url_is_answered(bad: str) -> None:
    form = canonical_form(bad)
    assert form is None or canonical_form(form) == form


def test_hosts() -> None:
    assert host("/relative/path") is None
    assert host("http://intranet/news") == "intranet"
    assert host("http://localhost:8080/news") == "localhost:8080"
    assert host("https://news.example.co.uk/a?b=c") == "news.example.co.uk"
    assert host("https://example.com?x=1") == "example.com"


def test_is_url() -> None:
    assert is_url("https://example.com") and is_url(" HTTP://example.com/a")
    assert not is_url("example.com") and not is_url("The Example: a paper")


labels = st.sampled_from(["www", "m", "amp", "example", "com", "google", "cdn", "ampproject", "Ä"])
pieces = st.sampled_from(
    [
        *("/", "//", "amp", "s", "c", ".amp", ".html", "a", "A", "%2F", "%ff", "?", "&", "=", "#"),
        *(":", "&amp;", "utm_x=1", "id=7", "www.", "example.com", "http://", "google.com", "@"),
        *(" ", "["),
    ]
)
urls = st.builds(
    lambda scheme, name, rest: scheme + ".".join(name) + "".join(rest),
    st.sampled_from(["", "http://", "https://", "//", "ftp://", "mailto:"]),
    st.lists(labels, max_size=4),
    st.lists(pieces, max_size=10),
)


@given(urls | st.text())
@example("amp/www.Example.com")
@example("http://amp/x")
@example("https://cdn.ampproject.org/c/https://x.com/a")
@example("\ud800.com/\udfff?\ud800=1")
def test_canonical_form_is_idempotent_and_total(url: str) -> None:
    form = canonical_form(url)
    assert canonical_form(form) == form
    host(url)
    if form is not None:
        assert form == form.strip() != ""
        form.encode("utf-8")


@given(urls, st.sampled_from(["utm_source=a", "fbclid=b", "ref=c", "amp=1"]))
def test_trackers_never_matter(url: str, tracker: str) -> None:
    address = "https://example.com/" + url.partition("#")[0].replace("?", "/").rstrip()
    assert canonical_form(f"{address}?{tracker}") == canonical_form(address)
