"""The outbox relay: what was decided in a unit of work reaches its reader, in order per chat.

Messages are claimed in one unit, sent outside any, and marked in another: nothing is ever sent
inside a transaction. A chat has one message on its way at a time, so a crash repeats one at most.
There is one such unit at a time: it marks what has arrived by then, in whatever chats, and claims
what is due by then. It does not wait for the disk: a machine that goes down forgets that a message
was on its way or arrived, never the message, and it may be shown once more.
Of all processes on a database one has a channel's shift, and only it claims.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import msgspec
import structlog
from aiolimiter import AsyncLimiter
from msgspec.structs import replace

from bot.channels.base import Channel, ChannelError, Held, Outcome, OutFile
from bot.clock import Clock
from bot.dispatch import decode_card
from bot.rounds import REFUSED_SECONDS, Rounds
from bot.settings import Limits
from bot.shifts import Shift
from bot.units import UnitFailed, Units
from handlers.conversation.messages import Card, Mode
from storage import forwarding, outbox, shown_cards
from storage.errors import DatabaseRefused
from storage.outbox import Message
from storage.session import Session
from storage.unit import Unit

T = TypeVar("T")

Render = Callable[[Unit, Message], Card | None]
"""Draws a row that has no body right before it is sent; None: it is no longer true."""
Attempted = Callable[[Message, str, datetime], None]
"""Hears, after commit, of one try to send: how it ended (`sent`, an outcome), and when."""
Lost = Callable[[Unit, Message], object]
"""Takes in, in the unit that gives a message up, that its chat is gone."""


class Prepared(msgspec.Struct, frozen=True):
    """A card with what was made for it."""

    card: Card
    files: tuple[OutFile, ...] = ()
    keep: Callable[[Unit], object] | None = None
    """Records that it was given out, in the unit that marks the message as sent."""


Make = Callable[[Session, Message, Card], Prepared]
"""Makes the files of a card that names some, in a reading thread, as things are then."""
LoadFiles = Callable[[Session, tuple[int, ...]], tuple[OutFile, ...]]
"""Reads attachments by id, in a reading thread."""
CLAIM = 100
"""Most messages that are claimed in one unit."""
SEND_SECONDS = 60.0
"""A platform that has not answered by then is taken as `Unknown`."""
LONGEST_RETRY_SECONDS = 300.0
KEPT_PACES = 10_000
SENT = "sent"
ERROR = "error"
NO_ANSWER = frozenset({Outcome.RETRY_LATER.value, Outcome.UNKNOWN.value, ERROR})
"""Endings that do not show that the platform can be reached."""

log = structlog.get_logger()


class Pace:
    """Keeps new messages below the platform's limits; redrawing in place does not count."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        # evenly spaced: a burst on top would exceed the limit within its first second
        self._overall = AsyncLimiter(1, 1 / limits.overall_per_second)
        self._chats: OrderedDict[str, AsyncLimiter] = OrderedDict()

    async def wait(self, account: str) -> None:
        """Return when one more message may go to `account`."""
        if not self._limits.enabled:
            return
        await self._chat(account).acquire()
        await self._overall.acquire()

    def _chat(self, account: str) -> AsyncLimiter:
        limiter = self._chats.pop(account, None) or self._limiter(account)
        self._chats[account] = limiter
        if len(self._chats) > KEPT_PACES:
            self._chats.popitem(last=False)
        return limiter

    def _limiter(self, account: str) -> AsyncLimiter:
        if account.startswith("-"):  # a group, as Telegram numbers them
            # a quarter at once and three quarters over the minute: never more within any minute
            burst = max(1.0, self._limits.group_per_minute / 4)
            return AsyncLimiter(burst, burst * 80 / self._limits.group_per_minute)
        burst = self._limits.chat_burst
        return AsyncLimiter(burst, burst / self._limits.chat_per_second)


class _Ending(msgspec.Struct, frozen=True):
    write: Callable[[Unit], object]
    outcome: str = ""
    """How the try ended: `sent`, `error` or an outcome of the platform; "": nothing was tried."""
    blocks: bool = False
    """True: it will be tried again, and what follows in the chat waits for it."""
    sent: bool = False
    """True: it arrived, which is written down whoever has the shift by then."""
    recorded: bool = False
    """True: the log says what was given out, and must not forget it."""


_Look = tuple[list[Message], datetime | None]
"""What is claimed, and when the next message may be due."""


