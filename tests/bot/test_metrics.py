"""What `/metrics` says, and that it says so in time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from bot.app import App
from bot.channels.base import Outcome
from bot.demo import OPENS, settings_for
from bot.metrics import KINDS, OUTCOMES, Metrics, kind_of
from bot.readings import Cached
from handlers.conversation.messages import (
    ChatChange,
    ChatEvent,
    FileKind,
    Inbound,
    InFile,
    Place,
)
from storage import accounts, staff
from storage.crypto import Vault
from storage.staff import StaffRow
from tests.fakes.channel import RecordingChannel
from tests.fakes.clock import SettableClock
from tests.features.conftest import in_store

ACCOUNT, WORDS, NAME = "account-4711", "planted-words", "planted-name"


def message(key: str = "k1", **what: object) -> Inbound:
    return Inbound("fake", ACCOUNT, key, OPENS, **what)  # type: ignore[arg-type]  # fields of Inbound


class Running:
    def __init__(self, folder: Path) -> None:
        self.clock = SettableClock(OPENS)
        self.channel = RecordingChannel()
        self.app = App(settings_for(folder, 0, "customer-service"), self.clock, (self.channel,))

    async def page(self) -> str:
        body, _ = await self.app.metrics_page("text/plain")
        return body.decode()

    async def value(self, name: str, **labels: str) -> float | None:
        """Return one sample of the page; None: it is not there."""
        return value(await self.page(), name, **labels)


def value(page: str, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == f"dossierbot_{name}" and sample.labels == labels:
                return sample.value
    return None


@pytest_asyncio.fixture
async def running(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Running]:
    shutil.copy(migrated_file, tmp_path / "dossierbot.sqlite")
    made = Running(tmp_path)
    Vault.create(tmp_path / "dossierbot.key")

    def cast(unit: object) -> None:
        staff.save(unit, StaffRow(id="s1", name=NAME, department=""))  # type: ignore[arg-type]  # a unit
        accounts.bind(unit, "fake", ACCOUNT, "s1")  # type: ignore[arg-type]  # as above

    in_store(settings_for(tmp_path, 0, "customer-service"), cast)
    await made.app.start()
    yield made
    await made.app.stop()


class TestGivenMessages:
    async def test_when_one_is_handled_then_counted_once_with_its_times(
        self, running: Running
    ) -> None:
        await running.app.intake(message(text=WORDS))
        await running.app.intake(message(text=WORDS))
        what = {"channel": "fake", "kind": "text"}
        assert await running.value("messages_in_total", **what) == 2
        for outcome in ("handled", "repeated"):
            assert await running.value("messages_ended_total", **what, outcome=outcome) == 1
        assert await running.value("handling_seconds_count", channel="fake") == 2
        for part in ("queue", "unit", "commit"):
            assert await running.value("handling_part_seconds_count", part=part) == 2

    async def test_when_a_unit_runs_again_then_its_message_counts_once(
        self, running: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from bot import dispatch

        runs = []
        answer = dispatch.answer

        def once_more(*arguments: object) -> object:
            runs.append(1)
            if len(runs) == 1:
                raise ValueError
            return answer(*arguments)  # type: ignore[arg-type]  # handed on as they came

        monkeypatch.setattr(dispatch, "answer", once_more)
        await running.app.intake(message(text=WORDS))
        assert len(runs) == 2
        what = {"channel": "fake", "kind": "text", "outcome": "handled"}
        assert await running.value("messages_ended_total", **what) == 1

    async def test_when_none_can_be_handled_then_failed(
        self, running: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise ValueError

        monkeypatch.setattr("bot.dispatch.answer", broken)
        await running.app.intake(message(command="today"))
        what = {"channel": "fake", "kind": "command", "outcome": "failed"}
        assert await running.value("messages_ended_total", **what) == 1

    async def test_when_sent_then_the_way_out_is_counted_from_when_it_was_due(
        self, running: Running
    ) -> None:
        running.channel.fail(Outcome.RETRY_LATER, after=120)
        await running.app.intake(message(command="help"))
        await running.app.drain()
        assert await running.value("outbox_depth", channel="fake") == 1
        running.clock.advance(OPENS + timedelta(seconds=121))
        await running.app.drain()
        what = {"channel": "fake"}
        for outcome in ("retry_later", "sent"):
            found = await running.value("delivery_attempts_total", **what, outcome=outcome)
            assert found == 1
        assert await running.value("delivery_seconds_sum", **what) == 121

    async def test_when_a_file_is_kept_then_counted(self, running: Running) -> None:
        photo = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
        running.channel.contents["p"] = [photo]
        await running.app.intake(message(files=(InFile("p", FileKind.PHOTO, NAME, len(photo)),)))
        await running.app.drain()
        assert await running.value("files_total", outcome="kept") == 1

    async def test_before_any_came_they_are_zero_so_that_the_first_failure_is_an_increase(
        self, running: Running
    ) -> None:
        for kind in KINDS:
            for outcome in OUTCOMES:
                what = {"channel": "fake", "kind": kind, "outcome": outcome}
                assert await running.value("messages_ended_total", **what) == 0

    async def test_nothing_of_people_is_on_the_page(self, running: Running) -> None:
        await running.app.intake(message(text=WORDS))
        await running.app.drain()
        await running.app.scan(OPENS)
        page = await running.page()
        assert [one for one in (ACCOUNT, WORDS, NAME, "s1") if f'"{one}"' in page] == []
        labels = {
            label
            for family in text_string_to_metric_families(page)
            if family.name.startswith("dossierbot_")
            for sample in family.samples
            for label in sample.labels
        }
        assert labels <= {"channel", "kind", "outcome", "part", "code", "le", "version", "schema"}


class TestGivenTheState:
    async def test_when_all_is_well_then_it_says_so(self, running: Running) -> None:
        await running.app.scan(OPENS)
        page = await running.page()
        for name in ("ready", "store_up", "attachments_writable"):
            assert value(page, name) == 1
        for name in ("files_pending", "rungs_late_seconds", "unreachable_people"):
            assert value(page, name) == 0
        assert (value(page, "attachments_free_bytes") or 0) > 0
        assert (value(page, "scan_age_seconds") or 9) < 9
        assert "dossierbot_build_info{" in page
        assert "python_gc_objects_collected_total" in page

    async def test_when_stopped_then_it_still_answers(self, running: Running) -> None:
        await running.app.stop()
        page = await running.page()
        assert (value(page, "ready"), value(page, "store_up")) == (0, 0)

    async def test_when_two_run_in_one_process_then_each_counts_for_itself(
        self, running: Running, tmp_path: Path
    ) -> None:
        other = Running(tmp_path / "other")
        await running.app.intake(message(text=WORDS))
        assert value(await other.page(), "messages_in_total", channel="fake", kind="text") == 0

    async def test_when_the_database_hangs_then_answered_in_time_with_what_is_known(
        self, running: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hung = asyncio.Event()

        async def hangs(_work: object) -> None:
            await hung.wait()

        await running.app.intake(message(text=WORDS))
        running.app._readings.store._patience = 0.01
        monkeypatch.setattr(running.app._units, "read", hangs)
        page = await running.page()
        assert value(page, "store_up") == 0
        assert value(page, "messages_in_total", channel="fake", kind="text") == 1
        assert value(page, "outbox_depth", channel="fake") is None
        hung.set()

    async def test_the_newer_format_is_spoken_to_whoever_asks_for_it(
        self, running: Running
    ) -> None:
        body, kind = await running.app.metrics_page("application/openmetrics-text; version=1.0.0")
        assert kind.startswith("application/openmetrics-text")
        assert body.endswith(b"# EOF\n")


class TestGivenAReading:
    class Source:
        def __init__(self) -> None:
            self.taken = 0
            self.may_end = asyncio.Event()
            self.may_end.set()

        async def take(self) -> int:
            self.taken += 1
            await self.may_end.wait()
            if self.taken == 3:
                raise OSError
            return self.taken

    async def test_when_asked_again_soon_then_it_is_not_taken_anew(self) -> None:
        source = self.Source()
        cached = Cached(source.take, fresh=60)
        assert [await cached.get() for _ in range(5)] == [1] * 5

    async def test_when_it_hangs_then_nobody_waits_long_and_no_second_one_is_begun(self) -> None:
        source = self.Source()
        source.may_end.clear()
        cached = Cached(source.take, fresh=0, patience=0.001)
        assert [await cached.get() for _ in range(5)] == [None] * 5
        assert source.taken == 1
        source.may_end.set()
        cached._patience = 30
        assert await cached.get() == 1
        assert await cached.get() == 2

    async def test_when_it_fails_then_none_and_the_next_one_is_tried(self) -> None:
        source = self.Source()
        cached = Cached(source.take, fresh=0)
        assert [await cached.get() for _ in range(4)] == [1, 2, None, 4]


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ({"text": "words"}, "text"),
        ({"command": "today", "text": "words"}, "command"),
        ({"choice": "f.today.open"}, "tap"),
        ({"edits": "k0", "text": "words"}, "edit"),
        ({"files": (InFile("f", FileKind.PHOTO),), "text": "caption"}, "file"),
        ({"place": Place(1, 2)}, "place"),
        ({"event": ChatEvent(ChatChange.LEFT, ACCOUNT)}, "event"),
    ],
)
def test_what_came_in_is_told_apart(what: dict[str, object], kind: str) -> None:
    assert kind_of(message(**what)) == kind


def test_a_registry_of_its_own() -> None:
    from prometheus_client import REGISTRY

    before = len(list(REGISTRY.collect()))
    Metrics()
    Metrics()
    assert len(list(REGISTRY.collect())) == before
