"""Explains each result type of a TLS report and how to fix it (RFC 8460 §4.3).

The types are those of the IANA registry "STARTTLS Validation Result Types", which grows: an unknown
type keeps its text, and its remedy says where to look it up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.domain_names import is_domain
from schemas.reports.vocabulary import TlsResultType

__all__ = ["RESULTS", "Result", "remedy", "result"]

AT_MX, AT_WEB, AT_DNS = "your mail server", "your MTA-STS web host", "your DNS"
AT_SENDER, UNKNOWN_SIDE = "the sender", "not known"


@dataclass(frozen=True, slots=True)
class Result:
    """`at` is where the fault most likely is; `stops_mail` whether it stops mail under MTA-STS mode
    enforce or DANE, if the sender supports them."""

    meaning: str
    at: str
    remedy: str
    stops_mail: bool


RESULTS: Mapping[str, Result] = {
    TlsResultType.STARTTLS_NOT_SUPPORTED: Result(
        "The mail server did not offer STARTTLS.",
        AT_MX,
        "Enable STARTTLS on {mx}, and look for a firewall or mail filter that strips it.",
        True,
    ),
    TlsResultType.CERTIFICATE_HOST_MISMATCH: Result(
        "The mail server's certificate is for another name.",
        AT_MX,
        "Add the name of {mx} to its certificate (subjectAltName), check which certificate it"
        " presents by default, and that the mx lines of the MTA-STS policy list the MX hosts.",
        True,
    ),
    TlsResultType.CERTIFICATE_EXPIRED: Result(
        "The mail server's certificate has expired.",
        AT_MX,
        "Renew the certificate of {mx}, reload the mail service, and fix the automatic renewal.",
        True,
    ),
    TlsResultType.CERTIFICATE_NOT_TRUSTED: Result(
        "The mail server's certificate does not chain to an authority that the sender trusts.",
        AT_MX,
        "Use a public authority on {mx}, and send the whole chain with intermediate certificates;"
        " the reason code says more.",
        True,
    ),
    TlsResultType.VALIDATION_FAILURE: Result(
        "TLS failed for a reason without its own result type.",
        UNKNOWN_SIDE,
        "Read the reason code (protocol, cipher, time-out, an MX that the policy does not list),"
        " and test TLS 1.2 and newer on {mx}.",
        True,
    ),
    TlsResultType.TLSA_INVALID: Result(
        "No TLSA record matches the mail server's certificate.",
        AT_DNS,
        "Publish a TLSA record (3 1 1) for the key that {mx} uses now; before the next key"
        " rollover publish records for both keys.",
        True,
    ),
    TlsResultType.DNSSEC_INVALID: Result(
        "The TLSA record did not validate under DNSSEC.",
        AT_DNS,
        "Fix DNSSEC at the DNS host of {mx}: the DS record, expired signatures, or wrong proofs"
        " that a name does not exist.",
        True,
    ),
    TlsResultType.DANE_REQUIRED: Result(
        "The sender requires DANE, and there is no secure TLSA record.",
        AT_SENDER,
        "Publish TLSA records under DNSSEC for {mx}, or ask that sender to change its policy.",
        True,
    ),
    TlsResultType.STS_POLICY_FETCH_ERROR: Result(
        "The MTA-STS policy could not be fetched.",
        AT_WEB,
        "Serve {policy} with status 200, without a redirect, as text/plain, under 64 KB and within"
        " a minute; without such a file remove the TXT record _mta-sts.{domain}.",
        False,
    ),
    TlsResultType.STS_POLICY_INVALID: Result(
        "The MTA-STS policy was fetched, but is invalid.",
        AT_WEB,
        "Fix {policy}: version, mode, max_age, and one mx line for each MX host.",
        False,
    ),
    TlsResultType.STS_WEBPKI_INVALID: Result(
        "The web host of the MTA-STS policy has no valid certificate.",
        AT_WEB,
        "Install a valid public certificate for mta-sts.{domain}.",
        False,
    ),
}
UNKNOWN = Result(
    "A result type that rua does not know.",
    UNKNOWN_SIDE,
    "Look it up in the IANA registry STARTTLS Validation Result Types, and read the reason code.",
    False,
)
ABSENT = Result("The reporter does not say what failed.", UNKNOWN_SIDE, "Ask the reporter.", False)


def result(result_type: str | None) -> Result:
    """The explanation of a result type, also of an unknown or absent one."""
    return ABSENT if result_type is None else RESULTS.get(result_type, UNKNOWN)


def remedy(
    result_type: str | None, domain: str | None, mx: str | None, *, reporters: int = 2
) -> str:
    """What to do about a result at an MX of a domain, seen by so many reporters.

    Names from reports are used only if they are domain names.
    """
    name = domain if domain and is_domain(domain) else "the domain"
    places = {
        "mx": mx if mx and is_domain(mx) else "the mail servers",
        "domain": name,
        # RFC 8461 §3.3: the policy's one place.
        "policy": f"https://mta-sts.{name}/.well-known/mta-sts.txt",
    }
    text = result(result_type).remedy.format(**places)
    if result_type == TlsResultType.STARTTLS_NOT_SUPPORTED and reporters == 1:
        text += " Only one reporter sees this: a network on its path may strip STARTTLS."
    if result_type == TlsResultType.VALIDATION_FAILURE and reporters == 1:
        text += " Only one reporter sees this: if it is rare, watch it."
    return text
