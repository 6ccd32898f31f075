"""What the app sent: messages in their readers' chats, and the codes that change a card once."""

from __future__ import annotations

import json
import secrets
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fakes.wecom import cards
from tests.fakes.wecom.errors import Errcode
from tests.fakes.wecom.media import Cabinet

Json = dict[str, Any]

TEXT_BYTES = 2048
CODE_SECONDS = 72 * 3600
RECALL_SECONDS = 24 * 3600
PER_MINUTE, PER_HOUR = 30, 1000
SAFE = ("text", "image", "video", "file")
"""What can be kept from being passed on."""
RECIPIENTS = {"touser": 1000, "toparty": 100, "totag": 100}
"""The most of each in one call."""
SWITCHES = ("safe", "enable_id_trans", "enable_duplicate_check")
PLAIN = ("text", "image", "voice", "video", "file")


@dataclass
class Message:
    """One message in one chat."""

    id: str
    userid: str
    kind: str
    text: str = ""
    card: Json = field(default_factory=dict)
    media: bytes = b""
    name: str = ""
    safe: bool = False
    sent_at: float = 0.0
    replaced: str = ""
    """What the grey button says of a card that cannot be pressed any more; empty: it can."""
    edits: int = 0
    names: list[str] = field(default_factory=list)
    """Task ids that the card has had; a redrawn one has a new one."""

    @property
    def task_id(self) -> str:
        return str(self.card.get("task_id", ""))

    ticked: set[str] = field(default_factory=set)
    """Entries of its list that its reader has ticked and not sent yet."""

    @property
    def kind_of_card(self) -> str:
        return str(self.card.get("card_type", ""))

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """Label and key of what can be pressed, picked from a list or ticked."""
        if self.replaced:
            return []
        found = [(one["text"], one["key"]) for one in self.card.get("button_list", [])]
        found += [(one["text"], one["id"]) for one in cards.entries(self.card)]
        if self.kind_of_card == cards.TICKS:
            found.append((self.card["submit_button"]["text"], self.card["submit_button"]["key"]))
        return found

    def show(self, card: Json) -> None:
        """Let the message be that card."""
        self.card, self.text = card, cards.text_of(card)
        self.names.append(self.task_id)
        self.ticked = {one["id"] for one in cards.entries(card) if one.get("is_checked")}


@dataclass
class Code:
    message: Message
    at: float
    used: bool = False


