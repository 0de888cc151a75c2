"""Rasa's command line with Frontdesk's runtime: `python -m bot run ...` is `rasa run ...`, but cheaper."""

from __future__ import annotations

import os
import sys

from bot import runtime


def main() -> None:
    """Installs the runtime before anything of Rasa is imported."""
    sys.argv[0] = "rasa"
    runtime.install(os.environ)
    from rasa.__main__ import main as rasa  # noqa: PLC0415 - it must come after the runtime

    rasa()


if __name__ == "__main__":
    main()
