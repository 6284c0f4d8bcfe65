"""From models to the columns of the store's tables, as Arrow.

Each table has the column `leaf`, the number of the reading within its batch, where the store has
`document_id`: the writer, which alone knows the new documents, replaces one by the other.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ingest.columns.alignment import recomputed
from ingest.columns.authenticated_identity import Authenticated, authenticated
from ingest.model.batch import Table, Tables
from schemas.reports.aggregate import AggregateReport, PublishedPolicy, Record, midpoint_day
from schemas.reports.tls import TlsPolicy, TlsReport

__all__ = [
    "SCHEMAS",
    "Facts",
    "Rows",
    "as_table",
    "joined",
    "packed",
    "unpacked",
    "with_documents",
]

TEXT, COUNT, ORDINAL, TIME = pa.string(), pa.int64(), pa.int32(), pa.timestamp("us")
TEXTS = pa.list_(pa.string())


def _schema(**columns: Any) -> Any:
    return pa.schema([pa.field("leaf", ORDINAL), *(pa.field(n, t) for n, t in columns.items())])


def _texts(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, TEXT)


def _raw_pairs(*names: str) -> dict[str, Any]:
    return {column: TEXT for name in names for column in (name, f"{name}_raw")}


FACTS = ("identity", "content_hash", "authenticity", "reporter_domain")
CHILD = {"record_ordinal": ORDINAL, "ordinal": ORDINAL}
HUMAN_RESULT = _texts("human_result", "human_result_lang")
SCHEMAS: dict[str, Any] = {
    "dmarc_report": _schema(
        **_texts(*FACTS),
        day=pa.date32(),
        **_texts("dialect", "xml_namespace", "version", "reporter", "org_name", "email"),
        **_texts("extra_contact_info", "extra_contact_info_lang", "report_id"),
        begin_at=TIME,
        begin_raw=TEXT,
        end_at=TIME,
        end_raw=TEXT,
        errors=TEXTS,
        error_langs=TEXTS,
        generator=TEXT,
        **_raw_pairs("policy_domain", "discovery_method", "p", "sp", "np", "adkim", "aspf"),
        pct=COUNT,
        pct_raw=TEXT,
        **_raw_pairs("testing"),
        fo=TEXT,
        extensions=TEXTS,
        record_count=ORDINAL,
        refused_record_count=ORDINAL,
        repairs=TEXTS,
        flags=TEXTS,
    ),
    "dmarc_record": _schema(
        ordinal=ORDINAL,
        **_raw_pairs("source_ip"),
        message_count=COUNT,
        message_count_raw=TEXT,
        **_raw_pairs("disposition", "dkim", "spf"),
        **_raw_pairs("header_from", "envelope_from", "envelope_to"),
        extensions=TEXTS,
        flags=TEXTS,
        dkim_recomputed=pa.bool_(),
        spf_recomputed=pa.bool_(),
        **_texts(*Authenticated._fields),
    ),
    "dmarc_reason": _schema(**CHILD, **_raw_pairs("type"), **_texts("comment", "comment_lang")),
    "dmarc_dkim": _schema(
        **CHILD, **_raw_pairs("domain"), selector=TEXT, **_raw_pairs("result"), **HUMAN_RESULT
    ),
    "dmarc_spf": _schema(**CHILD, **_raw_pairs("domain", "scope", "result"), **HUMAN_RESULT),
    "dmarc_refused_record": _schema(ordinal=ORDINAL, **_texts("reason", "xml")),
    "tls_report": _schema(
        **_texts(*FACTS),
        day=pa.date32(),
        **_texts("reporter", "organization_name", "contact_info", "report_id"),
        start_at=TIME,
        start_raw=TEXT,
        end_at=TIME,
        end_raw=TEXT,
        repairs=TEXTS,
        flags=TEXTS,
    ),
    "tls_policy": _schema(
        ordinal=ORDINAL,
        **_raw_pairs("policy_type"),
        policy_strings=TEXTS,
        policy_strings_raw=TEXT,
        **_raw_pairs("policy_domain"),
        mx_hosts=TEXTS,
        mx_hosts_raw=TEXT,
        successful_sessions=COUNT,
        successful_sessions_raw=TEXT,
        failed_sessions=COUNT,
        failed_sessions_raw=TEXT,
    ),
    "tls_failure": _schema(
        policy_ordinal=ORDINAL,
        ordinal=ORDINAL,
        **_raw_pairs("result_type", "sending_mta_ip"),
        **_texts("receiving_mx_hostname", "receiving_mx_helo"),
        **_raw_pairs("receiving_ip"),
        failed_sessions=COUNT,
        failed_sessions_raw=TEXT,
        **_texts("additional_information", "failure_reason_code"),
    ),
}


class Facts(NamedTuple):
    """Facts about a report that it does not state itself; the columns of FACTS."""

    identity: str
    content_hash: str
    authenticity: str
    reporter_domain: str | None


class Rows:
    """Rows of all tables, collected leaf by leaf."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in SCHEMAS}

    def add_aggregate(self, leaf: int, report: AggregateReport, facts: Facts) -> None:
        self._rows["dmarc_report"].append((leaf, *facts, *_aggregate_columns(report)))
        ordinals = _record_ordinals(report)
        for ordinal, record in zip(ordinals, report.records, strict=True):
            self._add_record(leaf, ordinal, record, report.policy)
        for refused in report.refused_records:
            row = (leaf, refused.ordinal, refused.reason, refused.xml)
            self._rows["dmarc_refused_record"].append(row)

    def _add_record(self, leaf: int, ordinal: int, record: Record, policy: PublishedPolicy) -> None:
        columns = (*_record_columns(record), *recomputed(record, policy))
        identities = authenticated(record, policy.domain)
        self._rows["dmarc_record"].append((leaf, ordinal, *columns, *identities))
        for n, reason in enumerate(record.reasons):
            self._rows["dmarc_reason"].append((leaf, ordinal, n, *dict(reason).values()))
        for n, dkim in enumerate(record.dkim_results):
            self._rows["dmarc_dkim"].append((leaf, ordinal, n, *dict(dkim).values()))
        for n, spf in enumerate(record.spf_results):
            self._rows["dmarc_spf"].append((leaf, ordinal, n, *dict(spf).values()))

    def add_tls(self, leaf: int, report: TlsReport, facts: Facts) -> None:
        self._rows["tls_report"].append((leaf, *facts, *_tls_columns(report)))
        for ordinal, policy in enumerate(report.policies):
            self._rows["tls_policy"].append((leaf, ordinal, *_policy_columns(policy)))
            for n, failure in enumerate(policy.failures):
                row = (leaf, ordinal, n, *dict(failure).values())
                self._rows["tls_failure"].append(row)

    def tables(self) -> Tables:
        """An Arrow table for each table that has rows; the rows are removed.

        Each table's rows are freed before the next table is made, to keep the peak of memory low.
        """
        made: Tables = {}
        for name, rows in self._rows.items():
            if rows:
                made[name] = as_table(SCHEMAS[name], rows)
                rows.clear()
        return made


