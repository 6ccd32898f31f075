"""A message reworded: its share of the answers follows, everything else stays."""

from __future__ import annotations

import msgspec
import pytest

from handlers.conversation.forms import Answers
from handlers.conversation.reworded import spliced
from handlers.conversation.state import MAX_PARTS, State, decode, encode, joined
from storage import conversations, origins
from tests.conversation.desk import Desk
from tests.conversation.test_runner import to_body, to_review

OLD = """{"version":1,"at":"body","answers":{"customer":{"key":"1","label":"鸿鑫贸易有限公司"},
"day":"2026-09-13","way":"car"},"names":{"day":"Date"},"held":"","offered":{"body":"kept"}}"""
"""A state as the release before this one wrote it."""


def answers(desk: Desk) -> dict[str, object]:
    state = desk.state()
    assert state is not None
    return state.answers


class TestGivenATextOfSeveralMessages:
    @pytest.mark.parametrize(
        ("mark", "words", "text"),
        [
            ("a", "X", "X\nbb\nccc"),
            ("b", "X", "a\nX\nccc"),
            ("c", "X", "a\nbb\nX"),
            ("a", "", "bb\nccc"),
            ("b", "", "a\nccc"),
            ("c", "", "a\nbb"),
            ("d", "X", "a\nbb\nccc"),
        ],
    )
    def test_when_one_is_reworded_then_the_others_stay(
        self, mark: str, words: str, text: str
    ) -> None:
        parts = (("a", 1), ("b", 2), ("c", 3))
        new, left = spliced("a\nbb\nccc", parts, mark, words)
        assert new == text
        assert sum(length for _, length in left) + len(left) - 1 == len(new)

    def test_when_there_are_many_then_the_earliest_become_one(self) -> None:
        parts: tuple[tuple[str, int], ...] = ()
        for number in range(50):
            parts = joined(parts, (f"m{number}", 3))
        assert len(parts) == MAX_PARTS
        text = "\n".join(["abc"] * 50)
        new, _ = spliced(text, parts, "m49", "last")
        assert new == text[:-3] + "last"

    def test_when_it_was_too_long_then_its_shorter_wording_is_the_answer(self, desk: Desk) -> None:
        to_body(desk)
        desk.say("x" * 250)
        first = f"k{desk.count}"
        desk.edit("short", first)
        assert answers(desk)["body"] == "short"

    def test_when_words_said_elsewhere_are_edited_then_the_offer_follows(self, desk: Desk) -> None:
        desk.go()
        desk.say("大洋食品厂")
        desk.say("today")
        desk.say("some words")
        key = f"k{desk.count}"
        desk.say("more words")
        desk.edit("other words", key)
        state = desk.state()
        assert state is not None
        assert state.at == "way"
        assert state.offered == {"body": "other words\nmore words"}


class TestGivenAnAnsweredQuestion:
    def test_when_a_condition_falls_with_it_then_the_form_goes_on(self, desk: Desk) -> None:
        desk.go()
        desk.say("大洋食品厂")
        desk.say("today")
        desk.say("train")
        key = f"k{desk.count}"
        desk.say("talked")
        desk.say("skip")
        state = desk.state()
        assert state is not None
        assert state.at == "cost"
        desk.edit("car", key)
        state = desk.state()
        assert state is not None
        assert state.at == "next"

    def test_when_several_ticks_came_in_one_message_then_all_are_read_anew(
        self, desk: Desk
    ) -> None:
        to_body(desk)
        desk.say("talked")
        desk.say("1,3")
        key = f"k{desk.count}"
        desk.edit("1,4", key)
        state = desk.state()
        assert state is not None
        assert state.ticks == ("t0", "t3")
        desk.say("done")
        assert "Corrected. Towns: Town 0, Town 1" in desk.edit("1,2", key).text
        assert answers(desk)["towns"] == ["t0", "t1"]

    def test_when_a_number_of_a_list_is_edited_then_it_says_that_the_list_is_gone(
        self, desk: Desk
    ) -> None:
        desk.go()
        desk.say("鸿鑫")
        desk.say("2")
        card = desk.edit("1", f"k{desk.count}")
        assert "no longer shown" in card.text
        assert "Which day?" in card.text

    def test_when_a_new_customers_name_was_mistyped_then_it_is_renamed(self, desk: Desk) -> None:
        desk.go()
        desk.say("珠江口运航公司")
        key = f"k{desk.count}"
        desk.tap("New customer")
        desk.edit("珠江口远航公司", key)
        assert answers(desk)["customer"] == {"key": "", "label": "珠江口远航公司"}

    def test_when_filed_then_its_messages_are_noted_without_a_word_of_them(
        self, desk: Desk
    ) -> None:
        to_review(desk)
        state = desk.state()
        assert state is not None
        marks = {mark for parts in state.sources.values() for mark, _ in parts}
        desk.say("submit")
        with desk.unit() as unit:
            assert all(origins.of(unit, mark, "a1") for mark in marks)
            assert origins.of(unit, marks.pop(), "a2") is None


class TestGivenAStateOfTheReleaseBefore:
    def test_when_read_then_it_goes_on_and_edits_find_nothing(self, desk: Desk) -> None:
        desk.go()
        with desk.unit() as unit:
            active = conversations.active(unit, "a1")
            assert active is not None
            conversations.save(
                unit, active.id, rev=active.rev, state_json=OLD, title="", card=active.card,
                channel=active.channel, account="p1", at=desk.now,
            )  # fmt: skip
        desk.edit("yesterday", "k1")
        assert answers(desk)["day"] == "2026-09-13"
        card = desk.say("talked")
        key = f"k{desk.count}"
        assert "Which towns?" in card.text
        assert "Corrected" in desk.edit("talked more", key).text

    def test_when_words_were_offered_then_they_keep_their_place(self) -> None:
        state = decode(OLD)
        assert state is not None
        assert state.offered == {"body": "kept"}
        assert state.sources == {}
        assert decode(encode(state)) == state

    def test_when_a_later_release_knows_more_then_this_one_reads_the_rest(self) -> None:
        kept = msgspec.json.decode(encode(State(version=1, at="body", line="phones:k1")))
        assert decode(msgspec.json.encode({**kept, "unknown": 1}).decode()) == State(
            version=1, at="body", line="phones:k1"
        )


class TestGivenALine:
    def test_when_read_anew_then_wrong_parts_leave_the_old_ones(self, desk: Desk) -> None:
        customer = {"key": "1", "label": "鸿鑫贸易有限公司"}
        desk.go(line="phones:k0", customer=customer, day="2026-09-13", way="car", body="talked")
        desk.line = Answers(
            {"customer": customer, "day": "2026-12-31", "way": "train", "body": "x" * 250}
        )
        card = desk.edit("whatever", "k0")
        assert "Not corrected, it stays as it was: Date" in card.text
        assert "Not corrected, it stays as it was: What happened" in card.text
        assert "Corrected. Way: Train" in card.text
        assert answers(desk)["day"] == "2026-09-13"
        assert answers(desk)["body"] == "talked"

    def test_when_the_form_had_filled_something_in_then_that_is_not_the_lines(
        self, desk: Desk
    ) -> None:
        customer = {"key": "1", "label": "鸿鑫贸易有限公司"}
        desk.go(line="phones:k0", customer=customer, day="2026-09-13", way="car", body="talked")
        assert answers(desk)["major"] is False
        desk.line = Answers({"customer": customer, "way": "car", "body": "talked"})
        desk.edit("whatever", "k0")
        assert answers(desk)["major"] is False
        assert "day" not in answers(desk)
