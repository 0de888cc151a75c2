"""The power goes: what a process wrote and synchronised, recorded system call by system call, and what a cut leaves.

``strace`` writes down every write to the database's files, every synchronisation and every acknowledgement, in
order. A cut after any of them keeps what was synchronised; of everything written since, each sector of 512 bytes may
have reached the disk or not. What the file system itself may lose (names, lengths) is not simulated.
"""

import random
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pysqlite3 import dbapi2

from tests.conftest import ROOT

SECTOR = 512
_CALLS = "pwrite64,fdatasync,fsync,ftruncate,write"
_CALL = re.compile(r'^(\d+) +(\w+)\((\d+)<((?:\\x..)*)>(?:, )?(?:"((?:\\x..)*)")?(?:, )?([\d, ]*)')
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>")


@dataclass(frozen=True)
class Call:
    """One system call that matters; ``data`` is empty for a truncation, which ends the file at ``offset``."""

    name: str
    path: str
    data: bytes = b""
    offset: int = 0


@dataclass
class Disk:
    """The files of a database: what is safe, and what was written since."""

    safe: dict[str, bytes]
    since: defaultdict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))

    def take(self, call: Call) -> None:
        """Let a call happen."""
        if call.name in ("fdatasync", "fsync"):
            self.safe[call.path] = _after(
                self.safe.get(call.path, b""), self.since.pop(call.path, [])
            )
        else:
            self.since[call.path].append(call)

    def cut(self, dice: random.Random) -> dict[str, bytes]:
        """Return what may be found when the power comes back."""
        return {
            path: _after(
                self.safe.get(path, b""),
                [part for call in self.since.get(path, []) for part in _torn(call, dice)],
            )
            for path in self.safe.keys() | self.since.keys()
        }


@dataclass
class Cuts:
    """What many cuts of one run have shown."""

    made: int = 0
    in_mid_commit: int = 0
    with_loss: int = 0
    lost: int = 0
    corrupt: int = 0
    acknowledged: int = 0

    def __str__(self) -> str:
        return (
            f"{self.made} cuts, {self.in_mid_commit} of them in mid-commit, {self.acknowledged} acknowledged; "
            f"{self.with_loss} cuts lost {self.lost} messages, {self.corrupt} left a corrupt file"
        )


def record(folder: Path, synchronous: str, messages: int) -> list[Call]:
    """Let a writer of its own accept messages under observation; return its calls."""
    log = folder / "calls"
    subprocess.run(
        [
            *(
                "strace",
                "-f",
                "-y",
                "-xx",
                "-s",
                "1000000",
                "-e",
                f"trace={_CALLS}",
                "-o",
                str(log),
            ),
            *(sys.executable, "-m", "tests.faults.power_writer"),
            *(f"sqlite:///{folder}/desk.sqlite", synchronous, str(messages)),
        ],
        cwd=ROOT,
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
    )
    return [call for call in _calls(log) if call.name == "write" or _is_ours(call.path)]


def cut(folder: Path, safe: bytes, calls: Sequence[Call], *, times: int, seed: int) -> Cuts:
    """Cut the power at so many moments of a run, and look each time for what was acknowledged until then."""
    dice, cuts = random.Random(seed), Cuts()
    moments = sorted(dice.sample(range(len(calls)), times))
    disk, acknowledged = Disk({"desk.sqlite": safe}), set[str]()
    for number, call in enumerate(calls):
        if call.name == "write":
            acknowledged |= set(call.data.decode().split())
        else:
            disk.take(call)
        if moments and moments[0] == number:
            moments.pop(0)
            cuts.made += 1
            cuts.in_mid_commit += bool(disk.since.get("desk.sqlite-wal"))
            _look(folder / "after", disk.cut(dice), acknowledged, cuts)
    cuts.acknowledged = len(acknowledged)
    return cuts


def _look(folder: Path, files: dict[str, bytes], acknowledged: set[str], cuts: Cuts) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        with closing(dbapi2.connect(folder / "desk.sqlite")) as connection:
            healthy = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            found = {row[0] for row in connection.execute("SELECT external_id FROM inbox")}
    except dbapi2.DatabaseError:
        healthy, found = False, set()
    lost = acknowledged - found
    cuts.corrupt += not healthy
    cuts.lost += len(lost)
    cuts.with_loss += bool(lost)


def _torn(call: Call, dice: random.Random) -> Iterator[Call]:
    """Yield what the disk has of a call that was not synchronised: all, nothing, or some of its sectors."""
    fate = dice.choice(["all", "nothing", "some"])
    if fate == "all" or (fate == "some" and not call.data):
        yield call
    elif fate == "some":
        for start in range(0, len(call.data), SECTOR):
            if dice.random() < 0.5:
                data = call.data[start : start + SECTOR]
                yield Call(call.name, call.path, data, call.offset + start)


def _after(content: bytes, calls: Sequence[Call]) -> bytes:
    result = bytearray(content)
    for call in calls:
        if call.name == "ftruncate":
            del result[call.offset :]
        result.extend(bytes(max(0, call.offset + len(call.data) - len(result))))
        result[call.offset : call.offset + len(call.data)] = call.data
    return bytes(result)


def _calls(log: Path) -> Iterator[Call]:
    """Yield the calls in the order in which they ended: a synchronisation counts when it returns."""
    begun: dict[str, Call] = {}
    with log.open() as lines:
        for line in lines:
            if found := _CALL.match(line):
                call = _call(*found.groups()[1:])
                if line.rstrip().endswith("<unfinished ...>"):
                    begun[found[1]] = call
                else:
                    yield call
            elif (resumed := _RESUMED.match(line)) and resumed[1] in begun:
                yield begun.pop(resumed[1])


def _call(name: str, fd: str, path: str, data: str | None, numbers: str) -> Call:
    figures = [int(number) for number in numbers.replace(",", " ").split()]
    offset = figures[-1] if name in ("pwrite64", "ftruncate") else 0
    file = Path(_bytes(path).decode()).name
    if name == "write" and fd != "1":
        return Call("other", file)
    return Call(name, file, _bytes(data or ""), offset)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _is_ours(path: str) -> bool:
    return path in ("desk.sqlite", "desk.sqlite-wal")
