"""Commands that show and change data."""

import typer

SUB_APPS: dict[str, typer.Typer] = {}
