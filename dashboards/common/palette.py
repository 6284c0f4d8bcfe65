"""Colours, style sheet and Streamlit's settings.

The palette is Okabe and Ito's: people with any colour vision can tell its colours apart, on light
and on dark ground.
"""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["CSS", "ICON", "ON_DARK", "ON_LIGHT", "OPTIONS", "Palette", "Share"]


class Colour(StrEnum):
    BLUE = "#0072b2"
    SKY = "#56b4e9"
    ORANGE = "#e69f00"
    VERMILION = "#d55e00"
    GREEN = "#009e73"
    PURPLE = "#cc79a7"
    GREY = "#8c8c8c"


class Share(StrEnum):
    """What a message counts as, in the order of the stack; the values are the legend."""

    PASSING = "passes"
    BROKEN = "broken"
    INDIRECT = "forwarders and lists"
    SPOOF = "spoof"
    UNDECIDED = "undecided"
    NO_RESULT = "no result"


Palette = Mapping[Share, str]

ON_LIGHT: Palette = {
    Share.PASSING: Colour.BLUE.value,
    Share.BROKEN: Colour.VERMILION.value,
    Share.INDIRECT: Colour.GREEN.value,
    Share.SPOOF: Colour.PURPLE.value,
    Share.UNDECIDED: Colour.ORANGE.value,
    Share.NO_RESULT: Colour.GREY.value,
}
ON_DARK: Palette = {**ON_LIGHT, Share.PASSING: Colour.SKY.value}

# An emoji or a Material icon as the page's icon would be fetched from the internet.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    f'<rect width="32" height="32" rx="7" fill="{Colour.BLUE}"/>'
    '<path d="M6 10h20v13H6z" fill="none" stroke="#fff" stroke-width="2.4"/>'
    '<path d="M6 10l10 8 10-8" fill="none" stroke="#fff" stroke-width="2.4"/></svg>'
)

# Streamlit leaves 6 rem above a page; its header with the navigation takes 3.75 of them.
CSS = """
.stMainBlockContainer { padding: 4.25rem clamp(1rem, 3.5vw, 4rem) 3rem; }
.stVegaLiteChart { overflow: hidden; }
[data-testid="stBaseButton-primary"] * { color: light-dark(#ffffff, #10202b); }
.stPageLink a { background: none; padding: 0; }
.stPageLink a { text-decoration: underline; text-underline-offset: 0.2em; }
.stPageLink code { background: none; color: inherit; font: inherit; padding: 0; }
.rua-name { font-size: 1.5rem; font-weight: 600; margin: 0 0 0.4rem; overflow-wrap: anywhere; }
.rua-name .rua-verdict { font-size: 0.6em; vertical-align: middle; }
.rua-say { margin: 0 0 0.35rem; line-height: 1.45; }
.rua-small { font-size: 0.86em; opacity: 0.85; }
.rua-list { margin: 0; padding-left: 1.1rem; }
.rua-list li { margin-bottom: 0.3rem; line-height: 1.45; }
.rua-record { display: block; margin-top: 0.3rem; overflow-wrap: anywhere; }
.rua-copy {
    background: color-mix(in srgb, currentColor 7%, transparent); border-radius: 0.4rem;
    font-size: 0.9em; margin: 0.2rem 0 0.5rem; overflow-wrap: anywhere; padding: 0.7rem 0.9rem;
    user-select: all; white-space: pre-wrap;
}
.rua-kind, .rua-verdict { font-weight: 600; font-size: 0.86em; white-space: nowrap; }
.rua-verdict, .rua-mark { border-radius: 0.3rem; padding: 0.05rem 0.4rem; }
.rua-verdict { color: #fff; }
.rua-mark {
    border: 1px solid color-mix(in srgb, currentColor 55%, transparent);
    font-size: 0.74em; opacity: 0.85; white-space: nowrap;
}
.rua-inferred { border-style: dashed; }
.rua-not-known { border-style: dotted; border-width: 2px; font-style: italic; }
.rua-roll-back { background: #a63d00; }
.rua-fix { background: #8a5a00; }
.rua-wait { background: #5f5f5f; }
.rua-advance { background: #00588a; }
.rua-done { background: #00694d; }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * {
  color: light-dark(#5b5853, #b8b4ad); opacity: 1;
}
"""

# Passed as flags, which override any config.toml of the user or of the folder.
OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,  # no request leaves this machine
    "client.showErrorDetails": "none",  # a traceback belongs on the terminal
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
    "global.developmentMode": False,
    "logger.hideWelcomeMessage": True,
    "logger.level": "warning",
    "runner.magicEnabled": False,
    "secrets.files": [],  # no secrets.toml: rua.toml names the viewers
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.enableXsrfProtection": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.trustedUserHeaders": "{}",  # a header is no login
    "theme.light.primaryColor": Colour.BLUE.value,
    "theme.dark.primaryColor": Colour.SKY.value,
    "theme.light.codeTextColor": "#2f2d2b",
    "theme.dark.codeTextColor": "#edebe8",
    "theme.baseFontSize": 15,
    "theme.metricValueFontSize": "1.75rem",
    "theme.headingFontSizes": ["2rem", "1.35rem"],
}
