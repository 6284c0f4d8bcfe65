"""The root of the command line. Commands load when they are called, and not before."""

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
    "init": ("init", "Ask for the mailbox, try it, and write rua.toml."),
    "ingest": ("ingest", "Read reports from the mailboxes, or from files."),
    "status": ("status", "Is the feed alive: reports, reporters, runs, quarantine."),
    "domains": ("domains", "What passes and what is unknown, for each domain."),
    "sources": ("sources", "Who sends as a domain, address by address."),
    "label": ("label", "Your word on a source; it stands over every rule."),
    "advise": ("advise", "What to publish next, or what stands in the way."),
    "whatif": ("whatif", "What another policy would reject, and what you would lose."),
    "tls": ("tls", "TLS to your mail servers: sessions, failures, remedies."),
    "weekly": ("weekly", "Write the week as HTML, PDF, XLSX and CSV."),
    "reports": ("reports", "Browse the reports."),
    "show": ("reports", "One report, or its original document."),
    "quarantine": ("quarantine", "What could not be read, and why."),
    "rebuild": ("rebuild", "Make the derived tables again from the documents."),
    "snapshot": ("snapshot", "Write a copy of the store for other programs."),
    "sql": ("sql", "Ask the documented views in SQL, read-only."),
    "demo": ("demo", "Write a believable mailbox for trying everything."),
    "dashboard": ("dashboard", "Open the dashboard in the browser."),
}


class LazyGroup(click.Group):
    """Knows its commands by name and one line; imports a module only to run or explain it."""

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
@click.option("--store", type=click.Path(path_type=Path), help="The DuckDB file of the reports.")
@click.option(
    "--lock-timeout", type=click.FloatRange(min=0), help="Seconds to wait for a busy store."
)
@click.version_option(package_name="rua", message="%(package)s %(version)s")
@click.pass_context
def rua(
    ctx: click.Context, config: Path | None, store: Path | None, lock_timeout: float | None
) -> None:
    """Who sends as your domains, from the reports that receivers send you.

    \b
    rua demo --out demo                        a mailbox to try it with
    rua --config demo/rua.toml ingest demo/mails
    rua --config demo/rua.toml domains         what passes and what is unknown
    """
    ctx.obj = Globals(config, store, lock_timeout)


# Arrow's own allocator keeps what it had once; the system's gives it back between two reports.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; the exit code is the contract of schemas.errors.ExitCode."""
    try:
        result = rua.main(arguments, prog_name="rua", standalone_mode=False)
    except SystemExit:
        return ExitCode.DONE  # click's way with a pipe that was closed (`rua reports | head`)
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
    except Exception:  # noqa: BLE001  # the top: whatever nobody foresaw is an internal error
        traceback.print_exc()
        say("rua: an internal error; nothing that was stored is lost. Please report it")
        return ExitCode.INTERNAL
    return result if isinstance(result, int) else ExitCode.DONE


def script() -> None:
    """The console script."""
    sys.exit(main())
