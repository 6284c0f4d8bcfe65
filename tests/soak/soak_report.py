"""The result of a soak as text, and its place in docs/soak.md."""

import argparse
from collections import Counter
from pathlib import Path

from ingest.model.limits import CPU_SECONDS, MEMORY_BYTES, MIB
from tests.soak.soak_check import Told
from tests.soak.soak_documents import KINDS

__all__ = ["describe", "write"]

BEGIN, END = "<!-- result of the last soak -->", "<!-- end of the result -->"
MOST_SHOWN = 20


def describe(told: Told, seconds: float, words: argparse.Namespace) -> str:
    """A table of kinds and outcomes, and the figures, in Markdown."""
    total = told.outcomes.total()
    columns = sorted({outcome for _, outcome in told.outcomes})
    lines = [
        f"{total:,} documents of seed {words.seed} in {seconds:.0f} s on {words.processes} "
        f"processes ({total / seconds:,.0f} a second, each read twice and written once), "
        f"{told.records:,} records read.",
        "",
        f"| made as | {' | '.join(columns)} | all |",
        f"|---|{'---:|' * (len(columns) + 1)}",
        *(_row(kind, columns, told.outcomes) for kind in KINDS),
        "",
        f"- Most CPU for one document: {told.worst_cpu[0]:.3f} s, number {told.worst_cpu[1]} "
        f"(limit {CPU_SECONDS} s).",
        f"- Largest process, in batches of 500 documents and with the store they are written "
        f"into: {told.memory_kib / 1024:.0f} MiB resident; reading a batch never took more than "
        f"{MEMORY_BYTES // MIB} MiB of data beyond what was there before.",
        f"- Findings: {len(told.findings)}.",
        *(f"  - `--seed {words.seed} --only {n}`: {f}" for n, f in told.findings[:MOST_SHOWN]),
    ]
    return "\n".join(lines) + "\n"


def _row(kind: str, columns: list[str], outcomes: Counter[tuple[str, str]]) -> str:
    counts = [outcomes[kind, outcome] for outcome in columns]
    cells = " | ".join(f"{count:,}" for count in (*counts, sum(counts)))
    return f"| {kind} | {cells} |"


def write(path: Path, text: str) -> None:
    """Put the text between the two marks of a page."""
    page = path.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")
