"""The tables of the Domain screen: the checks before the next policy, and what would be lost."""

from collections.abc import Sequence

from dashboards.web.components.table import Columns, count, text
from dashboards.web.components.table import show as show_table
from dashboards.web.screens.domain.rollout_chart import CLOSED, OPEN
from dashboards.web.session.query_cache import Row

__all__ = ["show_gates", "show_losses"]

GATE_COLUMNS: Columns = {
    "state": text("State", 70),
    "name": text("Check", 220),
    "measured": text("Measured", 170),
    "required": text("Required", 220),
    "basis": text("Basis", 260),
}
LOSS_COLUMNS: Columns = {
    "source": text("Source", 200),
    "class": text("Class", 100),
    "source_ips": count("Addresses", 90),
    "messages": count("Messages", 90),
    "lost": count("Would be lost", 110),
    "left_after": count(
        "Lost after the fix", 130, help="Legitimate loss once this and those above are fixed"
    ),
}


def show_gates(gates: Sequence[Row]) -> None:
    """Gates of a row of `rua advise`."""
    rows = [gate | {"state": OPEN if gate["ok"] else CLOSED} for gate in gates]
    show_table(rows, GATE_COLUMNS, "Checks")


def show_losses(rows: Sequence[Row]) -> None:
    """From `by_source` of a row of `rua whatif`."""
    show_table(rows, LOSS_COLUMNS, "Sources that would lose mail")
