"""Policy files: every pack loads, every mistake is named with file, key, value, expectation."""

from collections.abc import Callable
from datetime import date
from itertools import combinations

import pytest

from rules.clauses import all_clauses
from rules.errors import DomainError
from rules.fields import FieldKind, combined, field_list, field_lists
from rules.policy import (
    Policy,
    PolicyError,
    available_overlays,
    available_packs,
    load_pack,
    parse_policy,
)
from rules.roles import ROLES, role
from rules.secrecy import Grade
from rules.written import text_of

PACK = text_of("customer-service").partition("[[approval]]")[0]
"""A pack without its approvals; what it does not say comes from the base."""


def swap(old: str, new: str) -> str:
    assert PACK.count(old) == 1, old
    return PACK.replace(old, new)


def time(line: str) -> str:
    return f"{PACK}\n[time]\n{line}\n"


def ceiling(wecom: str = "secret", telegram: str = "confidential") -> str:
    line = f'chat_ceiling = {{ telegram = "{telegram}", wecom = "{wecom}" }}'
    return swap('key = "customer"', f'key = "customer"\n{line}')


def without(key: str) -> str:
    lines = [line for line in PACK.splitlines() if not line.startswith(f"{key} =")]
    return "\n".join(lines)


OVERLAYS = [
    combination
    for count in range(len(available_overlays()) + 1)
    for combination in combinations(available_overlays(), count)
]


@pytest.mark.parametrize("overlays", OVERLAYS)
@pytest.mark.parametrize("name", available_packs())
def test_every_pack_loads_with_every_overlay(name: str, overlays: tuple[str, ...]) -> None:
    policy = load_pack(name, overlays)
    assert policy.pack == name
    assert policy.overlays == overlays
    assert (policy.log is not None) is ("log" in overlays)
    assert (policy.privacy is not None) is ("privacy" in overlays)
    assert policy.roles_named <= ROLES.keys()
    assert policy.visit.note.due.rule in all_clauses()
    assert hash(policy.visit.note)


def test_there_are_twelve_packs_and_four_overlays() -> None:
    assert len(available_packs()) == 12
    assert available_overlays() == ("log", "practice", "privacy", "store")


def test_an_overlay_adds_to_arrays_and_replaces_values() -> None:
    plain, over = load_pack("customer-service"), load_pack("customer-service", ("privacy",))
    assert over.dossier.fields == (*plain.dossier.fields, "small")
    assert (plain.dossier.consent.value, over.dossier.consent.value) == ("none", "natural_persons")
    assert over.sources[-1] == "S3-SPEC2"


def test_values_arrive_as_written() -> None:
    policy = load_pack("customer-service")
    assert policy.effective_from == date(2026, 1, 1)
    assert policy.dossier.chat_ceiling == {
        "telegram": Grade.CONFIDENTIAL,
        "wecom": Grade.SECRET,
    }
    assert policy.dossier.format_number(2026, 42) == "KH-2026-0042"
    assert [str(rung) for rung in policy.visit.note.remind] == [
        "0d 09:00", "0d 18:00", "0d 20:30",
    ]  # fmt: skip
    assert str(policy.time.cutoff) == "24:00"
    assert load_pack("sales-levels").dossier.default_grade is Grade.SECRET


BROKEN = [
    (time('roll = "sideways"'), "time.roll", "sideways", "forward"),
    (time('tolerance_seconds = "0"'), "time.tolerance_seconds", "0", ""),
    (
        swap('key = "customer"', 'key = "customer"\nlevels = 0'),
        "dossier.levels",
        0,
        "true or false",
    ),
    (time('digest = "9 am"'), "time.digest", "9 am", "09:00"),
    (
        swap("[open]", 'remind = ["0d 18:00", "20:30"]\n[open]'),
        "visit.note.remind[1]",
        "20:30",
        "0d 18:00",
    ),
    (
        swap('to = "info_supervisor" }', 'to = "boss" }'),
        "completion[0].duty.escalate[0].to",
        "boss",
        "",
    ),
    (time('zone = "Asia/Nowhere"'), "time.zone", "Asia/Nowhere", "Asia/Shanghai"),
    (swap("[dossier]", "[dossier]\ntypo = 1"), "dossier.typo", 1, "one of"),
    ("shema = 1\n" + PACK, "shema", 1, "one of"),
    (swap('rule = "S2-INFO.17"', 'rule = "S2-INFO.99"'), "dossier.rule", "S2-INFO.99", "rule"),
    (swap("effective_from = 2026-01-01", 'effective_from = "soon"'), "effective_from", "soon", ""),
    (
        swap("effective_from = 2026-01-01", "effective_from = 2026-01-01T00:00:00"),
        "effective_from",
        ...,
        "a date",
    ),
    (ceiling(wecom="very"), "dossier.chat_ceiling.wecom", "very", "none"),
    (swap('custodian_unit = "客户服务部"', 'custodian_unit = ""'), "custodian_unit", "", "empty"),
]


