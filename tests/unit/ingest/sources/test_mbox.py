"""mbox files of every dialect, whole and damaged, as a stream of mails."""

import gzip
import io
import mailbox
import random
import tracemalloc
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.model.source import Arrival
from ingest.sources import mbox
from ingest.sources.files import FileSource
from ingest.sources.mbox import MboxMail, is_mbox, read_mbox
from tests.support.mails.mails import make_report_mail

FROM = b"From reports@example.net Mon Nov  2 12:30:00 2026\n"
HEADER = b"Received: from mx.example.net\nSubject: report %d\n\n"
FORGED = b"Authentication-Results: mx.example.com; dkim=pass header.d=example.net\n\nforged\n"


def mail(number: int, body: bytes = b"body\n") -> bytes:
    return HEADER % number + body


def in_mbox(mails: Iterable[bytes]) -> bytes:
    return b"".join(FROM + each + b"\n" for each in mails)


def read(data: bytes) -> list[MboxMail]:
    return list(read_mbox(io.BytesIO(data)))


def raws(data: bytes) -> list[bytes]:
    return [each.raw for each in read(data)]


def arrived(path: Path) -> tuple[list[Arrival], list[str]]:
    source = FileSource([path])
    return [arrival for batch in source.arrivals() for arrival in batch], source.problems


def test_each_mail_arrives_with_offset_time_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "reports"
    path.write_bytes(in_mbox([mail(1), mail(2)]))
    moment = datetime(2026, 11, 2, 12, 30, tzinfo=UTC)
    second = len(FROM + mail(1)) + 1
    assert arrived(path)[0] == [
        Arrival(f"{path}:0", mail(1), received_at=moment),
        Arrival(f"{path}:{second}", mail(2), received_at=moment),
    ]
    assert path.read_bytes()[second:].startswith(FROM)


def test_what_python_writes_is_read_as_it_was(tmp_path: Path) -> None:
    """mailbox.mbox quotes as mboxo does."""
    letters = [make_report_mail(number).raw.replace(b"\r\n", b"\n") for number in range(5)]
    letters.append(mail(6, b"before\n\nFrom here on:\nSubject: x\n\nFrom\n"))
    box = mailbox.mbox(tmp_path / "box")
    for letter in letters:
        box.add(letter)
    box.close()
    assert raws((tmp_path / "box").read_bytes()) == letters


@pytest.mark.parametrize(
    ("written", "body"),
    [
        (b"\n>From a@b Mon Nov  2 12:00:00 2026\n", b"\nFrom a@b Mon Nov  2 12:00:00 2026\n"),
        (b">>From you\n", b">From you\n"),  # mboxrd: one level is taken off
        (b"\nFrom now on we go\n", b"\nFrom now on we go\n"),  # nobody quoted it
        (b"\nFrom here on:\nNote: it is prose\n", b"\nFrom here on:\nNote: it is prose\n"),
        (b"x\nFrom a@b Mon Nov  2 12:00:00 2026\n", b"x\nFrom a@b Mon Nov  2 12:00:00 2026\n"),
        (b">Fromage\n", b">Fromage\n"),
        (b" From a\n", b" From a\n"),
        (b"", b""),
    ],
)
def test_a_body_with_from_in_it_stays_whole(written: bytes, body: bytes) -> None:
    assert raws(in_mbox([mail(1, written), mail(2)])) == [mail(1, body), mail(2)]


@pytest.mark.parametrize(
    "line",
    [
        b"From a@b Mon Nov  2 12:00:00 2026\n",
        b"From - Mon Nov 02 12:00:00 2026\n",  # Thunderbird
        b"From 17012@xxx Mon Nov 02 12:00:00 +0000 2026\n",  # Google Takeout
        b"From a@b Mon, 2 Nov 2026 12:00:00 +0000\n",
        b"From a@b  Mon Nov  2 12:00 2026 remote from c\n",
        b"From a@b\n",
        b"From \n",
    ],
)
def test_the_line_before_a_mail_in_many_forms(line: bytes) -> None:
    data = line + mail(1) + b"\n" + line + mail(2)
    assert raws(data) == [mail(1), mail(2)]
    moment = datetime(2026, 11, 2, 12, tzinfo=UTC) if b"Nov" in line else None
    assert [each.received_at for each in read(data)] == [moment, moment]


