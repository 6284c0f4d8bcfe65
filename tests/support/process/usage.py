"""What test_hostile.py puts on a command's path as sitecustomize.py: what reading costs.

Copied there by itself, so it imports nothing of the tests. Each line in the file USAGE_FILE is

    document PID SECONDS    a reading process takes up a mail or a document, or is done with it;
                            CPU seconds that it has used so far
    ended PID SECONDS KIB   the kernel's account of a reading process, however it ended: CPU
                            seconds, and the most memory that was resident
"""

import os
import signal
import subprocess
import sys
import time


def tell(*words: object) -> None:
    line = " ".join(map(str, words)) + "\n"
    file = os.open(os.environ["USAGE_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, line.encode())
    os.close(file)


def watch_documents() -> None:
    """A reading process arms its timer for each document anew, and stops it behind the last."""
    arm = signal.setitimer

    def told(which: int, seconds: float, interval: float = 0.0) -> object:
        tell("document", os.getpid(), time.process_time())
        return arm(which, seconds, interval)

    signal.setitimer = told  # type: ignore[assignment]


def watch_processes() -> None:
    """The command waits for its reading processes: the kernel then says what each has used."""

    def told(self: subprocess.Popen[bytes], flags: int) -> tuple[int, int]:
        try:
            pid, status, used = os.wait4(self.pid, flags)
        except ChildProcessError:
            return self.pid, 0
        if pid:
            tell("ended", pid, used.ru_utime + used.ru_stime, used.ru_maxrss)
        return pid, status

    subprocess.Popen._try_wait = told  # type: ignore[attr-defined]


if __name__ == "sitecustomize" and "USAGE_FILE" in os.environ:
    if "ingest.workers.pool" in sys.orig_argv:
        watch_documents()
    else:
        watch_processes()
        if "CPU_SECONDS" in os.environ:
            from ingest.model import limits

            limits.CPU_SECONDS = int(os.environ["CPU_SECONDS"])
