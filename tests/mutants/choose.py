"""Which tests are asked about a mutant: those of its folder, then those that import it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["chosen_tests"]

# A minute or more each: asked last.
SLOW = frozenset(
    {"test_hostile", "test_quarantine_retry", "test_rebuild", "test_roads", "test_row_access"}
)
STORES = ("tests.support.stores", "tests.support.asked", "tests.support.mails")
# What a unit test of the folder cannot reach: a command, a server, DNS, rows of another package.
BESIDE = {
    "analytics": ("unit/analytics/sources/test_who_sends.py",),
    "analytics/dns": (
        "integration/dns/test_history.py",
        "integration/dns/test_policy_discovery.py",
    ),
    "ingest": ("unit/ingest/parse/test_golden.py", "integration/ingest/test_pipeline.py"),
    "ingest/enrich": ("integration/dns/test_ptr_lookup.py",),
    "ingest/run": (
        "integration/ingest/test_quarantine_retry.py",
        "integration/ingest/test_rebuild.py",
        "integration/ingest/test_roads.py",
    ),
    "ingest/sources": ("integration/mailbox",),
    "ingest/workers": ("integration/ingest/test_pool.py",),
    "ingest/verify": ("integration/dns/test_dkim.py", "integration/dns/test_dkim_dns.py"),
    "schemas": ("unit/ingest/parse/test_golden.py", "unit/ingest/load", "unit/analytics/reports"),
    "schemas/store": ("integration/processes/test_locking.py", "unit/analytics/sources"),
}


def chosen_tests(root: Path, path: Path) -> list[Path]:
    """Test files for a mutant of `path`, the nearest first."""
    package, folder = path.parts[0], "/".join(path.parts[:2])
    near = _files(root, f"tests/unit/{folder}") if len(path.parts) > 2 else []
    importing = [
        test
        for test in _files(root, f"tests/unit/{package}")
        if _imported(root, test) & _names(root, path)
    ]
    beside = [
        file
        for key in dict.fromkeys((folder, package))
        for each in BESIDE.get(key, ())
        for file in _files(root, f"tests/{each}")
    ]

    def cost(test: Path) -> tuple[bool, bool, bool]:
        makes_stores = any(name.startswith(STORES) for name in _imported(root, test))
        return test.stem in SLOW, test.stem != f"test_{path.stem}", makes_stores

    return sorted(dict.fromkeys((*near, *importing, *beside)), key=cost)


def _files(root: Path, under: str) -> list[Path]:
    place = root / under
    found = [place] if place.is_file() else sorted(place.rglob("test_*.py"))
    return [each.relative_to(root) for each in found]


def _names(root: Path, path: Path) -> frozenset[str]:
    """The modules that a file is: for SQL those of the folder that asks it."""
    if path.suffix == ".py":
        return frozenset({_dotted(path)})
    modules = (root / path).parent.parent.glob("*.py")
    return frozenset(_dotted(each.relative_to(root)) for each in modules)


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@cache
def _imported(root: Path, test: Path) -> frozenset[str]:
    """Modules that a test file imports, itself or through tests.support."""
    found = frozenset(_imports(root / test))
    support = {name for name in found if name.startswith("tests.support")}
    files = [Path(*name.split(".")).with_suffix(".py") for name in support]
    return found.union(*(_imported(root, each) for each in files if (root / each).is_file()))


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