class Relay:
    """Sends the outbox of one channel while this process has the shift."""

    def __init__(
        self,
        channel: Channel,
        units: Units,
        clock: Clock,
        render: Render,
        files: LoadFiles,
        limits: Limits | None = None,
        attempted: Attempted = lambda _row, _outcome, _at: None,
        lost: Lost = lambda _unit, _row: None,
        make: Make = lambda _session, _row, card: Prepared(card),
    ) -> None:
        self.failing_since: datetime | None = None
        """First try in vain since the platform last answered; None: the last was answered."""
        self.answered_at: datetime | None = None
        """When the platform last took or refused a message; None: not since the start."""
        self._channel = channel
        self._clock = clock
        self._attempted = attempted
        self._units = units
        self._render = render
        self._files = files
        self._lost = lost
        self._make = make
        self._pace = Pace(limits or Limits())
        self._lane = f"relay {channel.name}"
        """Units that claim run one after the other, so that chats get their messages in order."""
        self._shift = Shift(self._lane, units, lambda: self._rounds.wake(), self._recovery)
        self._rounds = Rounds(self._lane, clock, self._round)
        self._settling = asyncio.Lock()
        """Held by the unit that marks and claims; what arrives meanwhile gathers for the next."""
        self._arrived: list[_Ending] = []
        """Not marked yet."""
        self._in_doubt = False
        """True: rows may be claimed that nobody holds: a claim was said not to be kept, or a
        chat left them when the shift was lost."""
        self._sending: set[int] = set()
        """Rows on their way to the platform or being written down."""
        self._chats: dict[str, deque[Message]] = {}
        """By account: what is claimed and not yet taken up; a chat is here while it is served."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._queueing: set[asyncio.Task[None]] = set()
        self._stopping = False

    def start(self) -> None:
        """Begin to send, first what a crash left half-sent. Needs the running loop."""
        self._stopping = False
        self._shift.start()
        self._rounds.start(self._shift.ready)

    async def stop(self, patience: float = 5.0) -> None:
        """Let messages that are on their way arrive; the rest goes out after the next start."""
        self._stopping = True
        await self._rounds.stop()
        for task in self._queueing:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=patience)
            for task in late:
                task.cancel()
            if late:
                log.warning("relay_left_behind", channel=self._channel.name, chats=len(late))
                await asyncio.wait(late)
        await self._shift.stop()

    def wake(self) -> None:
        """Say that something may be due: after a commit, after the clock was moved."""
        self._rounds.wake()
        self._shift.call()

    async def drain(self) -> datetime | None:
        """Send all that is due now; return, when nothing is on its way, when more may be due."""
        while True:
            due = await self._round()
            if not self._tasks:
                return due
            await asyncio.wait(set(self._tasks))

    async def _round(self) -> datetime | None:
        """Take up what is due; return when the next message will be."""
        if not await self._shift.ready():
            return None
        async with self._settling:
            return await self._settle()

    async def _settle(self) -> datetime | None:
        """Mark what arrived and take up what is due; return when the next message will be."""
        arrived = list(self._arrived)
        recover = self._recovery() if self._in_doubt else None
        self._in_doubt = False
        try:
            look = partial(self._look, arrived, recover)
            durable = any(one.recorded for one in arrived)
            due, later = await self._units.run(look, self._lane, durable=durable)
        except DatabaseRefused:
            self._in_doubt = True
            raise
        except UnitFailed:
            self._in_doubt = self._in_doubt or recover is not None
            if not arrived:
                raise
            await self._mark_singly(arrived)
            due, later = [], self._clock.now()
        del self._arrived[: len(arrived)]
        self._take_up(due)
        return later

    async def _mark_singly(self, arrived: list[_Ending]) -> None:
        """Let one that cannot be marked hold up no other."""
        for ending in arrived:
            try:
                await self._units.run(ending.write, self._lane, durable=ending.recorded)
            except UnitFailed as error:
                log.error("not_marked", channel=self._channel.name, exc_info=error)

    def _recovery(self) -> Callable[[Unit], object]:
        """Return the unit that gives back what is being sent, but not by us."""
        waiting = (one.id for chat in self._chats.values() for one in chat)
        return partial(outbox.recover, channel=self._channel.name, but={*self._sending, *waiting})

    def _look(
        self, arrived: list[_Ending], recover: Callable[[Unit], object] | None, unit: Unit
    ) -> _Look:
        for ending in arrived:
            ending.write(unit)
        if self._stopping or not self._shift.holds(unit):
            return [], None
        if recover is not None:
            recover(unit)
        return outbox.claim(unit, self._channel.name, unit.now, CLAIM)

    def _take_up(self, due: list[Message]) -> None:
        for row in due:
            if row.account in self._chats:
                self._chats[row.account].append(row)
                continue
            self._chats[row.account] = deque([row])
            task = asyncio.create_task(self._chat(row.account))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    # -- one chat ------------------------------------------------------------------------------

    async def _chat(self, account: str) -> None:
        """Send one message after the other until the chat has no more that may go now."""
        waiting = self._chats[account]
        sending: set[int] = set()
        looked = False
        try:
            while waiting and not self._stopping and self._shift.ours:
                row = waiting.popleft()
                sending.add(row.id)
                self._sending |= sending
                ending = await self._deliver(row)
                looked = ending.sent
                if ending.sent:
                    await self._mark(ending)
                else:
                    rest = [one.id for one in waiting] if ending.blocks else []
                    if ending.blocks:
                        waiting.clear()
                    sending.update(rest)
                    self._sending |= sending
                    await self._insist(partial(self._write_down, ending, rest), self._lane)
                self._note(row, ending.outcome)
                self._sending -= sending
                sending.clear()
        except UnitFailed as error:
            log.error("not_marked", channel=self._channel.name, exc_info=error)
        finally:
            self._sending -= sending
            del self._chats[account]
            self._in_doubt = self._in_doubt or bool(waiting)
            if not (looked and self._shift.ours) or waiting:  # else it has seen what follows
                self.wake()

    async def _mark(self, ending: _Ending) -> None:
        """Return when a message that arrived is marked, with others that arrived meanwhile.

        The same unit looks for what is due: what was committed while the chat was busy is found
        by the chat itself, and no wake-up can fall between the two.
        """
        self._arrived.append(ending)
        while ending in self._arrived:
            try:
                async with self._settling:
                    if ending in self._arrived:
                        self._rounds.expect(await self._settle())
            except DatabaseRefused as error:
                await self._refused(error)

    def _write_down(self, ending: _Ending, rest: list[int], unit: Unit) -> None:
        """Write down how a message ended that did not arrive, and give the `rest` back."""
        if self._shift.holds(unit):  # else whoever has the shift now has given back what was left
            ending.write(unit)
            outbox.release(unit, rest)

    def _note(self, row: Message, outcome: str) -> None:
        if not outcome:
            return
        now = self._clock.now()
        if outcome not in NO_ANSWER:
            self.failing_since, self.answered_at = None, now
        elif self.failing_since is None:
            self.failing_since = now
        self._attempted(row, outcome, now)

    async def _deliver(self, row: Message) -> _Ending:
        """Send one message and return how to write down what became of it."""
        try:
            card = await self._card(row)
            if card is None:
                return _Ending(partial(outbox.drop, id=row.id, problem="moot"))
            if row.mode == Mode.TIDY and not (row.ref and self._channel.capabilities.edits):
                return _Ending(partial(outbox.drop, id=row.id, problem="cannot_edit"))
            if row.mode == Mode.DELETE:
                return await self._take_back(row, card)
            ready = await self._prepared(row, card)
            async with asyncio.timeout(SEND_SECONDS) as limit:
                ref = await self._post(row, ready, limit)
            if card.ends:
                await self._end(row.account)
            mark = partial(_mark, row, ref, ready.keep)
            return _Ending(mark, SENT, sent=True, recorded=ready.keep is not None)
        except ChannelError as error:
            return self._ending(row, error)
        except TimeoutError:
            return self._ending(row, ChannelError(Outcome.UNKNOWN, "no answer"))
        except Exception as error:
            log.error("send_failed", outbox=row.id, channel=row.channel, exc_info=error)
            return _Ending(partial(outbox.fail, id=row.id, problem=type(error).__name__), ERROR)

    async def _card(self, row: Message) -> Card | None:
        if row.body is not None:
            return decode_card(row.body)
        return await self._insist(partial(self._render_row, row), f"{row.channel}:{row.account}")

    def _render_row(self, row: Message, unit: Unit) -> Card | None:
        return self._render(unit, row)

    async def _prepared(self, row: Message, card: Card) -> Prepared:
        """Return the card with what is made for it; without files where none can be sent."""
        if not card.makes:
            return Prepared(card)
        ready = await self._units.read(lambda session: self._make(session, row, card))
        return ready if self._channel.capabilities.files_out else Prepared(ready.card)

    async def _post(self, row: Message, ready: Prepared, limit: asyncio.Timeout) -> str:
        channel = self._channel
        card = replace(ready.card, quiet=row.mode == Mode.TIDY, try_of=row.key)
        if row.ref and channel.capabilities.edits:
            try:
                return await channel.edit(row.account, row.ref, card)
            except ChannelError as error:
                if error.outcome is not Outcome.GONE or row.mode == Mode.TIDY:
                    raise
        await self._queue(row.account, limit)
        if row.ref and not channel.capabilities.edits:
            return await channel.edit(row.account, row.ref, card)  # a fresh one that quotes it
        files = ready.files
        if card.files and channel.capabilities.files_out:
            files += await self._units.read(partial(self._load, card.files))
        return await channel.send(row.account, replace(card, instead_of=row.ref or ""), files)

    async def _take_back(self, row: Message, card: Card) -> _Ending:
        """Take a message out of its chat; where that is not possible, redraw it to `card`."""
        channel, able = self._channel, self._channel.capabilities
        shown = partial(
            shown_cards.ref_of, channel=row.channel, account=row.account, slot=row.slot
        )
        ref = await self._units.read(shown)  # known by now, if the message went just before it
        if ref is None or not (able.deletes or able.edits):
            return _Ending(partial(outbox.drop, id=row.id, problem="cannot_delete"))
        async with asyncio.timeout(SEND_SECONDS):
            try:
                if able.deletes:
                    await channel.delete(row.account, ref)
                else:
                    await channel.edit(row.account, ref, card)
            except ChannelError as error:
                if error.outcome is Outcome.REJECTED and able.deletes and able.edits:
                    await channel.edit(row.account, ref, card)
                elif error.outcome is not Outcome.GONE:
                    raise
        return _Ending(partial(outbox.mark_gone, id=row.id), SENT, sent=True)

    async def _end(self, account: str) -> None:
        """Take the command menu from a chat that has been told that it is nobody's."""
        try:
            await self._channel.menu(account, ())
        except ChannelError as error:
            log.warning("menu_not_emptied", channel=self._channel.name, why=error.outcome.value)

    def _load(self, numbers: tuple[int, ...], session: Session) -> tuple[OutFile, ...]:
        return self._files(session, numbers)

    async def _queue(self, account: str, limit: asyncio.Timeout) -> None:
        """Wait for the pace; that wait is no silence of the platform, and `stop` ends it."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - only ever runs in a chat's task
        limit.reschedule(None)
        self._queueing.add(task)
        try:
            await self._pace.wait(account)
        finally:
            self._queueing.discard(task)
        limit.reschedule(asyncio.get_running_loop().time() + SEND_SECONDS)

    def _ending(self, row: Message, error: ChannelError) -> _Ending:
        outcome = error.outcome
        if isinstance(error, Held):  # no try: it says nothing of the platform
            log.info("held_back", outbox=row.id, channel=row.channel, seconds=round(error.after))
            return _Ending(partial(_hold, row, timedelta(seconds=error.after)), blocks=True)
        log.info("not_delivered", outbox=row.id, channel=row.channel, outcome=outcome.value)
        if outcome is Outcome.MOVED and error.moved_to:
            return _Ending(partial(_move, row, error.moved_to), outcome.value, blocks=True)
        if outcome in (Outcome.RETRY_LATER, Outcome.UNKNOWN):
            # after Unknown the reader may have it twice: at least once is the promise
            seconds = max(error.after, min(2.0 ** min(row.attempts, 16), LONGEST_RETRY_SECONDS))
            after = timedelta(seconds=seconds)
            again = partial(_try_again, row, after, outcome.value)
            return _Ending(again, outcome.value, blocks=True)
        if outcome is Outcome.UNREACHABLE:
            return _Ending(partial(_give_up, row, self._lost), outcome.value)
        if row.mode == Mode.TIDY:
            return _Ending(partial(outbox.drop, id=row.id, problem=outcome.value), outcome.value)
        log.error("message_rejected", outbox=row.id, channel=row.channel, kind=outcome.value)
        return _Ending(partial(outbox.fail, id=row.id, problem=outcome.value), outcome.value)

    async def _insist(self, work: Callable[[Unit], T], lane: str) -> T:
        """Run a unit, again and again while the store refuses."""
        while True:
            try:
                return await self._units.run(work, lane)
            except DatabaseRefused as error:
                await self._refused(error)

    async def _refused(self, error: DatabaseRefused) -> None:
        log.warning("relay_store_refused", why=str(error))
        await asyncio.sleep(REFUSED_SECONDS)


def _mark(row: Message, ref: str, keep: Callable[[Unit], object] | None, unit: Unit) -> None:
    outbox.mark_sent(unit, row=row, ref=ref)
    if keep is not None:
        keep(unit)


def _try_again(row: Message, after: timedelta, problem: str, unit: Unit) -> None:
    outbox.retry(unit, row.id, unit.now + after, problem)


def _hold(row: Message, after: timedelta, unit: Unit) -> None:
    outbox.hold(unit, row.id, unit.now + after)


def _give_up(row: Message, lost: Lost, unit: Unit) -> None:
    lost(unit, row)
    outbox.fail(unit, row.id, Outcome.UNREACHABLE.value)


def _move(row: Message, account: str, unit: Unit) -> None:
    outbox.release(unit, [row.id])
    forwarding.readdress(unit, row.channel, row.account, account)
