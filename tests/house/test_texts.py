"""Every text that a person can read is in the catalogues, once, with the same facts in it."""

from __future__ import annotations

from io import BytesIO
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from handlers.texts import LOCALES, entries, translation
from tests.house.sources import FLOORS, ROOT, Source, sources

KEYWORDS = {"N_": None, "t": None}
TRANSLATED = [locale for locale in LOCALES if locale != "en"]


def source_strings(files: tuple[Source, ...]) -> dict[str, str]:
    """Return every marked source string with the first place it stands at."""
    strings: dict[str, str] = {}
    for one in files:
        for line, message, _comments, _context in extract(
            "python", BytesIO(one.text.encode()), keywords=KEYWORDS, options={}
        ):
            assert isinstance(message, str), f"{one.name}:{line} {message!r}: one text each"
            strings.setdefault(message, f"{one.name}:{line}")
    return strings


def catalogue(locale: str) -> Catalog:
    path = ROOT / "handlers" / "locales" / locale / "LC_MESSAGES" / "dossierbot.po"
    return read_po(BytesIO(path.read_bytes()), locale=locale, abort_invalid=True)


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def problems(strings: dict[str, str], entries: Catalog) -> list[str]:
    """Return what a reader of this language would miss, and what nobody reads any more."""
    found = []
    known = {str(entry.id): entry for entry in entries if entry.id}
    for text, place in strings.items():
        entry = known.get(text)
        if entry is None or not entry.string:
            found.append(f"{place}: not translated: {text!r}")
        elif entry.fuzzy:
            found.append(f"{place}: translation marked fuzzy: {text!r}")
        elif facts(text) != facts(str(entry.string)):
            found.append(f"{place}: other facts in {entry.string!r} than in {text!r}")
    found += [f"no longer in use: {text!r}" for text in known if text not in strings]
    found += [f"kept as obsolete: {text!r}" for text in entries.obsolete]
    return found


@pytest.mark.parametrize("locale", TRANSLATED)
def test_the_catalogue_is_complete_and_has_nothing_left_over(locale: str) -> None:
    assert problems(source_strings(sources(*FLOORS)), catalogue(locale)) == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_the_program_reads_the_whole_catalogue(locale: str) -> None:
    known = {str(one.id): str(one.string) for one in catalogue(locale) if one.id and one.string}
    assert {text: translation(text, locale) for text in known} == known


def test_quotes_and_line_ends_within_texts_are_read() -> None:
    text = r"""
# a remark
msgid ""
msgstr "Language: x\n"

#, python-brace-format
msgid ""
"Say \"{words}\"\n"
"or \\ nothing"
msgstr "说\"{words}\""

msgid "Not yet"
msgstr ""
"""
    assert entries(text) == {'Say "{words}"\nor \\ nothing': '说"{words}"'}


class TestGivenACatalogueWithMistakes:
    @pytest.fixture
    def strings(self) -> dict[str, str]:
        return source_strings((Source("a.py", 'x = N_("Kept by {name}")\nctx.t("Done", n=1)\n'),))

    def test_when_a_text_is_missing_then_its_place_is_named(self, strings: dict[str, str]) -> None:
        assert problems(strings, Catalog()) == [
            "a.py:1: not translated: 'Kept by {name}'",
            "a.py:2: not translated: 'Done'",
        ]

    def test_when_a_fact_is_misspelt_then_it_is_found(self, strings: dict[str, str]) -> None:
        entries = Catalog()
        entries.add("Kept by {name}", "由 {nmae} 保管")
        entries.add("Done", "完成")
        assert len(problems(strings, entries)) == 1

    def test_when_a_text_is_gone_then_its_translation_must_go(
        self, strings: dict[str, str]
    ) -> None:
        entries = Catalog()
        entries.add("Kept by {name}", "由 {name} 保管")
        entries.add("Done", "完成")
        entries.add("Gone", "没了")
        assert problems(strings, entries) == ["no longer in use: 'Gone'"]
