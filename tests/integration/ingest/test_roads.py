"""What is known of a report by its carrier is the same by an ingest, a retry and a rebuild."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.load.writer import Writer
from ingest.model.batch import Batch, Reading
from ingest.model.run import Run
from ingest.model.source import Arrival
from ingest.run.quarantine_retry import retry
from ingest.run.rebuild import rebuild
from ingest.workers.read import read_batch, unread
from schemas.errors import ReaderFailed
from schemas.store.store import Store
from tests.support.mails.mails import FIRST_DAY, make_report_mail
from tests.support.moments import utc

pytestmark = pytest.mark.usefixtures("read_in_this_process")

Asked = list[tuple[Any, ...]]


def stored(folder: Path, batch: Batch) -> tuple[Store, Writer]:
    store = Store(folder / "s.duckdb")
    writer = Writer(store)
    writer.write(batch, Run("test", utc(2026, 5, 2)), None)
    return store, writer


def ask(store: Store, question: str) -> Asked:
    with store.read() as con:
        return con.execute(question).fetchall()


def by_ingest(folder: Path, arrival: Arrival, question: str) -> Asked:
    return ask(stored(folder, read_batch([arrival]))[0], question)


def by_rebuild(folder: Path, arrival: Arrival, question: str) -> Asked:
    store, writer = stored(folder, read_batch([arrival]))
    rebuild(store, writer, workers=1)
    return ask(store, question)


def by_retry_of_the_mail(folder: Path, arrival: Arrival, question: str) -> Asked:
    """Its reader died."""
    store, writer = stored(folder, unread(arrival, ReaderFailed("killed")))
    assert retry(store, writer, 1)["read"] == 1
    return ask(store, question)


def refused(folder: Path, arrival: Arrival, of: Callable[[Reading], bytes]) -> tuple[Store, Writer]:
    """A store that holds of each document what `of` gives, refused."""
    batch = read_batch([arrival])
    kinds = {True: "gzip", False: ""}
    readings = [
        Reading(f"{n}", kinds[data[:2] == b"\x1f\x8b"] or each.kind, data, each.path, code="limit")
        for n, each in enumerate(batch.readings)
        for data in [of(each)]
    ]
    return stored(folder, Batch(batch.carriers, readings))


def by_retry_of_the_document(folder: Path, arrival: Arrival, question: str) -> Asked:
    store, writer = refused(folder, arrival, Reading.content)
    assert retry(store, writer, 1)["read"] == 1
    return ask(store, question)


def by_retry_of_the_container(folder: Path, arrival: Arrival, question: str) -> Asked:
    store, writer = refused(folder, arrival, lambda each: gzip.compress(each.content()))
    assert retry(store, writer, 1)["read"] == 1
    return ask(store, question)


ROADS = (
    by_ingest,
    by_rebuild,
    by_retry_of_the_mail,
    by_retry_of_the_document,
    by_retry_of_the_container,
)
every_road = pytest.mark.parametrize("road", ROADS)

TLS_DOMAIN = "select policy_domain, repairs from tls_policy join tls_report using (document_id)"


def tls_report() -> bytes:
    """Without a policy domain, as Postfix sends it (T8)."""
    return json.dumps(
        {
            "organization-name": "Receiver Example",
            "date-range": {
                "start-datetime": "2026-05-01T00:00:00Z",
                "end-datetime": "2026-05-01T23:59:59Z",
            },
            "report-id": "1",
            "policies": [{"policy": {"policy-type": "no-policy-found"}, "summary": {}}],
        }
    ).encode()


def tls_mail(*header: str, name: str = "report.json.gz") -> Arrival:
    mail = EmailMessage(policy=SMTP)
    for line in ("From: tls@receiver.example", "Date: Sat, 02 May 2026 03:00:00 +0000", *header):
        field, _, value = line.partition(": ")
        mail[field] = value
    mail.set_content("See the attachment.")
    mail.add_attachment(
        gzip.compress(tls_report()), maintype="application", subtype="tlsrpt+gzip", filename=name
    )
    return Arrival("1", mail.as_bytes(), received_at=FIRST_DAY + timedelta(days=1, hours=3))


@every_road
@pytest.mark.parametrize(
    ("arrival", "place"),
    [
        (tls_mail("TLS-Report-Domain: example.com"), "the header TLS-Report-Domain"),
        (tls_mail(name="mx.example.net!example.com!1!2.json.gz"), "the file name"),
        (tls_mail("Subject: Report Domain: example.com Submitter: x"), "the Subject"),
    ],
)
def test_the_carrier_names_the_domain_of_a_tls_policy(
    tmp_path: Path, arrival: Arrival, place: str, road: Callable[..., Asked]
) -> None:
    """T8."""
    found = road(tmp_path, arrival, TLS_DOMAIN)
    assert found == [("example.com", [f"T8: policy-domain taken from {place}"])]


PERIOD_END = utc(2026, 5, 1, 23, 59, 59)
TWO_DAYS = timedelta(days=2)
FLAGGED = """
    select list_contains(flags, 'the period ends more than 2 days after the report arrived')
    from {}_report
