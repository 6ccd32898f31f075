"""WeCom through the proxy that has the trusted address: plain requests, and through tunnels."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import connector
from structlog.testing import capture_logs

from bot.channels.base import ChannelError, Outcome, OutFile
from bot.channels.wecom.channel import Wecom
from handlers.conversation.messages import Card, FileKind, InFile
from tests.channels.harness import ANN, WecomHands, wecom_hands
from tests.fakes.proxy import ADDRESS, HOST, Proxy

ACCOUNT = "egress:geheim-42"
FILE = OutFile("合同.pdf", "application/pdf", b"%PDF-1.4" * 9000)


@pytest.fixture
async def hands(tmp_path: Path) -> AsyncIterator[WecomHands]:
    async with wecom_hands(tmp_path) as opened:
        opened.server.only_from = ADDRESS
        yield opened


@pytest.fixture
async def proxy(
    hands: WecomHands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Proxy]:
    port = int(hands.server.base.rpartition(":")[2])
    async with Proxy(port, tmp_path, ACCOUNT) as opened:
        trusting = ssl.create_default_context(cafile=str(opened.certificate))
        monkeypatch.setattr(connector, "_SSL_CONTEXT_VERIFIED", trusting)
        yield opened


@pytest.fixture(params=["http", "https"])
async def channel(
    request: pytest.FixtureRequest, hands: WecomHands, proxy: Proxy
) -> AsyncIterator[Wecom]:
    base = hands.server.base if request.param == "http" else f"https://{HOST}"
    made = Wecom(hands.server.settings(api_base=base, proxy=proxy.url), hands.clock.now)
    await made.open(hands.bot)
    yield made
    await made.close()


async def test_then_calls_and_files_in_both_directions_go_through_it(
    hands: WecomHands, proxy: Proxy, channel: Wecom
) -> None:
    await channel.send(ANN, Card("见附件"), (FILE,))
    document, text = hands.server.member(ANN).messages
    assert (document.media, document.name, text.text) == (FILE.content, FILE.name, "见附件")
    sent = hands.server.cabinet.keep(FILE.content, FILE.name)
    pieces = [piece async for piece in channel.fetch(InFile(sent, FileKind.DOCUMENT))]
    assert b"".join(pieces) == FILE.content
    if channel._api._base.startswith("https"):
        assert set(proxy.asked) == {f"CONNECT {HOST}:443"}
    else:
        methods = ("GET gettoken", "POST media/upload", "POST message/send", "GET media/get")
        calls = (one.split(" ") for one in methods)
        assert set(proxy.asked) == {
            f"{verb} {hands.server.base}/cgi-bin/{name}" for verb, name in calls
        }
    assert await channel._api.address() == ADDRESS


async def test_without_it_the_address_is_another(hands: WecomHands, proxy: Proxy) -> None:
    with pytest.raises(ChannelError):
        await hands.channel.send(ANN, Card("a"))
    assert (hands.channel.problem, hands.channel._api.seen_from) == ("address", "127.0.0.1")
    assert proxy.asked == []


async def test_when_it_lets_nobody_through_then_later_and_no_password_is_told(
    hands: WecomHands, proxy: Proxy, channel: Wecom
) -> None:
    proxy.refuses = True
    card = Card("a", try_of="1")
    with capture_logs() as log, pytest.raises(ChannelError) as caught:
        await channel.send(ANN, card)
    assert ACCOUNT.split(":")[1] not in f"{caught.value!r} {log}"
    proxy.refuses = False
    await channel.send(ANN, card)
    assert [one.text for one in hands.server.member(ANN).messages] == ["a"]


async def test_when_it_does_not_know_us_then_that_is_no_doubt_about_a_message(
    hands: WecomHands, proxy: Proxy
) -> None:
    wrong = proxy.url.replace("geheim", "falsch")
    settings = hands.server.settings(api_base=f"https://{HOST}", proxy=wrong)
    channel = Wecom(settings, hands.clock.now)
    await channel.open(hands.bot)
    with pytest.raises(ChannelError) as caught:
        await channel.send(ANN, Card("a"))
    assert caught.value.outcome is Outcome.RETRY_LATER
    assert channel.problem == "unreachable"
    await channel.close()
