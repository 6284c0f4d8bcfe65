"""The networks of spoofers. Every prefix lies inside one AS, as in `platforms`."""

from ingest.demo.networks import Service, nets

__all__ = ["SPOOFERS", "SPOOF_NETWORKS"]

# Consumer lines and cheap hosts in many unrelated networks, for bursts of spoofing.
SPOOF_NETWORKS = (
    *nets(27699, "187.10.0.0/18"),
    *nets(26615, "189.40.0.0/18"),
    *nets(28573, "177.32.0.0/17"),
    *nets(6147, "181.64.0.0/18"),
    *nets(19429, "190.24.0.0/18"),
    *nets(8151, "189.128.0.0/16"),
    *nets(45899, "113.160.0.0/16"),
    *nets(7552, "171.224.0.0/16"),
    *nets(9829, "117.192.0.0/16"),
    *nets(24560, "122.160.0.0/18"),
    *nets(55836, "49.36.0.0/18"),
    *nets(17557, "39.32.0.0/18"),
    *nets(7713, "36.64.0.0/18"),
    *nets(23693, "114.120.0.0/18"),
    *nets(9299, "49.144.0.0/18"),
    *nets(17552, "171.96.0.0/18"),
    *nets(3462, "61.228.0.0/18"),
    *nets(4766, "220.72.0.0/18"),
    *nets(8402, "95.24.0.0/17"),
    *nets(42610, "178.140.0.0/17"),
    *nets(6697, "178.120.0.0/18"),
    *nets(15895, "46.211.0.0/18"),
    *nets(39608, "176.36.0.0/17"),
    *nets(9121, "88.224.0.0/17"),
    *nets(58224, "2.176.0.0/18"),
    *nets(8452, "41.32.0.0/18"),
    *nets(36903, "41.248.0.0/18"),
    *nets(37340, "154.120.64.0/19"),
    *nets(29975, "41.13.0.0/18"),
    *nets(8708, "5.12.0.0/17"),
    *nets(5617, "83.0.0.0/17"),
    *nets(9141, "89.64.0.0/17"),
    *nets(3269, "79.0.0.0/17"),
    *nets(1267, "151.32.0.0/17"),
    *nets(3352, "81.32.0.0/17"),
    *nets(3243, "2.80.0.0/18"),
    *nets(6799, "94.66.0.0/18"),
    *nets(20473, "45.76.0.0/18", "104.238.128.0/19"),
    *nets(14061, "139.59.0.0/18", "165.22.0.0/18"),
    *nets(16276, "51.75.0.0/18"),
    *nets(24940, "116.202.0.0/18"),
    *nets(200373, "193.56.28.0/24"),
    *nets(204428, "80.94.95.0/24"),
    *nets(48090, "45.148.10.0/24"),
    *nets(209605, "141.98.10.0/24"),
    *nets(51447, "185.222.57.0/24"),
    *nets(135905, "103.125.188.0/22"),
)

SPOOFERS = (
    Service("spoofers", "unrelated networks", SPOOF_NETWORKS, ptr="dyn-{host}.lines.test"),
    # One criminal with a domain, hosts and working SPF and DKIM of his own.
    Service(
        "spoofer-own-domain",
        "rented hosts of one spoofer",
        nets(20473, "45.76.0.0/18") + nets(204428, "80.94.95.0/24"),
        "secure-billing-notice.test",
        "default",
        "secure-billing-notice.test",
        ptr="vps-{host}.rented-hosts.test",
    ),
    # Strangers who are customers of the same shared platform (variant "inside-abuse").
    Service(
        "m365-other-tenant",
        "another tenant of Microsoft 365",
        nets(8075, "40.107.20.0/22", "40.92.48.0/22"),
        "zx4471kd.onmicrosoft.com",
        "selector2-zx4471kd-onmicrosoft-com",
        "zx4471kd.onmicrosoft.com",
        ptr="mail-{host}.outbound.protection.outlook.com",
    ),
    Service(
        "ses-other-customer",
        "another customer of Amazon SES",
        nets(14618, "54.240.8.0/22"),
        "amazonses.com",
        "shh3fegwg5fppqsuzphvschd53n6ihuv",
        "eu-west-1.amazonses.com",
        ptr="a-{host}.smtp-out.eu-west-1.amazonses.com",
    ),
)
