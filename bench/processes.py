"""What processes cost: memory and processor time of a whole family, read from ``/proc``; and their end."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of processor time so far and resident memory now."""

    cpu_seconds: float
    rss_bytes: int


def family(pid: int) -> dict[int, str]:
    """Return a process and its descendants with the end of their command lines."""
    parents = dict(_parents())
    found = {pid}
    grown = True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        grown = bool(more)
        found |= more
    return {one: _command(one) for one in sorted(found) if Path(f"/proc/{one}").exists()}


def cost(pids: Iterable[int]) -> Cost:
    """Add up what processes cost; one that has gone costs nothing."""
    cpu, rss = 0.0, 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        cpu += (int(fields[11]) + int(fields[12])) / _TICKS
        rss += int(fields[21]) * _PAGE
    return Cost(cpu_seconds=cpu, rss_bytes=rss)


def peak_mib(pid: int | None = None) -> float:
    """Return the most memory that a process, or this one, has had at once; 0 when it has gone.

    Not ``ru_maxrss``: that begins with what the parent had when it started the process.
    """
    try:
        lines = Path(f"/proc/{pid or 'self'}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def end(process: "subprocess.Popen[bytes]", patience: float = 20) -> None:
    """Ask a process to end; insist when it does not. Only this one, by its id."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_line(process: "subprocess.Popen[bytes]", word: bytes, seconds: float = 60) -> str:
    """Return what a child says after ``word`` on its standard output."""
    deadline = time.monotonic() + seconds
    if process.stdout is None:
        raise ValueError("start it with stdout=PIPE")
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if line.startswith(word):
            return line[len(word) :].decode().strip()
        if not line:
            break
    raise RuntimeError(f"a child ended without saying {word.decode()}")


def _parents() -> list[tuple[int, int]]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found.append((int(folder.name), int(fields[1])))
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""
