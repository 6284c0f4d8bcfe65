"""Questions asked at the terminal, each of which a flag can answer instead."""

from collections.abc import Mapping
from typing import Any

import click

from schemas.errors import ConfigError

__all__ = ["Answers"]


class Answers:
    """Answers from flags and from the terminal.

    Without a terminal (`is_terminal` is False) a missing answer is a ConfigError that names its
    flag. With `take_defaults`, a question that has a default is not asked.
    """

    def __init__(
        self, given: Mapping[str, Any], *, is_terminal: bool, take_defaults: bool = False
    ) -> None:
        self._given = {key: value for key, value in given.items() if value is not None}
        self._offered: dict[str, Any] = {}
        self.can_ask = is_terminal
        self._take_defaults = take_defaults

    def get(self, key: str) -> Any:
        """The answer so far, or None."""
        return self._given.get(key)

    def ask(
        self,
        key: str,
        question: str,
        default: Any = None,
        *,
        kind: Any = None,
        hide: bool = False,
    ) -> Any:
        """The answer; asks at most once. `kind` is a click type, or a function from text."""
        if key not in self._given:
            default = self._offered.get(key, default)
            self._given[key] = self._answer(key, question, default, kind, hide)
        return self._given[key]

    def put(self, key: str, value: Any) -> None:
        self._given[key] = value

    def again(self, *keys: str) -> None:
        """Ask these again, with the earlier answer as the default."""
        for key in keys:
            if key in self._given:
                self._offered[key] = self._given.pop(key)

    def forget(self, *keys: str) -> None:
        """Drop these answers; each is asked again only if it is needed."""
        for key in keys:
            self._given.pop(key, None)

    def _answer(
        self,
        key: str,
        question: str,
        default: Any,
        kind: Any,
        hide: bool,
    ) -> Any:
        if self._take_defaults and default is not None:
            return default
        if not self.can_ask:
            flag = f"--{key.replace('_', '-')}"
            or_default = f", or --yes for {default}" if default is not None else ""
            raise ConfigError(
                f"no answer to: {question}",
                todo=f"give {flag}{or_default}, or run it on a terminal",
            )
        return click.prompt(question, default=default, type=kind, hide_input=hide, err=True)
