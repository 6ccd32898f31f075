"""Random walks through a form: what a person with two phones, bad luck and no plan would do.

Every walk prints its seed when it fails and can be walked again by it.
"""

from __future__ import annotations

import random
from datetime import timedelta

from handlers.conversation.forms import Answers
from handlers.conversation.state import MAX_PARTS, decode, encode
from handlers.world import World
from tests.conversation import demo
from tests.conversation.desk import Desk

TEXTS = (
    "返回", "取消", "跳过", "保存草稿", "完成", "提交", "back", "cancel", "skip", "save draft",
    "done", "submit", "0", "1", "2", "3", "8", "9", "12", "0042", "1 3", "1、2、19", "３", "-5",
    "今天", "昨天", "下周三", "2月31日", "9999年1月1日", "0001-01-01", "20260914", "月底", "+3",
    "鸿鑫", "hx", "鸿鑫贸易有限公司", "西湖", "李敏", "从未听说", "3.5万", "1e999", "nan",
    "归还", "今日", "/today", "car", "火车", "Train", "是", "<b>粗</b> *_~`[](x)", "{labels}",
    "{0}", "%s", "\u202eevil\u202c", "\x00\x1b[31m", "👩‍👩‍👧‍👦" * 30, "e\u0301" * 50, " ", "",
    "\ud83d", "字" * 150, "字" * 250, "字" * 10_000, "a\nb\r\nc", "'; DROP TABLE x; --", "٣",
)  # fmt: skip


def walk(desk: Desk, worlds: tuple[World, ...], seed: int, steps: int) -> int:
    """Take `steps` random steps; return how many of them filed the form.

    Now and then the program is started anew in another of the `worlds`.
    """
    chance = random.Random(seed)
    filed = len(demo.FILED)
    start(desk, chance, "p1")
    for _ in range(steps):
        phone = chance.choice(("p1", "p1", "p2"))
        if chance.random() < 0.03:
            desk.world = chance.choice(worlds)
        move(desk, chance, phone)
        state = desk.state()
        if state is None:
            # never stuck: something can be started or gone on with
            if chance.random() < 0.7:
                start(desk, chance, phone)
        else:
            assert decode(encode(state)) == state
    return len(demo.FILED) - filed


def start(desk: Desk, chance: random.Random, phone: str) -> None:
    feature = desk.world.registry.by_key[chance.choice(("demo", "demo", "demo", "quick"))]
    if chance.random() < 0.3:
        desk.go(feature, phone, line=f"phones:{desk.key()}", **line(chance))
    else:
        desk.go(feature, phone=phone)


def line(chance: random.Random) -> dict[str, object]:
    """Return what somebody may have said in one line, some of it wrong."""
    said: dict[str, object] = {
        "customer": {"key": "1", "label": "鸿鑫贸易有限公司"},
        "day": chance.choice(("2026-09-13", "2026-12-31", "no day")),
        "way": chance.choice(("car", "boat")),
        "body": chance.choice(("talked", "字" * 250)),
        "next": "2026-09-23",
    }
    return {key: value for key, value in said.items() if chance.random() < 0.6}


def reword(desk: Desk, chance: random.Random, phone: str) -> None:
    """Edit one of the latest messages, or one that never was."""
    desk.line = Answers(line(chance)) if chance.random() < 0.8 else None
    key = f"k{max(desk.count - chance.randint(0, 12), 0)}"
    before = desk.state()
    desk.edit(chance.choice(TEXTS), key, phone)
    after = desk.state()
    if before is not None and after is not None:
        assert all(len(parts) <= MAX_PARTS for parts in (*after.sources.values(), after.tried))


def move(desk: Desk, chance: random.Random, phone: str) -> None:
    """Do one thing a person can do."""
    if chance.random() < 0.02:
        desk.now += timedelta(days=chance.choice((1, 3, 40, 200)))
    what = chance.random()
    shown = desk.phones[phone].last.buttons()
    if what < 0.5 and shown:
        desk.press(chance.choice(shown).key, phone)
    elif what < 0.58 and desk.old:
        desk.press(chance.choice(desk.old[-200:]), phone)
    elif what < 0.66:
        reword(desk, chance, phone)
    elif what < 0.85:
        desk.say(chance.choice(TEXTS), phone)
    elif what < 0.92:
        album = chance.choice(("", "al"))
        desk.send(chance.randint(1, 4), text=chance.choice(("", "caption")), album=album,
                  phone=phone)  # fmt: skip
    elif what < 0.95:
        desk.pin(phone)
    elif what < 0.97:
        start(desk, chance, phone)
    else:
        key = chance.choice(desk.old) if desk.old else "c.1.1.back"
        desk.press(key[:-1] + chance.choice("019az._-"), phone)


def finish(desk: Desk, phone: str = "p1") -> None:
    """File the form from wherever the walk has led: it is never a dead end."""
    count = len(demo.FILED)
    if desk.state() is None:
        desk.go(desk.world.registry.by_key["demo"], phone=phone)
    for _ in range(40):
        state = desk.state()
        if state is None or len(demo.FILED) > count:
            return
        answer = {
            "customer": "大洋食品厂",
            "day": "今天",
            "way": "car",
            "body": "talked",
        }.get(state.at, "提交" if not state.at else "跳过")
        desk.say(answer, phone)
    raise AssertionError(f"stuck at {desk.state()}")
