"""The countries of the map: bundled shapes, loaded by the one screen that draws them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["World", "world"]


@dataclass(frozen=True, slots=True)
class World:
    """`topology` is TopoJSON with an object `countries`, `places` the middles of those too small
    for it: code, name, longitude, latitude (degrees)."""

    topology: Mapping[str, Any]
    places: Sequence[Mapping[str, Any]]
    names: Mapping[str, str] = field(repr=False)

    def __reduce__(self) -> tuple[Callable[[], "World"], tuple[()]]:
        """There is but one: whoever tells charts apart by what they show need not look at it."""
        return world, ()

    def name(self, code: str) -> str:
        """A country's name in English, or its code where the map has no such country."""
        return self.names.get(code, code)

    def shows(self, code: str | None) -> bool:
        return code in self.names


@cache
def world() -> World:
    """Read once; see dashboards/web/components/shapes/README.md for where the shapes come from."""
    text = (
        resources.files("dashboards.web.components")
        .joinpath("shapes", "countries.json")
        .read_text("utf-8")
    )
    found = json.loads(text)
    shapes = [
        each["properties"] for each in found["topology"]["objects"]["countries"]["geometries"]
    ]
    names = {each["code"]: each["name"] for each in [*shapes, *found["places"]] if "code" in each}
    return World(found["topology"], found["places"], names)
