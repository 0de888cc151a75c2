"""Turns per second of Rasa's side alone, ours against stock, on Rasa's own sample assistant.

The sample is what ``rasa init`` writes: seven intents, stories, no custom actions. Both sides learn it from the same
files. Stock: ``rasa run``, default pipeline, REST channel, tracker in memory. Ours: our pipeline with memoization and
rules, ``bot/runtime``, ``bot/connector.py``, and the tracker store that commits each turn.

Run it from the repository's root, with TensorFlow for the stock side: ``uv sync --project bot`` and then
``uv run python -m bench.rasa_turns``.
"""

import argparse
import asyncio
import contextlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from app import rasa
from bench.figures import deliver, percentile, spread, table
from bench.http1 import Connection
from bench.processes import cost, end, family
from bench.training import environment
from desk.ids import new_id
from tests.running import free_port

TOKEN = "a-token-for-measuring-only-0123456789"
CUSTOMERS = (1, 8)
# Along the sample's stories, which memoization knows; its rules answer the last two at any time.
DIALOGUES = (
    ("hello", "I feel great", "are you a bot?", "bye"),
    ("hey there", "I am so sad", "yes", "bye"),
    ("hi", "extremely sad", "no", "are you a bot?"),
)
OUR_CONFIG = """
recipe: default.v1
assistant_id: sample
language: en
pipeline:
{pipeline}
policies:
  - name: MemoizationPolicy
  - name: RulePolicy
"""
OUR_ENTITIES = "entities: [language: {influence_conversation: false}]"