"""
COUNTED = "select count(*) from counted_{}_report"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def dated(kind: str, received: datetime | None, sent: datetime | None) -> Arrival:
    """A mail with a report on the first of May 2026, which came then."""
    raw = tls_mail("TLS-Report-Domain: example.com").raw if kind == "tls" else REPORT.raw
    head = [line for line in raw.splitlines(keepends=True) if not line.startswith(b"Date: ")]
    said = b"" if sent is None else f"Date: {format_datetime(sent)}\r\n".encode()
    return Arrival("1", said + b"".join(head), received_at=received)


REPORT = make_report_mail(0)
END = PERIOD_END.replace(tzinfo=UTC)
BEFORE, AT = END - TWO_DAYS - timedelta(seconds=1), END - TWO_DAYS


@every_road
@pytest.mark.parametrize("kind", ["dmarc", "tls"])
@pytest.mark.parametrize("received", [BEFORE, AT])
def test_a_report_from_the_future_counts_in_no_rate(
    tmp_path: Path, kind: str, received: datetime, road: Callable[..., Asked]
) -> None:
    """D27."""
    arrival = dated(kind, received, END)
    question = f"select ({FLAGGED.format(kind)}), ({COUNTED.format(kind)})"
    assert road(tmp_path, arrival, question) == [(received == BEFORE, int(received == AT))]


@pytest.mark.parametrize(
    ("received", "sent", "is_future"),
    [
        (BEFORE, END, True),
        (END, BEFORE, False),
        (None, BEFORE, True),
        (None, AT, False),
        (NEVER, BEFORE, True),
        (NEVER, AT, False),
        (NEVER, NEVER, False),  # it was stored long after
        (None, None, False),
    ],
)
@pytest.mark.parametrize("road", [by_ingest, by_rebuild, by_retry_of_the_document])
def test_it_arrived_when_received_else_sent_else_stored(
    tmp_path: Path,
    received: datetime | None,
    sent: datetime | None,
    is_future: bool,
    road: Callable[..., Asked],
) -> None:
    found = road(tmp_path, dated("dmarc", received, sent), FLAGGED.format("dmarc"))
    assert found == [(is_future,)]


def test_the_first_carrier_tells_when_a_report_arrived(tmp_path: Path) -> None:
    """It comes again in time: that makes it no better; and the other way round no worse."""
    for number, (first, then) in enumerate([(BEFORE, AT), (AT, BEFORE)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        store, writer = stored(folder, read_batch([dated("dmarc", first, END)]))
        again = read_batch([dated("dmarc", then, END)])
        writer.write(again, Run("another", utc(2026, 5, 2)), None)
        found = ask(store, FLAGGED.format("dmarc"))
        assert found == [(first == BEFORE,)]
        rebuild(store, writer, workers=1)
        assert ask(store, FLAGGED.format("dmarc")) == found
