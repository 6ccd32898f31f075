"""Changes of a dossier: gathered, handed in, decided, told afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from storage import attachments, changes, dossier_fields, dossiers, merging, search
from storage.errors import Conflict, StorageError
from storage.tables import change_set
from storage.unit import Unit
from tests.conftest import NOW, UnitFactory
from tests.storage.nouns.company import customer, staffed

OLD, NEW, OTHER = "15400001234", "13800005678", "13900009999"


def held(unit: Unit, set_id: int) -> changes.ChangeSet:
    found = changes.get(unit, set_id)
    assert found is not None
    return found


def phone(unit: Unit, dossier_id: int) -> str:
    dossier = dossiers.get(unit, dossier_id)
    assert dossier is not None
    return dossier_fields.value(dossier, "telephone", "customer")


def proposed(
    unit: Unit, dossier_id: int, by: str = "zhang", new: str = NEW, old: str = OLD
) -> changes.ChangeSet:
    set_id = changes.gather(unit, by, dossier_id, {"telephone": new}, {"telephone": old})
    changes.propose(unit, held(unit, set_id), NOW)
    return held(unit, set_id)


def applied(unit: Unit, one: changes.ChangeSet, rule: str = "S1-05.2") -> changes.Outcome:
    return changes.apply(
        unit, held(unit, one.id), by="head", rule=rule, at=unit.now, key_field="customer"
    )


class TestGivenChangesThatAreGathered:
    def test_they_wait_for_their_person_and_touch_nothing(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            changes.gather(unit, "zhang", id_, {"telephone": NEW}, {"telephone": OLD})
            changes.gather(unit, "zhang", id_, {"industry": "贸易"}, {}, note_id=7)
        with unit_factory() as unit:
            (draft,) = (changes.draft_of(unit, "zhang", id_),)
            assert draft is not None
            assert [(one.field, one.old, one.new) for one in draft.rows] == [
                ("telephone", OLD, NEW),
                ("industry", "", "贸易"),
            ]
            assert (draft.state, draft.note_id, draft.proposed_at) == ("draft", 7, None)
            assert changes.drafts_of(unit, "zhang", 5) == (id_,)
            assert changes.draft_of(unit, "li", id_) is None
            assert changes.open_on(unit, id_) == ()
            assert phone(unit, id_) == OLD

    def test_a_field_said_again_is_one_change_and_changed_back_none(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            for new in (NEW, OTHER):
                changes.gather(unit, "zhang", id_, {"telephone": new}, {"telephone": OLD})
            draft = changes.draft_of(unit, "zhang", id_)
            assert draft is not None
            assert [one.new for one in draft.rows] == [OTHER]
            again = changes.gather(unit, "zhang", id_, {"telephone": OLD}, {"telephone": OLD})
            assert again == draft.id
            assert held(unit, draft.id).rows == ()
            assert changes.drafts_of(unit, "zhang", 5) == ()
            assert held(unit, draft.id).rev > draft.rev

    def test_it_can_be_taken_out_and_forgotten(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易")
            set_id = changes.gather(unit, "zhang", id_, {"industry": "贸易", "size": "大"}, {})
            changes.drop(unit, held(unit, set_id), "size")
            assert [one.field for one in held(unit, set_id).rows] == ["industry"]
            changes.discard(unit, held(unit, set_id))
            assert changes.get(unit, set_id) is None
            assert changes.drafts_of(unit, "zhang", 5) == ()

    def test_values_lie_sealed(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            applied(unit, proposed(unit, id_))
            row = unit.session.execute(text("SELECT old, new, replaced FROM field_change")).one()
            for sealed in row:
                assert OLD.encode() not in bytes(sealed)
                assert NEW.encode() not in bytes(sealed)


class TestGivenAProposal:
    @pytest.mark.rule("S1-05.2")
    def test_when_applied_then_the_field_has_it_and_the_old_value_is_kept(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            one = proposed(unit, id_)
        with unit_factory(NOW + timedelta(days=1)) as unit:
            outcome = applied(unit, one)
            assert [row.field for row in outcome.applied] == ["telephone"]
            assert outcome.superseded == ()
            assert phone(unit, id_) == NEW
            ((by, row),) = changes.history(unit, id_, "telephone")
            assert (by, row.replaced, row.new, row.decided_by, row.rule) == (
                "zhang",
                OLD,
                NEW,
                "head",
                "S1-05.2",
            )
            assert row.decided_at == NOW + timedelta(days=1)
            assert changes.open_on(unit, id_) == ()

    def test_when_applied_then_it_is_found_by_the_new_phone_and_name_only(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            new = {"telephone": NEW, "customer_name": "瑞禾贸易"}
            seen = {"telephone": OLD, "customer_name": "鸿鑫贸易"}
            set_id = changes.gather(unit, "zhang", id_, new, seen)
            changes.propose(unit, held(unit, set_id), NOW)
            applied(unit, held(unit, set_id))
            for words, there in ((OLD, False), (NEW, True), ("鸿鑫", False), ("瑞禾", True)):
                hits = search.find_dossiers(unit, words, staff_id="zhang", limit=5)
                assert bool(hits) is there, words

    def test_when_refused_or_taken_back_then_the_dossier_stays(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            one, other = proposed(unit, id_), proposed(unit, id_, "li", OTHER)
            changes.refuse(unit, one, by="head", rule="S1-05.1", at=NOW)
            changes.withdraw(unit, other, by="li", at=NOW)
            assert phone(unit, id_) == OLD
            states = [
                (held(unit, i.id).state, held(unit, i.id).rows[0].state) for i in (one, other)
            ]
            assert states == [("decided", "refused"), ("withdrawn", "withdrawn")]
            assert changes.history(unit, id_, "telephone") == ()

    def test_when_decided_twice_then_the_second_is_told(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            one = proposed(unit, customer(unit, "鸿鑫贸易", phone=OLD))
            applied(unit, one)
            for again in (
                lambda: applied(unit, one),
                lambda: changes.refuse(unit, one, by="head", rule="S1-05.1", at=NOW),
                lambda: changes.withdraw(unit, one, by="zhang", at=NOW),
                lambda: changes.propose(unit, one, NOW),
            ):
                with pytest.raises(Conflict):
                    again()

    def test_a_set_that_changed_since_it_was_read_is_not_handed_in(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            set_id = changes.gather(unit, "zhang", id_, {"telephone": NEW}, {"telephone": OLD})
            shown = held(unit, set_id)
            changes.gather(unit, "zhang", id_, {"size": "大"}, {})
            with pytest.raises(Conflict):
                changes.propose(unit, shown, NOW)

    def test_an_empty_value_empties_the_field_but_never_the_name(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD, fields={"industry": "贸易"})
            dossier_fields.write(unit, id_, {"telephone": "", "industry": ""}, "customer")
            kept = dossiers.get(unit, id_)
            assert kept is not None
            assert (kept.phone, dict(kept.fields)) == ("", {})
            assert search.find_dossiers(unit, OLD, staff_id="zhang", limit=5) == []
            with pytest.raises(StorageError):
                dossier_fields.write(unit, id_, {"customer_name": " "}, "customer")

    def test_the_key_of_the_policy_is_kept_where_keys_are(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "车主甲")
            dossier_fields.write(unit, id_, {"vin": "LSVNV2182E2100001"}, "vin")
            kept = dossiers.get(unit, id_)
            assert kept is not None
            assert kept.key == dossier_fields.value(kept, "vin", "vin") == "LSVNV2182E2100001"


class TestGivenTwoPeopleOnOneField:
    def test_the_second_proposal_is_not_written_over_the_first(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            one, other = proposed(unit, id_), proposed(unit, id_, "li", OTHER)
            assert [(by, row.new) for by, row in changes.open_on(unit, id_)] == [
                ("zhang", NEW),
                ("li", OTHER),
            ]
            applied(unit, one)
            outcome = applied(unit, other)
            assert outcome.applied == ()
            assert [row.new for row in outcome.superseded] == [OTHER]
            assert phone(unit, id_) == NEW
            assert held(unit, other.id).rows[0].state == "superseded"

    def test_who_was_shown_both_values_may_put_the_second_over_the_first(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            staffed(unit)
            id_ = customer(unit, "鸿鑫贸易", phone=OLD)
            one, other = proposed(unit, id_), proposed(unit, id_, "li", OTHER)
            applied(unit, one)
            changes.face(unit, other, "telephone", NEW)
            assert applied(unit, other).superseded == ()
            assert phone(unit, id_) == OTHER
            assert [row.replaced for _, row in changes.history(unit, id_, "telephone")] == [
                NEW,
                OLD,
            ]


class TestGivenADraftOfADossier:
    @pytest.mark.rule("S1-01.2")
    def test_it_gets_its_number_only_once_it_was_reported(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            staffed(unit)
            row = dossiers.DossierRow("新客户", "zhang")
            id_ = dossiers.add(unit, row, by="zhang", draft=True)
            with pytest.raises(Conflict):
                dossiers.verify(unit, id_, "KH-2026-0001", NOW.date())
            dossiers.report(unit, id_)
            with pytest.raises(Conflict):
                dossiers.report(unit, id_)
            dossiers.send_back(unit, id_, NOW.date())
            dossiers.report(unit, id_)
            kept = dossiers.get(unit, id_)
            assert kept is not None
            assert (kept.state, kept.number) == ("reported", None)
            dossiers.verify(unit, id_, "KH-2026-0001", NOW.date())
            kept = dossiers.get(unit, id_)
            assert kept is not None
            assert (kept.state, kept.number, kept.opened_on) == (
                "active",
                "KH-2026-0001",
                NOW.date(),
            )


def test_merged_dossiers_keep_the_history_of_both(unit_factory: UnitFactory) -> None:
    with unit_factory() as unit:
        staffed(unit)
        keep, gone = customer(unit, "鸿鑫贸易"), customer(unit, "鸿鑫贸易行", phone=OLD)
        applied(unit, proposed(unit, gone))
        photo = attachments.note_pending(
            unit,
            staff_id="zhang",
            kind="photo",
            name="",
            source="{}",
            subject_kind="consent",
            subject_id=gone,
        )
        for id_ in (keep, gone):
            changes.gather(unit, "li", id_, {"size": "大"}, {})
        first, second = dossiers.get(unit, keep), dossiers.get(unit, gone)
        assert first is not None
        assert second is not None
        merging.merge(unit, merging.plan(first, second), by="shan")
        assert len(changes.history(unit, keep, "telephone")) == 1
        assert [one.id for one in attachments.of(unit, "consent", keep)] == [photo]
        assert unit.session.execute(select(change_set.c.dossier_id)).scalars().all() == [
            keep,
            keep,
        ]
