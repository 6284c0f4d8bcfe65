"""A real DNS server for tests: the system's Knot DNS, wholly inside a temporary folder.

One server per test session (and per pytest-xdist worker), on a free loopback port, UDP and TCP,
and on ::1 where there is one. It is the authority for every name, so that what a test has not
written does not exist (NXDOMAIN); only for names under `broken.example` and for those of the
addresses of 203.0.113.0/24 it fails (SERVFAIL).
"""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from dns import message, query
from dns.exception import DNSException

__all__ = ["BROKEN", "Dns", "Knot", "dns_that_drops", "silent_port"]

BROKEN = "broken.example"
BROKEN_REVERSE = "113.0.203.in-addr.arpa"
START_SECONDS = 10  # it takes 0.1; a loaded CI machine may need more

CONFIG = """
server:
  rundir: {root}/run
  listen: [ {listen} ]
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
control:
  listen: {root}/knot.sock
database:
  storage: {root}/db
log:
  - target: {root}/knot.log
    any: info
mod-stats:
  - id: all
    query-type: on
template:
  - id: default
    storage: {root}/zones
    global-module: mod-stats/all
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
zone:
  - domain: .
    file: root.zone
  - domain: {broken}
    file: there-is-none.zone
  - domain: {broken_reverse}
    file: there-is-none.zone
"""

ZONE = """$TTL 60
. SOA ns.invalid. hostmaster.invalid. {serial} 3600 600 86400 60
. NS ns.invalid.
{records}
"""


class Knot:
    """start() … stop(); everything it writes is in `root`, which stop() removes."""

    def __init__(self) -> None:
        # Not pytest's folder: its path is too long for a socket.
        self.root = Path(tempfile.mkdtemp(prefix="rua-knot-", dir="/tmp"))
        self.port = 0
        self.addresses = ["127.0.0.1", *(["::1"] if _has_ipv6() else [])]
        self._serial = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        for folder in ("run", "db", "zones"):
            (self.root / folder).mkdir()
        self._write_zone([])
        for _ in range(3):  # another process may take a free port before Knot does
            self.port = _free_port()
            if self._try_start():
                return
        log = self.log()
        self.stop()
        pytest.fail(f"knotd does not start:\n{log}")

    def _try_start(self) -> bool:
        listen = ", ".join(f'"{address}@{self.port}"' for address in self.addresses)
        config = self.root / "knot.conf"
        names = {"broken": BROKEN, "broken_reverse": BROKEN_REVERSE}
        config.write_text(CONFIG.format(root=self.root, listen=listen, **names))
        with (self.root / "start.log").open("ab") as output:
            self._process = subprocess.Popen(
                [program("knotd"), "-c", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.root,
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            if self._answers():
                return True
            time.sleep(0.01)
        self._halt()
        return False

    def _answers(self) -> bool:
        question = message.make_query(".", "SOA")
        with suppress(OSError, DNSException):
            answer = query.udp(question, "127.0.0.1", timeout=0.2, port=self.port)
            return bool(answer.answer)
        return False

    def publish(self, records: list[str]) -> None:
        """Serve these lines of a zone file, with absolute names, and nothing else."""
        self._write_zone(records)
        self.control("-b", "zone-reload", ".")

    def _write_zone(self, records: list[str]) -> None:
        self._serial += 1
        text = ZONE.format(serial=self._serial, records="\n".join(records))
        (self.root / "zones" / "root.zone").write_text(text, encoding="utf-8")

    def questions(self) -> dict[str, int]:
        """How often each type was asked for since it started: {"TXT": 2}."""
        found = {}
        for line in self.control("stats", "mod-stats.query-type").splitlines():
            name, _, number = line.partition(" = ")
            found[name.partition("[")[2].rstrip("]")] = int(number)
        return found

    def control(self, *words: str) -> str:
        command = [program("knotc"), "-s", str(self.root / "knot.sock"), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr, self.log())
        return done.stdout

    def _halt(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        process.kill()
        process.wait()

    def stop(self) -> None:
        self._halt()
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        files = (self.root / "start.log", self.root / "knot.log")
        return "\n".join(path.read_text(errors="replace") for path in files if path.exists())


class Dns:
    """What one test has in DNS, and what was asked during it."""

    def __init__(self, server: Knot) -> None:
        self.server = server
        self._texts: dict[str, list[str]] = {}
        self._other: list[str] = []
        self._before = server.questions()

    @property
    def nameserver(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def text(self, name: str, *texts: str) -> None:
        """TXT records of `name`, in place of those it had; without any, it is gone."""
        self._texts[name] = list(texts)
        self._publish()

    def alias(self, name: str, target: str) -> None:
        self._other.append(f"{name}. CNAME {target}.")
        self._publish()

    def add(self, records: Iterable[str]) -> None:
        """Lines of a zone file, with absolute names."""
        self._other.extend(records)
        self._publish()

    def _publish(self) -> None:
        lines = (
            f"{name}. TXT {_quoted(text)}" for name in self._texts for text in self._texts[name]
        )
        self.server.publish([*lines, *self._other])

    def asked(self) -> dict[str, int]:
        """How often each type was asked for since the test began: {"TXT": 2}."""
        now = self.server.questions()
        each = {kind: number - self._before.get(kind, 0) for kind, number in now.items()}
        return {kind: number for kind, number in each.items() if number}


def _quoted(text: str) -> str:
    """RFC 1035 §3.3: strings of at most 255 bytes; many of them make up a long record."""
    data = text.replace("\\", "\\\\").replace('"', '\\"')
    parts = [data[start : start + 200] for start in range(0, len(data), 200)]
    return " ".join(f'"{part}"' for part in parts or [""])


@contextmanager
def silent_port(asked: list[bytes] | None = None) -> Iterator[str]:
    """The address of a DNS server that takes every question, into `asked`, and says nothing."""
    taken = [] if asked is None else asked

    def drops(question: bytes) -> bool:
        taken.append(question)
        return True

    with dns_that_drops(drops, "") as address:
        yield address


@contextmanager
def dns_that_drops(drops: Callable[[bytes], bool], nameserver: str) -> Iterator[str]:
    """A way to `nameserver`, over UDP, that loses the questions for which drops(wire) is true.

    Every question that was sent before the end has been seen by then.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as front:
        front.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                question, client = front.recvfrom(4096)
                if not question:
                    return
                with suppress(TimeoutError):
                    if not drops(question):
                        front.sendto(_relayed(question, nameserver), client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{front.getsockname()[1]}"
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
                back.sendto(b"", front.getsockname())
            thread.join()


def _relayed(question: bytes, nameserver: str) -> bytes:
    address, _, port = nameserver.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
        back.settimeout(5)
        back.sendto(question, (address, int(port)))
        return back.recv(4096)


def program(name: str) -> str:
    return shutil.which(name) or f"/usr/sbin/{name}"


def _has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as one:
        one.bind(("::1", 0))
        return True
    return False


def _free_port() -> int:
    """Free for UDP and TCP."""
    while True:
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packet:
            stream.bind(("127.0.0.1", 0))
            port: int = stream.getsockname()[1]
            with suppress(OSError):
                packet.bind(("127.0.0.1", port))
                return port


@pytest.fixture(scope="session")
def knot() -> Iterator[Knot]:
    if not Path(program("knotd")).exists():
        reason = "no knotd: install the package knot (sh deploy/system-packages.sh)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    server = Knot()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def dns(knot: Knot) -> Dns:
    """An empty DNS."""
    knot.publish([])
    return Dns(knot)
