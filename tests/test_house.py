"""The house itself: imports point one way, names are public on purpose, errors form one tree."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dedup
from dedup import errors

PACKAGE = Path(dedup.__file__).parent

#: From the ground up; a module imports from its own level or one below.
LEVELS = [
    {
        "errors",
        "version",
        "urls",
        "dates",
        "markup",
        "languages",
        "aliases",
        "fields",
        "records",
        "frames",
        "article",
        "progress",
        "evaluate",
        "hashing",
        "arrays",
        "stats",
    },
    {"text"},
    {"sentence_encoder", "_kernels"},
    {"engine"},
    {"duplicates", "semantic"},
    {"events"},
    {
        "provenance",
        "roles",
        "canonical_records",
        "canonical_origin",
        "canonical_rules",
        "canonical",
    },
    {"config", "calibration"},
    {"explain", "explain_across", "pairs", "cluster", "descent", "descent_lookups", "views"},
    # A result hands its questions on to the modules that answer them.
    {
        "result",
        "plots",
        "columns",
        "same_rows",
        "relations",
        "to_frame",
        "comparison",
        "storage",
        "review",
        "batch",
        "assemble",
        "rethreshold",
    },
    {"find"},
    {"readers", "index", "estimator"},
    {"cli"},
]
RANK = {name: rank for rank, names in enumerate(LEVELS) for name in names}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")


def part(module: str) -> str:
    return module.split(".")[1]


def imported(path: Path) -> set[str]:
    """Return the library's parts that a module imports when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.dump(block.test)
        for node in ast.walk(block)
    }
    return {
        part(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and id(node) not in typing_only
        and node.module
        and node.module.startswith("dedup.")
    } | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "dedup"
        for alias in node.names
        if alias.name in RANK
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    above = {name for name in imported(path) if RANK[name] > RANK[own]}
    assert not above


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_command_line_prints(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert path.name == "cli.py" or "print" not in calls
    assert not calls & {"eval", "exec", "hash"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_assert_and_no_pickle(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    assert "pickle" not in {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def test_public_names_are_sorted_and_there() -> None:
    assert dedup.__all__ == sorted(dedup.__all__)
    for name in dedup.__all__:
        assert getattr(dedup, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'find_cluster'"):
        dedup.find_cluster  # noqa: B018


def test_errors_form_one_tree() -> None:
    assert issubclass(errors.ArticleError, ValueError)
    assert issubclass(errors.MissingDependencyError, ImportError)
    tree = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert all(issubclass(error, errors.DedupError) for error in tree)
    assert "story-dedup[progress]" in str(errors.MissingDependencyError("tqdm", "progress"))


def test_importing_the_library_is_cheap() -> None:
    code = "import dedup, sys; print([m for m in ('scipy', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
