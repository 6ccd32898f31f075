"""Files both ways: identifiers, sizes, what counts as a picture, a local server's paths."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.channels.standin.conftest import ANN, JPEG, PNG, Api
from tests.fakes.clock import SettableClock
from tests.fakes.telegram.people import Person
from tests.fakes.telegram_server import TelegramServer


class TestGivenAPersonSendsAFile:
    async def test_when_fetched_then_the_same_bytes(self, api: Api, ann: Person) -> None:
        await ann.photo(JPEG, "封面")
        (update,) = await api.updates()
        sizes = update["message"]["photo"]
        assert [one["width"] for one in sizes] == [90, 320, 1280]
        file = await api.ok("getFile", file_id=sizes[-1]["file_id"])
        assert file["file_size"] == len(JPEG)
        url = f"{api.server.base}/file/bot{api.server.token}/{file['file_path']}"
        async with api.session.get(url) as answer:
            assert await answer.read() == JPEG
        async with api.session.get(url.replace(api.server.token, "1:x")) as answer:
            assert answer.status == 401

    async def test_when_20_mb_then_fetched_and_one_byte_more_refused(
        self, api: Api, ann: Person
    ) -> None:
        for size, fits in ((20 * 2**20, True), (20 * 2**20 + 1, False)):
            posted = await ann.document(b"", size=size)
            file_id = posted.wire["document"]["file_id"]
            if fits:
                assert (await api.ok("getFile", file_id=file_id))["file_size"] == size
            else:
                refusal = await api.refused("getFile", file_id=file_id)
                assert refusal.description == "Bad Request: file is too big"

    async def test_when_the_identifier_is_unknown_then_refused(self, api: Api) -> None:
        refusal = await api.refused("getFile", file_id="nothing")
        assert refusal.description == "Bad Request: invalid file_id"


class TestGivenALocalServer:
    async def test_when_asked_then_a_path_on_this_machine_and_no_limit(
        self, clock: SettableClock, tmp_path: Path
    ) -> None:
        async with (
            TelegramServer(now=clock.now, local=tmp_path) as server,
            aiohttp.ClientSession() as session,
        ):
            api = Api(server, session)
            person = server.person(ANN, "欧阳慧敏")
            posted = await person.document(b"content", "合同.pdf", size=2**30)
            file = await api.ok("getFile", file_id=posted.wire["document"]["file_id"])
            path = Path(str(file["file_path"]))
            assert path.is_relative_to(tmp_path)
            assert await asyncio.to_thread(path.read_bytes) == b"content"
            url = f"{server.base}/file/bot{server.token}/{file['file_path']}"
            async with session.get(url) as answer:
                assert answer.status == 404


class TestGivenTheBotSendsAFile:
    @pytest.mark.parametrize(
        ("method", "kind"),
        [
            ("sendPhoto", "photo"),
            ("sendDocument", "document"),
            ("sendVideo", "video"),
            ("sendVoice", "voice"),
        ],
    )
    async def test_when_uploaded_then_in_the_chat_and_sent_again_by_identifier(
        self, api: Api, ann: Person, method: str, kind: str
    ) -> None:
        await api.ok(method, **{"chat_id": ann.id, kind: PNG, "caption": "九月"})
        assert (ann.last.media, ann.last.caption) == (kind, "九月")
        wire = ann.last.wire[kind]
        file_id = (wire[-1] if kind == "photo" else wire)["file_id"]
        await api.ok(method, **{"chat_id": ann.id, kind: file_id})
        assert ann.last.wire[kind] == wire

    @pytest.mark.parametrize(
        ("method", "file", "words"),
        [
            ("sendPhoto", b"no picture", "IMAGE_PROCESS_FAILED"),
            ("sendPhoto", b"", "file must be non-empty"),
            ("sendDocument", "nothing", "wrong file identifier/HTTP URL specified"),
        ],
    )
    async def test_when_it_is_no_such_file_then_refused(
        self, api: Api, ann: Person, method: str, file: bytes | str, words: str
    ) -> None:
        kind = method.removeprefix("send").lower()
        refusal = await api.refused(method, **{"chat_id": ann.id, kind: file})
        assert refusal.description == f"Bad Request: {words}"
        assert ann.messages == []

    async def test_when_a_photo_has_10_mb_and_one_byte_then_refused(
        self, api: Api, ann: Person
    ) -> None:
        picture = PNG.ljust(10 * 2**20, b"0")
        await api.ok("sendPhoto", chat_id=ann.id, photo=picture)
        refusal = await api.refused("sendPhoto", chat_id=ann.id, photo=picture + b"0")
        assert "too big for a photo" in refusal.description
        await api.ok("sendDocument", chat_id=ann.id, document=picture + b"0")

    async def test_when_a_file_is_past_the_limit_then_413(
        self, api: Api, ann: Person, server: TelegramServer
    ) -> None:
        assert server.sizes.upload == 50 * 2**20
        server.sizes.upload = 1000
        await api.ok("sendDocument", chat_id=ann.id, document=b"x" * 1000)
        refusal = await api.refused("sendDocument", chat_id=ann.id, document=b"x" * 1001)
        assert (refusal.code, refusal.description) == (413, "Request Entity Too Large")

    async def test_when_an_album_is_sent_then_its_parts_share_a_number(
        self, api: Api, ann: Person
    ) -> None:
        media = [
            {"type": "photo", "media": "attach://a", "caption": "<b>一</b>", "parse_mode": "HTML"},
            {"type": "photo", "media": "attach://b"},
        ]
        sent = await api.ok("sendMediaGroup", chat_id=ann.id, media=media, a=PNG, b=JPEG)
        assert isinstance(sent, list)
        assert len({one["media_group_id"] for one in sent}) == 1
        assert [one.caption for one in ann.messages] == ["一", ""]

    @pytest.mark.parametrize("count", [1, 11])
    async def test_when_an_album_has_not_2_to_10_then_refused(
        self, api: Api, ann: Person, count: int
    ) -> None:
        media = [{"type": "photo", "media": "attach://a"}] * count
        refusal = await api.refused("sendMediaGroup", chat_id=ann.id, media=media, a=PNG)
        assert refusal.code == 400
        assert ann.messages == []

    async def test_when_an_album_mixes_pictures_and_documents_then_refused(
        self, api: Api, ann: Person
    ) -> None:
        media = [{"type": one, "media": "attach://a"} for one in ("photo", "document")]
        refusal = await api.refused("sendMediaGroup", chat_id=ann.id, media=media, a=PNG)
        assert refusal.description == (
            "Bad Request: can't use the media of the specified type in the album"
        )