class Chats:
    """All that one app sent."""

    def __init__(self, seconds: Callable[[], float], agent_id: int, cabinet: Cabinet) -> None:
        self.mistakes: list[str] = []
        """What the platform would take, though not as it was meant."""
        self.dropped: list[Json] = []
        """What went over a member's limit, and nobody was told."""
        self.limited = True
        self.warns = False
        """True: of whatever is sent it is said that some of it was not understood."""
        self.repeats: list[Json] = []
        """What was to be shown once and had been shown before, so that nobody saw it."""
        self.members: dict[str, str] = {}
        """Userids in the app's visible range, by their lower case."""
        self.unlicensed: set[str] = set()
        """Those of them, in lower case, for whom the company has no licence: nothing arrives."""
        self.chats: defaultdict[str, list[Message]] = defaultdict(list)
        """By userid in lower case."""
        self._seconds = seconds
        self._agent_id = agent_id
        self._cabinet = cabinet
        self._codes: dict[str, Code] = {}
        self._tasks: set[str] = set()
        self._sent: defaultdict[str, deque[float]] = defaultdict(deque)
        self._shown_at: dict[str, float] = {}
        """By reader and content: when it was shown last."""

    def code(self, message: Message) -> str:
        """Return a fresh code that changes a card once."""
        code = secrets.token_urlsafe(48)
        self._codes[code] = Code(message, self._seconds())
        return code

    def send(self, body: Json) -> Json:
        self._check_agent(body)
        self._check_head(body)
        kind = str(body.get("msgtype"))
        if kind not in (*PLAIN, "template_card"):
            raise Errcode(40008, "invalid message type")
        if body.get("safe") and kind not in SAFE:
            raise Errcode(40074, "safe is not for this type")
        message = self._message(kind, body)
        userids = [one for one in str(body.get("touser", "")).split("|") if one]
        if not userids:
            raise Errcode(82001, "nobody to send to")
        bad = [one.lower() for one in userids if one.lower() not in self.members]
        if len(bad) == len(userids):
            raise Errcode(81013, "user & party & tag all invalid", invaliduser="|".join(bad))
        message.id = f"msg{secrets.token_hex(16)}"
        answer: Json = {"msgid": message.id}
        if self.warns:
            answer["errmsg"] = "ok. Warning: wrong json format. "
        if bad:
            answer["invaliduser"] = "|".join(bad)
        for one in userids:
            if one.lower() in bad:
                continue
            if one.lower() in self.unlicensed:
                answer["unlicenseduser"] = one.lower()
                continue
            message = replace(message, userid=one.lower())
            if self._repeated(one.lower(), body):
                self.repeats.append(body)
            elif self._too_many(one.lower()):
                self.dropped.append(body)
            else:
                self.chats[one.lower()].append(message)
        if message.card and message.kind_of_card != cards.NOTICE:
            answer["response_code"] = self.code(message)
        return answer

    def _message(self, kind: str, body: Json) -> Message:
        made = Message("", "", kind, safe=bool(body.get("safe")), sent_at=self._seconds())
        content = body.get(kind)
        if not isinstance(content, dict):
            raise Errcode(40035, f"{kind} is missing")
        match kind:
            case "text":
                made.text = self._cut(str(content.get("content", "")))
                if not made.text:
                    raise Errcode(44004, "empty content")
            case "template_card":
                made.show(self._card(content, update=False))
            case _:
                stored = self._cabinet.get(str(content.get("media_id")))
                made.media, made.name = stored.content, stored.name
        return made

    def _card(self, card: Json, *, update: bool) -> Json:
        self.mistakes += cards.check(card, update=update)
        if card["task_id"] in self._tasks:
            raise Errcode(42014, "task id was used before")
        self._tasks.add(card["task_id"])
        return card

    def _cut(self, text: str) -> str:
        whole = text.encode()
        if len(whole) > TEXT_BYTES:
            self.mistakes.append(f"a text of {len(whole)} bytes was cut")
        return whole[:TEXT_BYTES].decode(errors="ignore")

    def _repeated(self, userid: str, body: Json) -> bool:
        """Whether the like was shown, checked or not: the strictest that its words can mean."""
        kind, now = str(body["msgtype"]), self._seconds()
        words = json.dumps([userid, kind, body[kind]], sort_keys=True)
        since = now - self._shown_at.get(words, float("-inf"))
        if body.get("enable_duplicate_check") and since < body["duplicate_check_interval"]:
            return True
        self._shown_at[words] = now
        return False

    def _too_many(self, userid: str) -> bool:
        now, sent = self._seconds(), self._sent[userid]
        while sent and now - sent[0] >= 3600:
            sent.popleft()
        lately = sum(now - one < 60 for one in sent)
        if self.limited and (lately >= PER_MINUTE or len(sent) >= PER_HOUR):
            return True
        sent.append(now)
        return False

    def update(self, body: Json) -> Json:
        self._check_agent(body)
        code = self._codes.get(str(body.get("response_code")))
        if code is None or code.used or self._seconds() - code.at > CODE_SECONDS:
            raise Errcode(42015, "invalid response code")
        message = code.message
        targets = [str(one).lower() for one in body.get("userids", [])]
        if targets != [message.userid] and not body.get("atall"):
            raise Errcode(42015, "not a card of this member")
        if ("template_card" in body) == ("button" in body):
            raise Errcode(40035, "either a card or a button is to change")
        if "template_card" in body:
            card = self._card(body["template_card"], update=True)
            message.show(card)
            message.replaced = card.get("replace_text", "")
        elif body["button"].get("replace_name") and message.kind_of_card != cards.NOTICE:
            message.replaced = body["button"]["replace_name"]
        else:
            raise Errcode(40035, "nothing to change")
        code.used = True
        message.edits += 1
        return {}

    def recall(self, body: Json) -> Json:
        for chat in self.chats.values():
            for message in chat:
                if message.id == body.get("msgid"):
                    if self._seconds() - message.sent_at > RECALL_SECONDS:
                        raise Errcode(41062, "too late to recall")
                    chat.remove(message)
                    return {}
        raise Errcode(41061, "no such message")

    def _check_head(self, body: Json) -> None:
        """Check what is said of a message of any kind."""
        for name, most in RECIPIENTS.items():
            if len(str(body.get(name, "")).split("|")) > most:
                raise Errcode(40035, f"more than {most} of {name}")
        if any(body.get(name, 0) not in (0, 1) for name in SWITCHES):
            raise Errcode(40035, "a switch is 0 or 1")
        if not 0 < body.get("duplicate_check_interval", 1800) <= 14400:
            raise Errcode(40035, "an interval of up to four hours")
        known = {"agentid", "msgtype", "duplicate_check_interval", str(body.get("msgtype"))}
        unknown = body.keys() - known - RECIPIENTS.keys() - set(SWITCHES)
        self.mistakes += [f"a message has no {one}" for one in sorted(unknown)]

    def _check_agent(self, body: Json) -> None:
        if not isinstance(body.get("agentid"), int):
            raise Errcode(40056, "agentid is no number")
        if body["agentid"] != self._agent_id:
            raise Errcode(301002, "not the agent of this token")
