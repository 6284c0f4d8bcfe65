"""The docs name only what exists: links, paths, commands, flags, settings, tables, deviations."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from dashboards.cli.main import COMMANDS
from dashboards.cli.main import rua as root
from schemas.config.access import Access, Rule
from schemas.config.settings import Dns, DomainSettings, Mailbox, OAuth2, Settings
from schemas.store.store import Store
from tests.support.paths import DOCS, GOLDEN, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), GOLDEN / "README.md"])
FOLDERS = ("schemas", "ingest", "analytics", "dashboards", "tests", "benchmarks")
SOURCES = sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".sql", ".toml"}
)
DEVIATION = re.compile(r"(?<![\w}-])[DT]([0-9]{1,2})\b(?!:[0-9])")
OUTSIDE = re.compile(r"\b[A-Z]{4,}(?:\.md)? §")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
OF_OTHERS = {"--version", "--help"}  # click's own
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)}|docs|deploy)(?:/[\w.-]+)*(?:/|\.[a-z]+)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def inline(page: Path) -> list[str]:
    return INLINE.findall(prose(page))


def command_lines(page: Path) -> Iterator[str]:
    """Every command line of rua in a page, without its comment."""
    for words in inline(page):
        if words.startswith("rua "):
            yield words
    for language, block in FENCE.findall(page.read_text(encoding="utf-8")):
        if language in {"console", "sh", "cron"}:
            for line in block.splitlines():
                found = re.search(r"(?:^|&& )(rua .*)", line.strip())
                if found:
                    yield re.sub(r"\s+#.*|\s*>.*", "", found[1])


def commands() -> dict[str, click.Command]:
    """Every command by its words: `quarantine list` as well as `show`."""
    assert isinstance(root, click.Group)
    context = click.Context(root)
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        found[name] = command
        if isinstance(command, click.Group):
            found |= {f"{name} {each}": sub for each, sub in command.commands.items()}
    return found


KNOWN = commands()


def flags_of(command: click.Command) -> set[str]:
    return {flag for each in command.params for flag in (*each.opts, *each.secondary_opts)}


EVERY_FLAG = set().union(*map(flags_of, [root, *KNOWN.values()])) | OF_OTHERS


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link to it."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    kept = (re.sub(r"[^\w\s-]", "", title.lower()) for title in titles)
    return {re.sub(r"\s", "-", title) for title in kept}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_of_the_repository_exists(page: Path) -> None:
    for words in INLINE.findall(page.read_text(encoding="utf-8")):
        if PATH.fullmatch(words) and not re.search(r"[A-Z]{4,}(?!\.md)", words):
            assert (ROOT / words).exists(), words


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_line_names_a_command_and_its_flags(page: Path) -> None:
    for line in command_lines(page):
        given = [each for each in FLAG.findall(line) if each not in flags_of(root) | OF_OTHERS]
        words = [each.strip("[]…") for each in re.sub(r"--\S+ [^-\s]\S*", "", line).split()[1:]]
        names = [each.partition("|")[0] for each in words if each and not each.startswith("-")]
        if not names or names[0] == "COMMAND":
            continue
        command = KNOWN.get(" ".join(names[:2])) or KNOWN.get(names[0])
        assert command is not None, line
        assert set(given) <= flags_of(command), line


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_flag_belongs_to_a_command(page: Path) -> None:
    for words in inline(page):
        if words.startswith("--"):
            assert set(FLAG.findall(words)) <= EVERY_FLAG, words


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_and_module_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for words in re.findall(r"^make ((?:[a-z-]+ ?)+)|`make ([a-z -]+)`", text, re.MULTILINE):
        assert set(" ".join(words).split()) <= targets, words
    for module in re.findall(r"python -m ([\w.]+)", text):
        path = ROOT / module.replace(".", "/")
        assert module == "venv" or path.with_suffix(".py").exists(), module


@pytest.mark.parametrize("name", KNOWN)
def test_every_flag_of_a_command_is_documented(name: str) -> None:
    told = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    hidden = {
        flag
        for each in KNOWN[name].params
        for flag in each.opts
        if flag.startswith("--") and not re.search(rf"{flag}(?![\w-])", told)
    }
    assert hidden == set()


def keys_of(page: str, heading: str) -> list[str]:
    """The keys in the first column of the tables below a heading; `_env` follows its stem."""
    text = (DOCS / page).read_text(encoding="utf-8")
    part = text.partition(heading)[2] if heading else text
    found: list[str] = []
    for cell in re.findall(r"^\| (`[^|]+) \|", part.partition("\n## ")[0], re.MULTILINE):
        names = INLINE.findall(cell)
        stem = names[0].removesuffix("_file")
        found += [stem + name if name.startswith("_") else name for name in names]
    return found


@pytest.mark.parametrize(
    ("page", "heading", "table"),
    [
        ("settings.md", "## `[[mailbox]]`", Mailbox),
        ("settings.md", "## `[mailbox.oauth2]`", OAuth2),
        ("settings.md", "## `[dns]`", Dns),
        ("settings.md", '## `[domains."example.com"]`', DomainSettings),
    ],
)
def test_every_key_of_a_table_is_documented_in_its_section(
    page: str, heading: str, table: type[BaseModel]
) -> None:
    told = keys_of(page, heading)
    assert len(told) == len(set(told))
    assert set(told) == set(table.model_fields) - {"oauth2"}


def test_every_top_level_setting_is_documented() -> None:
    tables = {"dns", "gates", "mailbox", "domains", "access"}
    assert set(keys_of("settings.md", "# Settings")) == set(Settings.model_fields) - tables
    headings = re.findall(r"^## `\[+(\w+)", (DOCS / "settings.md").read_text(), re.MULTILINE)
    assert set(headings) == tables


def test_every_key_of_access_is_documented() -> None:
    told = set(keys_of("access.md", "## The settings"))
    assert told == (set(Access.model_fields) - {"allow"}) | set(Rule.model_fields)


def test_every_table_and_view_is_documented(tmp_path: Path) -> None:
    store = Store(tmp_path / "rua.duckdb")
    with store.write() as con:
        made = con.execute("select table_name from information_schema.tables").fetchall()
    told = set(keys_of("commands.md", "## Tables and views"))
    assert told == {name for (name,) in made}


def deviations() -> set[str]:
    text = (DOCS / "deviations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([DT][0-9]+) \|", text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    return set(listed)


def test_every_deviation_that_is_cited_is_described() -> None:
    known = deviations()
    cited = {
        f"{match[0][0]}{int(match[1])}": path
        for path in (*SOURCES, *PAGES)
        for match in DEVIATION.finditer(path.read_text(encoding="utf-8"))
    }
    assert len(cited) >= len(known)
    assert {number: path for number, path in cited.items() if number not in known} == {}


def test_nothing_is_cited_that_a_reader_cannot_open() -> None:
    """A clause belongs to a standard, or to a page of this repository that is linked."""
    found = [
        f"{name_of(path)}: {match[0]}"
        for path in (*SOURCES, *PAGES)
        for match in OUTSIDE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_parts_of_these_tests_find_what_they_look_for(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `title` of two\n\n`rua show ID [--raw]` and `rua nothing --at`\n\n"
        "```console\nrua ingest --watch   # waits\n0 7 * * 2  cd /srv && rua weekly --out x\n```\n"
    )
    assert anchors(page) == {"a-title-of-two"}
    assert [shlex.split(line) for line in command_lines(page)] == [
        ["rua", "show", "ID", "[--raw]"],
        ["rua", "nothing", "--at"],
        ["rua", "ingest", "--watch"],
        ["rua", "weekly", "--out", "x"],
    ]
    assert DEVIATION.findall('D5: x (T12) "2026-01-01T00:00" f"{day}T23:59" RFC D7') == [
        *("5", "12", "7")
    ]
    assert OUTSIDE.search("see " + "MANUAL" + " §3")
    assert not OUTSIDE.search("RFC 9990 §3.1")
