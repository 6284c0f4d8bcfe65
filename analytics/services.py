"""Sources gathered into services: the addresses that bear one name, whatever their number.

Gathered in SQL, so that a store with hundreds of thousands of addresses answers as fast. Why each
is of its class is a question of its own, since most of them are abuse, of which nobody asks.
"""

from collections.abc import Collection, Sequence

from analytics.ask import Row
from analytics.classified import ask_classified
from analytics.labels import Word
from analytics.mail import by_service, is_new
from analytics.reasons import reason, settled_by
from analytics.window import Window
from schemas.store import Connection

__all__ = ["by_class", "services", "services_named"]


def by_class(
    con: Connection,
    window: Window,
    domain: str | None = None,
    words: Sequence[Word] = (),
    classes: Collection[str] | None = None,
) -> list[Row]:
    """One row per (domain, source, class), most mail first; of these classes, None meaning all.

    Sums over `source_ips` addresses; `source_ip` is that of the one with the most mail, whose
    `reason`, `rule` and `settled_by` stand for all; `days` those of the one seen on most days;
    `header_froms` the author domains met. `country`, `asn`, `as_name` are None where they differ.
    """
    rows = _gathered(con, window, domain, words, classes)
    return _told(con, window, domain, words, rows, classes)


def services(
    con: Connection,
    window: Window,
    domain: str | None = None,
    words: Sequence[Word] = (),
    told: Collection[str] | None = None,
) -> list[Row]:
    """One row per (domain, source), as `rua sources --by source` has them.

    `told` names the classes of which `reason` and `settled_by` are wanted, None meaning all; they
    are None of the others.
    """
    rows = _gathered(con, window, domain, words, None)
    return by_service(_told(con, window, domain, words, rows, told))


def services_named(
    con: Connection,
    window: Window,
    names: Collection[tuple[str, str]],
    domain: str | None = None,
    words: Sequence[Word] = (),
) -> list[Row]:
    """The rows of `services` of these (domain, source), with their reasons."""
    every = _gathered(con, window, domain, words, None)
    rows = [row for row in every if (row["domain"], row["source"]) in names]
    sources = sorted({source for _, source in names})
    return by_service(_told(con, window, domain, words, rows, None, sources))


def _gathered(
    con: Connection,
    window: Window,
    domain: str | None,
    words: Sequence[Word],
    classes: Collection[str] | None,
) -> list[Row]:
    """The rows of `by_class`; of why nothing yet."""
    asked = {"domain": domain, "classes": _listed(classes)}
    rows = ask_classified(con, "services", asked, window, words, _only(domain))
    for row in rows:
        row["reason"] = row["settled_by"] = None
        row["is_new"] = is_new(row, window)
    return rows


def _told(
    con: Connection,
    window: Window,
    domain: str | None,
    words: Sequence[Word],
    rows: list[Row],
    classes: Collection[str] | None,
    sources: Sequence[str] | None = None,
) -> list[Row]:
    """The same rows with why, those of `classes`."""
    if classes is not None and not classes:
        return rows
    asked = {"domain": domain, "classes": _listed(classes), "sources": sources}
    loudest = ask_classified(con, "services_told", asked, window, words, _only(domain))
    found = {(row["domain"], row["source"], row["class"]): row for row in loudest}
    for row in rows:
        of = found.get((row["domain"], row["source"], row["class"]))
        if of is not None:
            row["reason"], row["settled_by"] = reason(of), settled_by(of)
    return rows


def _listed(classes: Collection[str] | None) -> list[str] | None:
    return None if classes is None else sorted(classes)


def _only(domain: str | None) -> tuple[str, ...] | None:
    return None if domain is None else (domain,)
