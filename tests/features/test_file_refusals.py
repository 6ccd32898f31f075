"""A file that could not be kept: its sender hears why and what to do, the note says so as well."""

from __future__ import annotations

import pytest

from handlers.conversation.messages import FileKind, InFile
from tests.fakes.telegram.faults import DOWNLOAD, Fault
from tests.features.diary import HONGXIN, SALES
from tests.features.office import JPEG, Office
from tests.features.telegram_hands import TelegramHands
from tests.features.test_bad_input import last_note

MIB = 2**20

on_telegram = pytest.mark.parametrize("office", ["telegram"], indirect=True)


def hands(office: Office) -> TelegramHands:
    found = office[SALES]
    assert isinstance(found, TelegramHands)
    return found


@on_telegram
class TestGivenAPhotoThatCannotBeFetched:
    async def test_when_it_is_one_of_an_album_over_two_polls_then_told_and_the_note_says_so(
        self, office: Office
    ) -> None:
        me = hands(office)
        await me.say(f"拜访 {HONGXIN} 谈二季度订单")
        me._server.faults.add(Fault.MISSING, DOWNLOAD, times=1)
        shown = await me.send((JPEG + b"1", FileKind.PHOTO, ""), (JPEG + b"2", FileKind.PHOTO, ""))
        assert "聊天平台上已取不到" in shown
        assert "请重新发送这个文件" in shown
        album = me._last[0].wire["media_group_id"]
        me.person._send_file("photo", JPEG + b"3", "", album=str(album))
        shown = await me._after()
        assert "附件：3 个文件" in shown
        await me.tap("提交")
        note = last_note(office)
        shown = await me.press(f"f.note.open.{note.id}")
        assert "附件中有 1 个没能保存。" in shown
        shown = await me.press(f"f.note.files.{note.id}")
        assert shown.files == 2
        assert "丢失" in shown


@on_telegram
class TestGivenALargeFile:
    async def test_when_the_platform_gives_it_out_then_it_is_kept(self, office: Office) -> None:
        me = hands(office)
        await me.person.document(b"%PDF-1.4", "合同.pdf", size=int(19.9 * MIB))
        shown = await me._after()
        assert "没能保存" not in shown.text

    async def test_when_it_does_not_then_the_largest_size_is_named(self, office: Office) -> None:
        me = hands(office)
        await me.person.document(b"%PDF-1.4", "合同.pdf", size=int(20.1 * MIB))
        shown = await me._after()
        assert (
            "(合同.pdf)：文件太大，最多 20 MB。其余内容都已保存，请发送小一些的文件。"
            in shown.text
        )

    async def test_when_it_is_a_little_too_large_then_never_said_to_be_the_limit(
        self, office: Office
    ) -> None:
        file = InFile("none", FileKind.DOCUMENT, "合同.pdf", int(50.1 * MIB))
        await office.hand_in(SALES, files=(file,))
        await office.settle()
        assert "太大：51 MB，最多 50 MB" in (await office[SALES].see()).text
