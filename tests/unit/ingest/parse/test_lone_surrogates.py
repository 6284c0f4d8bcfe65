"""Halves of surrogate pairs, which no UTF-8 can hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.parsedmarc_fallback import read_broken_tls, without_lone_surrogates
from schemas.errors import Malformed

PERIOD = (
    r'"date-range": {"start-datetime": "2026-11-01T00:00:00Z",'
    r' "end-datetime": "2026-11-02T00:00:00Z"}'
)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (r'"\ud83d\ude00"', r'"\ud83d\ude00"'),
        (r'"\ud800"', r'"\ufffd"'),
        (r'"\uDC00x"', r'"\ufffdx"'),
        (r'"\ud800\ud83d\ude00"', r'"\ufffd\ud83d\ude00"'),
        (r'"\\ud800"', r'"\\ud800"'),
        (r'"\\\ud800"', r'"\\\ufffd"'),
        ('"plain"', '"plain"'),
    ],
)
def test_only_lone_halves_are_replaced(text: str, whole: str) -> None:
    assert without_lone_surrogates(text) == whole


@given(st.text(st.characters(categories=["Cs", "Ll"]) | st.just("\\")))
def test_what_is_left_can_be_encoded(value: str) -> None:
    found = json.loads(without_lone_surrogates(json.dumps(value)))
    assert found.encode("utf-8").decode() == found


def test_the_second_opinion_keeps_none_either() -> None:
    period = PERIOD.replace("2026-11-02T00:00:00Z", r"1793\ud800")
    fields = f'"organization-name": "R", {period}, "contact-info": "c", "report-id": "1"'
    report = read_broken_tls(f'{{{fields}, "policies": []}}'.encode(), Malformed("no time"))
    assert report.end_raw == "1793\ufffd"
