"""Logs hold ids and codes: no token, no secret, no words of an exception."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot import logs
from bot.settings import Log
from storage.errors import DatabaseRefused

TOKEN = "123456789:AAHplantedplantedplantedplantedplan"
SECRET = "planted-secret"


class Lines:
    def __init__(self) -> None:
        self.stream = io.StringIO()

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def last(self) -> dict[str, Any]:
        return self.all()[-1]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    lines = Lines()
    logs.setup(Log(level="debug"), [SECRET], lines.stream)
    yield lines
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("bot", "handlers", "storage", "rules"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(False)
    structlog.configure(**before)


def test_an_event_has_its_time_its_level_and_its_facts(lines: Lines) -> None:
    structlog.get_logger("bot.x").info("message_handled", channel="phones", milliseconds=3)
    line = lines.last()
    assert (line["event"], line["level"], line["channel"]) == (
        "message_handled",
        "info",
        "phones",
    )
    assert line["milliseconds"] == 3
    assert line["at"].endswith("+00:00")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"POST https://api.telegram.org/bot{TOKEN}/getMe", "/getMe"),
        (f"https://api.telegram.org/file/bot{TOKEN}/photos/1.jpg", "photos/1.jpg"),
        ("GET /cgi-bin/gettoken?corpid=ww1&corpsecret=abcdef", "corpid=ww1"),
        ("GET /message/send?access_token=abcdef&debug=1", "debug=1"),
        ("postgresql://bot:abcdef@db/dossiers", "@db/dossiers"),
        ("Authorization: Bearer abcdefgh1234", "Authorization"),
        (f"sent with {SECRET}", "sent with"),
    ],
)
def test_tokens_and_secrets_are_scrubbed_wherever_they_stand(
    lines: Lines, text: str, kept: str
) -> None:
    structlog.get_logger().info("event", url=text, deep={"list": [text]})
    logging.getLogger("some.library").warning("failed: %s", text)
    logged = lines.stream.getvalue()
    assert logged.count(kept) == 3
    for planted in (TOKEN, "abcdef", SECRET):
        assert planted not in logged


def test_what_libraries_say_at_debug_level_is_left_out_for_it_holds_messages(lines: Lines) -> None:
    logging.getLogger("telegram.Bot").debug("Calling `sendMessage` with %s", {"text": "planted"})
    structlog.get_logger("bot.delivery").debug("claimed")
    assert [line["event"] for line in lines.all()] == ["claimed"]


def test_an_exception_is_its_kind_and_its_place_without_its_words(lines: Lines) -> None:
    try:
        try:
            {"a": 1}["鸿鑫贸易"]
        except KeyError as error:
            raise ValueError("张伟 13800000000") from error
    except ValueError:
        structlog.get_logger().error("unit_failed", exc_info=True)
        logging.getLogger("asyncio").exception("Task failed")
    for line in lines.all():
        assert "ValueError at cli/test_logs.py:" in line["exception"]
        assert "KeyError" in line["exception"]
    assert "鸿鑫" not in lines.stream.getvalue()
    assert "13800000000" not in lines.stream.getvalue()


def test_what_libraries_tell_in_passing_is_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("ours")
    logging.getLogger("telegram.Bot").debug("Calling `sendMessage` with `%s`", "鸿鑫贸易")
    logging.getLogger("some.library").info("parameters: %s", "鸿鑫贸易")
    logging.getLogger("asyncio").error("Task failed\nfuture: <Task exception=KeyError('鸿鑫')>")
    assert [one["event"] for one in lines.all()] == ["ours", "Task failed"]
    assert "鸿鑫" not in lines.stream.getvalue()


def test_our_own_sentences_are_kept(lines: Lines) -> None:
    structlog.get_logger().error("refused", exc_info=DatabaseRefused("The disk is full."))
    assert "DatabaseRefused: The disk is full." in lines.last()["exception"]


def test_a_group_names_each_of_its_exceptions(lines: Lines) -> None:
    group = ExceptionGroup("several", [ValueError("a"), TypeError("b")])
    structlog.get_logger().error("failed", exc_info=group)
    assert "TypeError" in lines.last()["exception"]


def test_a_warning_goes_to_the_log(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
    assert lines.last()["level"] == "warning"


@pytest.mark.usefixtures("lines")
def test_the_console_format_scrubs_too() -> None:
    stream = io.StringIO()
    logs.setup(Log(format="console"), [SECRET], stream)
    structlog.get_logger().info("event", url=f"bot{TOKEN}", other=SECRET)
    assert TOKEN not in stream.getvalue()
    assert SECRET not in stream.getvalue()
