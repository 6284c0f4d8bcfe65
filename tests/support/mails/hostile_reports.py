"""A store in which every text field of every report is an attack on whoever shows it."""

import json
import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

from tests.support.stores.read_here import read_here

__all__ = ["ATTACKS", "GROUP", "MARK", "SUNDAY", "hostile_store"]

SUNDAY = date(2026, 11, 15)
MARK = "hostile"  # in each attack, so that a test finds where it is shown
GROUP = '../../<script>window.pwned="group"</script>\u202e=cmd'
ATTACKS = (
    f'<script>window.pwned="{MARK}"</script>',
    f'"><img src=http://evil.example/{MARK} onerror=window.pwned=1>',
    f"'><svg onload=window.pwned=1><a href=javascript:alert(1)>{MARK}</a>",
    f'</style></title><iframe src="http://evil.example/{MARK}"></iframe>',
    f"=cmd|'/C calc'!A1 {MARK}",
    f'=HYPERLINK("http://evil.example/{MARK}")',
    f"+1+1 @SUM(A1) -2 {MARK}",
    f"**bold** [link](http://evil.example/{MARK}) ![x](http://evil.example/{MARK}.png)",
    f"http://evil.example/{MARK}",
    f"\u202e{MARK}\u202d gnp.exe \u200b\u2066",
    f"{{{{ 7*7 }}}} {{% include '/etc/passwd' %}} {MARK}",
    f"{MARK} " + "long" * 2500,
)


def hostile_store(folder: Path) -> Path:
    """One report of either kind for each attack and day of two weeks, which stands in all its
    fields; every second one is about a domain that is hostile itself."""
    documents, store = folder / "documents", folder / "rua.duckdb"
    documents.mkdir(parents=True)
    for back in range(14):
        day = SUNDAY - timedelta(days=back)
        for number, attack in enumerate(ATTACKS):
            domain = "example.com" if (number + back) % 2 else f"{attack}.example.com"
            name = f"{back:02d}-{number:02d}"
            _write(documents / f"{name}.xml", _dmarc(attack, domain, day, number), day)
            _write(documents / f"{name}.json", _tls(attack, domain, day), day)
    read_here(store, documents)
    return store


def _write(path: Path, text: str, day: date) -> None:
    path.write_text(text, encoding="utf-8")
    arrived = datetime.combine(day, time(3), UTC).timestamp() + 86400
    os.utime(path, (arrived, arrived))


def _dmarc(attack: str, domain: str, day: date, number: int) -> str:
    text, about = escape(attack), escape(domain)
    begin = int(datetime.combine(day, time(0), UTC).timestamp())
    result = "pass" if number % 3 else "fail"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feedback>
<report_metadata><org_name>{text}</org_name><email>{text}@receiver.example</email>
<extra_contact_info>{text}</extra_contact_info><report_id>{begin}{text}</report_id>
<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>{about}</domain><adkim>r</adkim><p>{"none" if number % 2 else text}</p>
<sp>{text}</sp></policy_published>
<record><row><source_ip>192.0.2.{number + 1}</source_ip><count>{20 + number}</count>
<policy_evaluated><disposition>none</disposition><dkim>{result}</dkim><spf>fail</spf>
<reason><type>{text}</type><comment>{text}</comment></reason></policy_evaluated></row>
<identifiers><header_from>{about}</header_from><envelope_from>{text}</envelope_from></identifiers>
<auth_results><dkim><domain>{text}</domain><selector>{text}</selector><result>pass</result>
<human_result>{text}</human_result></dkim>
<spf><domain>{text}</domain><result>pass</result></spf></auth_results></record>
</feedback>
"""


def _tls(attack: str, domain: str, day: date) -> str:
    failure = {
        "result-type": attack,
        "sending-mta-ip": "192.0.2.1",
        "receiving-mx-hostname": attack,
        "receiving-mx-helo": attack,
        "failed-session-count": 9,
        "additional-information": attack,
        "failure-reason-code": attack,
    }
    said = {"policy-type": "sts", "policy-domain": domain, "policy-string": [f"mode: {attack}"]}
    document = {
        "organization-name": attack,
        "date-range": {
            "start-datetime": f"{day.isoformat()}T00:00:00Z",
            "end-datetime": f"{day.isoformat()}T23:59:59Z",
        },
        "contact-info": attack,
        "report-id": f"{day} {attack}",
        "policies": [
            {
                "policy": said,
                "summary": {
                    "total-successful-session-count": 10,
                    "total-failure-session-count": 9,
                },
                "failure-details": [failure],
            }
        ],
    }
    return json.dumps(document)