@dataclass
class Server:
    """One side: its processes, and how to talk to them."""

    name: str
    path: str
    processes: "dict[int, subprocess.Popen[bytes]]"
    trained_seconds: float
    started_seconds: float = 0.0

    def body(self, talk: str, text: str) -> dict[str, Any]:
        """Return the message as the side's channel wants it."""
        if self.path.endswith("turn"):
            return {
                "conversation_id": talk,
                "message_id": new_id(),
                "text": text,
                "language": "en",
                "metadata": {},
            }
        return {"sender": talk, "message": text}

    def pids(self) -> list[int]:
        """Return everything that belongs to it."""
        return [pid for one in self.processes.values() for pid in family(one.pid)]


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one side did in one round."""

    side: str
    customers: int
    rate: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    rss_mb: float


async def _turn(connection: Connection, server: Server, talk: str, text: str) -> list[str]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = (await connection.post(server.path, server.body(talk, text), headers)).json()
    replies = answer["replies"] if isinstance(answer, dict) else answer
    return [reply["text"] for reply in replies if reply.get("text")]


async def rehearse(server: Server) -> list[list[str]]:
    """Return what is said to every message; it also warms everything up."""
    said = []
    for port in server.processes:
        connection = await Connection.open(port)
        for dialogue in DIALOGUES:
            talk = new_id()
            said += [await _turn(connection, server, talk, text) for text in dialogue]
        await connection.close()
    return said


async def measure(server: Server, *, customers: int, dialogues: int) -> Round:
    """Let customers talk without thinking time, each to one of the processes."""
    waits: list[float] = []
    ports = list(server.processes)
    before, begun = cost(server.pids()), time.perf_counter()

    async def customer(number: int) -> None:
        connection = await Connection.open(ports[number % len(ports)])
        for n in range(dialogues):
            talk = new_id()
            for text in DIALOGUES[n % len(DIALOGUES)]:
                sent = time.perf_counter()
                if not await _turn(connection, server, talk, text):
                    raise RuntimeError(f"{server.name} says nothing to {text!r}")
                waits.append(time.perf_counter() - sent)
        await connection.close()

    await asyncio.gather(*(customer(number) for number in range(customers)))
    seconds, after = time.perf_counter() - begun, cost(server.pids())
    return Round(
        side=server.name,
        customers=customers,
        rate=len(waits) / seconds,
        p50_ms=percentile(waits, 50) * 1000,
        p95_ms=percentile(waits, 95) * 1000,
        cpu_ms=(after.cpu_seconds - before.cpu_seconds) / len(waits) * 1000,
        rss_mb=after.rss_bytes / 1e6 / len(ports),
    )


async def compare(servers: Sequence[Server], *, rounds: int, dialogues: int) -> list[Round]:
    """Measure the sides in turn, each first as often as last."""
    for server in servers:
        said = await rehearse(server)
        print(f"{server.name}: {sum(map(bool, said))} of {len(said)} messages answered")
    found = []
    for number in range(rounds):
        for customers in CUSTOMERS:
            for server in servers if number % 2 == 0 else reversed(servers):
                each = dialogues if customers == 1 else max(1, dialogues // 4)
                found.append(await measure(server, customers=customers, dialogues=each))
    return found


def report(servers: Sequence[Server], found: Sequence[Round]) -> str:
    """Return the table, ours against stock."""
    ours, stock = (server.name for server in servers)
    rows = []
    for customers in CUSTOMERS:
        for figure, name in (
            ("rate", "turns a second"),
            ("p50_ms", "p50 ms"),
            ("p95_ms", "p95 ms"),
            ("cpu_ms", "processor ms a turn"),
        ):
            a, b = (
                [
                    getattr(one, figure)
                    for one in found
                    if (one.side, one.customers) == (side, customers)
                ]
                for side in (ours, stock)
            )
            ratios = [x / y for x, y in zip(a, b, strict=True)]
            rows.append([f"{name}, {customers} at once", spread(a), spread(b), spread(ratios, 2)])
    for name, values in (
        (
            "memory MB a process",
            [median(o.rss_mb for o in found if o.side == s) for s in (ours, stock)],
        ),
        ("start, seconds", [server.started_seconds for server in servers]),
        ("training, seconds", [server.trained_seconds for server in servers]),
    ):
        rows.append(
            [name, f"{values[0]:,.1f}", f"{values[1]:,.1f}", f"{values[0] / values[1]:.2f}"]
        )
    return table(["", ours, stock, f"{ours} / {stock}"], rows)


def _train(work: Path, name: str, module: str, config: Path, domain: Path) -> float:
    begun = time.monotonic()
    command = [
        *(str(rasa.PYTHON), "-m", module, "train", "--config", str(config)),
        *("--domain", str(domain), "--data", str(work / "sample" / "data")),
        *("--out", str(work), "--fixed-model-name", name, "--force", "--skip-validation"),
    ]
    _run(command, work / f"{name}-train.log")
    return time.monotonic() - begun


def _run(command: list[str], log: Path) -> None:
    with log.open("wb") as out:
        done = subprocess.run(
            command,
            cwd=rasa.ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"it failed, see {log}")


def _start(work: Path, name: str, module: str, count: int, extra: list[str]) -> dict[int, Any]:
    processes = {}
    for _ in range(count):
        port = free_port()
        settings = {
            "FRONTDESK_RASA_TOKEN": TOKEN,
            "FRONTDESK_ACTIONS_URL": "http://127.0.0.1:1/webhook",
            "FRONTDESK_TRACKER_URL": f"sqlite:///{work}/trackers.sqlite",
            "OMP_NUM_THREADS": "1" if module == "bot" else "2",
        }
        with (work / f"{name}-{port}.log").open("wb") as out:
            processes[port] = subprocess.Popen(
                [
                    *(
                        str(rasa.PYTHON),
                        "-m",
                        module,
                        "run",
                        "--model",
                        str(work / f"{name}.tar.gz"),
                    ),
                    *("--port", str(port), "--interface", "127.0.0.1", *extra),
                ],
                cwd=rasa.ROOT,
                env=environment() | settings,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
    return processes


def _wait(server: Server, begun: float) -> None:
    health = server.path.replace("/turn", "/health").replace("/rest/webhook", "/rest/")
    for port, process in server.processes.items():
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{health}", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        while True:
            if process.poll() is not None or time.monotonic() - begun > 300:
                raise RuntimeError(f"{server.name} did not start; see its log")
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
                break
            time.sleep(0.05)
    server.started_seconds = time.monotonic() - begun


def _our_pipeline() -> str:
    """Return the pipeline of config.yml, as text."""
    lines = (rasa.ROOT / "config.yml").read_text().splitlines()
    start, stop = lines.index("pipeline:") + 1, lines.index("policies:")
    return "\n".join(lines[start:stop])


def _sides(work: Path, processes: int, stack: ExitStack) -> list[Server]:
    sample = Path(rasa.PYTHON.parents[1]).glob(
        "lib/python3*/site-packages/rasa/cli/initial_project"
    )
    shutil.copytree(next(sample), work / "sample")
    domain = work / "sample" / "domain.yml"
    # The language of each message comes with it, as an entity; the sample's domain knows none.
    ours_domain = work / "sample" / "ours.yml"
    ours_domain.write_text(f"{domain.read_text()}\n{OUR_ENTITIES}\n")
    (work / "ours.yml").write_text(OUR_CONFIG.format(pipeline=_our_pipeline()))
    sides = []
    for name, module, path, extra, config, of in (
        (
            *("ours", "bot", "/webhooks/frontdesk/turn"),
            ["--credentials", "credentials.yml", "--endpoints", "endpoints.yml"],
            *(work / "ours.yml", ours_domain),
        ),
        (
            *("stock", "rasa", "/webhooks/rest/webhook"),
            [
                "--credentials",
                str(work / "sample" / "credentials.yml"),
                "--endpoints",
                "/dev/null",
            ],
            *(work / "sample" / "config.yml", domain),
        ),
    ):
        trained = _train(work, name, module, config, of)
        begun = time.monotonic()
        server = Server(name, path, _start(work, name, module, processes, extra), trained)
        for process in server.processes.values():
            stack.callback(end, process)
        _wait(server, begun)
        sides.append(server)
    return sides


def main() -> None:
    """Train both, start both, measure, end everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=1, help="Rasa processes of each side (1)")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds (5)")
    parser.add_argument("--dialogues", type=int, default=40, help="of four messages (40)")
    parser.add_argument("--json", action="store_true", help="print every round as JSON")
    parser.add_argument("--out", type=Path, help="write the table to this Markdown file")
    options = parser.parse_args()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frontdesk-bench-")))
        servers = _sides(work, options.processes, stack)
        found = uvloop.run(compare(servers, rounds=options.rounds, dialogues=options.dialogues))
        data = {"processes": options.processes, "rounds": [asdict(one) for one in found]}
        deliver(report(servers, found), data, as_json=options.json, out=options.out)


if __name__ == "__main__":
    main()
