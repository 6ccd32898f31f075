"""What a run leaves behind: no words, numbers or secrets in logs, database files and folders."""

from __future__ import annotations

import io
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot import logs
from bot.settings import Log
from handlers import FEATURES
from handlers.context import Context
from handlers.conversation.messages import FileKind, InFile, Reply
from handlers.feature import Feature
from storage import accounts, audit, dossiers, notes
from storage import tables as t
from tests.features.office import JPEG, Office

SALES, MANAGER = "CY015", "CY014"
CUSTOMER = "佛山市顺德区鸿鑫贸易商行"
TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_x"
CODE = "QWERTYUIOPASDFGHJKLZXCVBNM"

PLANTED = {
    "note": "对方老板私下说要换供应商",
    "comment": "请把报价压到四十二万",
    "draft": "写到一半的保密句子",
    "loose": "随手记的门禁密码是八八六一",
    "poison": "毒丸里的一句话",
    "search": "绝密搜索词组合",
    "phone": "13800138642",
    "file name": "身份证正面扫描件",
    "file": "FILECONTENTNOBODYREADS",
    "place": "客户家后门车位",
    "purpose": "去谈私下返点",
    "token": TOKEN,
    "code": CODE,
}


def broken(ctx: Context, words: str) -> Reply:
    secret = f"{words} {TOKEN}"
    ctx.session.execute(
        t.staff.insert().values(
            id=SALES,
            name=secret,
            department=secret,
            roles="",
            clearance="none",
            head_of="",
            locale="zh_CN",
            active=True,
            created_at=ctx.now,
        )
    )  # its parameters would be in the exception's words
    return Reply()


@pytest.fixture
def features() -> tuple[Feature, ...]:
    return (*FEATURES, Feature(key="trial", title="Help", command="trial", open=broken))


@pytest.fixture(params=["json", "console"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    stream = io.StringIO()
    logs.setup(Log(level="debug", format=request.param), (TOKEN,), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.configure(**before)


def everything_on_disk(folder: Path) -> bytes:
    """Return the bytes of all files of the bot; the pretend platform's own are left out."""
    files = [one for one in folder.rglob("*") if one.is_file()]
    ours = [one for one in files if not one.relative_to(folder).parts[0].startswith("phones")]
    assert any(one.name == "dossierbot.sqlite" for one in ours)
    return b"".join(one.name.encode() + one.read_bytes() for one in ours)


async def a_full_day(office: Office) -> None:
    """Use everything once, with a planted text in each place that takes one."""
    me, boss = office[SALES], office[MANAGER]
    await me.say(f"拜访 {CUSTOMER} {PLANTED['note']} {PLANTED['phone']}")
    await me.tap("提交")
    note = office.look(lambda unit: notes.last_note_of(unit, SALES))
    assert note is not None
    await boss.press(f"f.note.open.{note.id}")
    await boss.press(f"f.note.comment.{note.id}")
    await boss.say(PLANTED["comment"])
    await me.press(f"f.note.correct.{note.id}")
    await me.tap("取消")
    await me.say(f"拜访 {CUSTOMER} {PLANTED['draft']}")
    await me.say("/today")
    await me.say(PLANTED["loose"])
    await me.say(f"/find {PLANTED['search']}")
    await me.say(f"/find {PLANTED['phone']}")
    await me.say(f"/trial {PLANTED['poison']}")
    content = JPEG + PLANTED["file"].encode() * 100
    await me.send((content, FileKind.PHOTO, f"{PLANTED['file name']}.jpg"))
    bad = InFile(me.plant(b"MZ" + content), FileKind.DOCUMENT, f"{PLANTED['file name']}.exe", None)
    await office.hand_in(SALES, files=(bad,))
    await me.place(22.5, 114.0, PLANTED["place"])
    await me.say("/cancel")
    await me.say("安排")
    await me.say(CUSTOMER)
    await me.say("明天")
    await me.say(PLANTED["purpose"])
    await office["X001"].say(f"{PLANTED['poison']} {PLANTED['phone']}")
    office.change(lambda unit: accounts.invite(unit, "CY017", CODE, unit.now))
    await office["X002"].say(f"/start {CODE}")
    await office.restart()


class TestGivenADayWithPlantedSecrets:
    async def test_when_all_went_its_way_then_none_is_in_logs_or_files(
        self, office: Office, log: io.StringIO
    ) -> None:
        await a_full_day(office)
        said = log.getvalue()
        assert "message_failed" in said  # the poison was logged
        assert "IntegrityError" in said
        assert [name for name, words in PLANTED.items() if words in said] == []
        assert CUSTOMER not in said
        assert "张晓雯" not in said
        on_disk = everything_on_disk(office.folder)
        found = [name for name, words in PLANTED.items() if words.encode() in on_disk]
        assert found == []

    async def test_when_dossiers_are_kept_then_phone_contact_and_address_are_sealed(
        self, office: Office
    ) -> None:
        on_disk = everything_on_disk(office.folder)
        rows = office.look(
            lambda unit: [
                dossiers.get(unit, id_)
                for id_ in unit.session.execute(select(t.dossier.c.id)).scalars()
            ]
        )
        assert len(rows) == 400
        open_names = {row.name for row in rows}  # declared unprotected (CONTRACT 5.1)
        for row in rows:
            for value in {row.phone, row.contact, row.address, row.phone[-8:]} - open_names:
                assert not value or value.encode() not in on_disk, value

    async def test_when_kept_then_the_key_file_is_the_owners_alone(self, office: Office) -> None:
        for name in ("dossierbot.key", "dossierbot.sqlite"):
            mode = stat.S_IMODE((office.folder / name).stat().st_mode)
            assert not mode & (stat.S_IRWXG | stat.S_IRWXO) or name != "dossierbot.key", oct(mode)

    async def test_when_a_statement_fails_then_its_values_are_not_in_the_error(
        self, office: Office
    ) -> None:
        def twice(unit):
            unit.session.execute(
                t.stranger.insert().values(
                    [
                        {"channel": "x", "account": PLANTED["note"], "hour_began_at": unit.now}
                        for _ in range(2)
                    ]
                )
            )

        with pytest.raises(IntegrityError) as caught:
            office.look(twice)
        assert PLANTED["note"] not in str(caught.value)

    async def test_when_audited_then_only_ids_and_codes_are_written(self, office: Office) -> None:
        await a_full_day(office)
        rows, verdict, words = office.look(
            lambda unit: (
                unit.session.execute(select(t.audit)).mappings().all(),
                audit.verify(unit.session, unit.vault),
                {CUSTOMER, "张晓雯", *PLANTED.values()},
            )
        )
        assert verdict.broken_at is None
        assert verdict.head.count == len(rows)
        actions = {row["action"] for row in rows}
        assert actions >= {
            "visit_note.filed", "visit_note.read", "visit_note.commented", "loose.kept",
            "account.bound", "dossier.searched",
        }  # fmt: skip
        for row in rows:
            said = " ".join(str(one) for one in row.values())
            assert [one for one in words if one in said] == []
            assert said.replace("-", "").isascii(), said
