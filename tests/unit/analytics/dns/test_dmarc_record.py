"""DMARC records: read, written, changed (RFC 9989 §4.7, §4.8)."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.dns.dmarc_record import DmarcRecord, change, is_dmarc, only_record, parse
from schemas.sanitize import plain

MAIL = "mailto:d@example.com"
RUA = f"rua={MAIL}"


def read(text: str) -> DmarcRecord:
    record = parse(text)
    assert record is not None
    return record


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1",
        "v=DMARC1;",
        "V=DMARC1;p=none",
        "v = DMARC1 ; p=none",
        "v\t=\tDMARC1\t",
        "v=DMARC1;;",
    ],
)
def test_the_version_is_first_and_exact(text: str) -> None:
    assert is_dmarc(text)
    assert parse(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v",
        "v=",
        "v=dmarc1; p=none",
        "v=DMARC",
        "v=DMARC10; p=none",
        "v=DMARC1 p=none",
        "v=DMARC1, p=none",
        "v=DMARC1\n; p=none",
        '"v=DMARC1; p=none"',
        " v=DMARC1; p=none",
        "p=none; v=DMARC1",
        "v=spf1 -all",
        "ｖ=DMARC1",
    ],
)
def test_anything_else_is_no_record(text: str) -> None:
    assert not is_dmarc(text)
    assert parse(text) is None


def test_several_records_are_none() -> None:
    assert only_record(["x", "v=DMARC1; p=none"]) == "v=DMARC1; p=none"
    assert only_record(["v=DMARC1; p=none", "v=DMARC1"]) is None
    assert only_record([]) is None


def test_every_tag() -> None:
    record = read(
        "v=DMARC1; fo=1:d:s; p=QUARANTINE; sp=none; np=Reject; t=Y; psd=N; adkim=S; aspf=r;"
        f"rua={MAIL} , https://example.com/r?a=b&c=d; ruf=mailto:f@example.com"
    )
    assert record == DmarcRecord(
        *("quarantine", "none", "reject", "y", "n", "s", "r"),
        rua=(MAIL, "https://example.com/r?a=b&c=d"),
        ruf=("mailto:f@example.com",),
        fo="1:d:s",
    )
    assert record.problems == ()
    assert record.text() == (
        "v=DMARC1; p=quarantine; sp=none; np=reject; t=y; psd=n; adkim=s; aspf=r; "
        f"rua={MAIL},https://example.com/r?a=b&c=d; ruf=mailto:f@example.com; fo=1:d:s"
    )


@pytest.mark.parametrize(
    ("tags", "p", "words"),
    [
        ("p=reject", "reject", None),
        (RUA, "none", "p is missing: receivers apply p=none"),
        ("", None, "p is missing, and rua has no address: receivers ignore the record"),
        ("rua=d@example.com", None, "write mailto:d@example.com"),
        (f"p=rejct; {RUA}", "none", "p=rejct is not one of none, quarantine, reject"),
        ("p=rejct", None, "p is not a valid policy, and rua has no address"),
        (f"p=reject; sp=on; {RUA}", "none", "sp is not a valid policy: receivers apply"),
        (f"p=reject; np=on; {RUA}", "none", "np is not a valid policy: receivers apply"),
        ("p=reject; np=on", None, "np is not a valid policy, and rua has no address"),
    ],
)
def test_policies_that_are_none(tags: str, p: str | None, words: str | None) -> None:
    """RFC 9989 §4.10.1: without a valid p, or with an sp or np that is none, rua decides."""
    record = read(f"v=DMARC1; {tags}")
    assert (record.p, record.sp, record.np) == (p, None, None)
    assert (words or "") in " / ".join(record.problems)
    assert bool(record.problems) == (words is not None)


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("adkim=x", "adkim=x is not one of r, s: r applies"),
        ("aspf=strict", "aspf=strict is not one of r, s: r applies"),
        ("t=yes", "t=yes is not one of y, n: n applies"),
        ("psd=x", "psd=x is not one of y, n, u: u applies"),
        ("fo=2", "fo=2 is not one of 0, 1, d, s"),
        ("fo=1:", "fo=1: is not one of 0, 1, d, s"),
        ("fo=1,d", "fo=1,d is not one of 0, 1, d, s"),
        ("rua=", '"rua=" is not a tag'),
        ("rua=mailto:", '"mailto:" is not an address'),
        ("rua=mailto:a@x!y@z", '"mailto:a@x!y@z" is not an address'),
        ("ruf=x y", '"x y" is not an address'),
        ("adkim", '"adkim" is not a tag'),
        ("=s", '"=s" is not a tag'),
        ("é=s", '"é=s" is not a tag'),
        ("adkim=\N{CYRILLIC SMALL LETTER DZE}", "is not a tag"),
        ("adkim=\x1b[31m", '"adkim=\\x1b[31m" is not a tag'),
        ("hello=world", "hello is not a registered tag"),
        ("pct=50", "pct=50: RFC 9989 removed it"),
        ("rf=afrf", "rf=afrf: RFC 9989 removed it"),
        ("ri=86400", "ri=86400: RFC 9989 removed it"),
    ],
)
def test_what_a_receiver_ignores_is_said_and_the_default_stands(tag: str, words: str) -> None:
    record = read(f"v=DMARC1; p=reject; {tag}")
    assert [words in problem for problem in record.problems] == [True]
    assert (record.p, record.adkim, record.aspf, record.t, record.psd) == ("reject", *[None] * 4)
    assert (record.fo, record.rua, record.ruf) == (None, (), ())


def test_of_a_tag_that_comes_twice_the_first_stands() -> None:
    record = read("v=DMARC1; p=none; p=reject; x=1; x=2; v=DMARC1")
    assert (record.p, record.other) == ("none", (("x", "1"),))
    assert sum("repeated" in problem for problem in record.problems) == 3


def test_a_name_in_capitals_is_read_and_said() -> None:
    record = read("v=DMARC1; P=reject")
    assert record.p == "reject"
    assert "write p instead of P" in record.problems[0]


def test_what_was_removed_and_what_is_unknown_is_kept_in_order() -> None:
    record = read("v=DMARC1; zz=2; p=none; ri=1; aa=1 2; pct=010; ")
    assert record.removed == (("ri", "1"), ("pct", "010"))
    assert record.other == (("zz", "2"), ("aa", "1 2"))
    assert record.text() == "v=DMARC1; p=none; ri=1; pct=010; zz=2; aa=1 2"


@pytest.mark.parametrize(
    ("value", "pct"),
    [
        ("0", 0),
        ("100", 100),
        ("050", 50),
        ("101", None),
        ("-1", None),
        ("5%", None),
        ("9" * 5000, None),
    ],
)
def test_the_percentage_of_old_receivers(value: str, pct: int | None) -> None:
    assert read(f"v=DMARC1; p=reject; pct={value}").pct == pct


def test_without_a_percentage() -> None:
    assert read("v=DMARC1; p=none").pct is None


def test_a_size_limit_is_said_and_stays_until_the_record_is_changed() -> None:
    record = read(f"v=DMARC1; p=none; rua={MAIL}!10m,mailto:e@example.com")
    assert record.rua == (f"{MAIL}!10m", "mailto:e@example.com")
    assert "size limit" in record.problems[0]
    assert change(record, p="quarantine").rua == (MAIL, "mailto:e@example.com")


# Changing


def test_a_change_keeps_all_other_tags() -> None:
    record = read(
        f"v=DMARC1; p=none; sp=none; pct=20; ri=3600; {RUA}; ruf=mailto:f@example.com; fo=d;"
        "adkim=s; aspf=s; t=y; x=y"
    )
    assert change(record, p="reject", sp=None, np="reject", t=None).text() == (
        "v=DMARC1; p=reject; np=reject; adkim=s; aspf=s; "
        f"{RUA}; ruf=mailto:f@example.com; fo=d; x=y"
    )


def test_a_record_for_a_domain_that_has_none() -> None:
    assert change(None, rua=MAIL).text() == f"v=DMARC1; p=none; {RUA}"
    assert change(None, p="reject", rua=[MAIL, "mailto:e@x"]).rua == (MAIL, "mailto:e@x")
    assert change(read(f"v=DMARC1; p=reject; {RUA}"), rua=None).text() == "v=DMARC1; p=reject"


@pytest.mark.parametrize(
    "tags",
    [{"p": "rejct"}, {"rua": "d@example.com"}, {"fo": "x"}, {"adkim": "r; p=none"}, {"p": ""}],
)
def test_a_change_to_a_value_that_is_not_allowed(tags: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is no"):
        change(None, **tags)


def test_a_change_of_another_tag() -> None:
    with pytest.raises(TypeError, match="pct is not a tag"):
        change(None, pct="50")


# Properties

policy = st.sampled_from(["none", "quarantine", "reject"])
letters = st.text(string.ascii_letters, min_size=1, max_size=12).map(str.lower)
URL = "abcXYZ019%._~-/?"
address = st.one_of(
    st.builds("mailto:{}@{}".format, st.text("abc1.+", min_size=1), letters),
    st.builds("https://{}/{}".format, letters, st.text(URL)),
)
addresses = st.lists(address, max_size=4, unique=True).map(tuple)
value = st.text([c for c in map(chr, range(0x20, 0x7F)) if c != ";"], min_size=1).map(str.strip)
REGISTERED = {"v", *("p", "sp", "np", "t", "psd", "adkim", "aspf", "rua", "ruf", "fo")}
pairs = st.lists(
    st.tuples(
        letters.filter(lambda n: n not in {*REGISTERED, "pct", "rf", "ri"}), value.filter(bool)
    ),
    max_size=4,
    unique_by=lambda pair: pair[0],
).map(tuple)
records = st.builds(
    DmarcRecord,
    p=policy,
    sp=st.none() | policy,
    np=st.none() | policy,
    t=st.sampled_from([None, "y", "n"]),
    psd=st.sampled_from([None, "y", "n", "u"]),
    adkim=st.sampled_from([None, "r", "s"]),
    aspf=st.sampled_from([None, "r", "s"]),
    rua=addresses,
    ruf=addresses,
    fo=st.none() | st.permutations("01ds").map(lambda each: ":".join(each[:3])),
    removed=st.sampled_from([(), (("pct", "5"),), (("ri", "x y"), ("pct", "100"))]),
    other=pairs,
)


@given(records)
def test_what_is_written_is_read_again(record: DmarcRecord) -> None:
    assert parse(record.text()) == record


@given(records, st.fixed_dictionaries({}, optional={"p": policy, "sp": policy, "rua": addresses}))
def test_what_is_changed_is_read_again(record: DmarcRecord, tags: dict[str, str]) -> None:
    changed = change(record, **{name: value or None for name, value in tags.items()})
    assert parse(changed.text()) == changed


anything = st.text() | st.text("vDMARC1=; \tprejctnoua,:@!x\x1b\x00é\n").map("v=DMARC1;{}".format)


@settings(max_examples=400)
@given(anything)
def test_any_text_is_a_record_or_none(text: str) -> None:
    record = parse(text)
    assert (record is not None) == is_dmarc(text)
    if record is not None:
        assert parse(record.text()) == record
        assert record.text().isprintable()
        assert record.text().isascii()
        assert all(plain(problem) == problem for problem in record.problems)
        assert parse(change(record).text()) == change(record)


def test_thousands_of_tags_are_bounded() -> None:
    names = ["".join(string.ascii_lowercase[int(c)] for c in str(n)) for n in range(20_000)]
    record = read("v=DMARC1; p=reject; " + ";".join(f"{name}={'x' * 3}" for name in names))
    assert (len(record.other), len(record.problems)) == (50, 20)
    assert record.problems[-1] == "and 19982 more problems"
    long = read("v=DMARC1; p=none; x=" + "y" * 60_000 + "; adkim=" + "\x1b" * 60_000)
    assert max(map(len, long.problems)) < 200
