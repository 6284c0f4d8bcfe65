"""The exceptions of rua, as one tree; the exit codes are a public contract.

RuaError                      70  an internal error, unless a branch below says otherwise
├── ConfigError                2  a setting, flag or argument is wrong
├── AccessDenied               2  this login may not do that
├── SourceError                3  a mailbox or folder cannot be used
│   ├── Unreachable               no connection, or it broke
│   ├── CertificateUntrusted      the server's certificate does not verify
│   ├── EncryptionRefused         the server offers no TLS
│   ├── LoginRefused              user name or password is not accepted
│   └── FolderMissing             the folder named in the settings does not exist
├── StoreError                 4  the DuckDB file cannot be used
│   ├── StoreLocked               another process held it for too long
│   ├── StoreFull                 no space left on the device
│   └── StoreDamaged              not a store of ours, or not readable
└── Refusal                       one document is refused; never ends a run
    ├── NotAReport                well-formed, but neither kind of report
    ├── Malformed                 cannot be parsed, or a required element is missing
    ├── Forbidden                 a construct that no report needs (DOCTYPE, entities)
    ├── BrokenContainer           gzip, zlib or zip that cannot be opened
    ├── LimitExceeded             larger, deeper or longer than the limits of ingest.model.limits
    └── ReaderFailed              our own reader failed; the document can be retried
"""

from enum import IntEnum

__all__ = [
    "AccessDenied",
    "BrokenContainer",
    "CertificateUntrusted",
    "ConfigError",
    "EncryptionRefused",
    "ExitCode",
    "FolderMissing",
    "Forbidden",
    "LimitExceeded",
    "LoginRefused",
    "Malformed",
    "NotAReport",
    "ReaderFailed",
    "Refusal",
    "RuaError",
    "SourceError",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "Unreachable",
]


class ExitCode(IntEnum):
    """How a command ended, for cron and scripts."""

    DONE = 0
    REFUSED = 1  # only with --strict
    USAGE = 2
    SOURCE = 3
    STORE = 4
    INTERNAL = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130  # 128 + SIGINT


class RuaError(Exception):
    """What went wrong, where (a file, Message-ID, key or host), and what to do next."""

    exit_code = ExitCode.INTERNAL

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.todo}" if self.todo else text


class ConfigError(RuaError):
    exit_code = ExitCode.USAGE


class AccessDenied(RuaError):
    exit_code = ExitCode.USAGE


class SourceError(RuaError):
    exit_code = ExitCode.SOURCE


class Unreachable(SourceError):
    pass


class CertificateUntrusted(SourceError):
    pass


class EncryptionRefused(SourceError):
    pass


class LoginRefused(SourceError):
    pass


class FolderMissing(SourceError):
    pass


class StoreError(RuaError):
    exit_code = ExitCode.STORE


class StoreLocked(StoreError):
    pass


class StoreFull(StoreError):
    pass


class StoreDamaged(StoreError):
    pass


class Refusal(RuaError):
    """One document cannot be read. `code` is stable: the store and JSON use it."""

    code = "refused"


class NotAReport(Refusal):
    code = "not-a-report"


class Malformed(Refusal):
    code = "malformed"


class Forbidden(Refusal):
    code = "forbidden"


class BrokenContainer(Refusal):
    code = "broken-container"


class LimitExceeded(Refusal):
    code = "limit"


class ReaderFailed(Refusal):
    code = "reader-failed"
