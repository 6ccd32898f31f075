"""The audit chain: appended, whole, and telling where it was touched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from storage import audit
from storage.crypto import Vault
from storage.tables import audit as table
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory


def entry(number: int, **facts: str | int) -> audit.Entry:
    return audit.Entry(
        at=NOW + timedelta(seconds=number),
        staff_id=f"{number:04}",
        action="visit_note.filed",
        subject=f"visit_note:{number}",
        channel="phones",
        rule="S1-07.2.3a",
        facts=facts,
    )


def fill(unit: Unit, count: int) -> None:
    unit.session.execute(delete(table))
    audit.append(unit, [entry(number, on_time=1, 字="值") for number in range(count)])


def test_entries_follow_each_other_across_units(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        assert audit.head(unit.session) == audit.Head(0, b"")
        audit.append(unit, [])
        audit.append(unit, [entry(1), entry(2)])
    with unit_factory() as unit:
        audit.append(unit, [entry(3)])
        verdict = audit.verify(unit.session, unit.vault)
        assert verdict == audit.Verdict(audit.head(unit.session), (), 3)
        assert verdict.head.count == 3


def test_an_empty_chain_is_whole(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        assert audit.verify(unit.session, unit.vault).broken_at is None


def test_instants_are_sealed_whatever_zone_they_came_in(unit_factory: UnitFactory) -> None:
    from zoneinfo import ZoneInfo

    local = NOW.astimezone(ZoneInfo("Asia/Shanghai"))
    with unit_factory() as unit:
        audit.append(unit, [audit.Entry(local, "1", "a", "s", "phones")])
        assert audit.verify(unit.session, unit.vault).broken_at is None


CHANGES = {
    "at": NOW + timedelta(days=365),
    "staff_id": "9999",
    "action": "visit_note.withdrawn",
    "subject": "visit_note:99",
    "channel": "wecom",
    "rule": "other",
    "facts": "{}",
    "seal": b"\0" * 32,
}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 8), st.sampled_from(sorted(CHANGES)), st.data())
def test_any_edit_is_found_where_it_was_made(
    unit_factory: UnitFactory, count: int, column: str, data: st.DataObject
) -> None:
    seq = data.draw(st.integers(1, count))
    with unit_factory() as unit:
        fill(unit, count)
        unit.session.execute(
            update(table).where(table.c.seq == seq).values({column: CHANGES[column]})
        )
        verdict = audit.verify(unit.session, unit.vault)
        assert verdict.broken_at == seq
        assert verdict.head.count == seq - 1


@pytest.mark.parametrize("seq", [1, 2, 3])
def test_a_removed_row_is_found(unit_factory: UnitFactory, seq: int) -> None:
    with unit_factory() as unit:
        fill(unit, 4)
        unit.session.execute(delete(table).where(table.c.seq == seq))
        assert audit.verify(unit.session, unit.vault).broken_at == seq


def test_rows_renumbered_over_a_gap_are_found(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        fill(unit, 4)
        unit.session.execute(delete(table).where(table.c.seq == 2))
        for seq in (3, 4):
            unit.session.execute(update(table).where(table.c.seq == seq).values(seq=seq - 1))
        assert audit.verify(unit.session, unit.vault).broken_at == 2


def test_an_appended_row_without_the_key_is_found(
    unit_factory: UnitFactory, tmp_path: Path
) -> None:
    with unit_factory() as unit:
        fill(unit, 2)
        forger = Unit(unit.session, Vault.create(tmp_path / "other"), unit.ids, NOW)
        audit.append(forger, [entry(3)])
        assert audit.verify(unit.session, unit.vault).broken_at == 3


def test_cut_off_rows_show_against_a_head_kept_elsewhere(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        fill(unit, 3)
        kept = audit.head(unit.session)
        unit.session.execute(delete(table).where(table.c.seq == 3))
        verdict = audit.verify(unit.session, unit.vault)
        assert verdict.broken_at is None
        assert verdict.head.count < kept.count


def test_two_rows_of_one_number_are_impossible(unit_factory: UnitFactory) -> None:
    from sqlalchemy.exc import IntegrityError

    with unit_factory() as unit:
        fill(unit, 1)
        row = dict(unit.session.execute(select(table)).mappings().one())
        with pytest.raises(IntegrityError):
            unit.session.execute(insert(table).values(row))
        unit.session.connection().rollback()