@pytest.mark.parametrize(
    "date", [b"Mon Nov  2 12:00:00", b"Mon Nov  2 12:00", b"Mon, 2 Nov 12:00:00"]
)
def test_a_from_line_without_a_year_begins_a_mail_of_unknown_time(date: bytes) -> None:
    line = b"From a@b " + date + b"\n"
    found = read(line + mail(1) + line + mail(2))  # no blank line: the date alone shows the break
    assert [(each.raw, each.received_at) for each in found] == [(mail(1), None), (mail(2), None)]


def test_no_blank_line_before_the_next_mail() -> None:
    assert raws(FROM + mail(1) + FROM + mail(2) + FROM + mail(3)) == [mail(1), mail(2), mail(3)]


def test_line_ends_of_crlf() -> None:
    data = in_mbox([mail(1), mail(2)]).replace(b"\n", b"\r\n")
    assert raws(data) == [mail(n).replace(b"\n", b"\r\n") for n in (1, 2)]


def test_a_mail_cut_off_at_the_end_arrives_as_far_as_it_goes() -> None:
    data = in_mbox([mail(1), mail(2)])
    assert raws(data[:-9]) == [mail(1), mail(2)[:-8]]
    assert raws(data + FROM[:20]) == [mail(1), mail(2) + b"\n" + FROM[:20]]


@pytest.mark.parametrize("broken", [b"", b"\n", b"no header at all\n", b"\xff" * 300, b"\r\r\n"])
def test_one_broken_mail_costs_no_other(broken: bytes) -> None:
    found = raws(in_mbox([mail(1), broken, mail(2)]))
    assert found[0] == mail(1)
    assert found[-1] == mail(2)
    assert len(found) <= 3


def with_length(number: int, body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"Content-Length: %d\n" % size + mail(number, body)


def test_content_length_keeps_a_quoted_mbox_within_its_mail() -> None:
    """mboxcl2 quotes nothing."""
    inner = in_mbox([mail(8), mail(9)])
    letters = [with_length(1, inner), with_length(2, b"\n\n"), with_length(3, b"")]
    assert raws(in_mbox(letters)) == letters
    assert raws(b"".join(FROM + letter for letter in letters)) == letters


@pytest.mark.parametrize("length", [0, 3, 6, 50, 10**6, 10**8])
def test_a_wrong_content_length_is_not_believed(length: int) -> None:
    letters = [with_length(1, b"body\nbody\n", length), mail(2), mail(3)]
    assert raws(in_mbox(letters)) == letters


def test_a_content_length_cannot_unquote_a_forged_mail() -> None:
    """It points behind the ">" that keeps the sender's line from being one."""
    body = b"hello\n\n>" + FROM + FORGED
    letters = [with_length(1, body, len(b"hello\n\n>")), mail(2)]
    assert len(raws(in_mbox(letters))) == 2


def test_a_mail_over_the_limit_arrives_as_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "MESSAGE_BYTES", 5000)
    monkeypatch.setattr(mbox, "HEADER_BYTES", 1000)
    monkeypatch.setattr(mbox, "CHUNK", 700)
    large, allowed = mail(2, b"x" * 40 + b"\n" + b"y" * 30_000 + b"\n"), mail(3).ljust(4999) + b"\n"
    first, second, third, fourth = read(in_mbox([mail(1), large, allowed, mail(4)]))
    assert (second.raw, second.too_large) == (HEADER % 2, len(large))
    assert [each.raw for each in (first, third, fourth)] == [mail(1), allowed, mail(4)]
    assert [each.too_large for each in (first, third, fourth)] == [None, None, None]


