"""Looks a conversation up by its text; Rasa packs the text each time, because the keys are packed on disk."""

from __future__ import annotations

import base64
import zlib

from rasa.core.policies.memoization import MemoizationPolicy
from rasa.shared.core.domain import State

PACKED = "enable_feature_string_compression"


class Unpacked:
    """A policy's table with unpacked keys, and the policy that makes such keys."""

    def __init__(self, policy: MemoizationPolicy) -> None:
        """The policy is left as it is."""
        self.lookup = policy.lookup
        self._actions = {
            zlib.decompress(base64.b64decode(key)).decode(): action
            for key, action in policy.lookup.items()
        }
        self._writer = object.__new__(type(policy))
        self._writer.config = {**policy.config, PACKED: False}

    def action_after(self, states: list[State]) -> str | None:
        """The remembered action, if any."""
        return self._actions.get(self._writer._create_feature_key(states))


def _recall(policy: MemoizationPolicy, states: list[State]) -> str | None:
    if not policy.config[PACKED]:
        return _as_shipped(policy, states)
    unpacked: Unpacked | None = policy.__dict__.get("_unpacked")
    if unpacked is None or unpacked.lookup is not policy.lookup:
        unpacked = policy.__dict__["_unpacked"] = Unpacked(policy)
    return unpacked.action_after(states)


_as_shipped = MemoizationPolicy._recall_states


def install() -> None:
    """Replaces `MemoizationPolicy._recall_states`."""
    MemoizationPolicy._recall_states = _recall
