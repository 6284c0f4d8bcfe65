"""Which documents say the same: form is no content."""

import json
from typing import Any

from ingest.parse import read_tls
from ingest.parse.fingerprint import content_hash, identity_of
from tests.support.mails.every_document import GOLDEN_INPUTS

CASE = next(path for path in GOLDEN_INPUTS if path.stem == "T10-end-at-midnight")


def tls(**policy: Any) -> tuple[str, str]:
    report = json.loads(CASE.read_bytes())
    for table in ("policy", "summary"):
        report["policies"][0][table] |= policy.get(table, {})
    read = read_tls(json.dumps(report).encode())
    return identity_of(read), content_hash(read)


def test_a_text_for_a_list_of_one_and_digits_for_a_number_contradict_nothing() -> None:
    """T3, T4, T12; RFC 8460 §4.4 and erratum 6241 differ in just this."""
    listed = tls(policy={"mx-host": ["mx.example.com"]}, summary={"total-failure-session-count": 3})
    bare = tls(policy={"mx-host": "mx.example.com"}, summary={"total-failure-session-count": "3"})
    assert listed == bare


def test_another_host_or_number_is_a_contradiction() -> None:
    identity, content = tls(policy={"mx-host": ["mx.example.com"]})
    for other in (
        tls(policy={"mx-host": ["mx2.example.com"]}),
        tls(summary={"total-failure-session-count": 99}),
    ):
        assert other[0] == identity
        assert other[1] != content
