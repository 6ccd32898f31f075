"""What the program counts and shows under `/metrics`, for Prometheus.

Labels are channels, kinds and codes, never a name, an account or an id. Nothing is counted inside
a unit of work, which may run again: counts happen after commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Generic, TypeVar

import msgspec
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.readings import Reading
from handlers.conversation.messages import Inbound
from storage.database import versions
from storage.folder import Room
from storage.outbox import Message
from storage.unit import Unit

T = TypeVar("T")

KINDS = ("event", "tap", "command", "edit", "file", "place", "text")
"""What can come in."""
OUTCOMES = ("handled", "repeated", "failed", "refused")
"""What can become of it."""
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 4 * 3600)


class Timed(msgspec.Struct, Generic[T], frozen=True):
    """What a unit returned, and when its last run began and ended (monotonic seconds)."""

    value: T
    began: float
    ended: float


def timed(work: Callable[[Unit], T]) -> Callable[[Unit], Timed[T]]:
    """Return the same unit with its times: they are part of its value, so a repeat is harmless."""

    def run(unit: Unit) -> Timed[T]:
        began = time.monotonic()
        value = work(unit)
        return Timed(value, began, time.monotonic())

    return run


class Metrics:
    """The counts of one program, in a registry of its own."""

    def __init__(self, channels: Iterable[str] = ()) -> None:
        """`channels`: whose counts are shown from the beginning."""
        self._registry = registry = CollectorRegistry()
        about = ("channel", "kind")
        self._taken = Counter(
            "dossierbot_messages_in", "Messages and taps that came in.", about, registry=registry
        )
        self._ended = Counter(
            "dossierbot_messages_ended",
            "What became of them: handled, repeated (seen before), failed (kept aside), "
            "refused (not kept by the store, so not acknowledged).",
            (*about, "outcome"),
            registry=registry,
        )
        self._handling = Histogram(
            "dossierbot_handling_seconds",
            "From taking a message in until it was committed.",
            ("channel",),
            buckets=QUICK,
            registry=registry,
        )
        self._parts = Histogram(
            "dossierbot_handling_part_seconds",
            "Parts of it: queue (waiting for the writer), unit (the work), commit.",
            ("part",),
            buckets=QUICK,
            registry=registry,
        )
        self._attempts = Counter(
            "dossierbot_delivery_attempts",
            "Tries to send a message, by how they ended.",
            ("channel", "outcome"),
            registry=registry,
        )
        self._delivery = Histogram(
            "dossierbot_delivery_seconds",
            "From when a message was due until the platform had it.",
            ("channel",),
            buckets=SLOW,
            registry=registry,
        )
        self._files = Counter(
            "dossierbot_files",
            "Tries to fetch a file: kept, refused, lost, later, folder (it takes none).",
            ("outcome",),
            registry=registry,
        )
        self._scans = Histogram(
            "dossierbot_scan_seconds", "How long a scan took.", buckets=QUICK, registry=registry
        )
        Info("dossierbot_build", "What runs here.", registry=registry).info(
            {"version": _version(), "schema": versions()[-1]}
        )
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._alarms: tuple[tuple[str, str], ...] = ()
        self._scanned_at: float | None = None
        self._now = _Now()
        registry.register(self._now)
        for channel in channels:
            self._begin(channel)

    def _begin(self, channel: str) -> None:
        """Show a channel's counts at zero: one that appears as 1 is no increase to Prometheus."""
        for kind in KINDS:
            self._taken.labels(channel, kind)
            for outcome in OUTCOMES:
                self._ended.labels(channel, kind, outcome)

    # -- counts, after commit ------------------------------------------------------------------

    def came(self, inbound: Inbound) -> None:
        self._taken.labels(inbound.channel, kind_of(inbound)).inc()

    def ended(self, inbound: Inbound, outcome: str) -> None:
        self._ended.labels(inbound.channel, kind_of(inbound), outcome).inc()

    def handled(self, channel: str, came_at: float, run: Timed[T]) -> None:
        """Count the times of one message that was committed; `came_at` in monotonic seconds."""
        committed_at = time.monotonic()
        self._handling.labels(channel).observe(committed_at - came_at)
        self._parts.labels("queue").observe(run.began - came_at)
        self._parts.labels("unit").observe(run.ended - run.began)
        self._parts.labels("commit").observe(committed_at - run.ended)

    def attempted(self, row: Message, outcome: str, at: datetime) -> None:
        """Count one try to send a message; `outcome`: `sent`, or how it ended otherwise."""
        self._attempts.labels(row.channel, outcome).inc()
        if outcome == "sent":
            owed = (at - row.owed_at).total_seconds()
            self._delivery.labels(row.channel).observe(max(0.0, owed))

    def fetched(self, outcome: str) -> None:
        self._files.labels(outcome).inc()

    def scanned(self, began_at: float) -> None:
        """Count a scan that came to its end; `began_at` in monotonic seconds."""
        self._scanned_at = time.monotonic()
        self._scans.observe(self._scanned_at - began_at)

    def alarms(self, ongoing: Iterable[tuple[str, str]]) -> None:
        """Show these alarms, by code and channel ("" for none), in place of those before."""
        self._alarms = tuple(ongoing)

    # -- the page ------------------------------------------------------------------------------

    def page(
        self, accept: str, *, ready: bool, reading: Reading | None, room: Room | None
    ) -> tuple[bytes, str]:
        """Return the page and its content type; what is None is left out."""
        self._now.families = list(self._families(ready, reading, room))
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind

    def _families(
        self, ready: bool, reading: Reading | None, room: Room | None
    ) -> Iterator[Metric]:
        yield _gauge("ready", "1 while messages are taken.", float(ready))
        yield _gauge("store_up", "1 while the database answers.", float(reading is not None))
        alarms = _labelled("alarm", "Trouble the operators are told about.", "code", "channel")
        for code, channel in self._alarms:
            alarms.add_metric([code, channel], 1)
        yield alarms
        if self._scanned_at is not None:
            age = time.monotonic() - self._scanned_at
            yield _gauge("scan_age_seconds", "Since the last scan came to its end.", age)
        if room is not None:
            writable = float(room.writable)
            yield _gauge("attachments_writable", "1 while the folder can be written.", writable)
            yield _gauge("attachments_free_bytes", "Free on the folder's disk.", room.free)
        if reading is not None:
            yield from _of_store(reading)


