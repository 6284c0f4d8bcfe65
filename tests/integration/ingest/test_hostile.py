"""Hostile input is refused or read within 10 s of CPU and 300 MiB, each in a process of its own.

The limits are the kernel's (RLIMIT_CPU, RLIMIT_AS), set after the imports, so a case that needs
more dies and its test fails.
"""

# ruff: noqa: PLW0108  what a case needs is built when it runs, not when it is collected
import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.mails.hostile_documents import (
    MIB,
    RECORD,
    ROW,
    TLS_HEAD,
    broken,
    directory_of,
    entities,
    laughs,
    lzma_asking_for_memory,
    mail,
    nested,
    nested_multiparts,
    report,
    zeros,
    zipped,
)

CPU_SECONDS = 10
MEMORY_MIB = 300

# What a worker does with a file: every leaf, read. Prints what became of each.
CHILD = """
import gc, json, resource, sys
from ingest.unpack.documents import extract
from ingest.parse import read_aggregate, read_tls
from ingest.unpack.file_types import Kind
from schemas.errors import Refusal

def outcome(leaf):
    if leaf.ignored:
        return "ignored"
    if leaf.refusal is not None:
        return leaf.refusal.code
    try:
        report = read_tls(leaf.data) if leaf.kind is Kind.JSON else read_aggregate(leaf.data)
    except Refusal as refusal:
        return refusal.code
    refused = len(getattr(report, "refused_records", ()))
    return f"read {len(getattr(report, 'records', ()))}" + (f" refused {refused}" * bool(refused))

path, is_mail, cpu, memory = sys.argv[1], sys.argv[2] == "mail", int(sys.argv[3]), int(sys.argv[4])
pages = int(open("/proc/self/statm").read().split()[0])
space = pages * resource.getpagesize() + memory
resource.setrlimit(resource.RLIMIT_AS, (space, space))
used = resource.getrusage(resource.RUSAGE_SELF)
spent = int(used.ru_utime + used.ru_stime) + 1
resource.setrlimit(resource.RLIMIT_CPU, (spent + cpu, spent + cpu))
raw = open(path, "rb").read()
outcomes = [outcome(leaf) for leaf in extract(raw, is_mail=is_mail, name="case")]
print(json.dumps(sorted(set(outcomes))), len(outcomes))
"""

