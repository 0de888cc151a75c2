"""Lets Rasa start without TensorFlow, which nothing in our pipeline computes with.

Rasa imports every component it ships, DIET and TED among them, whether the model uses them or not; their TensorFlow is
most of the memory and of the start. Here stands a placeholder that those classes can be defined on. Whoever
calls it (a pipeline with DIET, say) is told what to do.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

LEFT_OUT = frozenset({"tensorflow", "keras"})


class TensorFlowMissingError(RuntimeError):
    """This needs TensorFlow: install it (uv sync --project bot) and set FRONTDESK_RASA_AS_SHIPPED=1."""

    def __str__(self) -> str:
        """The class says it all."""
        return type(self).__doc__ or ""


def _absent(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _AbsentClass(name, (_Absent,), {"__module__": __name__})


class _AbsentClass(type):
    """Any attribute of a placeholder is another one."""

    def __getattr__(cls, name: str) -> Any:
        return _absent(name)


class _Absent(metaclass=_AbsentClass):
    """Can be inherited from, named in a signature and used as a decorator; making one is refused."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        # `@tf.function` and `@tf.function(...)` run when Rasa's classes are defined.
        if cls.__name__ == "function":
            return args[0] if args else (lambda wrapped: wrapped)
        raise TensorFlowMissingError


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in LEFT_OUT:
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__getattr__ = _absent  # type: ignore[method-assign]


def install() -> None:
    """Puts the placeholder where TensorFlow would be; too late once Rasa is imported."""
    if LEFT_OUT.isdisjoint(sys.modules):
        sys.meta_path.insert(0, _Finder())
