"""One address for one page: urls compared without what does not choose the page.

The same story is crawled as ``http://m.example.com/a/?utm_source=x``, as its AMP page and from a
search engine's cache.  :func:`canonical_form` removes what merely tells how a reader came (scheme,
``www.``, trackers, fragment, AMP and mobile variants) and keeps what chooses the page (path, ids).

Laws
----
* ``canonical_form(canonical_form(url)) == canonical_form(url)``.
* Tracker parameters never matter; the others are sorted, and none of them is lost.
* Any string is answered and nothing raises: what cannot be parsed comes back trimmed.

The result is a key for comparison; it is not meant to be opened in a browser.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

__all__ = ["canonical_form", "host", "is_url"]

# Parameters that record where a reader came from.  Names that some sites use to choose the page
# (id, p, cid, mod, source, from, page) are kept: two keys for one page cost a comparison, one key
# for two pages would join them.
_TRACKERS: Final = frozenset(
    {
        *("fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid"),
        *("ttclid", "igsh", "igshid", "li_fat_id", "_ga", "_gl", "mc_cid", "mc_eid", "mkt_tok"),
        *("oly_anon_id", "oly_enc_id", "vero_id", "s_cid", "spm", "campaign_id", "xtor", "ito"),
        *("ref", "refsrc", "ref_src", "ref_url", "sref", "referer", "referrer", "traffic_source"),
        *(
            "cmp",
            "cmpid",
            "ncid",
            "ocid",
            "smid",
            "smtyp",
            "sr_share",
            "soc_src",
            "soc_trk",
            "ftag",
        ),
        *("guccounter", "guce_referrer", "guce_referrer_sig"),
        *("amp", "amp_gsa", "amp_js_v", "noamp", "usqp"),
    }
)
_TRACKER_FAMILIES: Final = ("utm_", "at_", "hsa_", "mtm_", "ns_", "pk_")
_AMP_SWITCHES: Final = frozenset({("outputtype", "amp"), ("output", "amp"), ("view", "amp")})

_VARIANT_LABELS: Final = frozenset({"www", "www1", "www2", "www3", "m", "mobile", "amp"})
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_BARE_HOST: Final = re.compile(r"[^\s/?#:@]+\.[^\s/?#:@.]{2,}(?::\d+)?(?=[/?#]|$)")
_GOOGLE: Final = re.compile(r"google(?:\.[a-z]{2,3}){1,2}")
_AMP_CACHE: Final = re.compile(r"(?:.+\.)?(?:cdn\.ampproject\.org|bing-amp\.com)")
_AMP_CACHE_PATH: Final = re.compile(r"/[civ]/(?:s/)?(?=[^/]+\.)")
_AMP_VIEWER_PATH: Final = re.compile(r"/amp/(?:s/)?(?=[^/]+\.)")

_PATH_SAFE: Final = "!$&'()*+,;=:@~"
_PLAIN_PATH: Final = re.compile(rf"[A-Za-z0-9_.\-/{re.escape(_PATH_SAFE)}]*")
#: Stages and rules ask for the same addresses again and again, and most of them only for a while.
_REMEMBERED: Final = 1 << 16
_ROUNDS: Final = 10  # Wrappers can be nested; every round takes at least one off.


def is_url(text: str) -> bool:
    """Tell an absolute url from a name such as ``example.org`` or ``The Example``."""
    return bool(_SCHEME.match(text.strip()))


@lru_cache(maxsize=_REMEMBERED)
def canonical_form(url: str | None) -> str | None:
    """Return the key under which variants of one address are equal.

    Parameters
    ----------
    url : str or None
        An address, with or without a scheme.

    Returns
    -------
    str or None
        Host, path and sorted query; None for an empty address.

    Examples
    --------
    >>> canonical_form("https://m.example.com/news/amp/?utm_source=x&id=7#top")
    'example.com/news?id=7'
    >>> canonical_form("https://www.google.com/amp/s/www.example.com/news.amp.html")
    'example.com/news.html'
    """
    form = (url or "").strip()
    if not form:
        return None
    for _ in range(_ROUNDS):
        try:
            simpler = _simplify(form).strip()
        except ValueError:  # such as "http://[": nothing in it can be trusted
            break
        if simpler == form:
            break
        form = simpler
    return form or None


def host(url: str | None) -> str | None:
    """Return the site that an address belongs to, in lower case and without ``www.`` and its like.

    >>> host("https://amp.example.com/a"), host("/a"), host(None)
    ('example.com', None, None)
    """
    form = canonical_form(url) or ""
    if form.startswith("//"):
        return re.split(r"[/?]", form[2:], maxsplit=1)[0] or None
    found = _BARE_HOST.match(form)
    return found[0] if found else None


def _simplify(url: str) -> str:
    """Take one layer off an address."""
    url = re.sub(r"&(?:amp;)+", "&", url.encode("utf-8", "replace").decode())
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return url  # ftp, file, urn: rare enough to be compared as they are
    if not scheme and not url.startswith("//"):
        if _BARE_HOST.match(url):
            url = f"//{url}"
        elif re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", url):
            return url  # tag:example.org,2023:1 or mailto:, which have no host
    parts = urlsplit(url)
    site = _site(parts.netloc, parts.scheme)
    path, query = parts.path, _query(parts.query)
    wrapped = _AMP_VIEWER_PATH if _GOOGLE.fullmatch(site) else None
    wrapped = _AMP_CACHE_PATH if _AMP_CACHE.fullmatch(site) else wrapped
    if wrapped and (prefix := wrapped.match(path)):
        site, path = "", path[prefix.end() :]
    elif site:
        path = _path(path)
        # A name without a dot would be taken for a path the next time.
        site = site if _BARE_HOST.fullmatch(site) else f"//{site}"
    else:
        path = _path(path)
    return f"{site}{path}?{query}" if query else f"{site}{path}"


def _site(netloc: str, scheme: str) -> str:
    """Return the host, lower-cased, without user, default port and the labels of variants."""
    name = netloc.rpartition("@")[2].lower()
    for default in _DEFAULT_PORTS.values() if not scheme else (_DEFAULT_PORTS.get(scheme, ""),):
        name = name.removesuffix(default)
    if not name.isascii():
        with suppress(UnicodeError):  # not a name that can be registered: compared as written
            name = name.encode("idna").decode("ascii")
    name = name.rstrip(".")
    while True:
        label, _, rest = name.partition(".")
        if label not in _VARIANT_LABELS or "." not in rest:
            return name
        name = rest


def _path(path: str) -> str:
    """Return the path without AMP markers, empty segments and a slash at the end."""
    plain = _PLAIN_PATH.fullmatch(path)  # quoting would leave it as it is
    kept = [
        segment
        if plain
        else quote(unquote(segment, errors="surrogateescape"), _PATH_SAFE, errors="surrogateescape")
        for segment in path.split("/")
        if segment and segment.lower() != "amp"
    ]
    if kept:
        kept[-1] = re.sub(r"(?i)(?<=.)\.amp(?=\.html?$|$)", "", kept[-1])
    lead = "/" if path.startswith("/") and kept else ""
    return lead + "/".join(kept)


def _query(query: str) -> str:
    """Return the parameters that choose the page, sorted."""
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    kept = sorted(
        (name, value)
        for name, value in pairs
        if name.lower() not in _TRACKERS
        and not name.lower().startswith(_TRACKER_FAMILIES)
        and (name.lower(), value.lower()) not in _AMP_SWITCHES
    )
    return urlencode(kept, errors="surrogateescape")