XML_CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "billion laughs": (lambda: entities(laughs()), "forbidden"),
    "entities of quadratic size": (
        lambda: entities(f'<!ENTITY a "{"x" * MIB}">').replace(b"&a;", b"&a;" * 20_000),
        "forbidden",
    ),
    "an external entity": (
        lambda: entities('<!ENTITY a SYSTEM "file:///etc/hostname">'),
        "forbidden",
    ),
    "an entity from the network": (
        lambda: entities('<!ENTITY % b SYSTEM "http://192.0.2.1/x"> %b;'),
        "forbidden",
    ),
    "a DOCTYPE in UTF-16": (lambda: entities("", encoding="utf-16"), "forbidden"),
    "a DOCTYPE in UTF-16 without a mark": (
        lambda: entities("", encoding="utf-16-be"),
        "forbidden",
    ),
    "a DOCTYPE in a broken document": (
        lambda: entities('<!ENTITY a "b">', tail="<oops"),
        "forbidden",
    ),
    "a DOCTYPE far down in a broken document": (
        lambda: b"<!--" + b" " * 100_000 + b"-->" + entities("", tail="<oops"),
        "forbidden",
    ),
    "five million empty elements": (lambda: report("<a/>" * 5_000_000), "limit"),
    "empty elements hidden by EBCDIC": (
        lambda: (
            b'<?xml version="1.0" encoding="IBM037"?>'
            + report("<a/>" * 3_000_000).decode().encode("cp037")
        ),
        "malformed not-a-report",
    ),
    "empty elements hidden by UTF-7": (
        lambda: b'<?xml version="1.0" encoding="UTF-7"?><feedback>' + b"+ADw-a/+AD4-" * 1_000_000,
        "malformed",
    ),
    "an encoding that is slow to decode": (
        lambda: b'<?xml version="1.0" encoding="punycode"?>' + report("a" * 4 * MIB + "-&"),
        "read 0",
    ),
    "XML 10 000 deep": (lambda: report("<a>" * 10_000 + "</a>" * 10_000), "read 0"),
    "mended XML 10 000 deep": (
        lambda: broken("<a>" * 10_000 + "</a>" * 10_000),
        "malformed read 1",
    ),
    "a text of 50 MB": (lambda: report(f"<x>{'a' * 50_000_000}</x>"), "malformed"),
    "a comment of 50 MB": (lambda: report(f"<!--{'a' * 50_000_000}-->"), "malformed"),
    "half a million attributes": (
        lambda: report("<x " + " ".join(f'a{n}="1"' for n in range(500_000)) + "/>" + RECORD),
        "limit",
    ),
    "ten thousand namespaces": (
        lambda: report(
            "<x "
            + " ".join(f'xmlns:n{n}="u:{n}"' for n in range(10_000))
            + ">"
            + "<n0:y/>" * 90_000
            + "</x>"
            + RECORD
        ),
        "read 1",
    ),
    "a record of 190 000 results": (
        lambda: report(
            f"<record>{ROW}<auth_results>"
            + "<dkim><domain>a</domain></dkim>" * 47_000
            + f"</auth_results></record>{RECORD}"
        ),
        "read 1 refused 1",
    ),
    "a count of a million digits": (
        lambda: report(RECORD.replace("<count>1", "<count>" + "1" * 1_000_000)),
        "read 1",
    ),
    "names of a megabyte": (
        lambda: report(
            RECORD.replace(
                "</row>",
                f"</row><identifiers><header_from>{'ü.' * 500_000}</header_from></identifiers>",
            )
        ),
        "read 1",
    ),
    "names that IDNA takes its time for": (
        lambda: report(
            "".join(
                RECORD.replace(
                    "</row>",
                    f"</row><identifiers><header_from>{n}{'ü' * 240}</header_from></identifiers>",
                )
                for n in range(3_000)
            )
        ),
        "read 3000",
    ),
    "100 000 records of a few bytes": (
        lambda: report("<record><row><count>1</count></row></record>" * 100_000),
        "read 100000",
    ),
    "40 000 records of which no two are alike": (
        lambda: report(
            "".join(
                f"<record>{ROW}<a/><identifiers><header_from>{n}</header_from></identifiers>"
                "</record>"
                for n in range(40_000)
            )
        ),
        "read 40000",
    ),
    "records that are not well-formed": (
        lambda: report("<record><row></record>" * 50_000),
        "limit",
    ),
    "openings of records": (lambda: broken("<record " * 150_000), "limit read 1"),
    "openings of reports": (lambda: broken("<a:feedback   " * 150_000), "read 1"),
    "ends of reports": (lambda: broken(("</feedback" + " " * 90) * 150_000), "malformed read 1"),
    "half ends of reports": (lambda: broken(("</" + "a" * 90) * 150_000), "read 1"),
    "schema wrappers without an end": (lambda: broken("<xs:schema " * 150_000), "read 1"),
    "less-than signs": (lambda: broken("< " * 150_000), "read 1"),
    "ampersands": (lambda: broken("&" * 2_000_000), "read 1"),
    "addresses without an end": (lambda: broken(("<a@" + "b" * 90) * 150_000), "read 1"),
    "one long address without an end": (lambda: broken("<a@" + "b" * 5_000_000), "read 1"),
}

JSON_CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "JSON 10 000 deep": (
        lambda: (TLS_HEAD + "[" * 10_000 + "]" * 10_000 + "}").encode(),
        "limit",
    ),
    "JSON objects 10 000 deep": (
        lambda: (TLS_HEAD + '{"a":' * 10_000 + "1" + "}" * 10_000 + "}").encode(),
        "limit",
    ),
    "five million empty objects": (
        lambda: (TLS_HEAD + "[" + "{}," * 5_000_000 + "{}]}").encode(),
        "limit",
    ),
    "a JSON text of 50 MB": (lambda: f'{{"report-id": "{"a" * 50_000_000}"}}'.encode(), "limit"),
    "a JSON text of 30 MB": (
        lambda: f'{{"report-id": "{"a" * 30_000_000}", "policies": []}}'.encode(),
        "malformed",
    ),
    "a number of a million digits": (
        lambda: (TLS_HEAD + "[" + "9" * 1_000_000 + "]}").encode(),
        "malformed",
    ),
}