@pytest.mark.parametrize("chunk", [1, 7, 64, 4096])
def test_wherever_the_stream_is_cut_the_mails_are_the_same(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    data = in_mbox([mail(1), with_length(2, b"\nFrom you\n"), mail(3, b"\n>From x\n"), mail(4)])
    expected = read(data)
    assert len(expected) == 4
    monkeypatch.setattr(mbox, "CHUNK", chunk)
    monkeypatch.setattr(mbox, "HEADER_BYTES", 100)
    monkeypatch.setattr(mbox, "LOOK", 100)
    assert read(data) == expected


class Endless:
    """An mbox of any size that takes no room: the same mails again and again, then `tail`."""

    def __init__(self, block: bytes, times: int) -> None:
        self._block, self._times = block, times

    def read(self, size: int, /) -> bytes:
        self._times -= 1
        return self._block if self._times >= 0 else b""


def test_memory_stays_small_however_large_the_file() -> None:
    block = in_mbox(mail(n, b"x" * 76 + b"\n") for n in range(5000))
    tracemalloc.start()
    count = sum(1 for _ in read_mbox(Endless(block, 5)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 25_000
    assert peak < 2 * 1024 * 1024  # of 4.3 MiB, and of any number


def test_a_mail_without_end_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox, "MESSAGE_BYTES", 1024 * 1024)
    block = (b"y" * 76 + b"\n") * 10_000
    stream = Endless(block, 200)
    start = io.BytesIO(FROM + HEADER % 1)
    stream_read = stream.read
    stream.read = lambda size, /: start.read(size) or stream_read(size)  # type: ignore[method-assign]
    tracemalloc.start()
    (only,) = read_mbox(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (only.raw, only.too_large) == (HEADER % 1, len(HEADER % 1) + 200 * len(block))
    assert peak < 16 * 1024 * 1024


PIECES = st.sampled_from(
    [
        b"From ",
        b"\n",
        b"\r\n",
        b"\n\n",
        FROM,
        b">",
        HEADER % 1,
        b"Content-Length: 9\n",
        b"a: b\n",
        b"z",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=30), max_size=40).map(b"".join))
def test_any_bytes_give_mails_in_order_and_nothing_else(data: bytes) -> None:
    mails = read(FROM + data)
    offsets = [each.offset for each in mails]
    assert offsets == sorted(set(offsets))
    assert sum(len(each.raw) for each in mails) <= len(data)
    for each in mails:
        assert (FROM + data)[each.offset :].startswith(b"From ")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (FROM + b"Subject: x\n", True),
        (FROM + b"\nno header", True),
        (b"From a\nSubject: x\n", True),
        (b"From a\n>From b\nSubject: x\nTo: y\n", True),
        (b"From the desk of Ann\nNote: buy milk\n", False),
        (b"From here\n\nSubject: x\n", False),
        (b"Subject: x\n" + FROM, False),
        (b"<feedback/>", False),
        (b"", False),
    ],
)
def test_what_is_an_mbox_is_decided_by_content(head: bytes, expected: bool) -> None:
    assert is_mbox(head) is expected


def test_a_packed_mbox_is_read_as_well(tmp_path: Path) -> None:
    letters = [make_report_mail(n).raw for n in range(20)]
    data = in_mbox(letters)
    half = len(data) // 2
    path = tmp_path / "old"
    path.write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]) + bytes(100))
    found, problems = arrived(path)
    assert [each.raw for each in found] == letters
    assert problems == []
    assert found[1].key == f"{path}:{len(FROM) + len(letters[0]) + 1}"


def test_a_packed_document_is_no_mbox(tmp_path: Path) -> None:
    path = tmp_path / "report.gz"
    path.write_bytes(gzip.compress(b"<feedback/>"))
    assert [(each.key, each.is_mail) for each in arrived(path)[0]] == [(str(path), False)]


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_packed_mbox_is_read_up_to_its_damage(tmp_path: Path, damage: str) -> None:
    letters = [mail(n, random.Random(n).randbytes(3000).hex().encode() + b"\n") for n in range(100)]
    packed = bytearray(gzip.compress(in_mbox(letters)))
    place = len(packed) * 3 // 4
    packed[place:] = b"" if damage == "cut" else b"\xff" * (len(packed) - place)
    path = tmp_path / "old.mbox.gz"
    path.write_bytes(packed)
    found, (problem,) = arrived(path)
    assert len(found) > 65
    assert [each.raw for each in found[:65]] == letters[:65]
    assert problem.startswith(f"{path}: cannot be read to its end: ")


def test_a_read_fault_keeps_what_came_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Faulty(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 0:
                raise OSError(5, "Input/output error")
            return super().read(size)

    stream = read_mbox(Faulty(in_mbox([mail(1), mail(2)])))
    assert [next(stream).raw, next(stream).raw] == [mail(1), mail(2)]
    with pytest.raises(OSError, match="Input/output"):
        next(stream)