def as_table(schema: Any, rows: Sequence[tuple[Any, ...]]) -> Table:
    """Rows, in the order of the schema's columns, as an Arrow table."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def packed(table: Table) -> Any:
    """A table as bytes, for another process; `unpacked` makes it again without a copy."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return memoryview(sink.getvalue())


def unpacked(data: bytes) -> Table:
    with pa.ipc.open_stream(pa.py_buffer(data)) as stream:
        return stream.read_all()


def joined(parts: Sequence[Tables], offsets: Sequence[int]) -> Tables:
    """Tables of several batches as one, each batch's leaves numbered on by its offset."""
    pieces: dict[str, list[Table]] = {}
    for tables, offset in zip(parts, offsets, strict=False):
        for name, table in tables.items():
            leaves = pc.add(table.column("leaf"), pa.scalar(offset, ORDINAL))
            moved = table.set_column(0, table.schema.field(0), leaves)
            pieces.setdefault(name, []).append(moved)
    return {name: pa.concat_tables(tables) for name, tables in pieces.items()}


def with_documents(table: Table, documents: Sequence[int | None]) -> Table:
    """The rows whose leaf became a document (an ID, not None), with document_id for leaf."""
    ids = pa.array(documents, COUNT).take(table.column("leaf"))
    with_ids = table.set_column(0, pa.field("document_id", COUNT), ids)
    return with_ids.filter(ids.is_valid())


def _record_ordinals(report: AggregateReport) -> Iterator[int]:
    """Ordinals of the read records among all records: a refused one leaves a gap."""
    refused = {record.ordinal for record in report.refused_records}
    total = len(report.records) + len(refused)
    return (n for n in range(total) if n not in refused)


def _aggregate_columns(report: AggregateReport) -> tuple[Any, ...]:
    policy = report.policy
    return (
        midpoint_day(report.begin_at, report.end_at),
        report.dialect,
        report.xml_namespace,
        report.version,
        report.reporter,
        report.org_name,
        report.email,
        report.extra_contact_info,
        report.extra_contact_info_lang,
        report.report_id,
        report.begin_at.replace(tzinfo=None),
        report.begin_raw,
        report.end_at.replace(tzinfo=None),
        report.end_raw,
        report.errors,
        report.error_langs,
        report.generator,
        *dict(policy).values(),
        report.extensions,
        len(report.records),
        len(report.refused_records),
        report.repairs,
        report.flags,
    )


def _record_columns(record: Record) -> tuple[Any, ...]:
    return (
        record.source_ip,
        record.source_ip_raw,
        record.count,
        record.count_raw,
        record.disposition,
        record.disposition_raw,
        record.dkim,
        record.dkim_raw,
        record.spf,
        record.spf_raw,
        record.header_from,
        record.header_from_raw,
        record.envelope_from,
        record.envelope_from_raw,
        record.envelope_to,
        record.envelope_to_raw,
        record.extensions or None,
        record.flags or None,
    )


def _tls_columns(report: TlsReport) -> tuple[Any, ...]:
    return (
        midpoint_day(report.start_at, report.end_at),
        report.reporter,
        report.organization_name,
        report.contact_info,
        report.report_id,
        report.start_at.replace(tzinfo=None),
        report.start_raw,
        report.end_at.replace(tzinfo=None),
        report.end_raw,
        report.repairs,
        report.flags,
    )


def _policy_columns(policy: TlsPolicy) -> tuple[Any, ...]:
    return tuple(value for name, value in policy if name != "failures")
