"""Lets a trained model read texts: JSON lines in, JSON lines out.

    python -m bot.evaluate models/NAME.tar.gz < texts.jsonl

In: `{"text": ...}`. Out: first `{"intents": [...]}`, all that the model knows; then for each text
`{"intent", "confidence", "ms"}`, where `ms` is the time inside the model.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from typing import IO, TYPE_CHECKING, Any

import structlog

from bot import runtime

if TYPE_CHECKING:
    from rasa.core.agent import Agent


async def answer(agent: Agent, texts: IO[str], out: IO[str]) -> None:
    """Writes a line for each line."""
    _write(out, {"intents": sorted(agent.domain.intents)})
    # The first message of a process pays for what is loaded late; customers meet a server that is warm.
    await agent.parse_message("hello")
    for line in texts:
        text = json.loads(line)["text"]
        start = time.perf_counter()
        parsed = await agent.parse_message(text)
        elapsed = time.perf_counter() - start
        intent = parsed["intent"]
        _write(
            out,
            {
                "intent": intent.get("name") or "",
                "confidence": round(intent.get("confidence") or 0.0, 6),
                "ms": round(elapsed * 1000, 3),
            },
        )


def _write(out: IO[str], values: dict[str, Any]) -> None:
    out.write(json.dumps(values) + "\n")
    out.flush()


def load(model: str) -> Agent:
    """The model as a server loads it; ends with one line when it is broken or made for something else."""
    # A line for each text, as Rasa's debug log has it, would be in the measured time; a server has none either.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    runtime.install(os.environ)
    from rasa.core.agent import Agent  # noqa: PLC0415 - it must come after the runtime

    try:
        agent = Agent.load(model)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        sys.exit(f"{os.path.basename(model)} is no model that can be loaded ({reason})")
    if not agent.is_ready():
        sys.exit(f"{os.path.basename(model)} is no model")
    return agent


def main() -> None:
    """Runs with the model named on the command line."""
    # Rasa and its libraries print as they please; standard output is for answers only.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    agent = load(sys.argv[1])
    with open(0, encoding="utf-8") as texts:
        asyncio.run(answer(agent, texts, out))
    out.close()


if __name__ == "__main__":
    main()
