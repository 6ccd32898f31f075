"""Forms are checked when they are built: nothing that fails later reaches a person."""

from __future__ import annotations

from typing import Any

import pytest

from handlers.conversation.forms import Choice, Field, Form, FormError, Kind, check_form, columns

TEXT = Field("body", Kind.TEXT, "Body", "What?")


def form(*fields: Field, **changes: Any) -> Form:
    return Form("f", 1, "Submit", fields, **changes)


class TestGivenAFormThatCannotWork:
    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            (Field("", Kind.TEXT, "L", "P"), "a key is"),
            (Field("A b", Kind.TEXT, "L", "P"), "a key is"),
            (Field("x" * 25, Kind.TEXT, "L", "P"), "a key is"),
            (Field("a", Kind.TEXT, " ", "P"), "label and a prompt"),
            (Field("a", Kind.TEXT, "L", ""), "label and a prompt"),
            (Field("a", Kind.CHOICE, "L", "P"), "choices belong"),
            (Field("a", Kind.TEXT, "L", "P", choices=(Choice("x", "X"),)), "choices belong"),
            (
                Field("a", Kind.CHOICE, "L", "P", choices=(Choice("x", "X"), Choice("x", "Y"))),
                "choice keys used twice",
            ),
            (
                Field("a", Kind.CHOICE, "L", "P", choices=(Choice("x", ""),)),
                "without key or label",
            ),
            (Field("a", Kind.TEXT, "L", "P", more=True), "optional or have a default"),
            (Field("a", Kind.STAFF, "L", "P", unknown_ok=True), "only a customer"),
            (Field("a", Kind.TEXT, "L", "P", max_length=0), "max_length"),
        ],
    )
    def test_when_built_then_refused_by_name(self, field: Field, wrong: str) -> None:
        with pytest.raises(FormError, match=wrong) as refused:
            form(field)
        assert "'f'" in str(refused.value)

    def test_when_keys_are_doubled_then_refused(self) -> None:
        with pytest.raises(FormError, match="used twice"):
            form(TEXT, TEXT)

    def test_when_it_has_no_fields_then_refused(self) -> None:
        with pytest.raises(FormError, match="at least one field"):
            form()


class TestGivenWords:
    def test_when_a_translation_is_missing_then_the_check_names_it(self) -> None:
        with pytest.raises(FormError, match="'Nowhere in a catalogue' has no text in zh_CN"):
            check_form(
                form(Field("a", Kind.TEXT, "Nowhere in a catalogue", "P"), submit_label="Submit")
            )

    def test_when_a_label_is_too_wide_then_the_check_says_how_wide(self) -> None:
        prompt = "That is not possible here."
        with pytest.raises(FormError, match="columns wide, at most"):
            check_form(form(Field("a", Kind.TEXT, prompt, prompt)))

    def test_when_chinese_is_measured_then_a_character_counts_two(self) -> None:
        assert columns("拜访 a") == 6
