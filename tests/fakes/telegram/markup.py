"""Texts as the platform reads them: its subset of HTML, and the entities that come of it.

Follows `parse_html` of tdlib/td line by line where a bot can notice: which tags there are, the
four named characters, what is an error and at which byte. Offsets of entities are UTF-16 code
units; the length of a text is counted in characters (a measured 4096, also of emoji).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.fakes.telegram.errors import bad

Entity = dict[str, object]

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
CHARACTER = re.compile(r"&(?:#x([0-9a-fA-F]*)|#([0-9]*)|([a-zA-Z]*));?")
ATTRIBUTE_NAME = re.compile(r"[^\s=>/\"']*")
NAME_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
SPACE = re.compile(r"\s*")
SPECIAL = re.compile(r"[<&]")
COMMAND = re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@\w{3,32})?(?!\w)")
MENTION = re.compile(r"(?<!\w)@[A-Za-z]\w{2,31}\b")


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass
class _Open:
    tag: str
    argument: str
    offset: int
    begin: int


class _Parser:
    """Reads one text. Raises `_No` with the platform's words when it does not parse."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain: list[str] = []
        self.offset = 0
        self.entities: list[Entity] = []
        self.open: list[_Open] = []

    def run(self) -> tuple[str, list[Entity]]:
        at = 0
        while True:
            special = SPECIAL.search(self.text, at)
            if special is None:
                self._add(self.text[at:])
                break
            self._add(self.text[at : special.start()])
            at = special.start()
            if special.group() == "&":
                character, at = _character(self.text, at)
                self._add(character)
            elif self.text.startswith("</", at):
                at = self._end(at)
            else:
                at = self._start(at)
        if self.open:
            raise self._no(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        self.entities.sort(key=lambda one: (one["offset"], -int(str(one["length"]))))
        return "".join(self.plain), self.entities

    def _add(self, piece: str) -> None:
        if piece:
            self.plain.append(piece)
            self.offset += utf16(piece)

    def _at_byte(self, at: int) -> int:
        return len(self.text[:at].encode("utf-8", "surrogatepass"))

    def _no(self, words: str, at: int | None = None) -> Exception:
        where = "" if at is None else f" at byte offset {self._at_byte(at)}"
        return bad(f"can't parse entities: {words}{where}")

    def _char(self, at: int) -> str:
        return self.text[at] if at < len(self.text) else "\0"

    def _skip(self, at: int) -> int:
        match = SPACE.match(self.text, at)
        return match.end() if match else at

    def _start(self, begin: int) -> int:
        at = begin + 1
        while self._char(at) not in "> \t\r\n\v\f\0":
            at += 1
        if self._char(at) == "\0":
            raise self._no("Unclosed start tag", begin)
        tag = self.text[begin + 1 : at].lower()
        if tag not in TAGS:
            raise self._no(f'Unsupported start tag "{tag}"', begin)
        argument = ""
        while True:
            at = self._skip(at)
            if self._char(at) == ">":
                break
            name, value, at = self._attribute(tag, begin, at)
            argument = _argument(tag, name, value, argument)
        if tag == "span" and argument != "spoiler":
            raise self._no('Tag "span" must have class "tg-spoiler"', begin)
        self.open.append(_Open(tag, argument, self.offset, sum(map(len, self.plain))))
        return at + 1

    def _attribute(self, tag: str, begin: int, at: int) -> tuple[str, str | None, int]:
        match = ATTRIBUTE_NAME.match(self.text, at)
        name = match.group() if match else ""
        if not name:
            raise self._no(f'Empty attribute name in the tag "{tag}"', begin)
        at = self._skip(at + len(name))
        if self._char(at) != "=":
            if self._char(at) == "\0":
                raise self._no(f'Unclosed start tag "{tag}"', begin)
            return name, None, at
        at = self._skip(at + 1)
        quote = self._char(at)
        if quote == "\0":
            raise self._no(f'Unclosed start tag "{tag}"', begin)
        if quote not in "'\"":
            token = NAME_TOKEN.match(self.text, at)
            value = token.group() if token else ""
            end = at + len(value)
            if self._char(end) not in "> \t\r\n\v\f":
                raise self._no("Unexpected end of name token", at)
            return name, value.lower(), end
        value, at = self._literal(at + 1, quote)
        if self._char(at) == "\0":
            raise self._no("Unclosed start tag", begin)
        return name, value, at

    def _literal(self, at: int, quote: str) -> tuple[str, int]:
        value = ""
        while self._char(at) not in (quote, "\0"):
            if self._char(at) == "&":
                character, at = _character(self.text, at)
                value += character
            else:
                value += self._char(at)
                at += 1
        return value, at + 1 if self._char(at) == quote else at

    def _end(self, begin: int) -> int:
        if not self.open:
            raise self._no("Unexpected end tag", begin)
        at = begin + 1
        while self._char(at) not in "> \t\r\n\v\f\0":
            at += 1
        name = self.text[begin + 2 : at].lower()
        at = self._skip(at)
        if self._char(at) != ">":
            raise self._no("Unclosed end tag", begin)
        opened = self.open[-1]
        if name and name != opened.tag:
            raise bad(
                f"can't parse entities: Unmatched end tag at byte offset {self._at_byte(begin)},"
                f' expected "</{opened.tag}>", found "</{name}>"'
            )
        self.open.pop()
        if self.offset > opened.offset:
            self._close(opened)
        return at + 1

    def _close(self, opened: _Open) -> None:
        entity: Entity = {
            "type": TAGS[opened.tag],
            "offset": opened.offset,
            "length": self.offset - opened.offset,
        }
        if opened.tag == "a":
            url = opened.argument or "".join(self.plain)[opened.begin :]
            if not re.match(r"(https?|tg|ftp|mailto|tel)://?.+|[\w.-]+\.\w{2,}", url):
                return
            entity["url"] = url
        elif opened.tag == "tg-emoji":
            if not opened.argument.isdigit():
                raise self._no("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = opened.argument
        elif opened.tag == "tg-time":
            return  # the stand-in keeps no dates in texts
        elif opened.tag == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif opened.tag == "code" and self.open and self.open[-1].tag == "pre":
            if opened.argument:
                self.open[-1].argument = opened.argument
            return
        elif opened.tag == "pre" and opened.argument:
            entity["language"] = opened.argument
        self.entities.append(entity)


def _argument(tag: str, name: str, value: str | None, before: str) -> str:
    if tag == "blockquote" and name == "expandable":
        return "1"
    if value is None:
        return before
    if (tag, name) in {("a", "href"), ("tg-emoji", "emoji-id"), ("tg-time", "format")}:
        return value
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return value.removeprefix("language-")
    if (tag, name) == ("span", "class") and value.startswith("tg-"):
        return value.removeprefix("tg-")
    return before


def _character(text: str, at: int) -> tuple[str, int]:
    """Return what the reference at `at` stands for and where it ends; a bare `&` is itself."""
    match = CHARACTER.match(text, at)
    if match is None:
        return "&", at + 1
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        if name in NAMED:
            return NAMED[name], match.end()
        return "&", at + 1
    code = int(hexadecimal or "0", 16) if decimal is None else int(decimal or "0")
    if not 0 < code < 0x10FFFF or match.end() - at > 10:
        return "&", at + 1
    return chr(code), match.end()


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Return the text without its tags, and its entities. Raises ApiError when it is not HTML."""
    return _Parser(text).run()


def trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Return the text without white space at either end, as the platform stores it."""
    left = len(text) - len(text.lstrip(" \n"))
    first = min((int(str(one["offset"])) for one in entities), default=len(text))
    left = min(left, first)
    kept = text[left:].rstrip()
    size = utf16(kept)
    fitted = []
    for one in entities:
        offset = int(str(one["offset"])) - left
        length = min(int(str(one["length"])), size - offset)
        if length > 0:
            fitted.append({**one, "offset": offset, "length": length})
    return kept, fitted


def typed(text: str) -> list[Entity]:
    """Return the entities a person's client finds in what was typed: commands and mentions."""
    found: list[Entity] = []
    for kind, pattern in (("bot_command", COMMAND), ("mention", MENTION)):
        for match in pattern.finditer(text):
            offset = utf16(text[: match.start()])
            found.append({"type": kind, "offset": offset, "length": utf16(match.group())})
    return sorted(found, key=lambda one: int(str(one["offset"])))
