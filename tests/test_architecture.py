"""The arrows between packages, read from the imports themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("ingestion", "services", "pipelines", "quality", "dashboards", "local")

MAY_IMPORT = {
    "ingestion": set(),
    "services": {"ingestion"},
    "quality": {"ingestion"},
    "dashboards": set(),
    "pipelines": {"ingestion", "quality", "dashboards"},
    "local": {"ingestion", "services", "quality", "dashboards", "pipelines"},
}
ONLY_IN = {
    "dagster": {"pipelines"},
    "dagster_dbt": {"pipelines"},
    "great_expectations": {"quality"},
    "duckdb": {"local"},
    "sqlglot": {"local"},
    "ministack": {"local"},
    "pyiceberg": {"local"},
}
PLANES = ("athena", "glue", "firehose", "location")
HEAVY = {"pandas", "pyarrow", "awswrangler", "great_expectations", "duckdb", "dagster", "pyathena"}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that a file imports, wherever in the file."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("package", OURS)
def test_a_package_imports_only_what_its_arrows_allow(package: str) -> None:
    forbidden = set(OURS) | {"tests", "benchmarks"}
    forbidden -= MAY_IMPORT[package] | {package}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(package)
        for name in imports(path)
        if name.partition(".")[0] in forbidden
    ]
    assert not wrong


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_where_it_belongs(library: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for package in set(OURS) - ONLY_IN[library]
        for path in files(package)
        for name in imports(path)
        if name.partition(".")[0] == library
    ]
    assert not wrong


def test_no_service_imports_another() -> None:
    services = {path.name for path in (ROOT / "services").iterdir() if path.is_dir()}
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files("services")
        for name in imports(path)
        if name.startswith("services.")
        and name.split(".")[1] in services - {path.relative_to(ROOT).parts[1]}
    ]
    assert not wrong


@pytest.mark.parametrize("plane", PLANES)
def test_a_plane_knows_nothing_of_the_rest(plane: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(f"local/{plane}")
        for name in imports(path)
        if name.partition(".")[0] in OURS and not f"{name}.".startswith(f"local.{plane}.")
    ]
    assert not wrong


def test_handlers_reach_nothing_heavy() -> None:
    """Imports of modules below a handler, followed through our own packages."""
    wrong = {
        f"{path.relative_to(ROOT)} reaches {heavy}"
        for path in files("services")
        for heavy in _reached(path, set()) & HEAVY
    }
    assert not wrong


def _reached(path: Path, seen: set[Path]) -> set[str]:
    """The foreign top-level packages that importing `path` loads at module level."""
    if path in seen:
        return set()
    seen.add(path)
    found: set[str] = set()
    for node in parsed(path).body:
        for name in _names(node):
            ours = _file(name)
            found |= _reached(ours, seen) if ours else {name.partition(".")[0]}
    return found


def _names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def _file(name: str) -> Path | None:
    path = ROOT / Path(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def test_the_dbt_folder_holds_no_python() -> None:
    """A `dbt/__init__.py` would hide the dbt package from whoever starts in the checkout."""
    assert not list((ROOT / "dbt").rglob("*.py"))


def test_nothing_reads_the_environment_at_import() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in set(OURS)
        for path in files(package)
        for node in _executed_at_import(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert not wrong


def _executed_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield child
        yield from _executed_at_import(child)
