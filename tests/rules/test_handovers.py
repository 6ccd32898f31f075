"""The life of a leg, and what a set of papers lacks; each line said in every way."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.checklists import Form, Needed, checklist
from rules.clauses import all_clauses
from rules.errors import DomainError
from rules.handovers import (
    TRANSITIONS,
    Gap,
    GapKind,
    Given,
    ItemState,
    LegState,
    Signed,
    Trigger,
    gaps,
    move,
    order,
    ready,
    too_early,
    transition,
)

S, T = LegState, Trigger
NEW_CAR = checklist("new_car_12")
LOAN_FILE = checklist("loan_file_4")

LIVES = [
    # what happens one after the other to a leg without a witness, and where it ends
    ("hand sign", S.SIGNED),
    ("hand take_back hand sign", S.SIGNED),
    ("hand send_back hand sign", S.SIGNED),
    ("hand dispute settle sign", S.SIGNED),
    ("hand dispute send_back hand sign", S.SIGNED),
    ("hand dispute settle send_back", S.OPEN),
    ("hand dispute", S.DISPUTED),
    ("cancel", S.CANCELLED),
    ("hand take_back cancel", S.CANCELLED),
]


@pytest.mark.parametrize(("life", "end"), LIVES)
@pytest.mark.rule("S1-09.4.1")
@pytest.mark.rule("S1-09.4.2")
@pytest.mark.rule("S4-LOAN.4.6")
def test_a_life_ends_where_the_table_says(life: str, end: LegState) -> None:
    state = S.OPEN
    for trigger in life.split():
        state = move(state, Trigger(trigger))
    assert state is end


@pytest.mark.rule("S4-LOAN.4.2b")
@pytest.mark.rule("S4-LOAN.4.5a")
def test_the_next_leg_begins_only_from_waiting() -> None:
    assert move(S.WAITING, T.BEGIN) is S.OPEN
    for trigger in (T.HAND, T.SIGN, T.WITNESS):
        with pytest.raises(DomainError, match="waiting"):
            move(S.WAITING, trigger)


@pytest.mark.rule("S1-12.4.4")
def test_b24_two_signatures_of_three_leave_it_open() -> None:
    assert move(S.HANDED, T.SIGN, witnessed=False) is S.HANDED
    assert move(S.HANDED, T.WITNESS, witnessed=False) is S.HANDED


@pytest.mark.parametrize("last", [T.SIGN, T.WITNESS])
@pytest.mark.rule("S1-12.4.4")
def test_the_third_signature_closes_it_whoever_comes_last(last: Trigger) -> None:
    assert move(S.HANDED, last, witnessed=True) is S.SIGNED


@pytest.mark.rule("S4-LOAN.4.2c")
def test_b14_what_was_sent_back_is_not_signed_before_it_is_handed_over_again() -> None:
    back = move(S.HANDED, T.SEND_BACK)
    assert back is S.OPEN
    for trigger in (T.SIGN, T.WITNESS, T.DISPUTE):
        with pytest.raises(DomainError, match="open"):
            move(back, trigger)


@given(st.booleans(), st.lists(st.sampled_from(Trigger), max_size=14))
@pytest.mark.rule("S1-09.4.1")
@pytest.mark.rule("S1-12.4.4")
@pytest.mark.rule("S4-LOAN.4.6")
def test_no_path_skips_a_signature(witness: bool, triggers: list[Trigger]) -> None:
    state, receiver_signed, witness_signed = S.WAITING, False, False
    for trigger in triggers:
        other = witness_signed if trigger is T.SIGN else receiver_signed
        try:
            state = move(state, trigger, witnessed=other or (not witness and trigger is T.SIGN))
        except DomainError:
            continue
        if trigger in (T.HAND, T.TAKE_BACK, T.SEND_BACK):
            receiver_signed = witness_signed = False
        receiver_signed |= trigger is T.SIGN
        witness_signed |= trigger is T.WITNESS
    if state is S.SIGNED:
        assert receiver_signed
        assert witness_signed or not witness


def test_the_table_is_sound() -> None:
    for state, trigger, witnessed in product(LegState, Trigger, (True, False)):
        rows = [
            row
            for row in TRANSITIONS
            if (row.state, row.trigger) == (state, trigger) and row.witnessed in (None, witnessed)
        ]
        assert len(rows) <= 1
        assert rows == [one for one in (transition(state, trigger, witnessed=witnessed),) if one]
    assert {row.rule for row in TRANSITIONS} <= all_clauses().keys()
    assert not [row for row in TRANSITIONS if row.state in (S.SIGNED, S.CANCELLED)]
    assert {row.trigger for row in TRANSITIONS if row.to is S.SIGNED} == {T.SIGN, T.WITNESS}


def said(item: str, **more: object) -> Given:
    """Return a line that is there in full, as a new car has it, with what is different."""
    paper = NEW_CAR.of(item) or LOAN_FILE.of(item)
    assert paper is not None
    full: dict[str, object] = {
        "state": ItemState.PRESENT,
        "photos": paper.photos_needed,
        "form": paper.form,
        "pages": 3,
        "customer_signed": Signed.YES if paper.customer_signs else Signed.UNKNOWN,
        "staff_signed": Signed.YES if paper.staff_signs else Signed.UNKNOWN,
    }
    return Given(item, **(full | more))  # type: ignore[arg-type]  # one shape for all fields


def whole(**different: Given) -> dict[str, Given]:
    """Return a complete set of new-car papers with some lines said otherwise."""
    return {one.id: said(one.id) for one in NEW_CAR.item} | different


@pytest.mark.rule("S1-09.4.1")
def test_a_whole_set_lacks_nothing_and_can_be_handed_over() -> None:
    assert gaps(NEW_CAR, whole()) == ()
    assert ready(NEW_CAR, whole()) == ()


@pytest.mark.parametrize(
    ("at", "needed"),
    [
        pytest.param(0, True, marks=pytest.mark.rule("S1-09.4.1.1")),
        pytest.param(1, True, marks=pytest.mark.rule("S1-09.4.1.2")),
        pytest.param(2, True, marks=pytest.mark.rule("S1-09.4.1.3")),
        pytest.param(3, True, marks=pytest.mark.rule("S1-09.4.1.4")),
        pytest.param(4, True, marks=pytest.mark.rule("S1-09.4.1.5")),
        pytest.param(5, True, marks=pytest.mark.rule("S1-09.4.1.6")),
        pytest.param(6, True, marks=pytest.mark.rule("S1-09.4.1.7")),
        pytest.param(7, True, marks=pytest.mark.rule("S1-09.4.1.8")),
        pytest.param(8, True, marks=pytest.mark.rule("S1-09.4.1.9")),
        pytest.param(9, True, marks=pytest.mark.rule("S1-09.4.1.10")),
        pytest.param(10, True, marks=pytest.mark.rule("S1-09.4.1.11")),
        pytest.param(11, False, marks=pytest.mark.rule("S1-09.4.1.12")),
    ],
)
def test_each_item_that_is_missing_is_a_gap_under_its_clause(at: int, needed: bool) -> None:
    item = NEW_CAR.item[at]
    found = gaps(NEW_CAR, whole(**{item.id: Given(item.id, ItemState.ABSENT)}))
    assert found == ((Gap(item.id, GapKind.MISSING, item.rule),) if needed else ())


@pytest.mark.rule("S1-09.4.1.4")
class TestGivenIdentityPaper:
    """B08: both sides of a card, or the certificate of an organisation."""

    @pytest.mark.parametrize(("photos", "kinds"), [(0, ["pages"]), (1, ["pages"]), (2, [])])
    def test_when_it_is_a_card_then_both_sides(self, photos: int, kinds: list[str]) -> None:
        found = gaps(NEW_CAR, whole(identity_card=said("identity_card", photos=photos)))
        assert [one.kind.value for one in found] == kinds

    def test_when_it_is_a_certificate_then_one_paper_is_enough(self) -> None:
        company = said("identity_card", photos=0, instead="organisation_code")
        assert gaps(NEW_CAR, whole(identity_card=company)) == ()
        assert ready(NEW_CAR, whole(identity_card=company)) == ()

    def test_when_it_is_something_else_then_refused(self) -> None:
        licence = said("identity_card", instead="vehicle_licence")
        with pytest.raises(DomainError, match="in the place"):
            gaps(NEW_CAR, whole(identity_card=licence))


@pytest.mark.parametrize("form", [Form.COPY, Form.PHOTO])
@pytest.mark.rule("S1-09.4.1.3")
@pytest.mark.rule("S1-09.5.5a")
def test_a_copy_of_the_contract_is_not_the_original(form: Form) -> None:
    found = gaps(NEW_CAR, whole(sales_contract=said("sales_contract", form=form)))
    assert [one.kind for one in found] == [GapKind.WRONG]


@pytest.mark.rule("S1-09.4.1.2")
def test_an_original_serves_where_a_copy_is_wanted() -> None:
    original = said("purchase_invoice", form=Form.ORIGINAL)
    assert gaps(NEW_CAR, whole(purchase_invoice=original)) == ()


@pytest.mark.parametrize("signed", [Signed.MISSING, Signed.WRONG])
@pytest.mark.rule("S1-09.5.2")
@pytest.mark.rule("S1-09.5.5b")
@pytest.mark.rule("S1-09.5.5c")
def test_a_signature_that_is_missing_or_wrong_is_a_gap_of_its_own_kind(signed: Signed) -> None:
    found = gaps(
        NEW_CAR,
        whole(
            delivery_check=said("delivery_check", customer_signed=signed),
            pdi=said("pdi", staff_signed=signed),
            green_card=said("green_card", customer_signed=signed, staff_signed=signed),
        ),
    )
    assert [(one.item, one.kind.value) for one in found] == [
        ("delivery_check", "customer_signature"),
        ("pdi", "staff_signature"),
    ]


@pytest.mark.rule("S1-09.4.2.1")
def test_what_is_not_applicable_needs_a_reason_and_a_line_that_allows_it() -> None:
    repair = checklist("repair_minor")
    given_ = {
        one.id: Given(one.id, ItemState.NOT_APPLICABLE, reason="无此项") for one in repair.item
    }
    missing = {one.item for one in gaps(repair, given_)}
    assert missing == {one.id for one in repair.item if one.needed is Needed.ALWAYS}
    assert {one.id for one in ready(repair, given_)} == missing
    silent = {one.id: Given(one.id, ItemState.NOT_APPLICABLE) for one in repair.item}
    assert len(gaps(repair, silent)) == len(ready(repair, silent)) == len(repair.item)


@pytest.mark.rule("S4-LOAN.4.2a")
def test_a_loan_file_is_handed_over_only_with_every_page_count() -> None:
    given_ = {one.id: said(one.id) for one in LOAN_FILE.item if one.needed is not Needed.OPTIONAL}
    assert ready(LOAN_FILE, given_) == ()
    for name in given_:
        uncounted = given_ | {name: said(name, pages=None)}
        assert [one.id for one in ready(LOAN_FILE, uncounted)] == [name]
        assert [(one.item, one.kind) for one in gaps(LOAN_FILE, uncounted)] == [
            (name, GapKind.PAGES)
        ]


@pytest.mark.rule("S4-LOAN.4.2b")
@pytest.mark.rule("S4-LOAN.4.2c")
def test_b14_a_signature_of_an_authorised_person_that_is_missing_is_found() -> None:
    given_ = {one.id: said(one.id) for one in LOAN_FILE.item}
    given_["project_approval"] = said("project_approval", staff_signed=Signed.MISSING)
    assert gaps(LOAN_FILE, given_) == (
        Gap("project_approval", GapKind.STAFF_SIGNATURE, "S4-LOAN.4.3"),
    )


@pytest.mark.rule("S4-LOAN.5.1")
@pytest.mark.rule("S4-LOAN.5.2b")
def test_a_deed_has_its_number_and_there_is_at_least_one() -> None:
    deeds = checklist("deeds_6")
    assert ready(deeds, {}) == deeds.item
    unnumbered = {"other_rights": Given("other_rights", ItemState.PRESENT, certificate=" ")}
    assert [one.id for one in ready(deeds, unnumbered)] == ["other_rights"]
    numbered = {
        "other_rights": Given("other_rights", ItemState.PRESENT, certificate="沪房地抵1号")
    }
    assert ready(deeds, numbered) == ()


@pytest.mark.parametrize("answer", ["papers", "nothing"])
@pytest.mark.rule("S5-2.3")
def test_b20_no_papers_of_value_is_an_answer_too_but_silence_is_none(answer: str) -> None:
    trip = checklist("trip_papers")
    assert ready(trip, {}) == trip.item
    assert ready(trip, {answer: Given(answer, ItemState.PRESENT)}) == ()


@pytest.mark.rule("S1-09.4.1")
def test_a_line_nobody_answered_holds_the_handover_back_and_one_noted_missing_does_not() -> None:
    silent = whole(vehicle_licence=Given("vehicle_licence"))
    assert [one.id for one in ready(NEW_CAR, silent)] == ["vehicle_licence"]
    noted = whole(vehicle_licence=Given("vehicle_licence", ItemState.ABSENT))
    assert ready(NEW_CAR, noted) == ()


lines = st.builds(
    Given,
    item=st.just(""),
    state=st.sampled_from(ItemState),
    form=st.sampled_from(Form),
    pages=st.none() | st.integers(1, 9),
    photos=st.integers(0, 3),
    customer_signed=st.sampled_from(Signed),
    staff_signed=st.sampled_from(Signed),
    reason=st.sampled_from(["", "无"]),
)


@given(st.sampled_from([NEW_CAR, LOAN_FILE, checklist("warranty")]), st.data())
@pytest.mark.rule("S1-09.5.5a")
def test_a_gap_is_there_exactly_where_an_item_falls_short(papers, data: st.DataObject) -> None:
    given_ = {one.id: data.draw(lines, label=one.id) for one in papers.item}
    found = {(one.item, one.kind) for one in gaps(papers, given_)}
    expected = set()
    for item in papers.item:
        one = given_[item.id]
        if one.state is ItemState.PRESENT:
            shortfalls = {
                GapKind.WRONG: item.form == "original" and one.form in ("copy", "photo"),
                GapKind.PAGES: (papers.pages and not one.pages)
                or (one.photos < item.sides and (item.sides > 1 or item.form == "photo")),
                GapKind.CUSTOMER_SIGNATURE: item.customer_signs and one.customer_signed != "yes",
                GapKind.STAFF_SIGNATURE: item.staff_signs and one.staff_signed != "yes",
            }
            expected |= {(item.id, kind) for kind, short in shortfalls.items() if short}
        elif item.needed == "always" or (
            item.needed == "applicable"
            and not (one.state is ItemState.NOT_APPLICABLE and one.reason)
        ):
            expected.add((item.id, GapKind.MISSING))
    assert found == expected


@pytest.mark.rule("S2-DOSS.15")
@pytest.mark.rule("S2-DOSS.17")
@pytest.mark.rule("S4-LOAN.4.4")
def test_the_contents_list_has_the_order_of_the_checklist_and_annexes_last() -> None:
    mixed = ["customer_contract_annex", "补充协议", "investigation", "project_approval"]
    assert order(LOAN_FILE, mixed) == (
        "project_approval", "investigation", "补充协议", "customer_contract_annex",
    )  # fmt: skip


@pytest.mark.rule("S1-10.5", "S1-10.6")
def test_e13_no_agreement_before_the_strict_check() -> None:
    intake = checklist("custody_intake")
    missing = {
        "strict_check": Given("strict_check", ItemState.ABSENT),
        "agreement": Given("agreement", ItemState.PRESENT),
    }
    assert too_early(intake.item[1], missing) == "strict_check"
    assert "agreement" in {one.id for one in ready(intake, missing)}
    passed = missing | {"strict_check": Given("strict_check", ItemState.PRESENT)}
    assert too_early(intake.item[1], passed) is None
    assert "agreement" not in {one.id for one in ready(intake, passed)}
    nothing_done = {one.id: Given(one.id, ItemState.ABSENT) for one in intake.item}
    assert ready(intake, nothing_done) == ()
