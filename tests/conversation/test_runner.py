"""What the engine gives every form without the form asking, through real storage."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from handlers.conversation import runner
from handlers.conversation.forms import Answers, Choice, Field, Form, Kind
from handlers.conversation.messages import Inbound, Mode, Place
from handlers.feature import Feature
from storage import conversations, outbox
from storage.tables import attachment
from tests.conversation import demo
from tests.conversation.demo import FORM
from tests.conversation.desk import Desk, make_world


def to_body(desk: Desk) -> None:
    """Answer the first three questions."""
    desk.go()
    desk.say("大洋食品厂")
    desk.say("今天")
    desk.say("car")


def to_review(desk: Desk) -> None:
    to_body(desk)
    desk.say("talked")
    desk.say("skip")
    card = desk.say("skip")
    assert card.title == "Demo note · Check"


class TestGivenAForm:
    def test_when_answered_by_words_alone_then_filed(self, desk: Desk) -> None:
        desk.go()
        desk.say("鸿鑫")
        desk.say("2")
        desk.say("昨天")
        desk.say("3")
        desk.say("talked about spring")
        desk.say("1,3")
        desk.say("完成")
        desk.say("下周三")
        assert desk.say("提交").text == "Filed."
        assert demo.FILED == [
            {
                "customer": {"key": "1", "label": "鸿鑫贸易有限公司"},
                "day": "2026-09-13",
                "way": "foot",
                "body": "talked about spring",
                "towns": ["t0", "t2"],
                "next": "2026-09-23",
                "major": False,
            }
        ]

    @pytest.mark.parametrize(
        ("sent", "towns"), [("0-2", ["t0", "t2"]), ("2-77-x-0", ["t0", "t2"]), ("", None)]
    )
    def test_when_what_is_ticked_comes_at_once_then_that_is_the_answer(
        self, desk: Desk, sent: str, towns: list[str] | None
    ) -> None:
        to_body(desk)
        card = desk.press(desk.say("talked").choices[1].key)
        desk.press(card.choices[0].key.replace(".o.0", f".set.{sent}"))
        state = desk.state()
        assert state is not None
        assert (state.at, state.answers.get("towns")) == ("next", towns)

    def test_when_done_is_typed_and_no_choice_came_then_it_is_asked_again(
        self, desk: Desk
    ) -> None:
        to_body(desk)
        desk.say("talked")
        assert "No choice has arrived yet" in desk.say("done").text
        assert desk.say("完成").choices
        state = desk.state()
        assert state is not None
        assert (state.at, "towns" in state.skipped) == ("towns", False)
        desk.say("1")
        desk.say("done")
        state = desk.state()
        assert state is not None
        assert state.answers["towns"] == ["t0"]

    def test_when_done_is_tapped_and_nothing_is_ticked_then_it_is_skipped(
        self, desk: Desk
    ) -> None:
        to_body(desk)
        desk.say("talked")
        desk.tap("Done")
        state = desk.state()
        assert state is not None
        assert (state.at, "towns" in state.skipped) == ("next", True)

    def test_when_tapped_then_one_card_is_redrawn_and_filed_once(self, desk: Desk) -> None:
        desk.go()
        desk.say("鸿鑫")
        desk.tap("鸿鑫贸易有限公司")
        desk.tap("Today Mon 14 Sep")
        desk.tap("On foot")
        desk.say("talked")
        desk.tap("Skip")
        desk.tap("Skip")
        submit = next(one for one in desk.phones["p1"].last.buttons() if one.label == "Submit")
        desk.press(submit.key)
        assert len(demo.FILED) == 1
        filed = next(card for card in desk.phones["p1"].cards.values() if "On foot" in card.text)
        assert filed.buttons() == ()
        desk.press(submit.key)
        assert len(demo.FILED) == 1
        assert desk.phones["p1"].alerts == [runner.CLOSED]

    def test_when_the_title_counts_then_it_counts_what_will_be_asked(self, desk: Desk) -> None:
        assert desk.go().title == "Demo note 1/6"
        desk.say("大洋食品厂")
        desk.say("今天")
        assert desk.say("train").title == "Demo note 4/7"

    def test_when_a_condition_no_longer_holds_then_its_answer_is_not_filed(
        self, desk: Desk
    ) -> None:
        to_body(desk)
        desk.say("返回")
        desk.say("train")
        desk.say("talked")
        desk.say("skip")
        desk.say("3万")
        desk.say("skip")
        desk.tap("Way")
        card = desk.tap("Car")
        assert "30,000" not in card.text
        desk.say("submit")
        assert "cost" not in demo.FILED[0]

    def test_when_it_has_no_review_then_the_last_answer_submits(self, desk: Desk) -> None:
        desk.go(demo.QUICK)
        assert desk.say("hello").text == "Filed."


class TestGivenBackAndEdit:
    def test_when_going_back_then_the_answer_stands_and_can_be_kept(self, desk: Desk) -> None:
        to_body(desk)
        card = desk.say("back")
        assert "So far: Car" in card.text
        assert desk.tap("Keep").title == "Demo note 4/6"

    def test_when_back_on_the_first_question_then_it_says_so(self, desk: Desk) -> None:
        desk.go()
        assert "first question" in desk.say("0").text

    @pytest.mark.parametrize("label", ["Attachments", "Place", "Dossier", "Colleague"])
    def test_when_nothing_is_listed_then_0_goes_back_and_9_cancels(
        self, desk: Desk, label: str
    ) -> None:
        to_review(desk)
        desk.tap("Add more")
        desk.tap(label)
        assert label in [one.label for one in desk.say("0").choices]
        desk.tap(label)
        assert "Cancelled" in desk.say("9").text

    @pytest.mark.parametrize("digit", ["0", "9"])
    def test_when_words_are_asked_for_then_they_are_the_answer(
        self, desk: Desk, digit: str
    ) -> None:
        to_body(desk)
        assert desk.say(digit).title == "Demo note 5/6"
        to_review(desk)
        desk.tap("What happened")
        assert f"What happened: {digit}" in desk.say(digit).text

    def test_when_an_answer_is_edited_from_review_then_back_in_review(self, desk: Desk) -> None:
        to_review(desk)
        desk.tap("What happened")
        card = desk.say("something else")
        assert card.title == "Demo note · Check"
        assert "something else" in card.text

    def test_when_edit_is_left_by_back_then_nothing_changed(self, desk: Desk) -> None:
        to_review(desk)
        desk.tap("What happened")
        card = desk.tap("Back")
        assert "talked" in card.text
        assert card.title == "Demo note · Check"

    def test_when_back_from_review_then_last_question_and_so_on(self, desk: Desk) -> None:
        to_review(desk)
        assert desk.say("back").title == "Demo note 6/6"
        assert desk.say("back").title == "Demo note 5/6"

    def test_when_more_is_opened_then_each_further_field_can_be_filled(self, desk: Desk) -> None:
        to_review(desk)
        card = desk.tap("Add more")
        assert [one.label for one in card.choices] == [
            "Dossier",
            "Colleague",
            "Attachments",
            "Place",
        ]
        desk.tap("Colleague")
        card = desk.say("李敏")
        assert "Colleague: 李敏" in card.text


class TestGivenCancelAndDrafts:
    def test_when_cancelled_then_it_can_be_had_back(self, desk: Desk) -> None:
        to_body(desk)
        card = desk.say("取消")
        assert "Customer" in card.text
        assert desk.state() is None
        with desk.unit() as unit:
            assert conversations.count_drafts(unit.session, "a1") == 0
        assert "What happened?" in desk.tap("Restore").text

    def test_when_cancelled_long_ago_then_it_is_gone(self, desk: Desk) -> None:
        to_body(desk)
        desk.say("取消")
        desk.now += timedelta(days=2)
        desk.go()
        desk.say("cancel")
        desk.tap("Restore")
        assert desk.phones["p1"].alerts == [runner.CLOSED]

    def test_when_nothing_was_entered_then_cancel_leaves_nothing(self, desk: Desk) -> None:
        desk.go()
        assert "Nothing had been entered" in desk.tap("Cancel").text

    def test_when_saved_then_resumed_on_the_other_phone_days_later(self, desk: Desk) -> None:
        to_body(desk)
        desk.say("保存草稿")
        desk.now += timedelta(days=3)
        card = desk.go(phone="p2")
        assert "Last draft (3 d ago)" in [one.label for one in card.nav]
        card = desk.tap("Last draft (3 d ago)", phone="p2")
        assert "3 d ago" in card.text
        assert card.title == "Demo note 4/6"

    def test_when_another_form_starts_then_the_first_is_a_draft(self, desk: Desk) -> None:
        to_body(desk)
        card = desk.go(demo.QUICK)
        assert "kept as a draft" in card.text
        with desk.unit() as unit:
            drafts = conversations.drafts(unit, "a1", 9)
        assert [one.title for one in drafts] == ["大洋食品厂"]

    def test_when_an_old_card_of_a_draft_is_tapped_then_it_offers_to_go_on(
        self, desk: Desk
    ) -> None:
        to_body(desk)
        key = desk.phones["p1"].last.nav[-1].key
        desk.go(demo.QUICK)
        card = desk.press(key)
        assert [one.label for one in card.choices] == ["Continue", "Delete"]
        desk.tap("Delete")
        with desk.unit() as unit:
            assert conversations.drafts(unit, "a1", 9) == ()


class TestGivenTwoPhones:
    def test_when_writing_on_the_other_then_it_moves_and_the_old_card_says_so(
        self, desk: Desk
    ) -> None:
        to_body(desk)
        old = desk.phones["p1"].last.nav[-1].key
        card = desk.say("talked", phone="p2")
        assert card.title == "Demo note 5/6"
        with desk.unit() as unit:
            tidied = unit.session.execute(
                outbox.outbox.select().where(outbox.outbox.c.account == "p1")
            ).all()
        assert [one.mode for one in tidied] == [Mode.TIDY]
        card = desk.press(old)
        assert card.title == "Demo note 5/6"
        assert desk.phones["p1"].alerts == [
            "That button is out of date. This is where you are now."
        ]
        assert desk.state() is not None

    def test_when_a_button_of_somebody_else_is_pressed_then_nothing_is_learnt(
        self, desk: Desk
    ) -> None:
        to_review(desk)
        key = next(one.key for one in desk.phones["p1"].last.nav if one.label == "Submit")
        other = Desk(desk.units, desk.world, person="a2")
        other.go(phone="p2")
        other.press(key, phone="p2")
        assert other.phones["p2"].alerts == [runner.CLOSED]
        assert demo.FILED == []

    @pytest.mark.parametrize(
        "key",
        [
            "c",
            "c.",
            "c.1.1",
            "c.zzzzzzzzzzzzz.1.back",
            "c.1.1.e.'; --",
            "c.0.0.submit",
            "c.1.1.x.y",
        ],
    )
    def test_when_a_key_is_forged_then_it_is_answered(self, desk: Desk, key: str) -> None:
        desk.go()
        desk.press(key)
        assert len(desk.phones["p1"].alerts) == 1

    def test_when_tapped_twice_then_the_second_tap_shows_what_is_true(self, desk: Desk) -> None:
        desk.go()
        key = desk.phones["p1"].last.choices[0].key
        desk.press(key)
        card = desk.press(key)
        assert card.title == "Demo note 2/6"
        assert len(desk.phones["p1"].cards) == 1


class TestGivenWrongInput:
    def test_when_a_date_is_refused_then_an_example_follows(self, desk: Desk) -> None:
        desk.go()
        desk.say("大洋食品厂")
        card = desk.say("2月31日")
        assert "does not exist" in card.text
        assert "For example: yesterday" in card.text
        assert "still to come" in desk.say("明天").text

    def test_when_a_text_is_too_long_then_it_is_kept_to_be_shortened(self, desk: Desk) -> None:
        to_body(desk)
        card = desk.say("长" * 10_000)
        assert "10,000 characters, 9,800 more" in card.text
        card = desk.tap("Use first 200")
        assert card.title == "Demo note 5/6"
        state = desk.state()
        assert state is not None
        assert state.answers["body"] == "长" * 200

    def test_when_a_messenger_cuts_a_long_text_then_the_pieces_are_one(self, desk: Desk) -> None:
        to_body(desk)
        desk.say("长" * 300)
        desk.now -= timedelta(seconds=19)
        card = desk.say("短" * 50)
        assert "351 characters" in card.text
        desk.now += timedelta(minutes=1)
        assert desk.say("shortened").title == "Demo note 5/6"

    def test_when_the_calendar_is_open_then_a_typed_day_is_of_its_month(self, desk: Desk) -> None:
        desk.go()
        desk.say("大洋食品厂")
        card = desk.tap("Calendar")
        assert [one.label for one in card.grid[2][4:]] == ["18", "19 off", "20 work"]
        desk.tap("‹ Month before")
        desk.say("9")
        state = desk.state()
        assert state is not None
        assert state.answers["day"] == "2026-08-09"

    def test_when_words_come_where_a_button_is_expected_then_they_are_offered_later(
        self, desk: Desk
    ) -> None:
        desk.go()
        desk.say("大洋食品厂")
        desk.say("今天")
        card = desk.say("talked about the spring order")
        assert "kept and offered under: What happened" in card.text
        desk.say("car")
        use = next(one for one in desk.phones["p1"].last.nav if one.label.startswith("Use"))
        assert desk.press(use.key).title == "Demo note 5/6"

    def test_when_a_trigger_word_is_said_inside_then_it_is_an_answer(self, desk: Desk) -> None:
        to_body(desk)
        desk.say("归还")
        state = desk.state()
        assert state is not None
        assert state.answers["body"] == "归还"

    def test_when_a_needed_answer_is_skipped_then_it_says_needed(self, desk: Desk) -> None:
        to_body(desk)
        assert "What happened is needed" in desk.say("跳过").text

    def test_when_finished_early_then_asked_only_for_what_is_needed(self, desk: Desk) -> None:
        desk.go()
        desk.say("大洋食品厂")
        card = desk.say("完成")
        assert card.title.startswith("Demo note 3/6")
        desk.say("car")
        assert desk.say("talked").title == "Demo note · Check"

    def test_when_a_sticker_comes_then_the_question_stays(self, desk: Desk) -> None:
        desk.go()
        card = desk.say("")
        assert "cannot be kept" in card.text
        assert "Which customer?" in card.text


class TestGivenPickers:
    def test_when_a_name_is_typed_in_full_then_it_is_taken(self, desk: Desk) -> None:
        desk.go()
        assert desk.say("远航机械").title == "Demo note 2/6"

    def test_when_unknown_then_it_can_be_noted(self, desk: Desk) -> None:
        desk.go()
        card = desk.say("从未听说")
        assert "Nothing found" in card.text
        desk.tap("New customer")
        state = desk.state()
        assert state is not None
        assert state.answers["customer"] == {"key": "", "label": "从未听说"}

    def test_when_others_customers_are_found_then_masked(self, desk: Desk) -> None:
        desk.go()
        card = desk.say("西湖")
        assert "西湖酒店" not in str(card.choices)
        assert len(card.choices) == 1

    def test_when_there_are_many_then_pages_turn(self, desk: Desk) -> None:
        first = desk.go().choices
        second = desk.tap("Next ›").choices
        assert first[0].label != second[0].label
        assert desk.say("‹ previous").choices[0].label == first[0].label


class TestGivenFiles:
    def test_when_an_album_comes_then_one_card_is_redrawn(self, desk: Desk) -> None:
        to_review(desk)
        before = len(desk.phones["p1"].cards)
        for _ in range(3):
            desk.send(1, album="al")
        assert len(desk.phones["p1"].cards) == before + 1
        assert "Attachments: 3 files" in desk.phones["p1"].last.text

    def test_when_files_come_while_another_field_is_asked_then_kept_and_said(
        self, desk: Desk
    ) -> None:
        to_body(desk)
        card = desk.send(2)
        assert "2 added to: Attachments" in card.text
        assert card.title == "Demo note 4/6"

    def test_when_a_caption_comes_then_it_answers_the_text_asked(self, desk: Desk) -> None:
        to_body(desk)
        assert desk.send(1, text="talked at the gate").title == "Demo note 5/6"

    def test_when_too_many_then_the_limit_is_said(self, desk: Desk) -> None:
        to_body(desk)
        card = desk.send(20)
        assert "Only 5 fit" in card.text

    def test_when_the_form_takes_none_then_the_caller_keeps_them(self, desk: Desk) -> None:
        desk.go(demo.QUICK)
        with desk.unit() as unit:
            active = conversations.active(unit, "a1")
            assert active is not None
            place = Inbound("phones", "p1", "x", desk.now, place=Place(1, 2))
            assert runner.handle(desk.at(unit, "p1"), active, place) is None
            assert unit.session.execute(attachment.select()).all() == []

    def test_when_a_place_is_shared_then_noted_under_its_field(self, desk: Desk) -> None:
        to_review(desk)
        assert "Place: Harbour" in desk.pin().text


class TestGivenTheFormChanged:
    def changed(self, desk: Desk, *fields: Field) -> Desk:
        form = Form("demo", 2, "Demo note", fields)
        return Desk(desk.units, make_world(demo.with_form(form), demo.QUICK))

    def test_when_resumed_then_told_and_what_fits_is_kept(self, desk: Desk) -> None:
        to_review(desk)
        fewer = tuple(
            replace(one, choices=(Choice("bus", "Bus"),)) if one.key == "way" else one
            for one in FORM.fields
            if one.key != "customer"
        )
        later = self.changed(desk, *fewer)
        card = later.say("hello")
        assert "No longer asked, or no longer fitting: Customer, Way" in card.text
        assert card.title == "Demo note 2/5"
        assert later.say("bus").title == "Demo note · Check"
        state = later.state()
        assert state is not None
        assert state.answers["body"] == "talked"

    def test_when_the_question_is_the_same_then_the_answer_counts(self, desk: Desk) -> None:
        to_body(desk)
        later = self.changed(desk, *FORM.fields)
        card = later.say("talked")
        assert "your answers were taken over" in card.text
        assert card.title == "Demo note 5/6"

    def test_when_the_feature_is_gone_then_the_words_come_back(self, desk: Desk) -> None:
        to_review(desk)
        later = Desk(desk.units, make_world(demo.QUICK))
        assert "What happened: talked" in later.say("hello").text
        assert desk.state() is None

    def test_when_the_person_may_no_longer_then_it_is_kept_as_draft(self, desk: Desk) -> None:
        to_review(desk)
        closed = replace(demo.FEATURE, audience=lambda _person: False)
        later = Desk(desk.units, make_world(closed))
        later.go(closed)
        with later.unit() as unit:
            active = conversations.active(unit, "a1")
            assert active is not None
            inbound = Inbound("phones", "p1", "x", later.now, text="submit")
            reply = runner.handle(later.at(unit, "p1"), active, inbound)
        assert reply is not None
        assert "no longer open" in reply.alert
        assert demo.FILED == []


class TestGivenSubmitting:
    def test_when_somebody_was_quicker_then_the_answers_are_kept(self, desk: Desk) -> None:
        to_review(desk)
        desk.tap("What happened")
        desk.say("conflict")
        card = desk.tap("Submit")
        assert "Somebody was quicker" in card.text
        desk.tap("What happened")
        desk.say("talked")
        assert desk.tap("Submit").text == "Filed."

    def test_when_an_answer_is_no_longer_right_then_it_is_asked_again(self, desk: Desk) -> None:
        limited = replace(
            FORM.by_key["day"],
            check=lambda value, _answers, moment: (
                demo.Problem("Too old.") if value < moment.today.isoformat() else None
            ),
        )
        form = Form(
            "demo",
            1,
            "Demo note",
            tuple(limited if one.key == "day" else one for one in FORM.fields),
        )
        later = Desk(desk.units, make_world(demo.with_form(form)))
        to_review(later)
        later.now += timedelta(days=2)
        card = later.say("submit")
        assert "Too old." in card.text
        assert card.title == "Demo note · Date"

    def test_when_started_with_answers_then_review_or_first_missing(self, desk: Desk) -> None:
        card = desk.go(body="talked", customer={"key": "3", "label": "大洋食品厂"})
        assert card.title == "Demo note 3/6"
        card = desk.tap("Car")
        assert card.title == "Demo note · Check"
        assert "Date: Mon 14 Sep" in card.text

    def test_when_words_are_given_then_the_picker_begins_with_them(self, desk: Desk) -> None:
        card = desk.go(_words="鸿鑫", body="talked")
        assert all("鸿鑫" in one.label for one in card.choices)

    def test_when_answers_do_not_fit_then_they_are_named(self, desk: Desk) -> None:
        card = desk.go(body="x" * 300, day="2026-09-31", way="car")
        assert "Not taken over: What happened, Date" in card.text


@pytest.mark.parametrize("feature", [demo.FEATURE, demo.QUICK])
def test_hidden_answers_are_carried_to_the_end(desk: Desk, feature: Feature) -> None:
    desk.go(feature, _note="17")
    for words in ("大洋食品厂", "今天", "car", "x", "skip", "skip", "submit"):
        desk.say(words)
    assert demo.FILED[0]["_note"] == "17"


def test_answers_know_their_hidden_keys() -> None:
    assert Answers({"_note": "1"}).text("_note") == "1"
    assert FORM.by_key["day"].kind is Kind.DATE
