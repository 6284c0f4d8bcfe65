"""Explain a mistake in the settings and suggest the nearest known key."""

import difflib
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from schemas.errors import ConfigError

__all__ = ["explained"]


def explained(error: ErrorDetails, path: Path | None, root: type[BaseModel]) -> ConfigError:
    """The mistake in the settings of the model `root`; `path` is None for the environment."""
    loc = error["loc"]
    key = ".".join(str(part) for part in loc)
    where = f"{path or 'environment'}, key {key}"
    if isinstance(error["input"], dict):
        if loc == ("mailbox",):
            words = "is a list of tables"
            return ConfigError(words, where=where, todo="write [[mailbox]], with two brackets")
        if loc[0] == "domains" and error["type"] == "extra_forbidden":
            name = _dotted(loc[1:], error["input"])
            words = "a dot in a name makes tables within tables"
            return ConfigError(words, where=where, todo=f'quote the name: [domains."{name}"]')
    if error["type"] != "extra_forbidden":
        return ConfigError(error["msg"][0].lower() + error["msg"][1:], where=where)
    known = _known_keys(root, loc[:-1])
    near = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0)
    return ConfigError(
        "there is no such key", where=where, todo=f"did you mean {near[0]}?" if near else ""
    )


def _dotted(parts: tuple[int | str, ...], table: dict[str, Any]) -> str:
    """The name meant by [domains.example.co.uk]."""
    names = [str(part) for part in parts]
    while len(table) == 1 and isinstance(inner := next(iter(table.values())), dict):
        names += table
        table = inner
    return ".".join(names)


def _known_keys(root: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys of the table at `loc`, walked through lists and name-keyed tables."""
    here: Any = root
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        elif get_origin(here) in (tuple, dict):
            inner = [arg for arg in get_args(here) if arg is not Ellipsis]
            here = inner[-1]
        if get_origin(here) is UnionType:  # a table that may be left out
            here = next((arg for arg in get_args(here) if arg is not NoneType), None)
    is_table = isinstance(here, type) and issubclass(here, BaseModel)
    return sorted(here.model_fields) if is_table else []
