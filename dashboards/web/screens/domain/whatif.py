"""The what-if mode: the policy to try, in the URL as ?p=&sp=&np=&adkim=&aspf=.

It is on where ?p= names a policy. Missing tags follow p, or are relaxed.
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from analytics.advice.domain_state import LEVELS
from analytics.policy.replay import Tags
from dashboards.common.formatting import quoted
from dashboards.web.session.url_state import ADKIM, ASPF, NP, SP, P

__all__ = ["asked", "banner", "controls", "record_of"]

PARAMETERS = (P, SP, NP, ADKIM, ASPF)
TAGS = tuple(each.name for each in PARAMETERS)
AS_P, AS_SP = "as p", "as sp"
FOLLOWS: Mapping[str, str] = {"sp": AS_P, "np": AS_SP}
MODES: Mapping[str, str] = {"r": "relaxed", "s": "strict"}
NAMES: Mapping[str, str] = {
    "p": "Policy (p)",
    "sp": "Subdomains (sp)",
    "np": "Non-existent names (np)",
    "adkim": "DKIM alignment",
    "aspf": "SPF alignment",
}


def asked() -> Tags | None:
    """The policy that the URL asks for; None where the mode is off."""
    p = P.get()
    if p is None:
        return None
    return Tags(p, SP.get(), NP.get(), ADKIM.get() or "r", ASPF.get() or "r")


def controls(tags: Tags | None, offered: Tags) -> None:
    """The controls of the mode, or the button that starts it with the policy `offered`."""
    if tags is None:
        st.button("Try another policy (what-if)", on_click=_write, args=(offered,), key="try")
        return
    for tag in TAGS:
        st.session_state[_key(tag)] = _shown(tags, tag)
    with st.container(horizontal=True, vertical_alignment="bottom", key="whatif"):
        for tag in TAGS:
            st.segmented_control(
                NAMES[tag],
                _options(tag),
                format_func=lambda each: MODES.get(each, each),
                required=True,
                key=_key(tag),
                on_change=_changed,
            )
        st.button("End what-if", on_click=_leave, key="leave")


def banner(domain: str, tags: Tags) -> None:
    """Says that the numbers below are replayed."""
    st.warning(
        f"**What if** {quoted(domain)} published {quoted(record_of(tags))}? Mail below is replayed"
        " under it; the road and the reports received are real.",
        icon=None,
    )


def record_of(tags: Tags) -> str:
    """p=reject; sp=none: the tags without the defaults (RFC 9989 §4.7)."""
    parts = [f"p={tags.p}"]
    parts += [f"{tag}={value}" for tag, value in (("sp", tags.sp), ("np", tags.np)) if value]
    parts += [f"{tag}=s" for tag in ("adkim", "aspf") if getattr(tags, tag) == "s"]
    return "; ".join(parts)


def _options(tag: str) -> Sequence[str]:
    if tag in ("adkim", "aspf"):
        return tuple(MODES)
    return (FOLLOWS[tag], *LEVELS) if tag in FOLLOWS else LEVELS


def _shown(tags: Tags, tag: str) -> str:
    value = getattr(tags, tag)
    return FOLLOWS[tag] if value is None else value


def _key(tag: str) -> str:
    return f"what if {tag}"


def _changed() -> None:
    values = {tag: st.session_state[_key(tag)] for tag in TAGS}
    levels = {tag: value if value in LEVELS else None for tag, value in values.items()}
    _write(
        Tags(values["p"], levels["sp"], levels["np"], values["adkim"], values["aspf"]),
    )


def _write(tags: Tags) -> None:
    for parameter in PARAMETERS:
        value = getattr(tags, parameter.name)
        parameter.set(None if value == "r" else value)


def _leave() -> None:
    for parameter in PARAMETERS:
        parameter.set(None)
