"""Each element that a standard defines stands in a named column, as it was sent.

Every report is read in by `rua ingest`; its document is then taken out of the store and walked
with the standard library alone, leaf by leaf, in the order of the document.
"""

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb
import pytest

from tests.conftest import Rua
from tests.support.mails.every_document import CORPUS, GOLDEN_INPUTS

Row = dict[str, Any]
Found = list[tuple[str, Any, Any]]
"""(path, as sent, as stored) of leaves; the last two are to be equal, None where absent."""

# RFC 7489 App. C and RFC 9990 App. A: path below the root, and its column; behind a bar the name
# that others give it (D23, D39), behind an @ an attribute. Of two where one is allowed the first is
# read.
REPORT = {
    "version": "version",
    "report_metadata/org_name": "org_name",
    "report_metadata/email": "email",
    "report_metadata/extra_contact_info": "extra_contact_info",
    "report_metadata/extra_contact_info@lang": "extra_contact_info_lang",
    "report_metadata/report_id": "report_id",
    "report_metadata/date_range/begin": "begin_raw",
    "report_metadata/date_range/end": "end_raw",
    "report_metadata/generator": "generator",
    "policy_published/domain": "policy_domain_raw",
    "policy_published/discovery_method": "discovery_method_raw",
    "policy_published/p": "p_raw",
    "policy_published/sp": "sp_raw",
    "policy_published/np": "np_raw",
    "policy_published/adkim": "adkim_raw",
    "policy_published/aspf": "aspf_raw",
    "policy_published/pct": "pct_raw",
    "policy_published/testing|t": "testing_raw",
    "policy_published/fo": "fo",
}
RECORD = {
    "row/source_ip": "source_ip_raw",
    "row/count": "message_count_raw",
    "row/policy_evaluated/disposition": "disposition_raw",
    "row/policy_evaluated/dkim": "dkim_raw",
    "row/policy_evaluated/spf": "spf_raw",
    "identifiers|identities/header_from": "header_from_raw",
    "identifiers|identities/envelope_from": "envelope_from_raw",
    "identifiers|identities/envelope_to": "envelope_to_raw",
}
CHILDREN = {
    "dmarc_reason": (
        "row/policy_evaluated/reason",
        {"type": "type_raw", "comment": "comment", "comment@lang": "comment_lang"},
    ),
    "dmarc_dkim": (
        "auth_results/dkim",
        {
            "domain": "domain_raw",
            "selector": "selector",
            "result": "result_raw",
            "human_result": "human_result",
            "human_result@lang": "human_result_lang",
        },
    ),
    "dmarc_spf": (
        "auth_results/spf",
        {
            "domain": "domain_raw",
            "scope": "scope_raw",
            "result": "result_raw",
            "human_result": "human_result",
            "human_result@lang": "human_result_lang",
        },
    ),
}
TLS_REPORT = {
    "organization-name": "organization_name",
    "contact-info": "contact_info",
    "report-id": "report_id",
    "date-range/start-datetime": "start_raw",
    "date-range/end-datetime": "end_raw",
}
TLS_POLICY = {
    "policy/policy-type": "policy_type_raw",
    "policy/policy-string": "policy_strings_raw",
    "policy/policy-domain": "policy_domain_raw",
    "policy/mx-host|mx-host-pattern": "mx_hosts_raw",
    "summary/total-successful-session-count": "successful_sessions_raw",
    "summary/total-failure-session-count": "failed_sessions_raw",
}
TLS_FAILURE = {
    "result-type": "result_type_raw",
    "sending-mta-ip": "sending_mta_ip_raw",
    "receiving-mx-hostname": "receiving_mx_hostname",
    "receiving-mx-helo": "receiving_mx_helo",
    "receiving-ip": "receiving_ip_raw",
    "failed-session-count": "failed_sessions_raw",
    "additional-information|additional-info-uri": "additional_information",
    "failure-reason-code|failure-error-code": "failure_reason_code",
}
AS_JSON = frozenset(
    ("policy_strings_raw", "mx_hosts_raw", "successful_sessions_raw", "failed_sessions_raw")
)


class Documents:
    """The documents of a store and the rows that were made of them."""

    def __init__(self, path: Path) -> None:
        self._con = duckdb.connect(str(path), read_only=True)

    def rows(self, table: str, document_id: int) -> list[Row]:
        """In the order of their ordinals, which stand before all that is not equal in them."""
        question = f"select * from {table} where document_id = $1 order by all"
        result = self._con.execute(question, [document_id])
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def of_kind(self, kind: str) -> list[tuple[int, bytes]]:
        question = f"""
            select document_id, bytes
            from document
            join {kind}_report using (document_id)
            order by document_id
        """
        return self._con.execute(question).fetchall()


