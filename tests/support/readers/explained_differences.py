"""The kinds of difference between both readers, each with the reason why rua's reading stands.

docs/differences.md is written from this table (RUA_REWRITE_DIFFERENCES=1).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.readers.both_readers import Difference

__all__ = ["KINDS", "Kind", "as_markdown", "kinds_of"]

NOT_ASCII = re.compile(r"[^\x00-\x7f]")
Test = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Kind:
    """`fields` is a regular expression; `test` is told what parsedmarc and rua say."""

    name: str
    fields: str
    test: Test
    theirs: str
    ours: str
    why: str

    def explains(self, difference: Difference) -> bool:
        matches = re.fullmatch(self.fields, difference.field) is not None
        return matches and self.test(difference.theirs, difference.ours)


def unsaid(theirs: Any, ours: Any) -> bool:
    """parsedmarc has a value where the report has none."""
    return bool(theirs) and not ours


def unread(pattern: str) -> Test:
    return lambda theirs, ours: ours == "read" and re.search(pattern, theirs) is not None


def texts(test: Test) -> Test:
    """A test of two texts: nothing else passes it."""

    def both(theirs: Any, ours: Any) -> bool:
        return isinstance(theirs, str) and isinstance(ours, str) and test(theirs, ours)

    return both


def filled_in(word: str) -> Test:
    """parsedmarc has this word where the report has none."""
    return lambda theirs, ours: theirs == word and not ours


def cut(theirs: Any, ours: Any) -> bool:
    return bool(theirs and ours) and re.sub("[<>]", "", ours).partition("@")[0] == theirs


def base_domain(theirs: Any, ours: Any) -> bool:
    return bool(theirs and ours) and " " not in ours and ours.lower().endswith(theirs)


def lower(theirs: Any, ours: Any) -> bool:
    return bool(ours) and theirs == ours.lower()


def dropped(theirs: Any, ours: Any) -> bool:
    return theirs is None and bool(ours)


METADATA_MISSING = unread(r"^Missing field: '(email|org_name)'$")
RECORD_MISSING = unread(r"^(Missing field: '(record|spf)'|.*Source IP address is empty)$")

KINDS = (
    # Which documents are read at all.
    Kind("part-of-a-report", "document", lambda theirs, ours: theirs == "read" and ours != "read",
         "reads what its recovery leaves of a broken document, as if it were the whole",
         "refuses it; if parsedmarc can read it, keeps it, flagged: it counts in no rate",
         "messages may be missing, and a rate over the rest would be wrong"),
    Kind("metadata-missing", "document", METADATA_MISSING,
         "refuses a report without `email` or `org_name`",
         "takes the reporter from the one that is there, else from the file name", "D12"),
    Kind("record-missing", "document", RECORD_MISSING,
         "refuses a report with no record, or whose only record lacks `spf` or its address",
         "keeps the report, and flags it or the record", "D28; D14"),
    Kind("milliseconds", "document", unread(r"year \d+ is out of range"),
         "refuses epochs in milliseconds", "divides them by 1,000; named in `repairs`", "D27"),
    Kind("tls-policy-domain", "document", unread("policy field: 'policy-domain'"),
         "refuses the whole report when one policy has no `policy-domain`",
         "takes it from the carrier mail, else leaves it NULL", "T8"),
    Kind("tls-words", "document", unread("Invalid policy type"),
         "refuses the whole report for an unknown `policy-type`", "keeps the word, as `unknown`",
         "RFC 8460 §6.6: the registry grows"),
    Kind("tls-encoding", "document", unread("BOM|enclosed in double quotes"),
         "refuses a byte order mark and UTF-16", "reads both",
         "RFC 8259 §8.1: a parser may ignore the mark"),
    Kind("tls-numbers", "document", unread("integer string conversion|string indices"),
         "refuses the whole report for one value of another type",
         "leaves that value NULL, kept raw, and flags the report",
         "T12; [keys](deviations.md#keys-of-a-tls-report)"),
    # What parsedmarc fills in.
    Kind("alignment-filled-in", r"policy\.a(dkim|spf)", unsaid, "fills in `r`",
         "absent is NULL, empty is `''`; the default is applied where it is used", "D17"),
    Kind("sp-filled-in", r"policy\.sp", unsaid, "fills in `p`",
         "absent is NULL, empty is `''`", "D16"),
    Kind("selector-filled-in", r"dkim\.selector", filled_in("none"),
         "fills in `none`", "absent is NULL", "D21"),
    Kind("scope-filled-in", r"spf\.scope", filled_in("mfrom"),
         "fills in `mfrom`", "absent is NULL", "RFC 9990 §3.1.1.13: optional; D22"),
    Kind("envelope-from-filled-in", r"record\.envelope_from", unsaid,
         "fills in the domain of the last SPF result, even if it is empty",
         "absent is NULL; empty is `''`, the null reverse path", "D19"),
    Kind("version-filled-in", "version", filled_in("draft"),
         "says `draft` where no version is sent", "absent is NULL", "D1; RFC 9990 App. A"),
    Kind("org-name-filled-in", "org_name", unsaid, "puts the e-mail's domain in its place",
         "keeps it empty; only the reporter is taken from the e-mail", "D12"),
    # What parsedmarc changes.
    Kind("empty-is-absent", ".*", lambda theirs, ours: theirs is None and ours == "",
         "gives `None` for an empty element and for an absent one", "absent is NULL, empty is `''`",
         "[promise 5](design.md#promises)"),
    Kind("case-of-words", r"(record\.(disposition|dkim|spf)|(dkim|spf)\.result)", lower,
         "lower-cases the word", "keeps the word as sent, too", "D9"),
    Kind("case-of-domains", r"record\.header_from", lower, "lower-cases the domain",
         "keeps the domain as sent, too", "D18"),
    Kind("org-name-folded", "org_name", base_domain,
         "lower-cases an `org_name` without spaces and cuts it to its organizational domain",
         "keeps it", "RFC 9990 §3.1.1.3: a name, not a domain; two hosts are two reporters"),
    Kind("report-id-cut", "report_id", cut, "cuts it at `@` and removes `<` and `>`",
         "keeps it whole",
         "two reports could become one ([identity](deviations.md#identity-of-a-report))"),
    Kind("bytes-dropped", r"org_name|record\.header_from",
         texts(lambda t, o: NOT_ASCII.sub("", o).lower() == t.lower() != o.lower()),
         "reads every document as UTF-8 and drops invalid bytes",
         "reads the declared encoding; invalid bytes become U+FFFD, named in `repairs`", "D7"),
    Kind("angle-brackets", r"email|record\.header_from",
         texts(lambda theirs, ours: "<" in ours and len(theirs) < len(ours)),
         "loses what follows a bare `<`", "reads the `<` as text; named in `repairs`", "D6"),
    Kind("namespace", "xml_namespace", unsaid,
         "names the first namespace declared anywhere, even that of a schema",
         "names that of the root element", "D2, D4"),
    Kind("own-errors", "errors", lambda theirs, ours: "Invalid XML" in str(theirs) and not ours,
         "adds its own parser's messages to the reporter's `error` elements",
         "keeps those apart, in `repairs`", "RFC 9990 §3.1.1.3: `error` is what the reporter says"),
    Kind("markup", r"reason\.comment", texts(lambda theirs, ours: "<" in ours),
         "drops elements within a comment", "keeps them as markup", "`5<x/>3` is not 53"),
    Kind("long-periods", "records", lambda theirs, ours: theirs > ours,
         "splits the records of a report longer than a day over its days",
         "keeps the report whole; the view `report_day` spreads it", "D26"),
    # What parsedmarc loses.
    Kind("record-dropped", "record", dropped,
         "drops a record without `header_from`, address or results, with a line in the log",
         "keeps it; if it makes no sense it is flagged and counts in no rate", "D14, D18, D28"),
    Kind("count-that-cannot-be", "record", lambda theirs, ours: bool(theirs) and theirs[1] > 2**63,
         "keeps counts that no table can hold", "NULL, kept raw and flagged",
         "hostile input ([promise 6](design.md#promises))"),
    Kind("record-refused", "refused_record", dropped, "drops it, with a line in the log",
         "keeps its XML and the reason; the report counts as incomplete",
         "nothing is lost ([promise 1](design.md#promises))"),
    Kind("result-without-domain", r"(dkim|spf)\.no_domain", dropped, "drops the result",
         "keeps it, with the domain NULL or empty", "D14, D22"),
    Kind("empty-reason", "reasons", lambda theirs, ours: theirs > ours,
         "keeps a reason with neither type nor comment", "drops it", "D15"),
    Kind("testing-as-t", r"policy\.testing", dropped, "ignores `t`", "reads it as `testing`",
         "D39"),
    Kind("language", r".+_lang", dropped, "drops the attribute `lang`", "keeps it with the text",
         "RFC 9990 App. A, langAttrString"),
    Kind("extensions", r"(record\.)?extensions", dropped, "drops unknown elements",
         "keeps them as XML", "RFC 9990 §3.1.1.6; D40"),
    Kind("tls-mx-host", r"tls\.mx_host_patterns", dropped,
         "looks for `mx-host-pattern`, which is not a key, and loses `mx-host`", "reads it",
         "RFC 8460 §4.4, erratum 6241; T4"),
    Kind("tls-policy-strings", r"tls\.policy_strings",
         lambda theirs, ours: bool(ours) and theirs != ours,
         "loses a single string, and leaves a JSON list inside a string unread",
         "reads both; the value as sent stands beside it", "T2, T3"),
    Kind("tls-keys", r"tls\.failure_reason_code", dropped,
         "ignores `failure-error-code` of the drafts", "reads it", "T15"),
    Kind("tls-counts-as-text", r"tls\..*_count", lambda theirs, ours: str(ours) == theirs,
         "leaves them as text", "reads them as numbers", "T12"),
    Kind("tls-space", r"organization_name|tls\..*",
         texts(lambda theirs, ours: theirs.strip() == ours),
         "keeps white space around a value", "removes it, as in XML", "D13"),
    Kind("tls-surrogates", "organization_name",
         texts(lambda theirs, ours: theirs.encode("utf-8", "replace").decode() == ours),
         "keeps half of a surrogate pair, which UTF-8 cannot hold", "replaces it",
         "RFC 7493 §2.1"),
)  # fmt: skip


def kinds_of(difference: Difference) -> list[str]:
    """The names of the kinds that explain a difference."""
    return [kind.name for kind in KINDS if kind.explains(difference)]


HEAD = """# Differences to parsedmarc

rua and parsedmarc 11.1 (offline) read every golden case and a corpus of published reports
(`tests/unit/ingest/parse/test_differences.py`). Every difference between them is of one of these
kinds. A new kind fails the test, and so does one that no longer occurs. D and T numbers are those
of [deviations.md](deviations.md).

This page is generated from `tests/support/readers/explained_differences.py`:
`RUA_REWRITE_DIFFERENCES=1 pytest tests/unit/ingest/parse/test_differences.py`.

| field | parsedmarc | rua | why |
|---|---|---|---|
"""


def as_markdown() -> str:
    """The page docs/differences.md."""
    rows = (f"| {_named(kind)} | {kind.theirs} | {kind.ours} | {kind.why} |" for kind in KINDS)
    return HEAD + "\n".join(rows) + "\n"


def _named(kind: Kind) -> str:
    if kind.fields == ".*":
        return "any"
    plain = re.sub(r"[\\?]", "", kind.fields)
    return f"`{plain}`".replace("|", "\\|")
