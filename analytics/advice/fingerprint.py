"""Hashes everything that the advice on a domain is based on: same inputs, same advice."""

import hashlib
import json
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from analytics.advice.domain_state import DomainState
from analytics.query.question import Question
from analytics.query.run import ask
from analytics.sources.classification import HISTORY_DAYS

__all__ = ["inputs"]


def inputs(q: Question, state: DomainState) -> str:
    """SHA-256, in hexadecimal, of the reports that count, the overrides and settings, the DNS
    answers, the thresholds and the days; not of when DNS was asked, nor of the version of rua."""
    since = state.window.last - timedelta(days=HISTORY_DAYS - 1)
    bounds = {"domain": state.domain, "since": since, "last": state.window.last}
    known = state.dns
    based_on = {
        "reports": ask(q.reader, "advice/reports_counted", bounds, *q.counted),
        "labels": [asdict(each) for each in q.overrides if each.policy_domain == state.domain],
        "owner": asdict(state.owner),
        "dns": known and [known.found_at, known.texts, known.text, known.spf, known.null_mx],
        "names": sorted(known.exists.items()) if known else [],
        "gates": q.gates.model_dump(),
        "window": asdict(state.window),
    }
    text = json.dumps(based_on, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not an input of advice")
