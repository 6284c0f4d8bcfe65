"""What is installed, and how the parts may depend on one another."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import duckdb
import pytest

from tests.support.paths import ROOT

PACKAGES = ("schemas", "ingest", "analytics", "dashboards")
QUERIES = sorted((ROOT / "analytics").glob("*/queries/*.sql"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(out), "."]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return zipfile.ZipFile(next(out.glob("rua-*.whl")))


def test_the_wheel_holds_the_four_packages_with_their_sql_and_nothing_else(
    wheel: zipfile.ZipFile,
) -> None:
    names = wheel.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    shipped = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped <= set(names)


def test_no_dependency_owns_one_of_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    for package in PACKAGES:
        assert set(owners.get(package, ["rua"])) == {"rua"}


def test_every_dependency_stands_with_its_reason_and_an_exact_version() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    pins = (ROOT / "constraints.txt").read_text().lower().replace("_", "-")
    assert "://" not in pins
    for requirement in project["dependencies"]:
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        assert "# " in line, requirement
        name = requirement.partition(">")[0].lower()
        assert f"\n{name}==" in pins, name


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


ONE_WAY_IN = {
    "schemas": {"dns", "duckdb", "pydantic_settings", "idna"},
    "ingest": {"authlib", "authres", "dkim", "imapclient", "lxml", "maxminddb", "httpx2"},
    "dashboards": {"jinja2", "weasyprint", "xlsxwriter"},
}


@pytest.mark.parametrize("package", ONE_WAY_IN)
def test_each_library_is_imported_by_one_module_of_a_package(package: str) -> None:
    for library in ONE_WAY_IN[package]:
        users = [p.name for p in (ROOT / package).rglob("*.py") if library in imported(p)]
        assert len(users) == 1, f"{library}: {users}"


def test_dns_is_asked_through_one_module_of_all_that_nobody_loads_without_need() -> None:
    users = [p for each in PACKAGES for p in (ROOT / each).rglob("*.py") if "dns" in imported(p)]
    assert users == [ROOT / "schemas" / "dns.py"]
    late = (
        "dashboards.cli.main",
        "ingest.run.pipeline",
        "ingest.run.reverse_dns",
        "analytics.dns.history",
    )
    code = f"import sys, {', '.join(late)}; sys.exit('dns' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_each_question_is_one_commented_select(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("-- One row"), path.name
    with duckdb.connect() as con:
        statements = con.extract_statements(text)
    assert len(statements) == 1
    assert statements[0].type == duckdb.StatementType.SELECT
    asked = "".join(p.read_text() for p in (ROOT / "analytics").rglob("*.py"))
    name = f"{path.parent.parent.name}/{path.stem}"
    assert f'"{name}"' in asked, f"nothing asks {path.name}"


BENCHES = re.findall(r"-m (benchmarks\.\w+)", (ROOT / "Makefile").read_text())


@pytest.mark.parametrize("module", BENCHES)
def test_what_make_bench_calls_does_something(module: str) -> None:
    """A module without a call at its end would print nothing, and end well."""
    command = [sys.executable, "-m", module, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: ")


def test_no_module_is_longer_than_400_lines() -> None:
    long = [
        path.relative_to(ROOT).as_posix()
        for package in (*PACKAGES, "tests", "benchmarks")
        for path in (ROOT / package).rglob("*.py")
        if path.read_text().count("\n") > 400
    ]
    assert long == []
