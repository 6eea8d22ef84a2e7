"""Language names as pipelines write them, as one code: the primary subtag of BCP 47.

Pages say ``en-US``, catalogues ``eng``, news feeds ``English``.  All mean ``en``.  Only the primary
subtag is kept: the library asks whether two articles may share words, and region does not matter.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

__all__ = ["language_code"]

# Code, the three-letter codes of ISO 639-2 and 639-3, and the names in English and at home.
_TABLE: Final = """
af afr afrikaans            | am amh amharic            | ar ara arabic
az aze azerbaijani          | be bel belarusian         | bg bul bulgarian
bn ben bengali bangla       | bs bos bosnian            | ca cat catalan català
cs cze ces czech čeština    | cy wel cym welsh          | da dan danish dansk
de ger deu german deutsch   | el gre ell greek          | en eng english
es spa spanish español      | et est estonian eesti     | eu baq eus basque euskara
fa per fas persian farsi    | fi fin finnish suomi      | fr fre fra french français
ga gle irish                | gl glg galician galego    | gu guj gujarati
ha hau hausa                | he heb hebrew iw          | hi hin hindi
hr hrv croatian hrvatski    | hu hun hungarian magyar   | hy arm hye armenian
id ind indonesian in        | is ice isl icelandic      | it ita italian italiano
ja jpn japanese             | ka geo kat georgian       | kk kaz kazakh
km khm khmer                | kn kan kannada            | ko kor korean
ky kir kyrgyz               | lo lao                    | lt lit lithuanian lietuvių
lv lav latvian latviešu     | mk mac mkd macedonian     | ml mal malayalam
mn mon mongolian            | mr mar marathi            | ms may msa zlm malay
my bur mya burmese          | ne nep npi nepali         | nl dut nld dutch nederlands
no nor norwegian norsk      | nb nob                    | nn nno
pa pan punjabi              | pl pol polish polski      | ps pus pashto
pt por portuguese português | ro rum ron romanian română | ru rus russian русский
si sin sinhala              | sk slo slk slovak         | sl slv slovene slovenian
so som somali               | sq alb sqi albanian       | sr srp serbian
sv swe swedish svenska      | sw swa swh swahili        | ta tam tamil
te tel telugu               | th tha thai               | tl tgl tagalog
fil filipino                | tr tur turkish türkçe     | uk ukr ukrainian
ur urd urdu                 | uz uzb uzbek              | vi vie vietnamese
yo yor yoruba               | zh chi zho chinese cmn    | zu zul zulu
"""

_UNKNOWN: Final = frozenset({"und", "mul", "mis", "zxx", "xx", "unknown"})


def language_code(text: str) -> str | None:
    """Return the primary language subtag that a tag, code or English name stands for.

    Returns
    -------
    str or None
        Lower-case code; None if the text itself says that the language is not known.

    Raises
    ------
    ValueError
        If it is neither a tag nor a known name.

    Examples
    --------
    >>> language_code("en-US"), language_code("ind"), language_code("Dutch"), language_code("und")
    ('en', 'id', 'nl', None)
    """
    name = text.strip().casefold()
    code = re.split(r"[-_@.]", name, maxsplit=1)[0]
    if name in _UNKNOWN or code in _UNKNOWN:
        return None
    known = _names().get(name) or _names().get(code)
    if known:
        return known
    if re.fullmatch(r"[a-z]{2,3}", code):
        return code
    raise ValueError("not a language tag; use one such as 'en', 'pt-BR' or 'zh-Hans'")


@cache
def _names() -> dict[str, str]:
    """Return the code of every name in the table."""
    names = {}
    for entry in _TABLE.replace("\n", "|").split("|"):
        words = entry.split()
        names.update(dict.fromkeys(words, words[0]) if words else {})
    return names
