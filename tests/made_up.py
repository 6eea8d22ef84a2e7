"""Sentences of a few stories, for inputs that properties make up."""

from __future__ import annotations

SENTENCES = [
    "The VSSE is watching the Cainiao hub at Liège.",
    "Alibaba denies any spying at Liège.",
    "Storm Babet flooded Brechin on Thursday.",
    "The South Esk burst its banks in Angus.",
    "Shares in Cainiao will be listed in Hong Kong.",
    "Police closed Harcourt Lane after a robbery.",
]