@pytest.mark.parametrize(("text", "key", "value", "expected"), BROKEN)
def test_a_wrong_value_is_named(text: str, key: str, value: object, expected: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "company.toml")
    error = caught.value
    assert (error.file, error.key) == ("company.toml", key)
    assert value is ... or error.value == value
    assert expected in error.expected
    assert str(error).startswith(f"company.toml: {key} is ")


@pytest.mark.rule("S2-BASE.17")
@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("effective_from", "effective_from"),
        ("custodian_unit", "custodian_unit"),
        ("name_zh", "name_zh"),
        ("number", "dossier.number"),
        ("start", "open.start"),
        ("major_matter_rule", "visit.major_matter_rule"),
    ],
)
def test_a_missing_key_is_named(key: str, path: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(without(key), "company.toml")
    assert caught.value.key == path
    assert "is missing" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = 2\n" + PACK, "schema = 1"),
        (swap('sources = ["S2-INFO",', 'sources = ["S9",'), "regulations"),
        (swap("{seq:04d}", "{sequence}"), "{seq}"),
        (swap('"registry", "four_groups", "special_partner"', '"registrar"'), "fields among"),
        (ceiling(wecom="top_secret"), "never enters a chat"),
        (ceiling().replace("wecom =", "wecon ="), "for wecom"),
        (ceiling(telegram="secret"), "ceiling_approved"),
        (swap('"working_day", count = 1', '"working_day"'), "needs a count"),
        (swap('"S2-DOSS.3.3" } #', '"S2-DOSS.333" } #'), "rule of the catalogue"),
        (
            time('office_hours = [["09:00", "12:00"], ["11:00", "18:00"]]'),
            "office_hours ascending",
        ),
        (time('digest = "07:00"'), "outside the quiet hours"),
        (time('calendar = "us"'), "calendar = 'cn'"),
        (
            swap(
                '{ role = "gm", rule = "S2-DOSS.32" },\n]\n\n# who',
                '{ role = "gm", levels = ["company"], rule = "S2-DOSS.32" },\n]\n\n# who',
            ),
            "without levels",
        ),
        ("schema = ", "valid TOML"),
    ],
)
def test_values_that_contradict_each_other_are_refused(text: str, words: str) -> None:
    with pytest.raises(PolicyError, match=r"company\.toml") as caught:
        parse_policy(text, "company.toml")
    assert words in str(caught.value)


def test_a_higher_ceiling_for_telegram_needs_the_recorded_approval() -> None:
    approved = 'key = "customer"\nceiling_approved = "gm, 3 January 2026, no. 4"'
    text = ceiling(telegram="secret").replace('key = "customer"', approved)
    assert parse_policy(text, "company.toml").dossier.chat_ceiling["telegram"] is Grade.SECRET


@pytest.mark.parametrize(
    "call",
    [
        lambda: load_pack("no-such-pack"),
        lambda: load_pack("log"),
        lambda: load_pack("customer-service", ("sales-levels",)),
    ],
)
def test_an_unknown_pack_is_answered_with_the_known_ones(call: Callable[[], Policy]) -> None:
    with pytest.raises(PolicyError, match="one of"):
        call()


@pytest.mark.rule("S2-DOSS.8")
@pytest.mark.rule("S1-07.2.1.1")
@pytest.mark.rule("S1-04.4.2")
def test_the_field_lists_are_complete() -> None:
    assert set(field_lists()) == {
        "registry", "four_groups", "visit_note", "small", "minimal_sales", "vehicle",
        "classification", "special_partner", "pharma_customer", "relations",
        "tenant", "property_12",
        "hotel_corporate", "hotel_individual", "hotel_preferences", "hotel_care_dates",
        "loan_customer", "engineering_project", "public_file", "personal_file",
        "company_document", "access_report", "loan_register", "log_entry",
    }  # fmt: skip
    registry = {spec.id for spec in field_list("registry").field}
    assert registry == {
        "customer_name",
        "legal_representative",
        "address",
        "postcode",
        "telephone",
        "fax",
        "registered_capital",
        "scale",
        "business_scope",
        "economic_strength",
        "dealings_record",
    }
    groups = {spec.group for spec in field_list("four_groups").field}
    assert groups == {"basic", "traits", "business", "transactions"}
    with pytest.raises(DomainError):
        field_list("no_such_list")


def test_fields_know_words_rules_and_privacy() -> None:
    for listed in field_lists().values():
        for spec in listed.field:
            assert spec.zh
            assert spec.en
            assert spec.rule() == spec.rules[0]
            assert spec.personal or spec.kind is not FieldKind.PHONE or spec.id == "fax"
    manager = next(spec for spec in field_list("four_groups").field if spec.id == "manager")
    assert manager.rule(("S1-07",)) == "S1-07.2.1.1"
    both = combined(("registry", "four_groups"))
    assert len({spec.id for spec in both}) == len(both)


def test_roles_are_the_catalogues() -> None:
    assert len(ROLES) == 64
    assert role("gm").zh == "总经理"
    assert role("chairman").rank > role("gm").rank > role("department_manager").rank
    assert all(one.zh and one.en and 0 <= one.rank <= 8 for one in ROLES.values())
    with pytest.raises(DomainError):
        role("boss")