@pytest.fixture(scope="module", params=["golden", "corpus"])
def documents(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Documents:
    if request.param == "corpus" and CORPUS is None:
        pytest.skip("the elements of the corpus were NOT tested: set RUA_CORPUS to its folder")
    paths = GOLDEN_INPUTS if request.param == "golden" else [Path(str(CORPUS))]
    folder = tmp_path_factory.mktemp(request.param)
    done = Rua(folder)("--store", folder / "s.duckdb", "ingest", *paths)
    assert done.returncode == 0, done.stderr
    return Documents(folder / "s.duckdb")


def name_of(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def below(element: ET.Element | None, names: str) -> ET.Element | None:
    """The first child of the first of these names that any child has."""
    for name in names.split("|"):
        for child in element if element is not None else ():
            if name_of(child) == name:
                return child
    return None


def text_at(element: ET.Element | None, path: str) -> str | None:
    path, _, attribute = path.partition("@")
    for names in path.split("/"):
        element = below(element, names)
    if element is None:
        return None
    if attribute:
        return attribute_of(element, attribute)
    if len(element):  # markup in a text stays markup: 5<x/>3 is not 53
        inner = (ET.tostring(child, encoding="unicode") for child in element)
        return "".join((escape(element.text or ""), *inner)).strip()
    return (element.text or "").strip()


def attribute_of(element: ET.Element, name: str) -> str | None:
    """Without a namespace, as RFC 9990 has it, or else with that of XML itself."""
    found = element.get(name, element.get("{http://www.w3.org/XML/1998/namespace}" + name))
    return None if found is None else found.strip()


def every(element: ET.Element, path: str) -> list[ET.Element]:
    parent, _, name = path.rpartition("/")
    holder: ET.Element | None = element
    for names in parent.split("/"):
        holder = below(holder, names)
    return [child for child in holder if name_of(child) == name] if holder is not None else []


def xml_leaves(documents: Documents, number: int, root: ET.Element) -> Iterator[Found]:
    (report,) = documents.rows("dmarc_report", number)
    yield [(path, text_at(root, path), report[column]) for path, column in REPORT.items()]
    errors = [each for each in every(root, "report_metadata/error") if (each.text or "").strip()]
    yield [("error", [(each.text or "").strip() for each in errors], report["errors"])]
    yield [("error@lang", [attribute_of(each, "lang") for each in errors], report["error_langs"])]
    rows = {row["ordinal"]: row for row in documents.rows("dmarc_record", number)}
    refused = {row["ordinal"] for row in documents.rows("dmarc_refused_record", number)}
    children = {table: documents.rows(table, number) for table in CHILDREN}
    records = [child for child in root if name_of(child) == "record"]
    assert sorted([*rows, *refused]) == list(range(len(records)))
    for ordinal, record in enumerate(records):
        if ordinal in refused:
            continue
        yield [(path, text_at(record, path), rows[ordinal][col]) for path, col in RECORD.items()]
        for table, (path, columns) in CHILDREN.items():
            mine = [row for row in children[table] if row["record_ordinal"] == ordinal]
            sent = [[text_at(each, leaf) for leaf in columns] for each in every(record, path)]
            # D14, D15: a result or reason without a word in it says nothing.
            said = [
                texts
                for texts in sent
                if any(x for x, leaf in zip(texts, columns, strict=True) if "@" not in leaf)
            ]
            yield [(path, said, [[row[column] for column in columns.values()] for row in mine])]


def value_at(table: Any, path: str, column: str) -> str | None:
    """A value as its column has it: text without the space around it, or any value as JSON."""
    for names in path.split("/"):
        found = [name for name in names.split("|") if isinstance(table, dict) and name in table]
        if not found:
            return None
        table = table[found[0]]
    if column in AS_JSON:
        return json.dumps(table)
    if isinstance(table, str):  # half of a surrogate pair is no text (RFC 7493 §2.1)
        return table.encode("utf-8", "replace").decode().strip()
    return None if table is None else json.dumps(table)


def tables_of(value: Any) -> list[Any]:
    return [each for each in (value if isinstance(value, list) else [value]) if each is not None]


def json_leaves(documents: Documents, number: int, report: Any) -> Iterator[Found]:
    (row,) = documents.rows("tls_report", number)
    yield [(path, value_at(report, path, col), row[col]) for path, col in TLS_REPORT.items()]
    stored = documents.rows("tls_policy", number)
    failures = documents.rows("tls_failure", number)
    policies = [each for each in report["policies"] if isinstance(each, dict)]
    for ordinal, (policy, row) in enumerate(zip(policies, stored, strict=True)):
        yield [(path, value_at(policy, path, col), row[col]) for path, col in TLS_POLICY.items()]
        sent = [x for x in tables_of(policy.get("failure-details")) if isinstance(x, dict)]
        mine = [each for each in failures if each["policy_ordinal"] == ordinal]
        for failure, each in zip(sent, mine, strict=True):
            yield [(p, value_at(failure, p, col), each[col]) for p, col in TLS_FAILURE.items()]


def not_as_sent(found: Iterator[Found]) -> tuple[int, Found]:
    """(leaves looked at, those that differ)"""
    leaves = [leaf for group in found for leaf in group]
    return len(leaves), [leaf for leaf in leaves if leaf[1] != leaf[2]]


def test_every_element_of_a_dmarc_report_stands_in_its_column(documents: Documents) -> None:
    looked_at = read = 0
    for number, data in documents.of_kind("dmarc"):
        try:
            root = ET.fromstring(data)
        except (ET.ParseError, ValueError):
            continue  # not well-formed: there is no tree but the one that our reader mends
        count, wrong = not_as_sent(xml_leaves(documents, number, root))
        assert wrong == [], data[:400]
        looked_at, read = looked_at + count, read + 1
    assert read >= 40
    assert looked_at >= 1500


def test_every_member_of_a_tls_report_stands_in_its_column(documents: Documents) -> None:
    looked_at = 0
    for number, data in documents.of_kind("tls"):
        try:
            # Forty digits are no count: rua keeps them as text, and so not their type.
            report = json.loads(data, parse_int=lambda d: int(d) if len(d) <= 40 else d)
        except UnicodeDecodeError:
            continue
        count, wrong = not_as_sent(json_leaves(documents, number, report))
        assert wrong == [], data[:400]
        looked_at += count
    assert looked_at >= 200
