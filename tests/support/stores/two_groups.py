"""A store with clients who must not see each other, and every name that would tell of the others.

`foreign_tokens` are made from the store itself: whatever stands in rows about the others and in
none about the visible domains is a secret, be it a domain, a report ID, an address or a file name.
"""

import dataclasses
import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from analytics.sources.labels import add
from schemas.store.store import Store
from tests.conftest import DEMO_UNTIL, Demo
from tests.support.stores.read_here import read_here

__all__ = ["MIXED_ID", "TwoGroups", "foreign_tokens", "tokens", "two_groups"]

MIXED_ID = "mixed-report-4711@receiver.example"
DAY = DEMO_UNTIL.isoformat()
SHORT = 6  # texts shorter than this ("none", "pass") are words of the formats


@dataclass(frozen=True)
class TwoGroups:
    """`mine` are the domains of one client, `theirs` of the others and of strangers."""

    store: Path
    config: Path
    mine: frozenset[str]
    theirs: frozenset[str]
    group: str


def two_groups(demo: Demo, folder: Path, group: str = "Harbour") -> TwoGroups:
    """The demo with what it lacks: labels, DNS and reverse names of both sides, a TLS report on
    domains of both, a document that cannot be read."""
    store, config = folder / "rua.duckdb", folder / "rua.toml"
    shutil.copy(demo.store, store)
    shutil.copy(demo.folder / "rua.toml", config)
    groups = _groups(config)
    mine = frozenset(groups[group])
    theirs = frozenset(name for key, names in groups.items() if key != group for name in names)
    _read_more(folder, store, min(mine), min(theirs))
    for side, names in (("mine", mine), ("theirs", theirs)):
        add(Store(store), min(names), f"label.{side}.example", "own", f"a note on {side}-secret")
    _add_dns(store, {"mine": mine, "theirs": theirs})
    return TwoGroups(store, config, mine, theirs, group)


def _groups(config: Path) -> dict[str, list[str]]:
    from schemas.config.settings import load_settings  # noqa: PLC0415

    return load_settings(config, store=None, lock_timeout=None).groups


def _read_more(folder: Path, store: Path, mine: str, theirs: str) -> None:
    documents = folder / "more"
    documents.mkdir()
    (documents / "mixed.json").write_text(json.dumps(_mixed(mine, theirs)))
    (documents / f"{theirs}!unreadable.xml").write_text(f"<feedback><unended {theirs}")
    found = read_here(store, documents)
    assert (found.stored, found.refused) == (1, 1)


def _mixed(*domains: str) -> dict[str, Any]:
    return {
        "organization-name": "Mixed Receiver",
        "date-range": {"start-datetime": f"{DAY}T00:00:00Z", "end-datetime": f"{DAY}T23:59:59Z"},
        "contact-info": "tls@receiver.example",
        "report-id": MIXED_ID,
        "policies": [
            {
                "policy": {
                    "policy-type": "sts",
                    "policy-string": ["version: STSv1", f"mx: mx.{domain}"],
                    "policy-domain": domain,
                    "mx-host": [f"mx.{domain}"],
                },
                "summary": {
                    "total-successful-session-count": 10,
                    "total-failure-session-count": 1,
                },
                "failure-details": [
                    {
                        "result-type": "certificate-expired",
                        "receiving-mx-hostname": f"mx.{domain}",
                        "failed-session-count": 1,
                    }
                ],
            }
            for domain in domains
        ],
    }


def _add_dns(store: Path, sides: dict[str, frozenset[str]]) -> None:
    with Store(store).write() as con:
        for side, domains in sides.items():
            domain = min(domains)
            record = f"v=DMARC1; p=none; rua=mailto:{side}@dns-{side}.example"
            con.execute(
                "insert into dns_snapshot values ($1, $2, $2, $3, 'TXT', 'found', [$4])",
                [domain, f"{DAY} 00:00:00", f"_dmarc.{domain}", record],
            )
            con.execute(
                """
                insert into ptr_lookup
                select source_ip, 'host-' || row_number() over () || $1, true, 'found', now()
                from (
                    select source_ip
                    from dmarc_record join dmarc_report using (document_id)
                    group by source_ip
                    having bool_and(list_contains($2, policy_domain))
                )
                """,
                [f".reverse-{side}.example", sorted(domains)],
            )


def foreign_tokens(store: Path, mine: Iterable[str]) -> set[str]:
    """Names and numbers in rows about other domains that stand in no row about these."""
    with duckdb.connect(str(store), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("create temp table mine as select unnest($1::text[]) as domain", [sorted(mine)])
        theirs, ours = (_told(con, is_mine) for is_mine in (False, True))
    return {token for token in theirs - ours if len(token) >= SHORT and TELLING.search(token)}


def tokens(told: object) -> set[str]:
    """The names, addresses and numbers in an answer, and the domains above each name."""
    found: set[str] = set()
    for text in _texts(told):
        for match in TOKEN.finditer(text):
            token = match[0].rstrip(".:_-").lower()
            found.add(token)
            while "." in token:
                token = token.partition(".")[2]
                found.add(token)
    return found


def _texts(told: object) -> Iterable[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, bytes):
        yield told.decode("latin-1")
    elif isinstance(told, dict):
        for value in told.values():
            yield from _texts(value)
    elif isinstance(told, list | tuple | set | frozenset):
        for each in told:
            yield from _texts(each)
    elif dataclasses.is_dataclass(told) and not isinstance(told, type):
        yield from _texts(dataclasses.asdict(told))


TOKEN = re.compile(r"[0-9A-Za-z][0-9A-Za-z.:_-]*")
# Names, IDs and addresses: plain words and plain numbers are the same everywhere.
TELLING = re.compile(r"[a-z].*[.:\d]|[.:\d].*[a-z]|\d+\.\d+\.\d+\.\d+")
ABOUT = {
    "dmarc_report": "policy_domain",
    "tls_policy": "policy_domain",
    "label": "policy_domain",
    "dns_snapshot": "domain",
}
BY_DOCUMENT = (
    *("dmarc_record", "dmarc_dkim", "dmarc_spf", "dmarc_reason", "dmarc_refused_record"),
    *("tls_report", "tls_failure", "outcome", "document", "delivery"),
)


def _told(con: duckdb.DuckDBPyConnection, is_mine: bool) -> set[str]:
    """All that rows about my domains tell, or those about others."""
    say = "" if is_mine else "not"
    named = f"""
        select document_id from dmarc_report where policy_domain {say} in (from mine)
        union
        select document_id from tls_policy group by document_id
        having {"bool_and" if is_mine else "bool_or"}(policy_domain {say} in (from mine))
    """
    if not is_mine:  # what nobody could read may be about anybody
        named += " union select document_id from outcome where report_kind is null"
    records = f"select source_ip from dmarc_record where document_id in ({named})"
    mails = f"select carrier_id from delivery where document_id in ({named})"
    questions = [
        *(f"from {table} where {column} {say} in (from mine)" for table, column in ABOUT.items()),
        *(f"from {table} where document_id in ({named})" for table in BY_DOCUMENT),
        f"from ptr_lookup where source_ip in ({records})",
        f"from address where source_ip in ({records})",
        f"from carrier where carrier_id in ({mails})",
    ]
    if is_mine:  # a report on domains of both is there, without what names it
        seen = "select document_id from tls_policy where policy_domain in (from mine)"
        named_by = "identity, content_hash, report_id"
        questions.append(
            f"select * exclude ({named_by}) from tls_report where document_id in ({seen})"
        )
    return {token for each in questions for token in tokens(con.execute(each).fetchall())}
