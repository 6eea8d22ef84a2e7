"""Make the pictures of the documentation from the fixtures.

::

    python docs/make_pictures.py      # needs the extra dev, vl-convert-python and chromium

Charts are drawn by altair, and what a notebook shows by a browser.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from dedup import find_clusters, read_articles

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
FIXTURES = HERE.parent / "fixtures" / "belgium.jsonl"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    clustering = find_clusters(read_articles([FIXTURES]), progress=False)
    story = clustering.clusters[0]
    plot = clustering.plot
    for name, chart in (
        ("timeline", plot.timeline(10)),
        ("scores", plot.scores()),
        ("graph", plot.graph(story)),
    ):
        chart.save(PICTURES / f"{name}.png", scale_factor=1.5)
    if CHROMIUM is None:
        sys.exit("no chromium; CHROMIUM names one")
    from playwright.sync_api import sync_playwright

    evidence = clustering.explain("en-vsse-wire", "en-vsse-update")
    with sync_playwright() as running, tempfile.TemporaryDirectory() as folder:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 400})
        for name, shown in (("stories", clustering), ("story", story), ("evidence", evidence)):
            file = Path(folder) / f"{name}.html"
            file.write_text(
                '<meta charset="utf-8"><body style="font:15px system-ui,sans-serif">'
                + shown._repr_html_(),
                encoding="utf-8",
            )
            page.goto(file.as_uri())
            page.locator(".dedup").screenshot(path=PICTURES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
