"""Rasa's own intent classifiers on labelled CSV files. Runs in Rasa's environment; started by ``bench.nlu``.

Standard output gets one line of JSON, like that of ``bot.benchmark``.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Any

from rasa.core.agent import Agent
from rasa.model_training import train_nlu

from bot.benchmark import draw, read, resident

FEATURES: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]


def main() -> None:
    """Train and try, as often as there are seeds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--text", default="text")
    parser.add_argument("--intent", default="intent")
    parser.add_argument("--shots", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--diet-epochs", type=int, default=0, help="0: logistic regression")
    asked = parser.parse_args()
    # Rasa prints as it pleases; standard output is for the figures only.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    learnt, tried = (read(path, asked.text, asked.intent) for path in (asked.train, asked.test))
    rounds = []
    for seed in range(asked.seeds if asked.shots else 1):
        chosen = draw(learnt, asked.shots, seed) if asked.shots else learnt
        rounds.append(_round(chosen, tried, asked.diet_epochs))
    out.write(json.dumps({key: round(mean(one[key] for one in rounds), 4) for key in rounds[0]}))
    out.close()


def _round(learnt: list[Any], tried: list[Any], epochs: int) -> dict[str, float]:
    last = {"name": "DIETClassifier", "epochs": epochs, "random_seed": 42}
    if not epochs:
        last = {"name": "LogisticRegressionClassifier"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = {"recipe": "default.v1", "language": "en", "pipeline": [*FEATURES, last]}
        (folder / "config.yml").write_text(json.dumps(config))
        examples = [{"text": one.text, "intent": one.label} for one in learnt]
        data = {"rasa_nlu_data": {"common_examples": examples}}
        (folder / "nlu.json").write_text(json.dumps(data))
        begun = time.perf_counter()
        model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.json"), str(folder))
        seconds = time.perf_counter() - begun
        return {"train_seconds": seconds, **asyncio.run(_try(Agent.load(str(model)), tried))}


async def _try(agent: Any, tried: list[Any]) -> dict[str, float]:
    right, waits = 0, []
    await agent.parse_message("hello")
    for example in tried:
        begun = time.perf_counter()
        parsed = await agent.parse_message(example.text)
        waits.append((time.perf_counter() - begun) * 1000)
        right += parsed["intent"]["name"] == example.label
    waits.sort()
    return {
        "accuracy": right / len(tried),
        "p50_ms": waits[len(waits) // 2],
        "p95_ms": waits[int(0.95 * len(waits))],
        "mean_ms": mean(waits),
        "rss_mb": resident(),
    }


if __name__ == "__main__":
    sys.path.insert(0, "")
    main()
