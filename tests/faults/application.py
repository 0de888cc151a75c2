"""The real application as one process, as ``frontdesk up`` runs it, but with an assistant that is there already.

``python -m tests.faults.application PORT RASA_PORT DATABASE_URL [BUG]`` imports everything once and then, for every
line on its standard input, forks one application and prints its process id, and its exit code when it has ended.
Importing builds nothing, so a fork is as good as a fresh start and takes a tenth of its time: more kills a minute.
"""

import asyncio
import os
import sys

from app import logs, up
from app.processes import Process, loops
from app.serve import listen
from app.wiring import build
from desk.settings import LogFormat, Settings
from tests.faults import bugs

SECRET = "a-secret-for-tests-only-0123456789abcdef"
TOKEN = "a-token-for-tests-only-0123456789"


async def run(port: int, rasa_port: int, database_url: str) -> None:
    """Recover what a killed process had in hand, then serve and work until a signal comes."""
    logs.configure(LogFormat.JSON, "WARNING")
    settings = Settings(
        _env_file=None,
        database_url=database_url,
        secret_key=SECRET,
        rasa_token=TOKEN,
        rasa_url=f"http://127.0.0.1:{rasa_port}",
        chat_rate_visitor="1000000/minute",
        chat_rate_address="1000000/minute",
    )
    sock = listen("127.0.0.1", port)
    desk = build(settings)
    await up._recover(desk.database)
    process = Process(desk)
    process.add_web(sock)
    await process.run(loops(desk, web_=True, worker=True, clock=True))


def main(port: str, rasa_port: str, database_url: str, *seeded: str) -> None:
    """Fork an application for every line that is read."""
    for bug in seeded:
        bugs.seed(bug)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            asyncio.run(run(int(port), int(rasa_port), database_url))
            os._exit(0)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
