"""A store whose every text a stranger chose: scripts, Markdown, formulas, bidi marks, 10 kB names.

    store = hostile_store(folder, until)

Each hostile text, if it were interpreted, would set `window.pwned`, leave an element `#injected`,
link to evil.example, or load from there. All else in the reports is in order, so that they count.
"""

import itertools
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from tests.support.stores.read_here import read_here

__all__ = ["HOSTILE", "MARK", "hostile_store"]

MARK = "evil.example"
HOSTILE = (
    '<script>window.pwned=1</script><img src="https://evil.example/x" onerror="window.pwned=1">',
    '<a id="injected" href="https://evil.example">click</a> <svg/onload="window.pwned=1">',
    "[link](https://evil.example) ![i](https://evil.example/i.png) **bold** $x$ :red[r]",
    "| a | b |\n|---|---|\n# head\n<https://evil.example> https://evil.example www.evil.example",
    "=cmd|' /C calc'!A0",
    '@SUM(1+1)*HYPERLINK("https://evil.example")',
    "+1-1\t=1",
    "\u202egnp.exe\u2066 abc \u200f",
    "javascript:window.pwned=1//`code`{{7*7}}${7*7}",
    "x" * 10_000,
)
DAYS = 30


def hostile_store(folder: Path, until: date) -> Path:
    """Reports of both kinds on each of 30 days, about one decent domain and hostile ones."""
    documents, store = folder / "documents", folder / "rua.duckdb"
    documents.mkdir(parents=True)
    texts = itertools.cycle(HOSTILE)
    for back in range(DAYS):
        day = until - timedelta(days=back)
        _put(documents / f"{back:02d}-=<b>&.xml", _dmarc(day, texts), day)
        _put(documents / f"{back:02d}-`x`.json", _tls(day, texts), day)
    _put(documents / "no <script>report.xml", f"<feedback>{escape(HOSTILE[0])}", until)
    read_here(store, documents)
    return store


def _put(path: Path, text: str, day: date) -> None:
    path.write_text(text, encoding="utf-8")
    arrived = _seconds(day) + 86400 + 3 * 3600
    os.utime(path, (arrived, arrived))


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(0), UTC).timestamp())


def _dmarc(day: date, texts: Iterator[str]) -> str:
    """One report with a record that passes, one of nobody, and hostile text wherever it may be."""

    def bad() -> str:
        return escape(next(texts))

    begin = _seconds(day)
    records = "".join(
        f"""<record><row><source_ip>192.0.2.{place + 1}</source_ip><count>{40 + place}</count>
<policy_evaluated><disposition>none</disposition><dkim>{result}</dkim><spf>fail</spf>
<reason><type>other</type><comment>{bad()}</comment></reason></policy_evaluated></row>
<identifiers><header_from>{name}</header_from><envelope_from>{bad()}</envelope_from>
<envelope_to>{bad()}</envelope_to></identifiers>
<auth_results><dkim><domain>{signer}</domain><selector>{bad()}</selector>
<result>{result}</result><human_result>{bad()}</human_result></dkim>
<spf><domain>{bad()}</domain><scope>mfrom</scope><result>fail</result>
<human_result>{bad()}</human_result></spf></auth_results></record>"""
        for place, (result, name, signer) in enumerate(
            (("pass", "example.com", "example.com"), ("fail", bad(), bad()), ("fail", bad(), bad()))
        )
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feedback><version>{bad()}</version><report_metadata>
<org_name>{bad()}</org_name><email>{bad()}</email><extra_contact_info>{bad()}</extra_contact_info>
<report_id>{begin}{bad()}</report_id><error>{bad()}</error><generator>{bad()}</generator>
<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>example.com</domain><p>none</p><fo>{bad()}</fo></policy_published>
{records}</feedback>"""


def _tls(day: date, texts: Iterator[str]) -> str:
    def bad() -> str:
        return next(texts)

    policy = {
        "policy": {
            "policy-type": "sts",
            "policy-string": [bad(), bad()],
            "policy-domain": "example.com",
            "mx-host": [bad()],
        },
        "summary": {"total-successful-session-count": 90, "total-failure-session-count": 10},
        "failure-details": [
            {
                "result-type": kind,
                "sending-mta-ip": "192.0.2.9",
                "receiving-mx-hostname": bad(),
                "receiving-mx-helo": bad(),
                "receiving-ip": "192.0.2.8",
                "failed-session-count": 5,
                "additional-information": bad(),
                "failure-reason-code": bad(),
            }
            for kind in ("certificate-expired", bad())
        ],
    }
    begin = datetime.combine(day, time(0), UTC)
    return json.dumps(
        {
            "organization-name": bad(),
            "date-range": {
                "start-datetime": begin.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "end-datetime": (begin + timedelta(days=1, seconds=-1)).strftime(
                    "%Y-%m-%dT%H:%M:%SZ"
                ),
            },
            "contact-info": bad(),
            "report-id": f"{day}{bad()}",
            "policies": [policy],
        }
    )
