"""The services that send mail: platforms, vendors, forwarders and lists.

Every prefix lies inside one autonomous system, as published by its operator and as in the IPinfo
Lite database; a test compares the two for each prefix. A new vendor, forwarder or list is one
entry.
"""

from ingest.demo.networks import Service, nets
from ingest.demo.spoofers import SPOOFERS

__all__ = ["SERVICES", "service"]

GOOGLE = nets(15169, "209.85.208.0/24", "209.85.160.0/24", "2a00:1450:4864:20::/64")
GOOGLE_RELAY = nets(15169, "209.85.220.0/24", "2607:f8b0:4864:20::/64")
MICROSOFT = nets(8075, "40.107.20.0/22", "40.92.48.0/22", "2a01:111:f403:c200::/64")
MICROSOFT_RELAY = nets(8075, "40.107.104.0/22")

PLATFORMS = (
    Service(
        "google-workspace",
        "Google Workspace",
        GOOGLE,
        own_selector="google",
        ptr="mail-{host}.google.com",
    ),
    Service(
        "microsoft-365",
        "Microsoft 365",
        MICROSOFT,
        dkim="fabricam-eu.onmicrosoft.com",
        selector="selector1-fabricam-eu-onmicrosoft-com",
        bounce="fabricam-eu.onmicrosoft.com",
        own_selector="selector1",
        ptr="mail-{host}.outbound.protection.outlook.com",
    ),
    Service(
        "own-mta-leeds",
        "own mail server, Leeds",
        nets(2856, "217.37.12.0/28"),
        "",
        "",
        "",
        "mta",
        ptr="mx-{host}.harbour.example",
    ),
    Service(
        "own-mta-bremen",
        "own mail server, Bremen",
        nets(3320, "62.159.40.0/28"),
        own_selector="relay2026",
        ptr="relay-{host}.copperline.example",
    ),
    Service(
        "own-mta-lab", "own mail server, laboratory", nets(0, "192.0.2.0/28"), own_selector="lab"
    ),
    Service("office-printer", "office printer and scanner", nets(2856, "86.188.140.0/28")),
    Service(
        "mail-gateway",
        "outbound mail gateway",
        nets(42427, "195.130.217.0/24"),
        own_selector="mta",
        ptr="gw-{host}.example.net",
    ),
)

VENDORS = (
    Service(
        "sendgrid",
        "SendGrid",
        nets(11377, "167.89.0.0/17", "149.72.128.0/18", "198.37.144.0/20"),
        "sendgrid.net",
        "smtpapi",
        "sendgrid.net",
        "s1",
        ptr="o-{host}.outbound-mail.sendgrid.net",
    ),
    Service(
        "amazon-ses",
        "Amazon SES",
        nets(14618, "54.240.8.0/22") + nets(16509, "69.169.224.0/20"),
        "amazonses.com",
        "shh3fegwg5fppqsuzphvschd53n6ihuv",
        "eu-west-1.amazonses.com",
        "k3xw5ieq7uvn2gqfh4bnzrm6o2tjdlcy",
        ptr="a-{host}.smtp-out.eu-west-1.amazonses.com",
    ),
    Service(
        "mailchimp",
        "Mailchimp",
        nets(14782, "198.2.136.0/23"),
        "mailchimpapp.net",
        "k2",
        "mail136.rsgsv.net",
        "k2",
        ptr="mail-{host}.rsgsv.net",
    ),
    Service(
        "mailgun",
        "Mailgun",
        nets(396479, "69.72.32.0/20", "159.135.224.0/20"),
        "mailgun.org",
        "k1",
        "mailgun.org",
        "pic",
        ptr="m-{host}.mailgun.net",
    ),
    Service(
        "salesforce",
        "Salesforce",
        nets(14340, "13.110.192.0/20", "85.222.130.0/24"),
        "",
        "",
        "bnc.salesforce.com",
        "sf1",
        ptr="smtp-{host}.mta.salesforce.com",
    ),
    Service(
        "zendesk",
        "Zendesk",
        nets(16509, "216.198.2.0/23"),
        "zendesk.com",
        "zendesk1",
        "zendesk.com",
        "zendesk1",
        ptr="outbyoip-{host}.pod.zendesk.com",
    ),
    Service(
        "hubspot",
        "HubSpot",
        nets(14618, "158.247.16.0/20"),
        "hubspotemail.net",
        "hs1",
        "bf08.hubspotemail.net",
        "hs1-24310911",
        ptr="bf-{host}.hubspotemail.net",
    ),
    Service(
        "mailjet",
        "Mailjet",
        nets(200069, "185.189.236.0/22"),
        "mailjet.com",
        "mailjet",
        "bnc3.mailjet.com",
        "mailjet",
        ptr="o-{host}.p.mailjet.com",
    ),
    Service(
        "brevo",
        "Brevo",
        nets(200484, "77.32.148.0/24", "185.41.28.0/22"),
        "sender-sib.com",
        "mail",
        "fb.d.sender-sib.com",
        "mail",
        ptr="bb-{host}.d.sender-sib.com",
    ),
    Service(
        "postmark",
        "Postmark",
        nets(23352, "50.31.156.0/24", "104.245.209.0/24"),
        "pm.mtasv.net",
        "pm20",
        "pm.mtasv.net",
        "20260114093012pm",
        ptr="mta-{host}.mtasv.net",
    ),
    Service(
        "sparkpost",
        "SparkPost",
        nets(23528, "192.174.80.0/20"),
        "sparkpostmail.com",
        "scph0525",
        "eu.sparkpostmail.com",
        "scph0426",
        ptr="mta-{host}.sparkpostmail.com",
    ),
    Service(
        "campaign-monitor",
        "Campaign Monitor",
        nets(55819, "103.28.42.0/24", "146.88.28.0/24"),
        "cmail20.com",
        "cm",
        "cmail20.com",
        "cm",
        ptr="mx-{host}.createsend.com",
    ),
    Service(
        "constant-contact",
        "Constant Contact",
        nets(40444, "208.75.120.0/22"),
        "auth.ccsend.com",
        "1000073432",
        "in.constantcontact.com",
        "ctct1",
        ptr="ccm-{host}.confirmedcc.com",
    ),
    Service(
        "emarsys",
        "Emarsys",
        nets(199236, "185.4.120.0/22"),
        "emarsys.net",
        "key1",
        "bounce.emarsys.net",
        "em2026",
        ptr="mx-{host}.emarsys.net",
    ),
    Service(
        "zeptomail",
        "ZeptoMail",
        nets(2639, "136.143.188.0/24"),
        "zeptomail.net",
        "zept",
        "bounce.zeptomail.net",
        "zept1",
        ptr="sender-{host}.zeptomail.com",
    ),
)