def _of_store(reading: Reading) -> Iterator[Metric]:
    depth = _labelled("outbox_depth", "Messages that are due and not sent.", "channel")
    age = _labelled("outbox_oldest_seconds", "How long the oldest of them is owed.", "channel")
    for channel, backlog in reading.backlogs.items():
        depth.add_metric([channel], backlog.count)
        oldest = backlog.oldest or reading.at
        age.add_metric([channel], max(0.0, (reading.at - oldest).total_seconds()))
    yield depth
    yield age
    yield _gauge("files_pending", "Files still to be fetched.", reading.files_pending)
    yield _gauge(
        "rungs_late_seconds",
        "How long the oldest due reminder has not been recorded, quiet hours apart.",
        reading.rungs_late_seconds,
    )
    yield _gauge(
        "unreachable_people",
        "People who could not be reached within the last day.",
        reading.unreachable_people,
    )


class _Now(Collector):
    """Gauges that are known only while a page is made."""

    def __init__(self) -> None:
        self.families: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        return self.families


def kind_of(inbound: Inbound) -> str:
    """Return what came in, one of KINDS."""
    if inbound.event is not None:
        return "event"
    kinds = {
        "tap": inbound.choice,
        "command": inbound.command,
        "edit": inbound.edits,
        "file": inbound.files,
        "place": inbound.place,
    }
    return next((kind for kind, given in kinds.items() if given), "text")


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"dossierbot_{name}", says, value=value)


def _labelled(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"dossierbot_{name}", says, labels=labels)


@cache
def _version() -> str:
    try:
        return version("dossierbot")
    except PackageNotFoundError:  # run from its sources
        return "unknown"
