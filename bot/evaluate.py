"""Lets a trained model read texts: JSON lines in, JSON lines out.

    python -m bot.evaluate models/NAME.tar.gz < texts.jsonl

In: `{"text": ...}`. Out: first `{"intents": [...]}`, all that the model knows; then for each text
`{"intent", "confidence", "ms"}`, where `ms` is the time inside the model.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import IO, Any

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


def main() -> None:
    """Runs with the model named on the command line."""
    # Rasa and its libraries print as they please; standard output is for answers only.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    agent = Agent.load(sys.argv[1])
    with open(0, encoding="utf-8") as texts:
        asyncio.run(answer(agent, texts, out))
    out.close()


if __name__ == "__main__":
    main()