# `bounce` of a forwarder is the domain it rewrites MAIL FROM to (SRS), where it does so at all.
FORWARDERS = (
    Service(
        "gmail-forward",
        "Gmail forwarding",
        GOOGLE_RELAY,
        bounce="gmail.com",
        ptr="mail-{host}.google.com",
    ),
    Service(
        "icloud-forward",
        "iCloud Mail forwarding",
        nets(714, "17.58.63.0/24"),
        ptr="st-{host}.me.com",
    ),
    Service(
        "fastmail-forward",
        "Fastmail forwarding",
        nets(151847, "103.168.172.0/24"),
        bounce="fastmail.com",
        ptr="out-{host}.messagingengine.com",
    ),
    Service(
        "eth-forward",
        "ETH Zürich forwarding",
        nets(559, "129.132.0.0/16"),
        bounce="ethz.ch",
        ptr="mailg-{host}.ethz.ch",
    ),
    Service(
        "cam-forward",
        "Cambridge forwarding",
        nets(786, "131.111.8.0/24"),
        bounce="srs.cam.ac.uk",
        ptr="ppsw-{host}.srv.uis.cam.ac.uk",
    ),
    Service(
        "illinois-forward",
        "Illinois forwarding",
        nets(38, "130.126.0.0/16"),
        bounce="illinois.edu",
        ptr="relays-{host}.techservices.illinois.edu",
    ),
    Service(
        "mit-forward",
        "MIT alumni forwarding",
        nets(3, "18.9.28.0/24"),
        bounce="alum.mit.edu",
        ptr="forward-{host}.mit.edu",
    ),
    Service(
        "tum-forward",
        "LRZ Munich forwarding",
        nets(12816, "129.187.255.0/24"),
        bounce="lrz.de",
        ptr="postout-{host}.lrz.de",
    ),
    Service(
        "ionos-forward",
        "IONOS forwarding",
        nets(8560, "212.227.126.0/24"),
        bounce="srs.kundenserver.de",
        ptr="mout-{host}.kundenserver.de",
    ),
    Service(
        "strato-forward",
        "STRATO forwarding",
        nets(6724, "81.169.146.0/24"),
        bounce="rzone.de",
        ptr="mo-{host}.rzone.de",
    ),
    Service(
        "kpn-forward",
        "KPN forwarding",
        nets(1136, "195.121.94.0/24"),
        bounce="kpnmail.nl",
        ptr="ewsoutbound-{host}.kpnmail.nl",
    ),
    Service(
        "orange-forward",
        "Orange forwarding",
        nets(3215, "80.12.242.0/24"),
        bounce="orange.fr",
        ptr="smtp-{host}.smtpout.orange.fr",
    ),
    Service(
        "m365-forward",
        "Microsoft 365 forwarding",
        MICROSOFT_RELAY,
        bounce="contoso-group.onmicrosoft.com",
        ptr="mail-{host}.outbound.protection.outlook.com",
    ),
)

LISTS = (
    Service(
        "groups-io",
        "groups.io",
        nets(63949, "66.175.222.0/24"),
        "groups.io",
        "20240830",
        "groups.io",
        ptr="web-{host}.groups.io",
    ),
    Service(
        "google-groups",
        "Google Groups",
        GOOGLE_RELAY,
        "googlegroups.com",
        "20251104",
        "googlegroups.com",
        ptr="mail-{host}.google.com",
    ),
    Service(
        "gnu-lists",
        "GNU Mailman",
        nets(22989, "209.51.188.0/28"),
        "gnu.org",
        "fencepost",
        "gnu.org",
        ptr="lists-{host}.gnu.org",
    ),
    Service(
        "debian-lists",
        "Debian lists",
        nets(8365, "82.195.75.96/28"),
        "lists.debian.org",
        "bendel",
        "lists.debian.org",
        ptr="bendel-{host}.debian.org",
    ),
    Service(
        "sourceforge-lists",
        "SourceForge lists",
        nets(11320, "216.105.38.0/28"),
        "lists.sourceforge.net",
        "x",
        "lists.sourceforge.net",
        ptr="lists-{host}.sourceforge.net",
    ),
    Service(
        "surf-lists",
        "SURF Mailman",
        nets(1103, "192.87.106.0/28"),
        "lists.surfnet.nl",
        "l1",
        "lists.surfnet.nl",
        ptr="list-{host}.surfnet.nl",
    ),
)

SERVICES = {each.name: each for each in (*PLATFORMS, *VENDORS, *FORWARDERS, *LISTS, *SPOOFERS)}


def service(name: str) -> Service:
    """The service of that name."""
    return SERVICES[name]
