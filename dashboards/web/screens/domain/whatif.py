"""The what-if mode: which policy is tried, kept in the URL as ?p=&sp=&np=&adkim=&aspf=.

It is on where ?p= names a policy. Tags that the URL leaves out follow p, or are relaxed.
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from analytics.advice.domain_state import LEVELS
from analytics.policy.replay import Tags
from dashboards.common.formatting import quoted

__all__ = ["asked", "banner", "controls", "record_of"]

TAGS = ("p", "sp", "np", "adkim", "aspf")
AS_P, AS_SP = "as p", "as sp"
FOLLOWS: Mapping[str, str] = {"sp": AS_P, "np": AS_SP}
MODES: Mapping[str, str] = {"r": "relaxed", "s": "strict"}
NAMES: Mapping[str, str] = {
    "p": "Policy (p)",
    "sp": "Subdomains (sp)",
    "np": "Names that do not exist (np)",
    "adkim": "DKIM alignment",
    "aspf": "SPF alignment",
}


def asked() -> Tags | None:
    """The policy that the URL asks for; None where the mode is off. Senseless values are none."""
    said = st.query_params
    p = said.get("p")
    if p not in LEVELS:
        return None
    sp, np = (said.get(tag) if said.get(tag) in LEVELS else None for tag in ("sp", "np"))
    adkim, aspf = ("s" if said.get(tag) == "s" else "r" for tag in ("adkim", "aspf"))
    return Tags(p, sp, np, adkim, aspf)


def controls(tags: Tags | None, offered: Tags) -> None:
    """The controls of the mode, or the way into it, which begins with the policy `offered`."""
    if tags is None:
        st.button(
            "What if … another policy were published?", on_click=_write, args=(offered,), key="try"
        )
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
        st.button("Leave what-if", on_click=_leave, key="leave")


def banner(domain: str, tags: Tags) -> None:
    """What is seen now is no fact."""
    st.warning(
        f"**What if** {quoted(domain)} published {quoted(record_of(tags))}? What is said of mail"
        " below is the mail of these days replayed under it; the road and the reports that came"
        " are what they are.",
        icon=None,
    )


def record_of(tags: Tags) -> str:
    """p=reject; sp=none: what is said, the defaults left out (RFC 9989 §4.7)."""
    said = [f"p={tags.p}"]
    said += [f"{tag}={value}" for tag, value in (("sp", tags.sp), ("np", tags.np)) if value]
    said += [f"{tag}=s" for tag in ("adkim", "aspf") if getattr(tags, tag) == "s"]
    return "; ".join(said)


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
    _leave()
    values = {tag: getattr(tags, tag) for tag in TAGS}
    st.query_params.update(
        {tag: value for tag, value in values.items() if value not in (None, "r")}
    )


def _leave() -> None:
    for tag in TAGS:
        st.query_params.pop(tag, None)
