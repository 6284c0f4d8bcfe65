"""The root of the command line; each command's module loads only when it is called."""

import importlib
import os
import sys
import traceback
from pathlib import Path

import click

from dashboards.cli.output import Globals
from dashboards.common.stderr import say
from schemas.errors import ExitCode, RuaError

__all__ = ["main", "rua"]

COMMANDS = {
    "init": ("init", "Set up the mailbox and write rua.toml."),
    "ingest": ("ingest", "Read reports from the mailboxes, or from files."),
    "status": ("status", "Check the feed: reports, reporters, runs, quarantine."),
    "domains": ("domains", "Show pass rates, undecided sources and verdicts by domain."),
    "sources": ("sources", "List who sends as a domain, by address or service."),
    "label": ("label", "Label a source; your label overrides every rule."),
    "advise": ("advise", "Show the record to publish next, or what blocks it."),
    "whatif": ("whatif", "Replay the mail under another policy."),
    "tls": ("tls", "Show TLS sessions to your mail servers, failures, remedies."),
    "weekly": ("weekly", "Write the weekly report as HTML, PDF, XLSX and CSV."),
    "reports": ("reports", "List the reports, newest first."),
    "show": ("reports", "Show one report, or its original document."),
    "quarantine": ("quarantine", "List what could not be read, and why."),
    "rebuild": ("rebuild", "Rebuild the derived tables from the stored documents."),
    "snapshot": ("snapshot", "Write a consistent copy of the store."),
    "sql": ("sql", "Query the documented views in SQL, read-only."),
    "demo": ("demo", "Write an example mailbox to try rua with."),
    "dashboard": ("dashboard", "Open the dashboard in the browser."),
}


class LazyGroup(click.Group):
    """Lists its commands without importing them; a module loads to run or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"dashboards.cli.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), help="The settings file.")
@click.option(
    "--store", type=click.Path(path_type=Path), help="The DuckDB file that holds the reports."
)
@click.option(
    "--lock-timeout", type=click.FloatRange(min=0), help="Seconds to wait for a store in use."
)
@click.version_option(package_name="rua", message="%(package)s %(version)s")
@click.pass_context
def rua(
    ctx: click.Context, config: Path | None, store: Path | None, lock_timeout: float | None
) -> None:
    """Show who sends as your domains, from the reports that mail receivers send you.

    \b
    rua demo --out demo                        write an example mailbox
    rua --config demo/rua.toml ingest demo/mails
    rua --config demo/rua.toml domains         show what passes, by domain
    """
    ctx.obj = Globals(config, store, lock_timeout)


# Arrow's own allocator never returns memory; the system's returns it between two reports.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def main(arguments: list[str] | None = None) -> int:
    """Run a command line and return its exit code, one of schemas.errors.ExitCode."""
    try:
        result = rua.main(arguments, prog_name="rua", standalone_mode=False)
    except SystemExit:
        return ExitCode.DONE  # click exits so when a pipe is closed (`rua reports | head`)
    except click.exceptions.Abort:
        return ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except RuaError as error:
        say(f"rua: {error}")
        return error.exit_code
    except Exception:  # noqa: BLE001  # the top: every other exception is an internal error
        traceback.print_exc()
        say("rua: internal error; no stored report is lost. Please report it with the lines above")
        return ExitCode.INTERNAL
    return result if isinstance(result, int) else ExitCode.DONE


def script() -> None:
    """The console script."""
    sys.exit(main())
