"""What comes in from a person and what goes out to one, without any platform's words.

Every channel decodes to `Inbound` and renders `Card`; nothing above or below this page knows
which platform it is. All texts are plain text in the reader's language: a channel escapes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

MAX_KEY_BYTES = 64
"""Longest button key, in bytes: Telegram's `callback_data`, the tightest of the channels."""

MAX_CHOICES = 8
"""Most choices on one card; where lists are typed, 0 and 9 are left for back and cancel."""

TICK = "✓ "
"""Begins the label of a choice that is ticked."""

FRESH = "+"
"""As the slot of a `Show`: a new message, even when the answer is to a tap."""


class FileKind(StrEnum):
    PHOTO = "photo"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"


class InFile(msgspec.Struct, frozen=True):
    """One file a person sent; its bytes are fetched after commit."""

    ref: str
    """The channel's handle for fetching the bytes."""
    kind: FileKind
    name: str = ""
    """As the sender's phone named it: hostile, only ever shown, never used as a path."""
    size: int | None = None
    """Bytes, as the platform announces; None when it does not say."""


class Place(msgspec.Struct, frozen=True):
    """A shared location: degrees, WGS 84."""

    latitude: float
    longitude: float
    label: str = ""


class Odd(StrEnum):
    """Kinds of messages that carry nothing an answer can be made of."""

    STICKER = "sticker"
    POLL = "poll"
    DICE = "dice"
    GAME = "game"
    STORY = "story"
    CONTACT = "contact"
    """Its name and phone number come as `Inbound.text`."""
    OTHER = "other"


class ChatChange(StrEnum):
    JOINED = "joined"
    """The bot was added to a group, or a person let it write, perhaps for the first time."""
    LEFT = "left"
    """The bot was removed from a group, or a person blocked it."""
    MOVED = "moved"
    """The group has another id from now on."""
    OPENED = "opened"
    """A person looks at the private chat, perhaps for the first time."""
    IDLE = "idle"
    """The platform finds the bot hardly used, in whatever chat, and is about to switch it off."""


class ChatEvent(msgspec.Struct, frozen=True):
    """Something happened to a chat itself; nobody wrote anything."""

    change: ChatChange
    chat: str
    """The platform's id of the chat; a private one is the account of its person."""
    moved_to: str = ""
    """New id, for MOVED."""
    of_company: bool = False
    """Of a messenger whose members are the company's own: who JOINED may never have written."""


class Inbound(msgspec.Struct, frozen=True):
    """One message or tap of a person, as every channel decodes it."""

    channel: str
    account: str
    """The platform's id of the person's private chat with the bot; "" if an event names none."""
    key: str
    """The platform's id of this message or tap: a repeat carries the same key."""
    at: datetime
    """Aware UTC. The platform's own message time; for taps without one, see `certain`."""
    text: str = ""
    """What was typed; the caption of files; the arguments of a command."""
    command: str = ""
    """Name of a slash command without the slash, lower case; empty for none."""
    choice: str = ""
    """Key of the button that was tapped; empty for none."""
    card: str = ""
    """Platform reference of the message whose button was tapped; empty when unknown."""
    redraw: str = ""
    """What lets the channel redraw that message once more; empty: it needs nothing."""
    files: tuple[InFile, ...] = ()
    place: Place | None = None
    album: str = ""
    """Shared by files sent together; empty for a single one."""
    forwarded: bool = False
    certain: bool = True
    """False: `at` was estimated in the sender's favour (CONTRACT 1.4)."""
    edits: str = ""
    """`key` of the message of which this is the new wording, the first one's however often it was
    edited; empty: it is a new message. `at` is when it was edited."""
    odd: Odd | None = None
    """What it is, if it is nothing that can be answered with."""
    group: str = ""
    """Id of the group it was said in, where only short notices are answered; empty: in private."""
    mentioned: bool = False
    """In a group: it names the bot, or replies to it."""
    event: ChatEvent | None = None
    """Set instead of everything a person can say."""

    @property
    def mark(self) -> str:
        """Names the message among those of all channels; its new wordings have the same."""
        return f"{self.channel}:{self.edits or self.key}"


class Button(msgspec.Struct, frozen=True):
    label: str
    key: str
    """What comes back as `Inbound.choice`; at most MAX_KEY_BYTES bytes of `[A-Za-z0-9_.-]`."""
    back: bool = False
    """Goes one level up: outside a form, 0 stands for the first such button of a card."""


