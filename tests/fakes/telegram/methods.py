"""What each call does to the chats, and what it answers."""

from __future__ import annotations

from collections.abc import Callable

from tests.fakes.telegram import limits
from tests.fakes.telegram.chats import Chat, Posted, World
from tests.fakes.telegram.errors import bad
from tests.fakes.telegram.files import Cabinet, Stored
from tests.fakes.telegram.params import Params
from tests.fakes.telegram.questions import Questions

Json = dict[str, object]
Method = Callable[[Params], object]

SENDS = ("photo", "document", "video", "voice", "audio", "animation", "sticker")
WITHOUT_CAPTION = ("sticker", "video_note")
OLDEST_DELETE = 48 * 3600
ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)


class Messages:
    """Everything that sends, changes or removes messages, and answers taps and queries."""

    def __init__(self, world: World, cabinet: Cabinet, questions: Questions) -> None:
        self._world = world
        self._cabinet = cabinet
        self._questions = questions

    def table(self) -> dict[str, Method]:
        """Return the methods by their lower-case name."""
        sends = {f"send{kind}": self._sending(kind) for kind in SENDS}
        return sends | {
            "sendmessage": self.send_message,
            "sendmediagroup": self.send_media_group,
            "sendchataction": self.send_chat_action,
            "editmessagetext": self.edit_message_text,
            "editmessagecaption": self.edit_message_caption,
            "editmessagereplymarkup": self.edit_message_reply_markup,
            "deletemessage": self.delete_message,
            "answercallbackquery": self.answer_callback_query,
            "answerinlinequery": self.answer_inline_query,
            "getfile": lambda params: self._cabinet.file(params.text("file_id")),
        }

    def send_message(self, params: Params) -> Json:
        text, entities = limits.message_text(
            params.text("text"), params.text("parse_mode"), params.json("entities")
        )
        return self._send(params, _worded("text", text, entities))

    def _sending(self, kind: str) -> Method:
        return lambda params: self._send_file(params, kind)

    def _send_file(self, params: Params, kind: str) -> Json:
        self._world.writable(params.values.get("chat_id"))
        stored = self._cabinet.take(params, kind)
        words = {} if kind in WITHOUT_CAPTION else _captioned(params.values)
        return self._send(params, self._media(kind, stored) | words)

    def _media(self, kind: str, stored: Stored) -> Json:
        name, wire = self._cabinet.described(stored)
        if name != kind:
            raise bad(f"can't use file of type {name.capitalize()} as {kind.capitalize()}")
        return {name: wire}

    def send_media_group(self, params: Params) -> list[Json]:
        chat = self._world.writable(params.values.get("chat_id"))
        media = params.json("media")
        if not isinstance(media, list):
            raise bad("expected an Array of InputMedia")
        if len(media) not in limits.ALBUM:
            raise bad("an album holds 2-10 items")
        kinds = {str(one.get("type")) for one in media}
        if len(kinds) > 1 and not kinds <= {"photo", "video"}:
            raise bad("can't use the media of the specified type in the album")
        parts = []
        for one in media:
            stored = self._cabinet.take(params, str(one["type"]), one.get("media"))
            parts.append(self._media(str(one["type"]), stored) | _captioned(one))
        common = self._common(params, chat) | {"media_group_id": self._world.album()}
        return [self._post(chat, part | common).wire for part in parts]

    def send_chat_action(self, params: Params) -> bool:
        if params.text("action") not in ACTIONS:
            raise bad("wrong parameter action in request")
        self._world.writable(params.values.get("chat_id"))
        return True

    def _send(self, params: Params, content: Json) -> Json:
        chat = self._world.writable(params.values.get("chat_id"))
        common = self._common(params, chat)
        markup = limits.keyboard(params.json("reply_markup"))
        if markup is not None:
            common["reply_markup"] = markup
        return self._post(chat, content | common).wire

    def _common(self, params: Params, chat: Chat) -> Json:
        common: Json = {"has_protected_content": True} if params.flag("protect_content") else {}
        reply = params.json("reply_parameters")
        if isinstance(reply, dict):
            to = chat.posted.get(int(str(reply.get("message_id", 0))))
            if to is not None and not to.deleted:
                nested = ("reply_to_message", "reply_markup")
                common["reply_to_message"] = {
                    name: value for name, value in to.wire.items() if name not in nested
                }
            elif not reply.get("allow_sending_without_reply"):
                raise bad("message to be replied not found")
        return common

    def _post(self, chat: Chat, fields: Json) -> Posted:
        return self._world.post(chat, self._world.bot, of_bot=True, **fields)

    def edit_message_text(self, params: Params) -> Json:
        text, entities = limits.message_text(
            params.text("text"), params.text("parse_mode"), params.json("entities")
        )
        posted = self._editable(params)
        if "text" not in posted.wire:
            raise bad("there is no text in the message to edit")
        return self._change(posted, params, _worded("text", text, entities), "text", "entities")

    def edit_message_caption(self, params: Params) -> Json:
        posted = self._editable(params)
        if not posted.media or posted.media in WITHOUT_CAPTION:
            raise bad("there is no caption in the message to edit")
        words = _captioned(params.values)
        return self._change(posted, params, words, "caption", "caption_entities")

    def edit_message_reply_markup(self, params: Params) -> Json:
        return self._change(self._editable(params), params, {})

    def _editable(self, params: Params) -> Posted:
        if params.text("inline_message_id"):
            raise bad("MESSAGE_ID_INVALID")
        posted = self._found(params, "message to edit not found")
        if not posted.of_bot or posted.frozen:
            raise bad("message can't be edited")
        return posted

    def _found(self, params: Params, otherwise: str) -> Posted:
        chat = self._world.writable(params.values.get("chat_id"))
        posted = chat.posted.get(params.integer("message_id"))
        if posted is None or posted.deleted:
            raise bad(otherwise)
        return posted

    def _change(self, posted: Posted, params: Params, content: Json, *replaced: str) -> Json:
        markup = limits.keyboard(params.json("reply_markup"), inline_only=True)
        changed = {
            name: value
            for name, value in posted.wire.items()
            if name not in (*replaced, "reply_markup", "edit_date")
        } | content
        if markup is not None:
            changed["reply_markup"] = markup
        if changed == {k: v for k, v in posted.wire.items() if k != "edit_date"}:
            raise bad(NOT_MODIFIED)
        posted.wire = changed | {"edit_date": self._world.seconds()}
        posted.edits += 1
        return posted.wire

    def delete_message(self, params: Params) -> bool:
        posted = self._found(params, "message to delete not found")
        chat = self._world.find(params.values.get("chat_id"))
        if not posted.of_bot and chat.user is None:
            raise bad("message can't be deleted")
        if self._world.seconds() - int(str(posted.wire["date"])) > OLDEST_DELETE:
            raise bad("message can't be deleted for everyone")
        posted.deleted = True
        return True

    def answer_callback_query(self, params: Params) -> bool:
        text = params.text("text")
        if len(text) > limits.TAP_ANSWER:
            raise bad("MESSAGE_TOO_LONG")
        tap = self._questions.tap(params.text("callback_query_id"))
        tap.answer(text, alert=params.flag("show_alert"), url=params.text("url"))
        return True

    def answer_inline_query(self, params: Params) -> bool:
        offset = params.text("next_offset")
        results = limits.inline_results(params.json("results"), offset)
        asked = self._questions.inline(params.text("inline_query_id"))
        asked.answer(
            results,
            next_offset=offset,
            is_personal=params.flag("is_personal"),
            cache_time=params.integer("cache_time", 300),
            button=params.json("button"),
        )
        return True


def _worded(name: str, text: str, entities: list[Json]) -> Json:
    field = "entities" if name == "text" else "caption_entities"
    return ({name: text} if text else {}) | ({field: entities} if entities else {})


def _captioned(values: Json) -> Json:
    text, entities = limits.caption(
        str(values.get("caption") or ""),
        str(values.get("parse_mode") or ""),
        values.get("caption_entities"),
    )
    return _worded("caption", text, entities)
