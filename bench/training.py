"""Train our model and the stock one on the same data, and keep both with how long it took."""

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from app import rasa

DATA = rasa.ROOT / "data"
STOCK = Path(__file__).parent / "stock"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model, and what its training was."""

    model: Path
    seconds: float
    how: str


def ours(work: Path) -> Trained:
    """Train ours on all data in a folder of its own, once; the time is what ``frontdesk train`` takes."""
    return _trained(work, rasa.ROOT / "config.yml", DATA, "all examples", module="bot")


def stock(work: Path, *, epochs: int, examples_per_intent: int | None) -> Trained:
    """Train Rasa's default pipeline, once for each number of epochs and each choice of data."""
    config = work / f"stock-{epochs}.yml"
    text = (STOCK / "config.yml").read_text()
    config.write_text(text.replace("epochs: 100", f"epochs: {epochs}"))
    data, how = DATA, "all examples"
    if examples_per_intent is not None:
        data, how = work / f"data-{examples_per_intent}", f"{examples_per_intent} examples a block"
        _thin(data, examples_per_intent)
    return _trained(work, config, data, f"{epochs} epochs, {how}", module="rasa")


def environment() -> dict[str, str]:
    """Return the surroundings of Rasa's processes: quiet, no telemetry, threads as they come."""
    return {
        **{k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}},
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }


def _trained(work: Path, config: Path, data: Path, how: str, *, module: str) -> Trained:
    key = _fingerprint(config, data)
    model, notes = work / f"{key}.tar.gz", work / f"{key}.json"
    if notes.exists() and model.exists():
        kept = json.loads(notes.read_text())
        return Trained(model=model, seconds=kept["seconds"], how=kept["how"])
    begun = time.monotonic()
    _train(work, config, data, key, module)
    trained = Trained(model=model, seconds=time.monotonic() - begun, how=how)
    notes.write_text(json.dumps({**asdict(trained), "model": model.name}))
    return trained


def _train(work: Path, config: Path, data: Path, name: str, module: str) -> None:
    log = work / f"{name}.log"
    with log.open("wb") as out:
        done = subprocess.run(
            [
                *(str(rasa.PYTHON), "-m", module, "train", "--config", str(config)),
                *("--domain", str(rasa.ROOT / "domain.yml"), "--data", str(data)),
                *("--out", str(work), "--fixed-model-name", name, "--force", "--skip-validation"),
            ],
            cwd=rasa.ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"training failed, see {log}")


def _fingerprint(config: Path, data: Path) -> str:
    digest = hashlib.sha256(config.read_bytes())
    for path in sorted([*data.rglob("*.yml"), rasa.ROOT / "domain.yml", *_components()]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _components() -> Iterator[Path]:
    yield from (rasa.ROOT / "bot" / "nlu").glob("*.py")


def _thin(folder: Path, examples: int) -> None:
    """Copy the data with only the first examples of each block: to try the bench, not to measure."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DATA, folder)
    for path in (folder / "nlu").glob("*.yml"):
        content: dict[str, Any] = yaml.safe_load(path.read_text())
        for block in content.get("nlu", []):
            if "intent" in block:
                lines = block["examples"].splitlines(keepends=True)
                block["examples"] = "".join(lines[:examples])
        path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False))
