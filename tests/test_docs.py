"""What the documentation shows is what comes out, and its site builds without a warning."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import FIXTURES, ROOT
from dedup import Config, find_clusters, read_articles

PAGES = sorted((ROOT / "docs").glob("*.md"))
_BLOCK = re.compile(r"```pycon\n(.*?)```", re.DOTALL)


def examples(path: Path) -> str:
    """Return the interpreter's sessions on a page, one after the other."""
    return "\n\n".join(_BLOCK.findall(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "path", [page for page in PAGES if examples(page)], ids=lambda path: path.stem
)
def test_each_example_gives_what_the_page_shows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(examples(path), {}, path.name, str(path), 0)
    assert test.examples
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert not runner.run(test, out=told.append).failed, "".join(told)


@pytest.mark.parametrize("path", [ROOT / "docs" / "index.md", ROOT / "README.md"], ids=str)
def test_what_is_printed_is_what_comes_out(path: Path) -> None:
    """A line may end with an ellipsis where it is too long for the page."""
    found = find_clusters(read_articles([FIXTURES / "belgium.jsonl"]), progress=False)
    printed = [*repr(found).splitlines(), *str(found).splitlines()]
    blocks = re.findall(r"```text\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    shown = [line for block in blocks for line in block.splitlines() if line]
    assert len(shown) >= 9
    for line in shown:
        start = line.removesuffix("…").rstrip()
        assert any(
            real == line or (line != start and real.startswith(start)) for real in printed
        ), line


def test_the_tutorial_and_how_it_works_have_examples() -> None:
    assert {"tutorial", "how-it-works", "tuning"} <= {p.stem for p in PAGES if examples(p)}


def test_defaults_are_those_that_the_page_names() -> None:
    table = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\.(\w+)` \| ([\d.,]+) \|", table, re.MULTILINE)
    assert len(rows) >= 8
    config = Config()
    for part, name, default in rows:
        assert getattr(getattr(config, part), name) == float(default.replace(",", "")), name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what runs notebooks
def test_the_notebook_runs_from_top_to_bottom() -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    path = ROOT / "examples" / "quickstart.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # they are made anew
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    shown = [
        kind
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        for kind in output.get("data", {})
    ]
    assert shown.count("text/html") >= 8  # tables and charts


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    for page in PAGES:
        name = "index.html" if page.stem == "index" else f"{page.stem}/index.html"
        assert (tmp_path / name).exists()
    api = (tmp_path / "api" / "index.html").read_text(encoding="utf-8")
    assert "find_clusters" in api and "StoryIndex" in api
