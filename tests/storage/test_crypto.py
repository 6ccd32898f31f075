"""Sealed values open in their own place only, under the right key file."""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from sqlalchemy.exc import StatementError

from storage.crypto import Sealed, Vault
from storage.errors import KeyRefused, SealBroken
from storage.tables import inbox, message_ref
from tests.conftest import NOW, UnitFactory

VAULT = Vault([b"k" * 32])
COLUMNS = st.sampled_from(["dossier.phone", "dossier.address", "inbox.body"])
ROWS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=[]))


@given(COLUMNS, ROWS, TEXTS)
def test_opens_to_what_was_sealed(column: str, row: int, text: str) -> None:
    assert VAULT.open(VAULT.seal(column, row, text), row) == text


@given(COLUMNS, ROWS, COLUMNS, ROWS, TEXTS)
def test_opens_nowhere_else(column: str, row: int, other: str, place: int, text: str) -> None:
    moved = Sealed(other, VAULT.seal(column, row, text).data)
    if (column, row) == (other, place):
        assert VAULT.open(moved, place) == text
    else:
        with pytest.raises(SealBroken):
            VAULT.open(moved, place)


@given(TEXTS, st.data())
def test_one_changed_bit_shows(text: str, data: st.DataObject) -> None:
    sealed = VAULT.seal("inbox.body", 1, text)
    bit = data.draw(st.integers(0, len(sealed.data) * 8 - 1))
    changed = bytearray(sealed.data)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        VAULT.open(Sealed("inbox.body", bytes(changed)), 1)


@pytest.mark.parametrize("data", [b"", b"\x01", b"plain text that was never sealed"])
def test_what_is_not_sealed_does_not_open(data: bytes) -> None:
    with pytest.raises(SealBroken):
        VAULT.open(Sealed("inbox.body", data), 1)


def test_nothing_opens_to_the_empty_text() -> None:
    assert VAULT.open(None, 1) == ""


def test_the_same_text_never_looks_the_same() -> None:
    assert VAULT.seal("inbox.body", 1, "x").data != VAULT.seal("inbox.body", 1, "x").data


def test_indexes_and_digests_are_keyed_and_stable() -> None:
    other = Vault([b"o" * 32])
    assert VAULT.index("13800000000") == Vault([b"k" * 32]).index("13800000000")
    assert len(VAULT.index("")) == 16
    assert VAULT.index("1") != other.index("1")
    assert VAULT.digest(b"x") != other.digest(b"x")
    piecewise = VAULT.digester()
    piecewise.update(b"a")
    piecewise.update(b"b")
    assert piecewise.hexdigest() == VAULT.digest(b"ab")
    assert VAULT.audit_key not in (b"k" * 32, other.audit_key)


class TestGivenKeyFile:
    def test_when_made_then_only_the_owner_reads_it_and_it_loads(self, tmp_path: Path) -> None:
        made = Vault.create(tmp_path / "key")
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
        loaded = Vault.load(tmp_path / "key")
        assert loaded.open(made.seal("inbox.body", 1, "字"), 1) == "字"

    def test_when_there_is_one_then_it_is_never_overwritten(self, tmp_path: Path) -> None:
        Vault.create(tmp_path / "key")
        before = (tmp_path / "key").read_bytes()
        with pytest.raises(KeyRefused, match="left as it is"):
            Vault.create(tmp_path / "key")
        assert (tmp_path / "key").read_bytes() == before

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
    def test_when_others_can_read_it_then_refused(self, tmp_path: Path, mode: int) -> None:
        Vault.create(tmp_path / "key")
        (tmp_path / "key").chmod(mode)
        with pytest.raises(KeyRefused, match="chmod 600"):
            Vault.load(tmp_path / "key")

    def test_when_missing_then_says_where_it_should_be(self, tmp_path: Path) -> None:
        with pytest.raises(KeyRefused, match="key_file"):
            Vault.load(tmp_path / "nowhere")

    def test_when_its_folder_is_missing_then_refused(self, tmp_path: Path) -> None:
        with pytest.raises(KeyRefused, match="cannot be written"):
            Vault.create(tmp_path / "no" / "key")

    @pytest.mark.parametrize(
        "content", [b"", b"\xff\xfe", b"hello\nworld\n", b"x\n" + b64encode(b"k" * 32)]
    )
    def test_when_damaged_then_refused(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "key"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(KeyRefused, match="damaged"):
            Vault.load(path)

    def test_when_truncated_then_refused(self, tmp_path: Path) -> None:
        Vault.create(tmp_path / "key")
        os.truncate(tmp_path / "key", (tmp_path / "key").stat().st_size - 6)
        with pytest.raises(KeyRefused, match="damaged"):
            Vault.load(tmp_path / "key")

    def test_when_wrong_then_values_do_not_open(self, tmp_path: Path) -> None:
        right, wrong = Vault.create(tmp_path / "a"), Vault.create(tmp_path / "b")
        with pytest.raises(SealBroken, match="another key file"):
            wrong.open(right.seal("inbox.body", 1, "x"), 1)

    def test_when_a_second_key_is_added_then_old_values_still_open(self) -> None:
        old, both = Vault([b"1" * 32]), Vault([b"1" * 32, b"2" * 32])
        assert both.open(old.seal("inbox.body", 1, "x"), 1) == "x"
        assert both.index("x") == old.index("x")
        with pytest.raises(SealBroken):
            old.open(both.seal("inbox.body", 1, "x"), 1)


class TestGivenSealedColumn:
    def _row(self, body: object) -> dict[str, object]:
        return {
            "id": 1,
            "channel": "phones",
            "key": "1",
            "account": "a",
            "at": NOW,
            "received_at": NOW,
            "state": "failed",
            "body": body,
        }

    @pytest.mark.parametrize("body", ["open text", b"bytes", VAULT.seal("outbox.body", 1, "x")])
    def test_when_not_sealed_for_it_then_refused(
        self, unit_factory: UnitFactory, body: object
    ) -> None:
        with unit_factory() as unit, pytest.raises(StatementError, match="sealed for it"):
            unit.session.execute(insert(inbox).values(self._row(body)))

    def test_when_swapped_between_rows_then_does_not_open(self, unit_factory: UnitFactory) -> None:
        with unit_factory() as unit:
            for row, key in ((1, "1"), (2, "2")):
                sealed = unit.vault.seal("inbox.body", row, f"text {row}")
                unit.session.execute(
                    insert(inbox).values(self._row(sealed) | {"id": row, "key": key})
                )
            one = unit.session.execute(select(inbox.c.body).where(inbox.c.id == 1)).scalar_one()
            assert unit.vault.open(one, 1) == "text 1"
            unit.session.execute(update(inbox).where(inbox.c.id == 2).values(body=one))
            two = unit.session.execute(select(inbox.c.body).where(inbox.c.id == 2)).scalar_one()
            with pytest.raises(SealBroken):
                unit.vault.open(two, 2)

    def test_when_an_instant_is_naive_then_refused(self, unit_factory: UnitFactory) -> None:
        row = {"channel": "c", "account": "a", "slot": "s", "ref": "r"}
        naive = NOW.replace(tzinfo=None)
        with unit_factory() as unit, pytest.raises(StatementError, match="needs a zone"):
            unit.session.execute(insert(message_ref).values(row | {"at": naive}))
