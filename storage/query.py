"""What typed words can mean: parts of a name, pinyin, a phone number, a dossier number."""

from __future__ import annotations

import unicodedata

import msgspec

from storage.dossiers import phone_digits
from storage.names import MAX_KEY, is_latin, normalise

MAX_WORDS = 60
"""Characters of a query that are used."""

_MAX_PARTS = 4


class Query(msgspec.Struct, frozen=True):
    """What the words that somebody looks for can mean."""

    parts: tuple[str, ...]
    """Normalised; each has to occur in the name."""
    latin: str
    """Pinyin or initials; empty if it cannot be."""
    digits: str
    """Phone number or its tail; empty if it cannot be."""
    number: str
    """Beginning of a dossier number; empty if it cannot be."""

    @classmethod
    def read(cls, words: str) -> Query:
        """Return what the words can mean; punctuation alone means nothing."""
        plain = unicodedata.normalize("NFKC", words).strip()[:MAX_WORDS]
        parts = tuple(part for part in map(normalise, plain.split()) if part)[:_MAX_PARTS]
        joined = normalise(plain)
        digits = phone_digits(plain)
        whole = (joined, joined.removeprefix("86"))
        return cls(
            parts=parts,
            latin=joined[:MAX_KEY] if is_latin(joined) else "",
            digits=digits if len(digits) >= 4 and digits in whole else "",
            number=plain.upper() if any(one.isdigit() for one in plain) else "",
        )

    @property
    def joined(self) -> str:
        """All parts as one word."""
        return "".join(self.parts)

    def in_name(self, norm: str) -> bool:
        """Whether a normalised name holds every part."""
        return all(part in norm for part in self.parts)
