"""The reporters that send aggregate reports, one entry each."""

from ingest.demo.habits import Dialect, Reporter

__all__ = ["REPORTERS", "reporter"]


def shares(consumer: float, business: float, lists: float) -> dict[str, float]:
    """A reporter's weights among the receivers of the three audiences."""
    return {"consumer": consumer, "business": business, "lists": lists}


PLAIN = '<?xml version="1.0"?>'
UTF8 = '<?xml version="1.0" encoding="UTF-8"?>'
JUNK = (  # D4
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
DMARC_2 = ' xmlns="urn:ietf:params:xml:ns:dmarc-2.0"'  # RFC 9990 App. A; D3
BRACKETED = "Report Domain: {domain} Submitter: {submitter} Report-ID: <{id}>"

# Which domains' mail the smaller receivers get.
NORTH = frozenset(
    {
        "harbour.example",
        "copperline.example",
        "quayside.example",
        "guild.example",
        "shop.harbour.example",
    }
)
WEST = frozenset(
    {"example.com", "example.org", "lantern-energy.example", "tallship.example", "orchard.example"}
)
EAST = frozenset({"example.com", "tallship.example", "shop.harbour.example"})
BRANDS = frozenset({"example.com", "harbour.example", "lantern-energy.example"})
TRADE = frozenset({"copperline.example", "halfway.example", "harbour.example", "example.net"})
LEARNED = frozenset({"guild.example", "quayside.example", "millpond.example", "example.org"})

OUTLOOK = Dialect(PLAIN, JUNK, envelope=frozenset({"to", "from"}))
UNITED_INTERNET = Dialect(
    UTF8,
    DMARC_2,
    indent="   ",
    newer=True,
    says_pass=True,
    np=True,
    envelope=frozenset({"from"}),
    generator="mail-auth-reports 4.2",
)

REPORTERS: tuple[Reporter, ...] = (
    Reporter(
        "google.com",
        "noreply-dmarc-support@google.com",
        "google.com",
        "google.com",
        "209.85.160.73",
        "mail-qt1-f73.google.com",
        shares(62, 38, 58),
        contact="https://support.google.com/a/answer/2466580",
        container="zip",
        mime="whole",
        delay=(8, 14),
        overrides=frozenset({"arc", "mailing_list"}),
        dialect=Dialect(version="", np=True, scope=False, omits=frozenset({"fo"})),
    ),
    Reporter(
        "Outlook.com",
        "dmarcreport@microsoft.com",
        "protection.outlook.com",
        "microsoft.com",
        "40.107.22.67",
        "mail-am7eur03on2067.outbound.protection.outlook.com",
        shares(12, 4, 5),
        mime="one-line",
        ids="hex32",
        subject="[Preview] Report Domain: {domain} Submitter: {submitter} Report-ID: {id}",
        overlap=1,
        delay=(7, 20),
        temperror=0.0103,  # D43
        overrides=frozenset({"arc"}),
        dialect=OUTLOOK,
    ),
    Reporter(
        "Enterprise Outlook",
        "dmarcreport@microsoft.com",
        "enterprise.protection.outlook.com",
        "microsoft.com",
        "40.107.21.41",
        "mail-db8eur05on2041.outbound.protection.outlook.com",
        shares(5, 30, 9),
        mime="one-line",
        ids="hex32",
        subject="[Preview] Report Domain: {domain} Submitter: {submitter} Report-ID: {id}",
        overlap=1,
        delay=(7, 20),
        temperror=0.0008,
        overrides=frozenset({"arc"}),
        dialect=OUTLOOK,
    ),
    Reporter(
        "Yahoo",
        "dmarchelp@yahooinc.com",
        "yahoo.com",
        "yahoo.com",
        "66.163.187.193",
        "sonic332-12.consmr.mail.ne1.yahoo.com",
        shares(9, 2, 6),
        sender="noreply@dmarc.yahoo.com",
        mime="mixed",
        ids="epoch",
        subject=BRACKETED,
        delay=(5, 10),
        overrides=frozenset({"mailing_list"}),
        dialect=Dialect(PLAIN, omits=frozenset({"sp", "fo"}), version="", scope=False),  # D16
    ),
    Reporter(
        "Mail.Ru",
        "dmarc_support@corp.mail.ru",
        "Mail.Ru",
        "corp.mail.ru",
        "94.100.178.51",
        "relay7.m.smailru.net",
        shares(0.8, 0.15, 1),
        only=BRANDS | EAST,
        contact="http://help.mail.ru/mail-help",
        subject="Report Domain: {domain}; Submitter: Mail.Ru; Report-ID: {id}",
        ids="digits29",
        overlap=1,
        delay=(1, 4),
        dialect=Dialect(  # D17, D21
            "<?xml version='1.0' encoding='utf-8'?>",
            version="",
            indent="",
            omits=frozenset({"adkim", "aspf", "fo"}),
            selector=False,
        ),
    ),
    Reporter(
        "GMX",
        "noreply-dmarc@sicher.gmx.net",
        "gmx.net",
        "sicher.gmx.net",
        "212.227.15.41",
        "mout-dmarc.gmx.net",
        shares(2.2, 0.8, 2),
        only=NORTH | BRANDS | frozenset({"halfway.example", "drydock.example"}),
        contact="https://postmaster.gmx.net/en/case?c=r2002",
        ids="hex32",
        subject=BRACKETED,
        delay=(2, 6),
        overrides=frozenset({"mailing_list"}),
        dialect=UNITED_INTERNET,
    ),
    Reporter(
        "WEB.DE",
        "noreply-dmarc@sicher.web.de",
        "web.de",
        "sicher.web.de",
        "217.72.192.78",
        "mout-dmarc.web.de",
        shares(2.0, 0.7, 1.5),
        only=NORTH | BRANDS,
        contact="https://postmaster.web.de/en/case?c=r2002",
        ids="hex32",
        subject=BRACKETED,
        delay=(2, 6),
        dialect=UNITED_INTERNET,
    ),
    Reporter(
        "Fastmail Pty Ltd",
        "reports@fastmaildmarc.com",
        "fastmail.com",
        "fastmaildmarc.com",
        "103.168.172.150",
        "fout7-smtp.messagingengine.com",
        shares(0.7, 0.8, 4),
        only=LEARNED | BRANDS,
        mime="inline",  # D33
        ids="domain-digits",
        delay=(1, 3),
        overrides=frozenset({"mailing_list", "trusted_forwarder"}),
        dialect=Dialect(UTF8, envelope=frozenset({"to", "from"}), human_result=True),
    ),
    Reporter(
        "comcast.net",
        "dmarc-rua@comcast.net",
        "comcast.net",
        "comcast.net",
        "96.114.154.160",
        "resqmta-a2p-660160.sys.comcast.net",
        shares(1.6, 0.3, 1),
        only=WEST,
        ids="epoch",
        delay=(10, 16),
        overrides=frozenset({"forwarded"}),
        dialect=Dialect(envelope=frozenset({"from"})),
    ),
    Reporter(
        "Mimecast",
        "no-reply@us-1.mimecastreport.com",
        "mimecast.org",
        "us-1.mimecastreport.com",
        "205.139.110.120",
        "us-smtp-delivery-1.mimecast.com",
        shares(0.4, 5, 2),
        only=NORTH | TRADE | BRANDS,
        contact="https://community.mimecast.com/s/knowledge",
        container="gzip-garbage",  # D30
        mime="whole",
        ids="hex64",
        delay=(9, 12),
        dialect=Dialect(
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', version="", scope=False
        ),
    ),
    Reporter(
        "Northgate Insurance SEG",
        "dmarc@northgate-insurance.example",
        "northgate-insurance.example",
        "northgate-insurance.example",
        "80.150.20.14",
        "seg1.northgate-insurance.example",
        shares(0.1, 1.6, 0.3),
        only=TRADE,
        mime="typo",  # D32: a ContentType header that no one reads
        ids="guid",
        period="week",  # D26
        dialect=Dialect(PLAIN, envelope=frozenset({"from"})),
    ),
    Reporter(
        "KDDI",
        "dmarc_reporter@kddi.com",
        "au.com",
        "kddi.com",
        "111.87.220.25",
        "dmrt.au.com",
        shares(0.7, 0.1, 0.1),
        only=EAST,
        ids="digits",
        period="half",  # D25
        delay=(0.5, 2),
        dialect=Dialect(UTF8, empty_reason=True, envelope=frozenset({"from"})),  # D15
    ),
    Reporter(
        "zoho.com",
        "noreply@dmarc.zoho.com",
        "zoho.com",
        "dmarc.zoho.com",
        "136.143.188.107",
        "sender4-op-o107.zoho.com",
        shares(0.4, 1.3, 0.6),
        only=BRANDS | frozenset({"orchard.example"}),
        ids="guid",
        softens=True,
        dialect=Dialect(UTF8, envelope=frozenset({"to", "from"}), helo_domain=False),  # D22
    ),
    Reporter(
        "Seznam.cz a.s.",
        "abuse@seznam.cz",
        "seznam.cz",
        "seznam.cz",
        "77.75.76.48",
        "mxc1.seznam.cz",
        shares(0.4, 0.2, 0.3),
        only=BRANDS,
        container="zip",
        ids="epoch",
        delay=(4, 9),
        dialect=Dialect(PLAIN, envelope=frozenset({"from"})),
    ),
    Reporter(
        "Kite Cooperative",
        "postmaster@kite-coop.example",
        "kite-coop.example",
        "",
        "217.37.12.77",
        "mail.kite-coop.example",
        shares(0.2, 0.7, 0.5),
        only=TRADE,
        container="xml",  # D37
        ids="mail-dmarc",
        subject=BRACKETED,
        delay=(0.2, 1),
        dialect=Dialect(PLAIN, indent="\t", each_message=True),  # D38
    ),
    Reporter(
        "FJORD HOSTING AS",
        "dmarc@fjord-hosting.example",
        "fjord-hosting.example",
        "fjord-hosting.example",
        "62.159.40.91",
        "out.fjord-hosting.example",
        shares(0.2, 0.7, 0.4),
        only=NORTH,
        ids="guid",
        dialect=Dialect(upper=True, envelope=frozenset({"from"})),  # D9
    ),
    Reporter(
        "Meridian University",
        "dmarc-noreply@meridian.example",
        "meridian.example",
        "meridian.example",
        "130.246.12.9",
        "relay2.meridian.example",
        shares(0.3, 1.2, 3),
        only=LEARNED,
        ids="epoch",
        delay=(48, 96),
        overrides=frozenset({"mailing_list", "forwarded"}),
        dialect=Dialect(root=' xmlns="http://dmarc.org/dmarc-xml/0.1"'),
    ),
    Reporter(
        "Barrow Logistics",
        "reports@barrow-logistics.example",
        "barrow-logistics.example",
        "barrow-logistics.example",
        "86.188.140.66",
        "edge.barrow-logistics.example",
        shares(0.2, 1.0, 0.3),
        only=TRADE,
        ids="hex32",
        resends=0.35,  # RFC 9990 §3.5.1: a re-send keeps its ID
        dialect=Dialect(envelope=frozenset({"to", "from"})),
    ),
)

_BY_NAME = {each.org_name: each for each in REPORTERS}


def reporter(org_name: str) -> Reporter:
    """The reporter of that name."""
    return _BY_NAME[org_name]
