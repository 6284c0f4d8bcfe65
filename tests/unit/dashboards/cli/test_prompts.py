"""Answers of flags and of the terminal: asked at most once, and never without a terminal."""

from typing import Any

import click
import pytest

from dashboards.cli.prompts import Answers
from schemas.errors import ConfigError


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """(question, default) of each prompt; each is answered with `typed`."""
    questions: list[tuple[str, Any]] = []

    def prompt(text: str, default: Any = None, **_: Any) -> str:
        questions.append((text, default))
        return "typed"

    monkeypatch.setattr(click, "prompt", prompt)
    return questions


def test_a_flag_answers_its_question(asked: list[tuple[str, Any]]) -> None:
    answers = Answers({"host": "imap.example.com", "port": None}, is_terminal=True)
    assert answers.ask("host", "IMAP server", "other") == "imap.example.com"
    assert answers.get("host") == "imap.example.com"
    assert answers.get("port") is None
    assert asked == []


def test_a_question_is_asked_once(asked: list[tuple[str, Any]]) -> None:
    answers = Answers({}, is_terminal=True)
    assert [answers.ask("host", "IMAP server", "guess") for _ in range(2)] == ["typed", "typed"]
    assert asked == [("IMAP server", "guess")]


def test_a_question_asked_again_offers_the_earlier_answer(asked: list[tuple[str, Any]]) -> None:
    answers = Answers({"host": "wrong.example"}, is_terminal=True)
    answers.again("host", "port")
    assert answers.get("host") is None
    answers.ask("host", "IMAP server", "guess")
    answers.ask("port", "Port", 993)
    assert asked == [("IMAP server", "wrong.example"), ("Port", 993)]


def test_a_forgotten_answer_is_not_offered(asked: list[tuple[str, Any]]) -> None:
    answers = Answers({"password": "secret"}, is_terminal=True)
    answers.forget("password", "never-given")
    answers.ask("password", "Password")
    assert asked == [("Password", None)]


def test_an_answer_can_be_put(asked: list[tuple[str, Any]]) -> None:
    answers = Answers({}, is_terminal=False)
    answers.put("processed", "")
    assert answers.ask("processed", "Folder", "Processed") == ""
    assert asked == []


def test_defaults_are_taken_without_a_question(asked: list[tuple[str, Any]]) -> None:
    answers = Answers({}, is_terminal=True, take_defaults=True)
    assert answers.ask("port", "Port", 993) == 993
    assert answers.ask("host", "IMAP server") == "typed"  # it has no default
    assert asked == [("IMAP server", None)]


def test_without_a_terminal_the_error_names_the_flag(asked: list[tuple[str, Any]]) -> None:
    answers = Answers({}, is_terminal=False)
    with pytest.raises(ConfigError, match=r"no answer to: File; give --ca-file, or"):
        answers.ask("ca_file", "File")
    with pytest.raises(ConfigError, match=r"give --port, or --yes for 993, or"):
        answers.ask("port", "Port", 993)
    assert asked == []