CONTAINER_CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a flat bomb": (lambda: zeros(1024 * MIB), "limit"),
    "a nested bomb": (lambda: gzip.compress(zeros(1024 * MIB)), "limit"),
    "a bomb in a zip": (lambda: zipped({"a.xml.gz": zeros(300 * MIB)}), "limit"),
    "gzip nested twenty times": (
        lambda: nested(gzip.compress, report(RECORD), 20),
        "limit",
    ),
    "a million gzip members": (lambda: gzip.compress(b"") * 500_000, "limit"),
    "a zip of 900 000 entries": (lambda: directory_of(900_000), "limit"),
    "a zip of zips of zips": (
        lambda: nested(lambda data: zipped({str(n): data for n in range(60)}), b"<x/>", 3),
        "limit not-a-report",
    ),
    "LZMA asking for 4 GiB": (lzma_asking_for_memory, "broken-container"),
}

MAIL_CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "MIME 10 000 deep": (lambda: nested_multiparts(10_000), "limit"),
    "MIME 400 deep with many lines": (lambda: nested_multiparts(400, 1_000_000), "limit"),
    "MIME 20 deep with many lines": (lambda: nested_multiparts(20, 500_000), ""),
    "messages 10 000 deep": (
        lambda: b"Content-Type: message/rfc822\n\n" * 10_000 + b"Subject: x\n\nx",
        "limit",
    ),
    "100 000 parts": (
        lambda: mail(b"--b\n\nx\n" * 100_000, "multipart/mixed; boundary=b"),
        "limit",
    ),
    "a million header fields": (lambda: b"X-Y: z\n" * 1_000_000 + b"\nx", "limit"),
    "a header field of a million lines": (
        lambda: b"Subject: x\n" + b" y\n" * 1_000_000 + b"\nx",
        "",
    ),
    "a header field of 10 million parameters": (
        lambda: mail(b"x", "text/plain" + ";a=b" * 5_000_000),
        "",
    ),
    "parameters in 500 parts": (
        lambda: mail(
            (b"--b\nContent-Type: a/b" + b";c=d" * 1000 + b"\n\nx\n") * 450,
            "multipart/mixed; boundary=b",
        ),
        "",
    ),
    "a body of empty lines": (lambda: mail(b"\n" * 25_000_000), "limit"),
    "a body of carriage returns": (lambda: mail(b"\r" * 25_000_000), "limit"),
    "a boundary of a megabyte": (
        lambda: mail(b"x\n" * 500_000, f"multipart/mixed; boundary={'b' * MIB}"),
        "",
    ),
    "texts of XML declarations": (
        lambda: mail(
            (b"--b\n\nhello\n" + b"<?xml" * 13_000 + b"\n") * 400,
            "multipart/mixed; boundary=b",
        ),
        "",
    ),
    "a text of openings": (lambda: mail(b"hello\n" + b"<a:" * 1_000_000), ""),
    "base64 of 40 MB in one line": (
        lambda: mail(b"QUJD" * 10_000_000, "text/plain\nContent-Transfer-Encoding: base64"),
        "",
    ),
    "undeclared base64 of 30 MB": (lambda: mail(b"QUJD" * 7_500_000), ""),
}


def outcomes(path: Path, data: bytes, kind: str) -> list[str]:
    """What a worker makes of the bytes. A worker that dies raises CalledProcessError."""
    path.write_bytes(data)
    size = str(MEMORY_MIB * MIB)
    command = [sys.executable, "-c", CHILD, str(path), kind, str(CPU_SECONDS), size]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    text, _, count = done.stdout.strip().rpartition(" ")
    assert int(count) <= 501  # what one message can put into the store
    found: list[str] = json.loads(text)
    return found


CASES = {
    **{name: (*case, "file") for name, case in (XML_CASES | JSON_CASES | CONTAINER_CASES).items()},
    **{name: (*case, "mail") for name, case in MAIL_CASES.items()},
}


@pytest.mark.parametrize("name", CASES)
def test_hostile_input_is_refused_or_read_within_bounds(name: str, tmp_path: Path) -> None:
    """`expected` holds the outcomes that are right; "" is a mail without any document."""
    build, expected, kind = CASES[name]
    found = set(outcomes(tmp_path / "case", build(), kind))
    assert all(outcome in expected for outcome in found), found
    assert bool(found) == bool(expected)


@pytest.mark.parametrize("statement", ["bytearray(400 * 2**20)", "while True: pass"])
def test_the_bounds_are_real(statement: str, tmp_path: Path) -> None:
    """Without the kernel's limits none of the tests above could fail."""
    path = tmp_path / "case"
    path.write_bytes(b"")
    code = CHILD.replace("raw = open", f"{statement}\nraw = open")
    command = [sys.executable, "-c", code, str(path), "file", "1", str(MEMORY_MIB * MIB)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
