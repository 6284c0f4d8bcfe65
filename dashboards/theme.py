"""Colours and Streamlit's settings: everything about the looks that is not a chart or a table.

The palette is Okabe and Ito's, which people with any colour vision can tell apart, on light and
on dark ground.
"""

from enum import StrEnum

__all__ = ["ICON", "OPTIONS", "Colour", "Share"]


class Colour(StrEnum):
    BLUE = "#0072b2"
    SKY = "#56b4e9"
    GREEN = "#009e73"
    ORANGE = "#e69f00"
    VERMILION = "#d55e00"
    GREY = "#8c8c8c"


class Share(StrEnum):
    """What a message is counted as; the words of the chart's legend."""

    PASSING = "legitimate, passes"
    FAILING = "legitimate, fails"
    UNDECIDED = "undecided"
    NO_RESULT = "temporary error"


# An emoji or a Material icon as the page's icon would be fetched from the internet.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    f'<rect width="32" height="32" rx="7" fill="{Colour.BLUE}"/>'
    '<path d="M6 10h20v13H6z" fill="none" stroke="#fff" stroke-width="2.4"/>'
    '<path d="M6 10l10 8 10-8" fill="none" stroke="#fff" stroke-width="2.4"/></svg>'
)

# Handed over as flags, which stand above any config.toml of the user or of the folder.
OPTIONS: dict[str, object] = {
    "browser.gatherUsageStats": False,  # no request leaves this machine
    "client.showErrorDetails": "none",  # a traceback belongs on the terminal
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
    "global.developmentMode": False,
    "logger.hideWelcomeMessage": True,
    "logger.level": "warning",
    "runner.magicEnabled": False,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.runOnSave": False,
    "theme.light.primaryColor": Colour.BLUE.value,
    "theme.dark.primaryColor": Colour.SKY.value,
    "theme.baseFontSize": 15,
    "theme.metricValueFontSize": "1.75rem",
    "theme.headingFontSizes": ["2rem", "1.35rem"],
}
