"""Any bytes give models, leaves or one of our refusals; equal bytes give equal readings."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.parse import DomainHint, read_aggregate, read_tls
from ingest.unpack.documents import extract
from ingest.unpack.file_types import sniff
from schemas.domain_names import canonical_ip, is_domain, normal_domain
from schemas.errors import Refusal
from schemas.reports.aggregate import AggregateReport
from schemas.reports.tls import TlsReport
from tests.soak.soak_documents import mutant
from tests.soak.soak_values import WORDS
from tests.support.paths import GOLDEN

SEEDS = {
    folder: [path.read_bytes() for path in sorted((GOLDEN / folder).glob(pattern))]
    for folder, pattern in (("dmarc", "*.xml"), ("tls", "T*.json"), ("mail", "*.eml"))
}
EXAMPLES = settings(
    max_examples=300,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def mutants(folder: str) -> st.SearchStrategy[bytes]:
    return st.builds(mutant, st.sampled_from(SEEDS[folder]), st.integers(0, 2**32))


def aggregate_or_refusal(data: bytes) -> AggregateReport | str:
    try:
        return read_aggregate(data)
    except Refusal as refusal:
        return str(refusal)


def tls_or_refusal(data: bytes) -> TlsReport | str:
    try:
        return read_tls(data, hint=DomainHint("example.com", "the Subject"))
    except Refusal as refusal:
        return str(refusal)


@EXAMPLES
@given(st.one_of(st.binary(max_size=400), mutants("dmarc")))
def test_any_bytes_are_an_aggregate_report_or_refused(data: bytes) -> None:
    read = aggregate_or_refusal(data)
    assert read == aggregate_or_refusal(data)
    if isinstance(read, AggregateReport):
        read.model_dump_json().encode()


@EXAMPLES
@given(st.one_of(st.binary(max_size=400), mutants("tls")))
def test_any_bytes_are_a_tls_report_or_refused(data: bytes) -> None:
    read = tls_or_refusal(data)
    assert read == tls_or_refusal(data)
    if isinstance(read, TlsReport):
        read.model_dump_json().encode()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@EXAMPLES
@given(st.data())
def test_any_value_in_any_place_of_a_tls_report(data: st.DataObject) -> None:
    """Numbers where lists should be, lists where texts should be."""
    document = json.loads(data.draw(st.sampled_from(SEEDS["tls"])))
    for _ in range(2):
        place = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and data.draw(st.booleans()):
                place = place[key]
                continue
            place[key] = data.draw(JSON_VALUES)
            break
    read = tls_or_refusal(json.dumps(document).encode())
    if isinstance(read, TlsReport):
        read.model_dump_json().encode()


@EXAMPLES
@given(st.one_of(st.binary(max_size=400), mutants("mail")), st.booleans())
def test_any_bytes_are_leaves(data: bytes, is_mail: bool) -> None:
    leaves = extract(data, is_mail=is_mail, name="a\udcffb")
    assert leaves == extract(data, is_mail=is_mail, name="a\udcffb") or any(
        leaf.refusal for leaf in leaves
    )
    for leaf in leaves:
        leaf.path.encode()


@EXAMPLES
@given(st.sampled_from(WORDS), st.binary(max_size=60))
def test_any_beginning_has_a_kind(word: bytes, rest: bytes) -> None:
    assert sniff(word + rest) is sniff(word + rest)


@EXAMPLES
@given(st.text(max_size=80))
def test_normal_forms_are_stable(raw: str) -> None:
    """What is normal stays as it is, and equal names compare equal."""
    name = normal_domain(raw) or ""
    assert normal_domain(name) == name
    assert is_domain(name) is is_domain(name)
    address = canonical_ip(raw)
    assert address is None or canonical_ip(address) == address


@EXAMPLES
@given(st.ip_addresses())
def test_every_address_has_one_form(address: object) -> None:
    text = canonical_ip(str(address))
    assert text is not None
    assert text == canonical_ip(f" [{str(address).upper()}] ")
