"""Policy files: every pack loads, every mistake is named with file, key, value, expectation."""

from collections.abc import Callable
from datetime import date
from importlib.resources import files

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

PACK = files("rules").joinpath("packs", "customer-service.toml").read_text("utf-8")


def swap(old: str, new: str) -> str:
    assert PACK.count(old) == 1, old
    return PACK.replace(old, new)


def without(key: str) -> str:
    lines = [line for line in PACK.splitlines() if not line.startswith(f"{key} =")]
    return "\n".join(lines)


@pytest.mark.parametrize("overlays", [(), ("log",), ("privacy",), ("log", "privacy")])
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


def test_the_packs_of_the_first_release_are_there() -> None:
    assert {"auto-dealer", "customer-service", "sales-levels"} <= set(available_packs())
    assert available_overlays() == ("log", "privacy")


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
    (swap('roll = "forward"', 'roll = "sideways"'), "time.roll", "sideways", "forward"),
    (swap("tolerance_seconds = 0", 'tolerance_seconds = "0"'), "time.tolerance_seconds", "0", ""),
    (swap("levels = false", "levels = 0"), "dossier.levels", 0, "true or false"),
    (swap('digest = "09:00"', 'digest = "9 am"'), "time.digest", "9 am", "09:00"),
    (swap('"0d 20:30"', '"20:30"'), "visit.note.remind[2]", "20:30", "0d 18:00"),
    (swap('to = "direct_superior" }', 'to = "boss" }'), "visit.note.escalate[0].to", "boss", ""),
    (swap("Asia/Shanghai", "Asia/Nowhere"), "time.zone", "Asia/Nowhere", "Asia/Shanghai"),
    (swap("[visit]", "typo = 1\n[visit]"), "dossier.typo", 1, "one of"),
    (swap("schema = 1", "schema = 1\nshema = 1"), "shema", 1, "one of"),
    (swap('rule = "S2-INFO.17"', 'rule = "S2-INFO.99"'), "dossier.rule", "S2-INFO.99", "rule"),
    (swap("effective_from = 2026-01-01", 'effective_from = "soon"'), "effective_from", "soon", ""),
    (
        swap("effective_from = 2026-01-01", "effective_from = 2026-01-01T00:00:00"),
        "effective_from",
        ...,
        "a date",
    ),
    (swap('wecom = "secret"', 'wecom = "very"'), "dossier.chat_ceiling.wecom", "very", "none"),
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
        ("cutoff", "time.cutoff"),
        ("number", "dossier.number"),
        ("due", "visit.note.due"),
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
        (swap("schema = 1", "schema = 2"), "schema = 1"),
        (swap('sources = ["S2-INFO",', 'sources = ["S9",'), "regulations"),
        (swap("{seq:04d}", "{sequence}"), "{seq}"),
        (swap('"registry", "four_groups"', '"registrar"'), "fields among"),
        (swap('wecom = "secret"', 'wecom = "top_secret"'), "never enters a chat"),
        (swap('telegram = "confidential"', 'telegram = "secret"'), "ceiling_approved"),
        (swap('wecom = "secret"', 'wecon = "secret"'), "for wecom"),
        (swap('unit = "same_day"', 'unit = "working_day"'), "needs a count"),
        (swap('"S2-DOSS.3.3" } #', '"S2-DOSS.333" } #'), "rule of the catalogue"),
        (swap('["13:00", "18:00"]', '["11:00", "18:00"]'), "office_hours ascending"),
        (swap('digest = "09:00"', 'digest = "07:00"'), "outside the quiet hours"),
        (swap('calendar = "cn"', 'calendar = "us"'), "calendar = 'cn'"),
        (
            swap(
                '{ role = "gm", rule = "S2-DOSS.32" },\n]\n\n[visit]',
                '{ role = "gm", levels = ["company"], rule = "S2-DOSS.32" },\n]\n\n[visit]',
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
    text = swap('telegram = "confidential"', 'telegram = "secret"').replace(
        'consent = "none"', 'consent = "none"\nceiling_approved = "gm, 3 January 2026, no. 4"'
    )
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
    expected = {"registry", "four_groups", "visit_note", "small", "minimal_sales", "vehicle"}
    assert expected <= field_lists().keys()
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
