"""Text that people read uses the field's words: none of the phrases that we replaced."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from dashboards.cli.main import COMMANDS
from dashboards.cli.main import rua as root
from tests.support.paths import DOCS, README, ROOT

# Folders whose texts and names are clean; widen it when another one is.
CLEAN = ("dashboards/cli", "dashboards/weekly")
CLEAN_PAGES = (README, *sorted(DOCS.glob("*.md")))
FOLDERS = ("schemas", "ingest", "analytics", "dashboards")
TEMPLATES = "dashboards/weekly/templates"
SENDERS = "analytics/sources/senders.toml"

# {what to write: pattern of what not to write}
PHRASES = {
    "fix": r"mend(s|ed|ing)?",
    "passes DMARC": r"pass(es|ed|ing)? aligned",
    "unverified": r"nothing (that )?proves|proves? (it |them )?genuine",
    "reports received, mail volume": r"reports that came|mail of (these|those) days",
    "is it yours?": r"say whose|whose (it|they|this|that|these|those|each|mail) (is|are)",
    "seen by": r"told by",
    "no authentication": r"vouch(es|ed|ing)?",
    "your label": r"(owner's|your|his|their) word",
    "receivers on RFC 7489": r"(of the )?older kind",
    "deferred": r"(put|puts|putting) off|lay until",
    "evaluate, obey": r"heed(s|ed|ing)?",
    "drill-down, IPC, dedup": r"sought|parcels?|placings?",
}
SCREEN_PHRASES = {"check": r"gates?"}
ALLOWED = {
    "[gates]": "a table of the settings",
    "`gates`": "a JSON key",
}
NAMES = {
    *("words", "sought", "told", "said", "kept", "shown", "standing", "likely", "ahead", "room"),
    *("parcels", "placing", "mend", "mended", "mending", "heed", "going_by"),
}
SQL = re.compile(r"\s*(select|with|insert|update|delete|create|drop|set|attach|copy)\b.*\b", re.I)


def compiled(phrases: dict[str, str]) -> re.Pattern[str]:
    joined = "|".join(f"(?:{each})" for each in phrases.values())
    return re.compile(rf"(?<![\w-])(?:{joined})(?![\w-])", re.IGNORECASE)


ANYWHERE = compiled(PHRASES)
ON_SCREEN = compiled(PHRASES | SCREEN_PHRASES)


def found(text: str, pattern: re.Pattern[str] = ON_SCREEN) -> list[str]:
    for allowed in ALLOWED:
        text = text.replace(allowed, "")
    return [match[0].lower() for match in pattern.finditer(" ".join(text.split()))]


def commands(group: click.Command, path: str = "rua") -> Iterator[tuple[str, click.Command]]:
    yield path, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from commands(command, f"{path} {name}")


def help_texts() -> dict[str, str]:
    """{command: everything that its --help prints}."""
    return {
        path: command.get_help(click.Context(command, info_name=path))
        for path, command in commands(root)
    }


def prose(page: Path) -> str:
    """A page without its code spans, which hold names of data."""
    return re.sub(r"`[^`]+`", "", page.read_text(encoding="utf-8"))


def not_text(tree: ast.AST) -> set[int]:
    """The string nodes that nobody reads: docstrings, keys, __all__."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            found.add(id(node.value))
        elif isinstance(node, ast.Dict):
            found |= {id(key) for key in node.keys}
        elif isinstance(node, ast.Subscript):
            found.add(id(node.slice))
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            found |= {id(each) for each in ast.walk(node.value)}
        elif isinstance(node, ast.JoinedStr):
            found |= {id(part) for part in node.values}
    return found


def literals(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of every string that may be read; an f-string is one text."""
    tree = ast.parse(source)
    skipped = not_text(tree)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [each.value for each in node.values if isinstance(each, ast.Constant)]
            text = "{}".join(str(part) for part in parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if not SQL.match(text) and not re.fullmatch(r"[a-z]+(?:[/_.][a-z_]+)+", text):
            yield node.lineno, text


def names(source: str) -> Iterator[tuple[int, str]]:
    """(line, name) of every function, class, argument and variable that is defined."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def offences(folder: str) -> list[str]:
    """`file:line: phrase` of the texts and names in a folder."""
    lines = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        source, where = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        for line, text in literals(source):
            lines += [f"{where}:{line}: {phrase!r} in {text[:80]!r}" for phrase in found(text)]
        for line, name in names(source):
            if name.strip("_").lower() in NAMES:
                lines.append(f"{where}:{line}: the name {name}")
    return lines


@pytest.mark.parametrize("folder", CLEAN)
def test_messages_and_names_use_the_fields_words(folder: str) -> None:
    assert offences(folder) == []


@pytest.mark.parametrize("name", [path for path, _ in commands(root)])
def test_help_uses_the_fields_words(name: str) -> None:
    assert found(help_texts()[name]) == []


def test_the_list_of_commands_uses_the_fields_words() -> None:
    assert [line for _, line in COMMANDS.values() if found(line)] == []


@pytest.mark.parametrize("page", CLEAN_PAGES, ids=lambda page: page.name)
def test_pages_use_the_fields_words(page: Path) -> None:
    assert found(prose(page), ANYWHERE) == []


@pytest.mark.parametrize("template", sorted((ROOT / TEMPLATES).glob("*.html")), ids=str)
def test_the_weekly_page_uses_the_fields_words(template: Path) -> None:
    assert found(template.read_text(encoding="utf-8")) == []


def test_the_catalogue_uses_the_fields_words() -> None:
    assert found((ROOT / SENDERS).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("no", "yes"),
    [
        ("Mend the key", "Fix the key"),
        ("mended when it passes", "counts as fixed after 3 days"),
        ("it passes aligned", "it passes DMARC"),
        ("in reports that nothing proves genuine", "in unverified reports"),
        ("reports that came", "reports received"),
        ("the mail of these days", "the mail volume"),
        ("say whose sendgrid is", "is sendgrid yours?"),
        ("say whose it is", "whose Authentication-Results is trusted"),
        ("told by 8 reporters", "seen by 8 reporters"),
        ("nothing vouches for it", "no authentication"),
        ("its owner's word", "your label"),
        ("your word on it", "your password"),
        ("receivers of the older kind", "receivers on RFC 7489"),
        ("3 mails were put off", "3 mails were deferred"),
        ("it lay until stored", "the delay before import"),
        ("they heed neither", "they evaluate neither"),
        ("the gate is closed", "the check failed; see [gates] of rua.toml"),
        ("Gates: 3 of\n5", "an investigation; a gateway"),
    ],
)
def test_each_phrase_is_found_and_its_replacement_is_not(no: str, yes: str) -> None:
    assert len(found(no)) == 1
    assert found(yes) == []


def test_a_gate_is_a_check_on_a_screen_and_a_gate_in_the_documentation() -> None:
    assert found("every gate", ON_SCREEN) == ["gate"]
    assert found("every gate", ANYWHERE) == []


def test_texts_are_told_from_keys_docstrings_and_sql() -> None:
    source = '''
"""A docstring."""
__all__ = ["name"]
row = {"key": "value"}
text = row["other"] + f"one {row} two"
query = "select x from y"
file = "advice/standing"
'''
    assert sorted(text for _, text in literals(source)) == ["one {} two", "value"]


def test_names_are_those_that_are_defined() -> None:
    source = "class A:\n    def kept(self, told): words = self.room\n"
    assert {name for _, name in names(source)} == {"A", "kept", "self", "told", "words"}
