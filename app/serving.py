"""One process of several: web, worker, clock, actions, or what of them is wanted."""

from app.processes import Process, loops
from app.serve import listen
from app.wiring import build
from desk.settings import Settings


async def serve(
    chosen: Settings,
    *,
    web: bool = False,
    worker: bool = False,
    clock: bool = False,
    actions: bool = False,
) -> None:
    """Serve and work until the process is told to stop."""
    process = Process(build(chosen))
    if web:
        process.add_web(listen(chosen.host, chosen.port))
    if actions:
        process.add_actions(listen(chosen.actions_host, chosen.actions_port))
    await process.run(loops(process.desk, web_=web, worker=worker, clock=clock))
