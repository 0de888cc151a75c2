"""Figures for Prometheus."""

import time
from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from desk.dialogue.port import (
    Dialogue,
    DialogueUnavailableError,
    ProcessHealth,
    Reading,
    Reads,
    Reply,
    Turn,
)

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)


class Metrics:
    """The process's own registry."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "frontdesk_http_requests_total",
            "HTTP requests",
            ["method", "status"],
            registry=self._registry,
        )
        self.turns = Histogram(
            "frontdesk_turn_seconds",
            "How long the assistant took for a turn",
            ["outcome"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._process_turns = Counter(
            "frontdesk_assistant_turns_total",
            "Turns that a process of the assistant was asked for",
            ["process", "outcome"],
            registry=self._registry,
        )
        self._process_ready = Gauge(
            "frontdesk_assistant_ready",
            "Whether a process of the assistant would answer now",
            ["process"],
            registry=self._registry,
        )
        self._process_memory = Gauge(
            "frontdesk_assistant_memory_bytes",
            "Resident memory of a process of the assistant; 0 while it does not say",
            ["process"],
            registry=self._registry,
        )
        self._ignored = Counter(
            "frontdesk_updates_ignored_total",
            "Updates of platforms that say nothing to us",
            ["channel", "kind"],
            registry=self._registry,
        )
        self._channel_up = Gauge(
            "frontdesk_channel_up",
            "Whether a platform accepts our credentials",
            ["channel", "account"],
            registry=self._registry,
        )
        self._age = Gauge(
            "frontdesk_oldest_seconds",
            "Age of the oldest unfinished row",
            ["queue"],
            registry=self._registry,
        )

    def age(self, queue: str, oldest: datetime | None, now: datetime) -> None:
        """Record how long the oldest row of a queue has waited."""
        self._age.labels(queue).set((now - oldest).total_seconds() if oldest else 0)

    def ignored(self, channel: str, kind: str) -> None:
        """Count an update that says nothing to us."""
        self._ignored.labels(channel, kind[:64]).inc()

    def channel(self, channel: str, account: str, up: bool) -> None:
        """Record whether a channel's account works."""
        self._channel_up.labels(channel, account).set(up)

    def turn(self, process: str, outcome: str) -> None:
        """Count a turn that a process was asked for."""
        self._process_turns.labels(process, outcome).inc()

    def assistant(self, health: Sequence[ProcessHealth]) -> None:
        """Record how the assistant's processes are."""
        for one in health:
            self._process_ready.labels(one.name).set(one.ready)
            self._process_memory.labels(one.name).set(one.memory_bytes or 0)

    def text(self) -> bytes:
        """Return all figures in Prometheus's text format."""
        return generate_latest(self._registry)


class TimedDialogue:
    """A dialogue that measures another."""

    def __init__(self, inner: Dialogue, metrics: Metrics) -> None:
        self._inner = inner
        self._metrics = metrics

    async def turn(self, turn: Turn) -> list[Reply]:
        """Pass a turn on and record how long it took."""
        started = time.perf_counter()
        outcome = "failed"
        try:
            replies = await self._inner.turn(turn)
            outcome = "answered"
        finally:
            self._metrics.turns.labels(outcome).observe(time.perf_counter() - started)
        return replies

    async def read(self, text: str, language: str) -> Reading:
        """Let the other read words that are no turn; DialogueUnavailableError when it cannot."""
        if not isinstance(self._inner, Reads):
            raise DialogueUnavailableError
        return await self._inner.read(text, language)

    async def health(self) -> Sequence[ProcessHealth]:
        """Ask the other, and record what it says."""
        health = await self._inner.health()
        self._metrics.assistant(health)
        return health

    async def close(self) -> None:
        """Close the other."""
        await self._inner.close()
