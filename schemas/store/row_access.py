"""What a person may see of the store: everything, or some policy domains alone.

A confined connection holds a temporary view in the place of every table, which gives the rows of
the visible domains and no others. DuckDB looks a name up among the temporary ones first, be it in a
question or in a public view, so that every question sees them, whoever wrote it and whatever it
asks; no question has to remember it. A table without a condition here is empty for whoever is
confined.

A document belongs to the domains that its report names. One that names other domains, too (TLS
reports may), is seen in part: its policies for visible domains, without its identity and its bytes.
What names no domain (refused documents, runs, the ledger) is for those who see everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from schemas.errors import AccessDenied
from schemas.store.connection import Executes

__all__ = ["EVERYTHING", "Scope", "confine", "count_only"]


@dataclass(frozen=True, slots=True)
class Scope:
    """`visible` are the policy domains that may be seen, `editable` those whose labels may be
    changed; None means every one, those of strangers among them."""

    visible: frozenset[str] | None = None
    editable: frozenset[str] | None = None

    def require_edit(self, domain: str | None) -> None:
        """Raises AccessDenied unless the domain's labels may be changed; None asks for the whole
        store."""
        if self.editable is None or (domain in self.editable and self.sees(domain)):
            return
        raise AccessDenied(
            "this login may look and not change anything"
            if not self.editable
            else "this login may not change this domain",
            where=domain or "",
            todo="ask for the editor role: [[access.allow]] in the settings of rua",
        )

    def sees(self, domain: str | None) -> bool:
        return self.visible is None or domain in self.visible


EVERYTHING = Scope()

# Documents that name a visible domain; `is_whole`, no other one. A duplicate is as its original.
DOCUMENTS = """
    create temp table scope_document as
    with named as (
        select document_id, true as is_whole
        from dmarc_report
        where policy_domain in (from scope_domain)
        union all
        select document_id, bool_and(coalesce(policy_domain in (from scope_domain), false))
        from tls_policy
        group by document_id
        having bool_or(coalesce(policy_domain in (from scope_domain), false))
    )
    from named
    union all
    select outcome.document_id, named.is_whole
    from outcome
    join named on named.document_id = outcome.of_document_id
    where outcome.status = 'duplicate'
"""
# Whether an unverified report counts hangs on what its reporter proves elsewhere: on other domains,
# too. Of these only the day is known here.
VERIFIED = """
    create temp table scope_verified_day as
    from verified_day
    where reporter in (
        select reporter
        from dmarc_report
        where policy_domain in (from scope_domain)
    )
"""
NOTHING = "false"
DOMAIN = "policy_domain in (from scope_domain)"
PART = "document_id in (select document_id from scope_document)"
WHOLE = "document_id in (select document_id from scope_document where is_whole)"
# A mail tells of all that it carries: its subject, its file names.
CARRIER = """
    carrier_id in (
        select carrier_id
        from {store}.delivery
        group by carrier_id
        having bool_and(document_id in (select document_id from scope_document where is_whole))
    )
"""
MET = "source_ip in (select source_ip from dmarc_record)"
# In the order in which they lean on each other.
ROWS: Mapping[str, str] = {
    "document": WHOLE,
    "carrier": CARRIER,
    "delivery": CARRIER,
    "outcome": PART,
    "dmarc_report": DOMAIN,
    "dmarc_record": PART,
    "dmarc_reason": PART,
    "dmarc_dkim": PART,
    "dmarc_spf": PART,
    "dmarc_refused_record": PART,
    "tls_report": PART,
    "tls_policy": DOMAIN,
    "tls_failure": "(document_id, policy_ordinal) in (select document_id, ordinal from tls_policy)",
    "address": MET,
    "ptr_lookup": MET,
    "known_domain": """
        domain in (
            select other_dkim from dmarc_record
            union
            select other_spf from dmarc_record
            union
            select name from ptr_lookup
        )
    """,
    "label": DOMAIN,
    "advice": DOMAIN,
    "dns_snapshot": "domain in (from scope_domain)",
    "ledger": NOTHING,
    "run": NOTHING,
    "migration": NOTHING,
    "report_state": NOTHING,
    "view_text": NOTHING,
}
# Of a document that is seen in part: names that tell of its other domains, such as the report ID.
HIDDEN = "'(names other domains, too)'"
OF_WHOLE = "case when {whole} then {column} else {hidden} end as {column}"
NAMING: Mapping[str, tuple[str, ...]] = {
    "outcome": ("identity", "content_hash"),
    "tls_report": ("identity", "content_hash", "report_id"),
}


def count_only(con: Executes, require_verified: bool, as_of: date | None) -> None:
    """Let the views count verified reports alone, and what had arrived by the end of that UTC day;
    False and None: everything (views/05_counted_report.sql)."""
    con.execute(f"set variable require_verified = {require_verified}")
    con.execute("set variable as_of = $1", [as_of])


def confine(con: Executes, visible: frozenset[str]) -> None:
    """Let an open, read-only connection see these policy domains alone, for good.

    Raises AccessDenied should the views show it more.
    """
    con.execute("set variable visible = $1", [sorted(visible)])
    con.execute("create temp table scope_domain (domain text)")
    con.execute("insert into scope_domain select unnest($1::text[])", [sorted(visible)])
    con.execute(DOCUMENTS)
    con.execute(VERIFIED)
    rows = con.execute(
        "select database_name, table_name from duckdb_tables() where not temporary and not internal"
    ).fetchall()
    tables = {str(table): f"{_quoted(database)}.main" for database, table in rows}
    ordered = [name for name in ROWS if name in tables]
    for table in (*ordered, *sorted(tables.keys() - ROWS.keys())):
        con.execute(_shadow(table, tables[table]))
    con.execute("create temp view verified_day as from scope_verified_day")
    if con.execute("from unconfined").fetchall():
        raise AccessDenied(
            "this DuckDB does not confine a reader", todo="use the version of the pins"
        )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _shadow(table: str, store: str) -> str:
    where = ROWS.get(table, NOTHING).format(store=store)
    columns = ", ".join(
        OF_WHOLE.format(whole=WHOLE, column=column, hidden=HIDDEN)
        for column in NAMING.get(table, ())
    )
    picked = f"* replace ({columns})" if columns else "*"
    return f"create temp view {table} as select {picked} from {store}.{table} where {where}"
