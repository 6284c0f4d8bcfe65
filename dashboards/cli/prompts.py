"""Questions to the person at the terminal; each has a flag that answers it, for scripts."""

from collections.abc import Mapping
from typing import Any

import click

from schemas.errors import ConfigError

__all__ = ["Answers"]


class Answers:
    """What the flags said, and what was asked for since.

    Where nobody can be asked (`is_terminal` is False) a missing answer is a ConfigError that
    names its flag; `take_defaults` takes what would be offered.
    """

    def __init__(
        self, given: Mapping[str, Any], *, is_terminal: bool, take_defaults: bool = False
    ) -> None:
        self._given = {key: value for key, value in given.items() if value is not None}
        self._offered: dict[str, Any] = {}
        self.can_ask = is_terminal
        self._take_defaults = take_defaults

    def get(self, key: str) -> Any:
        """What is known so far, or None."""
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
        """The answer; asked for once. `kind` is a click type, or a function from text."""
        if key not in self._given:
            default = self._offered.get(key, default)
            self._given[key] = self._answer(key, question, default, kind, hide)
        return self._given[key]

    def put(self, key: str, value: Any) -> None:
        self._given[key] = value

    def again(self, *keys: str) -> None:
        """Ask these anew; what was answered is offered."""
        for key in keys:
            if key in self._given:
                self._offered[key] = self._given.pop(key)

    def forget(self, *keys: str) -> None:
        """Ask these anew, if they are needed at all."""
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
            otherwise = f", or --yes to take {default}" if default is not None else ""
            raise ConfigError(
                f"no answer to: {question}", todo=f"give {flag}{otherwise}, or use a terminal"
            )
        return click.prompt(question, default=default, type=kind, hide_input=hide, err=True)
