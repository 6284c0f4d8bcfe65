"""The columns of sources: services, networks, addresses, records, reporters and countries."""

from dashboards.web.components.table import Columns, count, day, number, text

__all__ = [
    "ADDRESS_COLUMNS",
    "BROKEN_COLUMNS",
    "COUNTRY_COLUMNS",
    "NETWORK_COLUMNS",
    "RECORD_COLUMNS",
    "REPORTER_COLUMNS",
    "SENDER_COLUMNS",
    "SERVICE_COLUMNS",
    "UNDECIDED_COLUMNS",
    "VERDICT_COLUMNS",
]

SOURCE = {"source": text("Source", 180)}
DOMAIN = {"domain": text("Sends as", 150)}
IP = {"source_ip": text("Address", 150)}
CLASS = {"class": text("Class", 85)}
COUNTED = {
    "messages": count("Messages"),
    "aligned": count("Passing", 75, help="Messages that pass DMARC"),
}
SEEN = {
    "first_seen": day("First seen", help="UTC, within 400 days, by any reporter"),
    "last_seen": day("Last seen", help="UTC, by any reporter"),
}
PLACE = {
    "country": text("Country", 75),
    "asn": number("AS", format="%d", width=80, help="Number of the autonomous system"),
    "as_name": text("Network owner", 200),
}
SETTLED = {"settled_by": text("What would decide it", 260)}
WHY = {"reason": text("Why", 560)}

SERVICE_COLUMNS: Columns = {
    **SOURCE,
    **DOMAIN,
    **CLASS,
    "source_ips": count("Addresses"),
    **COUNTED,
    **SEEN,
    "days": count("Days", 60, help="Days with mail in the period"),
    **WHY,
}
UNDECIDED_COLUMNS: Columns = {
    **SOURCE,
    **DOMAIN,
    "source_ips": count("Addresses"),
    "messages": COUNTED["messages"],
    **SETTLED,
    **SEEN,
    **WHY,
}
BROKEN_COLUMNS: Columns = {
    **SOURCE,
    **DOMAIN,
    "source_ips": count("Addresses"),
    **COUNTED,
    **WHY,
    **SEEN,
    "country": PLACE["country"],
}
NETWORK_COLUMNS: Columns = {
    "network": text("Network", 150),
    **DOMAIN,
    **CLASS,
    "source_ips": count("Addresses"),
    **COUNTED,
    **SEEN,
    **PLACE,
}
ADDRESS_COLUMNS: Columns = {
    **IP,
    "ptr": text("Host name", 200, help="Reverse DNS, confirmed by a look-up forward"),
    **DOMAIN,
    **CLASS,
    **COUNTED,
    **SEEN,
    **PLACE,
    **SETTLED,
    **WHY,
}
VERDICT_COLUMNS: Columns = {**DOMAIN, **SOURCE, **CLASS, **COUNTED, **SETTLED, **WHY}
RECORD_COLUMNS: Columns = {
    "day": day("Day", help="UTC day of the middle of the report"),
    "reporter": text("Reporter", 140),
    "report": number("Report", format="%d", width=75, help="As `rua show` takes it"),
    **IP,
    **DOMAIN,
    "messages": COUNTED["messages"],
    "passes": text("Passes DMARC", 105),
    "disposition": text("Disposition", 95, help="What the receiver did with it"),
    "header_from": text("Header From", 160),
    "envelope_from": text("Envelope From", 180),
    "dkim_results": text("DKIM", 260),
    "spf_results": text("SPF", 220),
    "reasons": text("Override reasons", 160),
    "authenticity": text("Report", 90, help="Verified: its mail proves the reporter"),
}
SENDER_COLUMNS: Columns = {
    **IP,
    **SOURCE,
    **DOMAIN,
    "is_new": text("New", 55, help="First seen in the last 7 days of the period"),
    "messages": COUNTED["messages"],
    "first_seen": SEEN["first_seen"],
    "likely": text("Class, or best guess", 150, help="A best guess is not counted"),
    "why": text("Why", 520),
    **SETTLED,
    **PLACE,
    "last_seen": SEEN["last_seen"],
}
REPORTER_COLUMNS: Columns = {
    "reporter": text("Reporter", 220),
    **COUNTED,
    "first_seen": day("First day", help="UTC, in the period"),
    "last_seen": day("Last day", help="UTC, in the period"),
}
COUNTRY_COLUMNS: Columns = {
    "name": text("Country", 150),
    "code": text("Code", 60, help="ISO 3166-1"),
    "messages": COUNTED["messages"],
    "addresses": count("Senders", help="Pairs of address and domain"),
    "undecided": count("Undecided", help="Senders"),
}
