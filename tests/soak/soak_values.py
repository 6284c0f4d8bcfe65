"""Values and names that the soak puts into documents, by what stands there."""

import random

__all__ = ["KEYS", "NAMES", "WORDS", "value_of"]

# Pieces of bytes that mean something to a parser.
WORDS = (
    *(b"<", b">", b"</", b"/>", b"&", b";", b"&#0;", b"<![CDATA[", b"]]>", b"<!--", b"-->"),
    *(b"<record>", b"</record>", b"</feedback>", b"<feedback>", b"<row/>", b"<count>", b"<?x ?>"),
    *(b"-1", b"1e9", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xe9", b"\\ud800", b"NaN", b"null"),
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"--sep", b"\n\n", b"base64", b"unused"),
    *(b"Content-Type: message/rfc822\n", b"=?utf-8?q?=ff?=", b"filename*=unicode_escape''%5Cud800"),
    *(b"PK\x03\x04", b"\x1f\x8b\x08", b"x\x9c"),
)
NAMES = (
    *("feedback", "version", "report_metadata", "org_name", "email", "report_id", "date_range"),
    *("begin", "end", "error", "policy_published", "domain", "adkim", "aspf", "p", "sp", "np"),
    *("pct", "fo", "t", "testing", "record", "row", "source_ip", "count", "policy_evaluated"),
    *("disposition", "dkim", "spf", "reason", "type", "comment", "identifiers", "identities"),
    *("header_from", "envelope_from", "envelope_to", "auth_results", "selector", "result"),
    *("human_result", "scope", "generator", "discovery_method", "extra_contact_info", "junk"),
    *("{urn:junk}record", "{urn:ietf:params:xml:ns:dmarc-2.0}feedback", "{urn:junk}count", "_-."),
)
KEYS = (
    *("organization-name", "contact-info", "report-id", "date-range", "start-datetime"),
    *("end-datetime", "policies", "policy", "policy-type", "policy-string", "policy-domain"),
    *("mx-host", "mx-host-pattern", "summary", "total-successful-session-count", "result-type"),
    *("total-failure-session-count", "failure-details", "sending-mta-ip", "receiving-ip"),
    *("receiving-mx-hostname", "receiving-mx-helo", "failed-session-count", "junk", ""),
    *("additional-information", "failure-reason-code", "additional-info-uri"),
)
TEXTS = (
    *("", " ", "x", "None", "null", "0", "\n\t ", "ü", "日本語", "\U0001f600", "a" * 5000),
    *("\u202egnp.exe", "\u200b", "\u0130", "ß", "ſ", "\ufdfa" * 30, "&amp;lt;", "]]>", "<b>x</b>"),
    *("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "'; drop table document; --", "\x85"),
    *("%00", "../../../etc/passwd", "$name", "{0}", "\\u0000", "a,b", '"', "\u2028"),
)
NUMBERS = (
    *("0", "-0", "1", "-1", "+1", "007", "1.0", "1.5", "1e3", "1e400", "nan", "inf", "-inf", "٣"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "1" * 50, "1_000"),
    *("999999999", "1000000000", "0x10", "1 ", "1 2", "¹", "९"),
)
TIMES = (
    *("0", "-1", "1793000000", "1793000000.9", "1793000000000", "4102444800", "253402300799"),
    *("253402300800", "-62135596800", "-62135596801", "1e12", "99999999999", "100000000001"),
    *("1e18", "1e-5", "2026-11-01T00:00:00Z", "2026-11-01", "2026-11-01T00:00:00", "20261101"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-W45-1", "1_0", "nan", "٣"),
    *("2026-11-01T24:00:00Z", "2026-11-01T00:00:00.123456789Z", "2026-11-01t00:00:00z"),
)
ADDRESSES = (
    *("192.0.2.1", " 192.0.2.1 ", "[192.0.2.1]", "192.0.2.01", "192.0.2", "192.0.2.256", "1"),
    *("2001:db8::1", "2001:DB8:0:0::1", "::ffff:192.0.2.1", "fe80::1%eth0", "::", "2001:db8::/32"),
    *("IPv6:2001:db8::1", "١٩٢.٠.٢.١", "unknown", "::ffff:0:1", "255.255.255.255"),
)
DOMAINS = (
    *("example.com", "EXAMPLE.com.", "münchen.example", "xn--mnchen-3ya.example", "xn--", "xn--a"),
    *("a..b", ".", "-a.example", "a" * 64 + ".example", ("a." * 126) + "com", "192.0.2.1", "none"),
    *("_dmarc.example.com", "*.example.com", "example.com\x85", "faß.example", "a。example"),
    *("\u0130.example", "\u200d.example", "example.com, example.org", "<a@example.com>", "ҋ.ҋ"),
    *("\u05d0a.example", "\u0300.example", "xn--\u00fc.example", "a\u2025b.example", "℀.example"),
)
MAILS = ("a@example.com", "Reporter <a@example.com>", "a@", "@", "a", '"a@b"@c.example', "a@b@c.d")
VERDICTS = (
    *("pass", "PASS", " fail ", "none", "neutral", "hardfail", "temperror", "unknown", "bestguess"),
    *("quarantine", "reject", "pass (good)", "r", "s", "y", "n", "p", "mfrom", "helo", "x" * 70),
    *("forwarded", "mailing_list", "local_policy", "sts", "tlsa", "no-policy-found", "dane"),
    *("starttls-not-supported", "validation-failure", "certificate-expired", "treewalk", "psl"),
)
BY_NAME = {
    **dict.fromkeys(("count", "pct", "failed-session-count"), NUMBERS),
    **dict.fromkeys(("total-successful-session-count", "total-failure-session-count"), NUMBERS),
    **dict.fromkeys(("begin", "end", "start-datetime", "end-datetime"), TIMES),
    **dict.fromkeys(("source_ip", "sending-mta-ip", "receiving-ip"), ADDRESSES),
    **dict.fromkeys(("domain", "header_from", "envelope_from", "envelope_to"), DOMAINS),
    **dict.fromkeys(("policy-domain", "mx-host", "receiving-mx-hostname"), DOMAINS),
    **dict.fromkeys(("email", "contact-info"), MAILS),
    "text": TEXTS,
}
ALL = (*TEXTS, *NUMBERS, *TIMES, *ADDRESSES, *DOMAINS, *MAILS, *VERDICTS)
CONTROLS = {number: None for number in range(32) if chr(number) not in "\t\n"}  # not in XML


def value_of(chance: random.Random, name: str) -> str:
    """Text for an element or key of this name: mostly of its type, at times of any other."""
    kind = BY_NAME.get(name, VERDICTS)
    text = chance.choice(kind if chance.random() < 0.7 else ALL)
    if chance.random() < 0.1:
        text = text + chr(chance.choice((0x20, 0xA0, 0x301, 0x3002, 0x10FFFD, 0xFFFD, 0xAD)))
    return text.translate(CONTROLS)
