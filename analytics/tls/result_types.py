"""What each result of a TLS report means in plain words, and what mends it (RFC 8460 §4.3).

The words are those of the IANA registry "STARTTLS Validation Result Types", which grows: a word
that is not known here keeps its own text, and says where to look it up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.domain_names import is_domain
from schemas.reports.vocabulary import TlsResultType as Word

__all__ = ["RESULTS", "Result", "remedy", "result"]

AT_MX, AT_WEB, AT_DNS = "your mail server", "your MTA-STS web host", "your DNS"
AT_SENDER, UNKNOWN_SIDE = "the sender", "not known"


@dataclass(frozen=True, slots=True)
class Result:
    """`at` is where the fault most likely lies; `stops_mail` whether it keeps mail away under
    MTA-STS mode enforce or DANE, as far as the sender heeds them."""

    meaning: str
    at: str
    remedy: str
    stops_mail: bool


RESULTS: Mapping[str, Result] = {
    Word.STARTTLS_NOT_SUPPORTED: Result(
        "The mail server did not offer STARTTLS.",
        AT_MX,
        "Enable STARTTLS on {mx}, and look for a firewall or mail filter that strips it.",
        True,
    ),
    Word.CERTIFICATE_HOST_MISMATCH: Result(
        "The mail server's certificate is for another name.",
        AT_MX,
        "Put the name of {mx} into its certificate (subjectAltName), check which certificate it"
        " shows by default, and that the mx lines of the MTA-STS policy name the live MX hosts.",
        True,
    ),
    Word.CERTIFICATE_EXPIRED: Result(
        "The mail server's certificate has expired.",
        AT_MX,
        "Renew the certificate of {mx}, reload the mail service, and mend what should have done"
        " it.",
        True,
    ),
    Word.CERTIFICATE_NOT_TRUSTED: Result(
        "The mail server's certificate does not lead to an authority that the sender trusts.",
        AT_MX,
        "Let {mx} send the whole chain with the intermediate certificates, from a public authority;"
        " the reason code says more.",
        True,
    ),
    Word.VALIDATION_FAILURE: Result(
        "TLS failed in a way that has no word of its own.",
        UNKNOWN_SIDE,
        "Read the reason code (protocol, cipher, time-out, an MX that the policy does not name),"
        " and test TLS 1.2 and newer on {mx}.",
        True,
    ),
    Word.TLSA_INVALID: Result(
        "No TLSA record matches the mail server's certificate.",
        AT_DNS,
        "Publish a TLSA record (3 1 1) for the key that {mx} uses now; before the next change of"
        " keys publish the present and the next one together.",
        True,
    ),
    Word.DNSSEC_INVALID: Result(
        "The TLSA record, or the way to it, did not pass DNSSEC.",
        AT_DNS,
        "Mend DNSSEC at the DNS host of {mx}: the DS record, expired signatures, or wrong proofs"
        " that a name does not exist.",
        True,
    ),
    Word.DANE_REQUIRED: Result(
        "The sender delivers by DANE alone, and there is no secure TLSA record.",
        AT_SENDER,
        "Publish TLSA records under DNSSEC for {mx}, or settle it with that sender.",
        True,
    ),
    Word.STS_POLICY_FETCH_ERROR: Result(
        "The MTA-STS policy could not be fetched.",
        AT_WEB,
        "Serve {policy} with status 200, without a redirect, as text/plain, under 64 KB and within"
        " a minute; without such a file take the TXT record _mta-sts.{domain} away.",
        False,
    ),
    Word.STS_POLICY_INVALID: Result(
        "The MTA-STS policy was fetched and makes no sense.",
        AT_WEB,
        "Mend {policy}: version, mode, max_age, and one mx line for each MX host.",
        False,
    ),
    Word.STS_WEBPKI_INVALID: Result(
        "The web host of the MTA-STS policy has no valid certificate.",
        AT_WEB,
        "Get a public certificate for mta-sts.{domain} that is valid and names it.",
        False,
    ),
}
UNKNOWN = Result(
    "A result that rua has no words for.",
    UNKNOWN_SIDE,
    "Look the word up in the IANA registry STARTTLS Validation Result Types, and read the reason"
    " code.",
    False,
)
UNSAID = Result("The reporter does not say what failed.", UNKNOWN_SIDE, "Ask the reporter.", False)


def result(word: str | None) -> Result:
    """What a result is; of an unknown or absent word, that it is that."""
    return UNSAID if word is None else RESULTS.get(word, UNKNOWN)


def remedy(word: str | None, domain: str | None, mx: str | None, *, reporters: int = 2) -> str:
    """What to do about a result at an MX of a domain, seen by so many reporters.

    Of what reports say, only what is a domain name stands in it.
    """
    name = domain if domain and is_domain(domain) else "the domain"
    places = {
        "mx": mx if mx and is_domain(mx) else "the mail servers",
        "domain": name,
        # RFC 8461 §3.3: the policy's one place.
        "policy": f"https://mta-sts.{name}/.well-known/mta-sts.txt",
    }
    words = result(word).remedy.format(**places)
    if word == Word.STARTTLS_NOT_SUPPORTED and reporters == 1:
        words += " One reporter alone sees this: somebody on its way may strip it."
    if word == Word.VALIDATION_FAILURE and reporters == 1:
        words += " One reporter alone sees this: if it is rare, watch it."
    return words
