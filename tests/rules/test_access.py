"""Who sees what: dossiers, visit notes, channels, masks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.access import (
    DossierFacts,
    DossierId,
    NoteAction,
    NoteFacts,
    NoteId,
    Part,
    Right,
    Sight,
    StaffId,
    View,
    Viewer,
    ceiling_allows,
    may,
    parts,
    refusal,
    right,
    sight,
    view,
)
from rules.errors import Denied, DomainError, Reason
from rules.masks import mask_name, mask_phone
from rules.policy import load_pack
from rules.secrecy import AccessLevel, Grade

CS, LEVELS = load_pack("customer-service"), load_pack("sales-levels")
KEEPER, HEAD, DIRECTOR = StaffId("s1"), StaffId("h1"), StaffId("d1")


def person(
    who: str, *roles: str, clearance: Grade = Grade.TOP_SECRET, active: bool = True
) -> Viewer:
    return Viewer(StaffId(who), active, frozenset(roles), clearance)


def dossier(grade: Grade = Grade.NONE, level: AccessLevel | None = None) -> DossierFacts:
    return DossierFacts(DossierId(1), KEEPER, (HEAD, DIRECTOR), grade, level)


def note(grade: Grade = Grade.NONE, author: str = "a1") -> NoteFacts:
    chain = (StaffId("ah"), StaffId("ad"))
    return NoteFacts(NoteId(1), StaffId(author), chain, dossier(grade))


class TestGivenADossier:
    @pytest.mark.rule("S2-INFO.17")
    @pytest.mark.parametrize(
        ("viewer", "grade", "expected"),
        [
            (person("s1", "salesperson", clearance=Grade.NONE), Grade.TOP_SECRET, Sight.FULL),
            (person("h1"), Grade.SECRET, Sight.FULL),
            (person("d1"), Grade.SECRET, Sight.FULL),
            (person("d1", clearance=Grade.CONFIDENTIAL), Grade.SECRET, Sight.NONE),
            (person("d1", clearance=Grade.NONE), Grade.CONFIDENTIAL, Sight.MASKED),
            (person("x", "custodian"), Grade.NONE, Sight.FULL),
            (person("x", "cs_manager"), Grade.SECRET, Sight.FULL),
            (person("x", "gm"), Grade.TOP_SECRET, Sight.FULL),
            (person("x", "salesperson"), Grade.NONE, Sight.MASKED),
            (person("x", "salesperson"), Grade.CONFIDENTIAL, Sight.MASKED),
            (person("x", "salesperson"), Grade.SECRET, Sight.NONE),
            (person("x", "hr"), Grade.TOP_SECRET, Sight.NONE),
            (person("s1", active=False), Grade.NONE, Sight.NONE),
            (person("x", "gm", active=False), Grade.NONE, Sight.NONE),
        ],
    )
    def test_when_somebody_looks_then_the_default_is_closed(
        self, viewer: Viewer, grade: Grade, expected: Sight
    ) -> None:
        assert sight(viewer, dossier(grade), CS) is expected

    @pytest.mark.rule("S1-07.3.1.1")
    @pytest.mark.rule("S1-07.3.1.2")
    @pytest.mark.rule("S1-07.3.1.3")
    @pytest.mark.parametrize(
        ("viewer", "level", "expected"),
        [
            (person("x", "sales_director"), AccessLevel.COMPANY, Sight.FULL),
            (person("x", "marketing_dgm"), AccessLevel.COMPANY, Sight.FULL),
            (person("x", "gm"), AccessLevel.COMPANY, Sight.FULL),
            (person("x", "marketing_dgm"), AccessLevel.DEPARTMENT, Sight.FULL),
            (person("x", "sales_director"), AccessLevel.DEPARTMENT, Sight.MASKED),
            (person("x", "gm"), AccessLevel.PERSONAL, Sight.MASKED),
            (person("s1"), AccessLevel.PERSONAL, Sight.FULL),
            (person("h1"), AccessLevel.PERSONAL, Sight.FULL),
            (person("d1"), AccessLevel.PERSONAL, Sight.MASKED),
            (person("x", "salesperson"), AccessLevel.PERSONAL, Sight.MASKED),
        ],
    )
    def test_when_the_company_has_levels_then_they_decide(
        self, viewer: Viewer, level: AccessLevel, expected: Sight
    ) -> None:
        assert sight(viewer, dossier(Grade.SECRET, level), LEVELS) is expected

    @pytest.mark.rule("S1-07.3.1.0")
    def test_where_all_are_secret_then_who_is_cleared_may_know_and_ask(self) -> None:
        held = dossier(Grade.SECRET, AccessLevel.COMPANY)
        assert sight(person("x", clearance=Grade.SECRET), held, LEVELS) is Sight.MASKED
        assert sight(person("x", clearance=Grade.CONFIDENTIAL), held, LEVELS) is Sight.NONE
        assert sight(person("x"), replace(held, draft=True), LEVELS) is Sight.NONE
        assert sight(person("x"), replace(held, grade=Grade.TOP_SECRET), LEVELS) is Sight.NONE
        assert sight(person("x"), dossier(Grade.SECRET), CS) is Sight.NONE

    @pytest.mark.rule("S2-INFO.17")
    def test_when_it_was_opened_for_a_time_then_it_is_read_up_to_the_ceiling(self) -> None:
        reader = replace(person("x", clearance=Grade.NONE), granted=frozenset({DossierId(1)}))
        assert right(reader, dossier(Grade.SECRET), CS) is Right.GRANTED
        assert view(reader, dossier(Grade.CONFIDENTIAL), CS, "telegram").content
        above = view(reader, dossier(Grade.SECRET), CS, "telegram")
        assert (above.sight, above.name, above.content) == (Sight.FULL, False, False)
        other = replace(reader, granted=frozenset({DossierId(2)}))
        assert sight(other, dossier(Grade.SECRET), CS) is Sight.NONE
        left = replace(reader, active=False)
        assert sight(left, dossier(), CS) is Sight.NONE

    @pytest.mark.rule("S1-15.6.3")
    def test_when_only_a_part_was_opened_then_the_rest_stays_closed(self) -> None:
        archive, held = load_pack("corporate-archive"), dossier()
        assert archive.dossier.parts_rule == "S1-15.6.3"
        some = {DossierId(1): frozenset({Part.PAPERS})}
        reader = replace(person("x"), granted=frozenset({DossierId(1)}), limited=some)
        assert parts(reader, held, archive) == {Part.PAPERS}
        seen = view(reader, held, archive, "wecom")
        assert (seen.sight, seen.name, seen.content) == (Sight.FULL, True, False)
        keeper = replace(reader, roles=frozenset({"archivist_full"}))
        assert parts(keeper, held, archive) == set(Part)
        assert view(keeper, held, archive, "wecom").content
        assert parts(person("x"), held, archive) == frozenset()
        assert parts(replace(reader, active=False), held, archive) == frozenset()

    @pytest.mark.parametrize(
        ("pack", "reader", "level"),
        [
            pytest.param("property", "custodian", None, marks=pytest.mark.rule("S5-4.1")),
            pytest.param("pharma", "custodian", None, marks=pytest.mark.rule("S1-05.4")),
            pytest.param("auto-dealer", "custodian", None, marks=pytest.mark.rule("S1-09.2.4")),
            pytest.param(
                "sales-levels",
                "custodian",
                AccessLevel.COMPANY,
                marks=[pytest.mark.rule("S5-1.7"), pytest.mark.rule("S1-06.5.4")],
            ),
        ],
    )
    def test_whoever_is_not_concerned_reads_nothing_unless_it_is_opened_for_them(
        self, pack: str, reader: str, level: AccessLevel | None
    ) -> None:
        policy, held = load_pack(pack), dossier(Grade.NONE, level)
        stranger = person("x", "salesperson", "accounting")
        assert sight(person("x", reader), held, policy) is Sight.FULL
        assert sight(person("s1"), held, policy) is Sight.FULL
        assert sight(stranger, held, policy) is not Sight.FULL
        assert not view(stranger, held, policy, "phones").content
        allowed = replace(stranger, granted=frozenset({DossierId(1)}))
        assert view(allowed, held, policy, "phones").content

    @pytest.mark.parametrize(
        ("pack", "roles"),
        [
            pytest.param("auto-dealer", "custodian", marks=pytest.mark.rule("S1-09.2.2")),
            pytest.param(
                "property", "tenant_services tenant_manager", marks=pytest.mark.rule("S1-02.1")
            ),
            pytest.param(
                "customer-service", "custodian info_staff", marks=pytest.mark.rule("S2-DOSS.3.2")
            ),
            pytest.param("file-custody", "custodian", marks=pytest.mark.rule("S1-10.1")),
            pytest.param(
                "corporate-archive",
                "custodian archivist_full",
                marks=pytest.mark.rule("S1-15.5.1", "S1-15.2.2"),
            ),
        ],
    )
    def test_whose_business_the_dossiers_are_reads_them_and_a_colleague_does_not(
        self, pack: str, roles: str
    ) -> None:
        policy, held = load_pack(pack), dossier(Grade.NONE)
        for role in roles.split():
            assert right(person("x", role), held, policy) is Right.READER
        assert right(person("x", "salesperson", "accounting"), held, policy) is None

    @pytest.mark.rule("S1-05.5")
    def test_who_has_left_keeps_nothing_and_the_superior_has_it(self) -> None:
        pharma = load_pack("pharma")
        assert sight(person("s1"), dossier(), pharma) is Sight.FULL
        assert sight(person("s1", active=False), dossier(), pharma) is Sight.NONE
        assert sight(person("h1"), dossier(), pharma) is Sight.FULL

    @pytest.mark.rule("S1-01.3")
    @pytest.mark.parametrize("level", list(AccessLevel))
    def test_without_the_clearance_a_secret_stays_one_whatever_the_post(
        self, level: AccessLevel
    ) -> None:
        posts = ("sales_director", "marketing_dgm", "gm", "custodian", "sales_manager")
        for post in posts:
            uncleared = person("x", post, clearance=Grade.CONFIDENTIAL)
            assert sight(uncleared, dossier(Grade.SECRET, level), LEVELS) is Sight.NONE

    @pytest.mark.rule("S2-SECR.5")
    @pytest.mark.parametrize("cleared", list(Grade))
    @pytest.mark.parametrize("graded", list(Grade))
    def test_each_of_the_three_grades_asks_for_a_clearance_as_high(
        self, cleared: Grade, graded: Grade
    ) -> None:
        ranks = [Grade.NONE, Grade.CONFIDENTIAL, Grade.SECRET, Grade.TOP_SECRET]
        reader = person("x", "gm", clearance=cleared)
        high_enough = ranks.index(cleared) >= ranks.index(graded)
        assert (sight(reader, dossier(graded), CS) is Sight.FULL) is high_enough

    def test_when_nobody_keeps_it_then_only_readers_see_it(self) -> None:
        lost = replace(dossier(), keeper=None, keeper_superiors=())
        assert sight(person("x", "custodian"), lost, CS) is Sight.FULL
        assert sight(person("s1"), lost, CS) is Sight.MASKED


class TestGivenAChannel:
    @pytest.mark.rule("S2-INFO.26.3")
    @pytest.mark.parametrize(
        ("channel", "highest"),
        [
            ("telegram", Grade.CONFIDENTIAL),
            ("wecom", Grade.SECRET),
            ("phones", Grade.SECRET),
            ("fax", Grade.NONE),
        ],
    )
    def test_when_content_is_above_the_ceiling_then_it_stays_out(
        self, channel: str, highest: Grade
    ) -> None:
        for grade in Grade:
            assert ceiling_allows(CS, channel, grade) is (grade <= highest)

    @pytest.mark.rule("S2-SECR.11")
    def test_when_above_the_ceiling_then_only_the_keeper_sees_the_name(self) -> None:
        secret = dossier(Grade.SECRET)
        assert view(person("s1"), secret, CS, "telegram") == View(Sight.FULL, True, False)
        assert view(person("h1"), secret, CS, "telegram") == View(Sight.FULL, False, False)
        assert view(person("h1"), secret, CS, "wecom") == View(Sight.FULL, True, True)
        assert view(person("x"), dossier(), CS, "wecom") == View(Sight.MASKED, False, False)


class TestGivenAVisitNote:
    @pytest.mark.rule("S3-SPEC1.5.1")
    @pytest.mark.parametrize(
        ("viewer", "allowed"),
        [
            (person("a1", clearance=Grade.NONE), "read correct withdraw"),
            (person("s1", clearance=Grade.NONE), "read"),
            (person("ah"), "read comment"),
            (person("ad"), "read comment"),
            (person("x", "info_specialist"), "read"),
            (person("x", "cs_manager"), "read"),
            (person("x", "gm"), "read"),
            (person("x", "custodian"), ""),
            (person("x", "salesperson"), ""),
            (person("h1"), ""),
            (person("a1", active=False), ""),
        ],
    )
    def test_when_somebody_acts_then_only_the_named_may(
        self, viewer: Viewer, allowed: str
    ) -> None:
        for action in NoteAction:
            assert may(viewer, action, note(), CS) is (action.value in allowed.split()), action

    def test_when_refused_then_reason_rule_and_next_step_are_named(self) -> None:
        refused = refusal(person("x"), NoteAction.READ, note(), CS)
        assert isinstance(refused, Denied)
        assert refused.rules == ("S2-INFO.17",)
        assert refused.reasons[0].code == "not_entitled"
        assert refused.reasons[0].next_step == "request_consultation"

    def test_when_two_things_are_wrong_then_both_are_said(self) -> None:
        gone = replace(note(), withdrawn=True)
        refused = refusal(person("x"), NoteAction.CORRECT, gone, CS)
        assert isinstance(refused, Denied)
        assert [reason.code for reason in refused.reasons] == [
            "not_the_author",
            "already_withdrawn",
        ]

    def test_when_the_grade_is_above_the_clearance_then_superiors_wait_too(self) -> None:
        low = person("ah", clearance=Grade.CONFIDENTIAL)
        for action in (NoteAction.READ, NoteAction.COMMENT):
            refused = refusal(low, action, note(Grade.SECRET), CS)
            assert isinstance(refused, Denied)
            assert refused.reasons[0].fact("grade") == "secret"


GRADES = st.sampled_from(Grade)
VIEWERS = st.builds(
    Viewer,
    st.sampled_from(["s1", "h1", "d1", "a1", "ah", "x"]).map(StaffId),
    st.booleans(),
    st.frozensets(st.sampled_from(["gm", "custodian", "salesperson", "hr", "cs_manager"])),
    GRADES,
)


@pytest.mark.rule("S2-SECR.3")
@given(VIEWERS, GRADES, st.sampled_from([CS, LEVELS]))
def test_nobody_below_the_clearance_sees_a_title_that_is_not_theirs(viewer, grade, policy) -> None:
    seen = sight(viewer, dossier(grade, AccessLevel.COMPANY), policy)
    if viewer.clearance < grade and viewer.id != KEEPER:
        assert seen is not Sight.FULL
        for channel in ("telegram", "wecom", "phones"):
            assert not view(viewer, dossier(grade), policy, channel).name
    if not viewer.active:
        assert seen is Sight.NONE


@given(VIEWERS, st.sampled_from(NoteAction), GRADES)
def test_may_and_refusal_agree(viewer, action, grade) -> None:
    assert may(viewer, action, note(grade), CS) is (
        refusal(viewer, action, note(grade), CS) is None
    )


def test_grades_are_ordered_by_rank_not_by_letter() -> None:
    assert sorted(Grade, key=lambda grade: grade.rank) == list(Grade)
    assert Grade.NONE < Grade.CONFIDENTIAL < Grade.SECRET < Grade.TOP_SECRET
    assert Grade.CONFIDENTIAL >= Grade.NONE
    assert [grade.zh for grade in Grade] == ["无密级", "秘密", "机密", "绝密"]
    assert Grade("top_secret").en == "Top Secret"
    assert AccessLevel.PERSONAL.zh == "个人级"


@pytest.mark.rule("S3-SPEC1.1.3")
@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("上海鸿鑫贸易有限公司", "上海鸿＊＊有限公司"),
        ("鸿鑫贸易", "鸿＊＊"),
        ("鸿鑫贸易有限公司", "鸿＊＊有限公司"),
        ("浙江省永盛集团", "浙江省永＊＊集团"),
        ("王芳", "王＊＊"),
        ("欧阳娜娜", "欧＊＊"),
        ("王", "＊＊"),
        ("", "＊＊"),
        ("上海", "上＊＊"),
        ("Acme Trading Ltd", "A＊＊ Ltd"),
        ("John Smith", "J＊＊"),
    ],
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(
    st.text(alphabet="鸿鑫贸易永盛华美达王芳", min_size=2, max_size=12),
    st.sampled_from(["", "有限公司"]),
)
def test_a_masked_name_shows_one_character_and_hides_the_length(core: str, form: str) -> None:
    assert mask_name(core + form) == f"{core[0]}＊＊{form}"


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("13812348812", "138****8812"),
        ("138 1234 8812", "138****8812"),
        ("+86 138-1234-8812", "138****8812"),
        ("021-62345678", "021****5678"),
        ("62345678", "62****78"),
        ("12345", "****"),
        ("", "****"),
    ],
)
def test_phones_are_masked(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


def test_reasons_are_values() -> None:
    reason = Reason.of("late", rule="S1-09.5.1", next_step="explain", days=2, who="gm")
    assert reason == Reason("late", "S1-09.5.1", "explain", (("days", 2), ("who", "gm")))
    assert reason.fact("days") == 2
    with pytest.raises(DomainError):
        reason.fact("missing")
    with pytest.raises(DomainError):
        Denied(())
