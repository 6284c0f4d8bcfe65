"""Whose identities a record authenticates."""

import pytest

from ingest.columns.authenticated_identity import authenticated
from schemas.reports.aggregate import DkimResult, Reason, Record, SpfResult
from schemas.reports.vocabulary import DkimVerdict, OverrideReason, SpfScope, SpfVerdict


def signed(*pairs: tuple[str | None, str]) -> Record:
    results = tuple(DkimResult(domain=name, result=DkimVerdict(result)) for name, result in pairs)
    return Record(dkim_results=results)


def sent(domain: str | None, result: str, scope: str | None = "mfrom") -> Record:
    return Record(
        spf_results=(
            SpfResult(
                domain=domain,
                result=SpfVerdict(result),
                scope=None if scope is None else SpfScope(scope),
            ),
        )
    )


@pytest.mark.parametrize(
    ("record", "own", "other"),
    [
        (signed(), None, None),
        (signed(("example.com", "pass")), "pass", None),
        (signed(("mail.example.com", "fail"), ("vendor.test", "pass")), "fail", "vendor.test"),
        (signed(("example.com", "fail"), ("example.com", "temperror")), "temperror", None),
        (signed(("example.com", "permerror"), ("news.example.com", "pass")), "pass", None),
        (signed(("vendor.test", "fail")), None, None),
        (signed(("first.test", "pass"), ("second.test", "pass")), None, "first.test"),
        (signed(("notexample.com", "pass")), None, "notexample.com"),
        (signed((None, "pass"), ("", "pass")), None, None),
    ],
)
def test_signatures(record: Record, own: str | None, other: str | None) -> None:
    found = authenticated(record, "example.com")
    assert (found.own_dkim, found.other_dkim) == (own, other)


@pytest.mark.parametrize(
    ("record", "own", "other"),
    [
        (sent("bounce.example.com", "pass"), "pass", None),
        (sent("example.com", "softfail", None), "softfail", None),
        (sent("vendor.test", "pass"), None, "vendor.test"),
        (sent("vendor.test", "softfail"), None, None),
        (sent("", "none"), None, None),
    ],
)
def test_envelopes(record: Record, own: str | None, other: str | None) -> None:
    found = authenticated(record, "example.com")
    assert (found.own_spf, found.other_spf) == (own, other)


def test_helo_authenticates_nobody_rfc_9989_4_4_2() -> None:
    found = authenticated(sent("example.com", "pass", "helo"), "example.com")
    assert (found.own_spf, found.other_spf) == (None, None)


def test_a_name_beside_the_policy_domain_of_a_subdomain_is_own() -> None:
    found = authenticated(signed(("example.com", "pass")), "shop.example.com")
    assert found.own_dkim == "pass"


@pytest.mark.parametrize(
    ("reasons", "override"),
    [
        ((), None),
        ((Reason(type=OverrideReason.MAILING_LIST),), "mailing_list"),
        ((Reason(type=OverrideReason.TRUSTED_FORWARDER),), "forwarded"),
        ((Reason(type=OverrideReason.LOCAL_POLICY, comment="ARC=pass as.1.x=pass"),), "arc"),
        ((Reason(type=OverrideReason.LOCAL_POLICY, comment="whitelisted"),), None),
        ((Reason(type=OverrideReason.SAMPLED_OUT),), None),
    ],
)
def test_overrides(reasons: tuple[Reason, ...], override: str | None) -> None:
    assert authenticated(Record(reasons=reasons), "example.com").override == override