class Card(msgspec.Struct, frozen=True):
    """One message to show: a text, choices to pick from, and the ways to go on.

    `choices` are numbered 1.. when they are typed instead of tapped; `nav` has words
    (返回, 取消, 跳过, ...), never numbers.
    """

    text: str
    title: str = ""
    choices: tuple[Button, ...] = ()
    columns: int = 1
    """Buttons per row for `choices`, 1 to 4; a hint for channels with keyboards."""
    nav: tuple[Button, ...] = ()
    picks: bool = False
    """The choices are what is asked for: a channel may show them as one list to pick from."""
    several: Button | None = None
    """Takes all choices that are ticked at once, for channels that can send them so: its key goes
    with the arguments of their keys, as in `c.5.7.set.0-2`; None: they are sent one by one."""
    grid: tuple[tuple[Button, ...], ...] = ()
    """Rows of small buttons above all others: the weeks of a month, seven in each. A channel
    that cannot show all of them leaves them out: the text says what to type instead."""
    files: tuple[int, ...] = ()
    """Attachment ids to send along."""
    makes: str = ""
    """Key of what is made right before it is sent (`handlers.sheets.made`): files, and words
    about them behind `text`; empty: nothing."""
    protect: bool = False
    """True: carries dossier content; forwarding and saving are switched off where possible. Where
    they cannot be for the buttons, those have no words but the program's own."""
    way_in: str = ""
    """Key of a deep link into the private chat (`storage.links`), for notices in groups: shown as
    a button where the channel has such links."""
    ends: bool = False
    """The chat is nobody's from now on: its command menu goes with this message."""
    passing: bool = False
    """What it shows, or leads to, is taken out of the chat again after a while; a channel that
    can neither delete nor redraw a message says so."""
    quiet: bool = False
    """Nobody waits for it: a channel that can redraw a message in part only does that. Set by the
    relay."""
    instead_of: str = ""
    """Reference of the message whose place it takes, where that could not be redrawn: a channel
    may quote it. Set by the relay."""
    try_of: str = ""
    """Names the message to all tries to send it, so that a channel can go on where one of them
    ended; empty: there is but one. Set by the relay."""
    locale: str = ""
    """Language of the texts, for words that a channel adds by itself; set where the card goes
    to the outbox, empty: the first of LOCALES."""

    def buttons(self) -> tuple[Button, ...]:
        """Return every button, in the order shown."""
        return tuple(one for row in self.grid for one in row) + self.choices + self.nav

    def encoded(self, locale: str) -> str:
        """Return it as the outbox keeps it, with the language its texts are in."""
        return msgspec.json.encode(replace(self, locale=locale)).decode()


class Mode(StrEnum):
    SEND = "send"
    """A new message."""
    REDRAW = "redraw"
    """Edit the card in `slot`; a channel that cannot edit sends a fresh one that quotes it."""
    DELETE = "delete"
    """Take the message in `slot` out of the chat; where that is not possible, redraw it."""
    TIDY = "tidy"
    """Edit the card in `slot`; dropped without a word where that is not possible."""


class Stay(msgspec.Struct, frozen=True):
    """How long a message stays in the chat."""

    seconds: int
    leaves: Card
    """What it is redrawn to where it cannot be deleted."""


class Show(msgspec.Struct, frozen=True):
    """One card of an answer to the person who just acted."""

    card: Card
    mode: Mode = Mode.SEND
    slot: str = ""
    """Name of the card, so that it can be redrawn later. Empty: a passing card, which takes the
    place of the passing card whose button was tapped."""
    after_ms: int = 0
    """Wait so long before drawing; a newer card for the same slot takes its place meanwhile."""
    once: str = ""
    """Idempotency key where several messages are answered but once; empty: one of its own."""
    stay: Stay | None = None
    """None: it stays. Else `slot` is one of its own that begins with `storage.outbox.PASSING`."""


class Reply(msgspec.Struct, frozen=True):
    """What a use case answers. Handlers never send: the answer is this value."""

    shows: tuple[Show, ...] = ()
    alert: str = ""
    """Short text for the tap's pop-up (refusals only), at most 200 characters."""

    @staticmethod
    def of(*cards: Card) -> Reply:
        return Reply(tuple(Show(card) for card in cards))

    def plus(self, other: Reply) -> Reply:
        return replace(self, shows=self.shows + other.shows, alert=self.alert or other.alert)


class Option(msgspec.Struct, frozen=True):
    """One entry of a picker or a choice list as it was shown."""

    key: str
    label: str
    hint: str = ""
    """Second line where there is room (number, keeper)."""


class Found(msgspec.Struct, frozen=True):
    """What a look-up for a picker returned: one page of it."""

    options: tuple[Option, ...] = ()
    more: bool = False
    """True: there is a further page."""
    exact: bool = False
    """True: one single entry fits the words fully; it is taken without asking."""
    oneself: bool = False
    """True: nobody fits but the person who asks, and it has to be somebody else."""


class Suggestion(msgspec.Struct, frozen=True):
    """One entry of the list shown while somebody types in any chat; all may see what is chosen."""

    key: str
    """At most MAX_KEY_BYTES bytes, its own in the list."""
    title: str
    """What the list shows."""
    hint: str
    """Second line of it."""
    text: str
    """What is written into the chat when it is chosen."""


class Suggestions(msgspec.Struct, frozen=True):
    """One page of suggestions."""

    entries: tuple[Suggestion, ...] = ()
    further: str = ""
    """What to ask for to get the next page; empty: there is none."""


class Problem(msgspec.Struct, frozen=True):
    """Why an answer was not taken: a catalogue message with its facts."""

    message: str
    """English source string for gettext, with {named} facts."""
    facts: Mapping[str, str] = msgspec.field(default_factory=dict)
