"""A phones page with a tiny bot behind it: enough of a conversation to see every part of the page.

Real platform, real HTTP, real clock control; only the bot is a stand-in that answers by a table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.channels.base import OutFile
from bot.channels.phones.channel import Phones
from bot.channels.phones.platform import Phone, Platform
from bot.channels.phones.server import PhonesPage
from bot.http import Server
from handlers.conversation.messages import Button, Card, Inbound
from tests.fakes.clock import SettableClock

LOOPBACK = "127.0.0.1"

NINE = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
"""Monday 2026-09-14, nine o'clock in China."""

PEOPLE = (
    Phone("s1", "张晓彤", "客户经理", "销售一部", shown=True),
    Phone("s2", "李建国", "客户经理", "销售一部", shown=True),
    Phone("m1", "王海燕", "部门经理", "销售一部", shown=True),
    Phone("a1", "陈静", "档案保管人", "档案室", shown=True),
    Phone("d1", "欧阳明哲", "客户总监", "客户管理部", shown=True),
    Phone("c1", "赵磊", "服务顾问", "售后服务部", shown=True),
    Phone("g1", "孙立群", "总经理", "总经办"),
    Phone("i1", "周敏", "信息专员", "信息部"),
)

MENU = (("today", "今日"), ("visit", "拜访"), ("find", "查找客户"), ("drafts", "草稿"))

ASK_DAY = Card(
    title="拜访记录 · 鸿鑫贸易有限公司",
    text="哪一天?也可以直接写日期,例如“上周五”或“9月10日”。",
    choices=(
        Button("今天 9月14日 周一", "c.7.1.pick.1"),
        Button("昨天 9月13日 周日", "c.7.1.pick.2"),
        Button("9月12日 周六", "c.7.1.pick.3"),
        Button("选日历", "c.7.1.pick.4"),
    ),
    columns=2,
    nav=(
        Button("返回", "c.7.1.back"),
        Button("跳过", "c.7.1.skip"),
        Button("保存草稿", "c.7.1.park"),
        Button("取消", "c.7.1.cancel"),
    ),
)


@dataclass
class Desk:
    """Everything behind one page. `broken`: the bot keeps nothing and says so by raising."""

    folder: Path
    clock: SettableClock = field(default_factory=lambda: SettableClock(NINE))
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    broken: bool = False
    people: tuple[Phone, ...] = PEOPLE
    heard: list[Inbound] = field(default_factory=list)
    port: int = 0
    reminders: list[tuple[datetime, str, str]] = field(default_factory=list)
    """(due, account, text): said when the clock has come so far."""

    def __post_init__(self) -> None:
        self._back_at: datetime | None = None
        self._server = Server()
        self._refs: dict[str, str] = {}

    def now(self) -> datetime:
        return self.clock.now()

    def back_at(self) -> datetime | None:
        return self._back_at

    async def move(self, to: datetime) -> None:
        self.clock.advance(to)
        if self._back_at and self.clock.now() >= self._back_at:
            await self.outage(0)
        await self._remind()

    async def outage(self, minutes: int) -> None:
        if minutes:
            self._back_at = self.clock.now() + timedelta(minutes=minutes)
            await self.channel.stop()
        else:
            self._back_at = None
            await self.channel.start()

    async def start(self) -> None:
        self.platform = Platform(self.folder, self.people, self.now, retry_seconds=(0.01,))
        self.channel = Phones(self.platform)
        application = web.Application()
        application.add_subapp("/phones/", PhonesPage(self.platform, self).app())
        await self._server.listen(application, LOOPBACK, self.port)
        self.port = self._server.ports[0]
        await self.channel.open(self)
        await self.channel.start()

    async def stop(self) -> None:
        await self._server.stop()
        await self.platform.close()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/phones/"

    async def intake(self, inbound: Inbound) -> None:
        if self.broken:
            raise RuntimeError("nothing was kept")
        if any(one.key == inbound.key for one in self.heard):
            return
        self.heard.append(inbound)
        await self._answer(inbound)

    async def _answer(self, inbound: Inbound) -> None:
        account = inbound.account
        if inbound.choice:
            await self._tapped(inbound)
        elif inbound.command == "visit" or inbound.text.startswith("拜访"):
            self._refs[account] = await self.channel.send(account, ASK_DAY)
        elif inbound.files or inbound.place or inbound.forwarded:
            kept = Card("已保存,要放到哪里?", choices=(Button("拜访记录", "f.note.loose"),))
            await self.channel.send(account, kept)
        elif inbound.text == "图":
            picture = OutFile("报表.png", "image/png", PICTURE)
            guarded = Card("仅供内部查看", title="九月报表", protect=True)
            await self.channel.send(account, guarded, (picture,))
        else:
            await self.channel.send(account, Card(f"收到:{inbound.text}"))
        await self.channel.menu(account, MENU)

    async def _tapped(self, inbound: Inbound) -> None:
        if inbound.choice.endswith(".cancel"):
            await self.channel.answer_tap(inbound, "这个按钮已经不能用了。")
            return
        label = next((b.label for b in ASK_DAY.buttons() if b.key == inbound.choice), "")
        done = Card(title=ASK_DAY.title, text=f"日期:{label}", nav=ASK_DAY.nav)
        await self.channel.edit(inbound.account, inbound.card, done)
        await self.channel.answer_tap(inbound, "")

    async def _remind(self) -> None:
        due = [one for one in self.reminders if one[0] <= self.clock.now()]
        for one in due:
            self.reminders.remove(one)
            await self.channel.send(one[1], Card(one[2]))


PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763606860000001840081ba45d13e0000000049454e44ae426082"
)
"""One dot, a valid PNG."""
