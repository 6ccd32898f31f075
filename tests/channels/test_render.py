import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.channels.base import Capabilities
from bot.channels.render import render, shorten, split
from handlers.conversation.messages import Button, Card

SIX = Capabilities(6, 30, 2048, False, True, False, False, 1024)
NONE = Capabilities(0, 0, 2048, False, True, False, False, 1024)

NAV = (
    Button("Back", "c.5.1.back"),
    Button("Skip", "c.5.1.skip"),
    Button("Cancel", "c.5.1.cancel"),
)


def choices(number: int, label: str = "Choice {}") -> tuple[Button, ...]:
    return tuple(Button(label.format(n), f"c.5.1.pick.{n}") for n in range(1, number + 1))


class TestGivenFewButtons:
    def test_when_rendered_then_they_are_rows_and_the_text_is_untouched(self) -> None:
        card = Card("Which day?", title="Visit", choices=choices(3), columns=2, nav=NAV)
        rendered = render(card, SIX)
        assert rendered.parts == ("Visit\nWhich day?",)
        assert [len(row) for row in rendered.rows] == [2, 1]
        assert rendered.nav == NAV

    def test_when_the_channel_has_titles_then_it_stays_apart(self) -> None:
        rendered = render(Card("Which day?", title="Visit"), SIX, own_title=True)
        assert (rendered.title, rendered.parts) == ("Visit", ("Which day?",))


class TestGivenFiles:
    def test_when_none_can_go_out_then_the_text_says_so(self) -> None:
        rendered = render(Card("Two photos", files=(3, 4), locale="en"), SIX)
        assert rendered.parts == ("Two photos\nFiles cannot be sent out in this messenger.",)

    def test_when_they_can_then_nothing_is_said(self) -> None:
        able = replace(SIX, files_out=True)
        assert render(Card("Two photos", files=(3, 4)), able).parts == ("Two photos",)


class TestGivenMoreThanFits:
    def test_when_too_many_choices_then_a_numbered_list_with_digits_for_back_and_cancel(
        self,
    ) -> None:
        rendered = render(Card("Who?", choices=choices(8), nav=NAV, locale="en"), SIX)
        lines = rendered.parts[0].split("\n")
        assert lines[2:10] == [f"{n} Choice {n}" for n in range(1, 9)]
        assert lines[-1] == "Reply with a number, 0 Back, 9 Cancel"
        assert rendered.rows == ()
        assert rendered.nav == NAV

    def test_when_several_can_be_chosen_then_it_says_so(self) -> None:
        card = Card("Which?", choices=choices(8), several=Button("Done", "c.5.7.set"), locale="en")
        assert render(card, SIX).parts[0].split("\n")[-1] == "Reply with numbers, as in 1 2"
        listing = replace(SIX, options=10, option_length=16)
        rendered = render(card, listing)
        assert rendered.parts[0].split("\n")[-1] == (
            "Ticks count once “Done” is pressed; or reply with numbers, as in 1 2"
        )
        assert rendered.options == card.choices

    def test_when_a_label_is_too_long_then_the_choices_are_numbered(self) -> None:
        card = Card("Who?", choices=choices(2, "很长的公司名称有限责任公司 {}"), locale="en")
        rendered = render(card, SIX)
        assert rendered.rows == ()
        assert "2 很长的公司名称有限责任公司 2" in rendered.parts[0]

    def test_when_there_are_no_buttons_at_all_then_every_way_has_a_word_or_digit(self) -> None:
        rendered = render(Card("Who?", choices=choices(2), nav=NAV, locale="en"), NONE)
        assert rendered.parts[0].split("\n")[-2:] == [
            "Reply with a number, 0 Back, 9 Cancel",
            "Or reply with a word: Skip",
        ]
        words = render(Card("Why?", nav=NAV, locale="en"), NONE).parts[0]
        assert words.split("\n")[-1] == "Reply with a word: Back, Skip, Cancel"

    def test_when_a_card_takes_the_place_of_another_then_it_quotes_its_first_line(self) -> None:
        old = "\n客户 " + "鸿" * 60 + "\nsecond line"
        first = render(Card("New", locale="en"), SIX, quote=old).parts[0].split("\n")[0]
        assert first.startswith("In place of: 客户 鸿")
        assert first.endswith("…")


class TestGivenSignsOfSeveralCharacters:
    @pytest.mark.parametrize("sign", ["👨‍👩‍👧‍👦", "👍🏽", "é́", "☎️", "1️⃣"])
    def test_when_split_then_none_is_cut_in_two(self, sign: str) -> None:
        for limit in range(len(sign.encode()), 80):
            pieces = split(sign * 20, limit)
            assert "".join(pieces) == sign * 20
            assert all(len(one.encode()) <= limit for one in pieces)
            assert all(len(one) % len(sign) == 0 for one in pieces)

    def test_when_nothing_but_marks_then_it_is_cut_all_the_same(self) -> None:
        pieces = split("e" + "\u0301" * 5000, 2048)
        assert "".join(pieces) == "e" + "\u0301" * 5000
        assert max(len(one.encode()) for one in pieces) <= 2048


class TestGivenAMonth:
    weeks = tuple(
        tuple(Button(f"{day}", f"c.5.1.d.{week}-{day}") for day in range(7)) for week in range(6)
    )

    def test_when_all_days_fit_then_they_are_rows_of_their_own(self) -> None:
        rendered = render(
            Card("September", grid=self.weeks, choices=choices(2), nav=NAV),
            replace(SIX, buttons=47),
        )
        assert rendered.grid == self.weeks
        assert len(rendered.rows) == 2

    def test_when_they_do_not_fit_then_they_are_left_out_whole(self) -> None:
        rendered = render(Card("September", grid=self.weeks, choices=choices(2), nav=NAV), SIX)
        assert rendered.grid == ()
        assert rendered.parts == ("September",)
        assert (len(rendered.rows), rendered.nav) == (2, NAV)


class TestSplitting:
    @given(st.text(), st.integers(min_value=8, max_value=200))
    def test_every_piece_fits_and_nothing_but_cuts_is_lost(self, text: str, limit: int) -> None:
        pieces = split(text, limit)
        assert pieces
        assert all(len(one.encode()) <= limit for one in pieces)
        assert "".join(pieces).replace("\n", "").split() == text.replace("\n", "").split()

    def test_cuts_at_line_ends(self) -> None:
        text = "\n".join("客户档案" * 5 for _ in range(60))
        pieces = split(text, 2048)
        assert "\n".join(pieces) == text

    @given(st.text(), st.integers(min_value=3, max_value=50))
    def test_shortened_text_fits(self, text: str, limit: int) -> None:
        assert len(shorten(text, limit).encode()) <= limit


class TestGivenWhatDoesNotStay:
    @staticmethod
    def said(able: Capabilities, *, passing: bool) -> str:
        return render(Card("154 0256 9624", passing=passing, locale="zh_CN"), able).parts[0]

    def test_when_nothing_can_be_taken_back_then_said(self) -> None:
        assert "无法收回消息" in self.said(SIX, passing=True)
        assert "无法收回消息" not in self.said(SIX, passing=False)

    def test_when_it_can_be_deleted_or_redrawn_then_there_is_nothing_to_say(self) -> None:
        for able in (replace(SIX, deletes=True), replace(SIX, edits=True)):
            assert self.said(able, passing=True) == "154 0256 9624"
