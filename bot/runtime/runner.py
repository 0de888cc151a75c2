"""Runs Rasa's graph node after node.

Rasa asks Dask to schedule the same few nodes for each message, three or more times; here the order is found once.
"""

from __future__ import annotations

from typing import Any

import rasa.core.processor
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphNode, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner

Step = tuple  # (name of the node, the node, names of what it needs)


class SequentialGraphRunner(DaskGraphRunner):
    """Gives what DaskGraphRunner gives."""

    def run(
        self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
    ) -> dict[str, Any]:
        """Runs what the targets need; each node gets its inputs as (name, value)."""
        wanted = tuple(targets or self._graph_schema.target_names)
        steps = self._steps(wanted)
        done = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, node, needs in steps:
                # A need that nobody provides is passed by its name, as Dask does; the node then says so.
                done[name] = node(*[done.get(need, need) for need in needs])
            return dict(done[name] for name in wanted)
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error

    def _steps(self, wanted: tuple[str, ...]) -> list[Step]:
        plans: dict[tuple[str, ...], list[Step]] = self.__dict__.setdefault("_plans", {})
        if wanted not in plans:
            schema = self._graph_schema.minimal_graph_schema(list(wanted))
            plans[wanted] = _ordered(schema, self._instantiated_nodes)
        return plans[wanted]


def _ordered(schema: GraphSchema, nodes: dict[str, GraphNode]) -> list[Step]:
    """The nodes of a schema, each after what it needs."""
    steps: list[Step] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen or name not in schema.nodes:
            return
        seen.add(name)
        needs = list(schema.nodes[name].needs.values())
        for need in needs:
            visit(need)
        steps.append((name, nodes[name], needs))

    for name in schema.nodes:
        visit(name)
    return steps


def install() -> None:
    """The processor names its runner in one place."""
    rasa.core.processor.DaskGraphRunner = SequentialGraphRunner
