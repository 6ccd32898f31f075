"""Files: kept whole and sealed or not at all, and shown under harmless names."""

from __future__ import annotations

import errno
import io
import os
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import attachments, folder
from storage.content import mime_of
from storage.crypto import Vault
from storage.errors import FileRefused, FolderRefused, SealBroken
from storage.folder import PIECE, Folder
from tests.conftest import NOW, UnitFactory
from tests.storage.people import add_person

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + bytes(range(256))
PDF = b"%PDF-1.7\n" + bytes(range(256))


def archive(*names: str, first: tuple[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        if first:
            file.writestr(first[0], first[1], zipfile.ZIP_STORED)
        for name in names:
            file.writestr(name, "<x/>" * 50)
    return buffer.getvalue()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "attachments"


@pytest.fixture
def kept_in(place: Path, vault: Vault) -> Folder:
    return Folder(place, vault)


def files(place: Path) -> list[Path]:
    return sorted(path for path in place.rglob("*") if path.is_file())


OFFICE = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(20), "image/jpeg"),
        (b"GIF89a" + bytes(20), "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(20), "image/webp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(20), "image/heic"),
        (PDF, "application/pdf"),
        (b"OggS\0\x02" + bytes(30), "audio/ogg"),
        (b"#!AMR\n" + bytes(30), "audio/amr"),
        (b"ID3\x03" + bytes(30), "audio/mpeg"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42" + bytes(20), "audio/mp4"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2mp41" + bytes(20), "video/mp4"),
        (
            archive("[Content_Types].xml", "word/document.xml"),
            OFFICE + "wordprocessingml.document",
        ),
        (
            archive("docProps/a.xml", "xl/b.xml", "[Content_Types].xml"),
            OFFICE + "spreadsheetml.sheet",
        ),
        (
            archive("content.xml", first=("mimetype", "application/vnd.oasis.opendocument.text")),
            "application/vnd.oasis.opendocument.text",
        ),
        ("第一行\r\n第二行".encode(), "text/plain"),
        ("第一行\r\n第二行".encode("gb18030"), "text/plain"),
    ],
)
def test_type_comes_from_the_content(kept_in: Folder, content: bytes, mime: str) -> None:
    kept = kept_in.keep([content])
    assert (kept.mime, kept.size) == (mime, len(content))
    assert kept_in.read(kept.address) == content


class TestGivenFileWeDoNotKeep:
    @pytest.mark.parametrize(
        "content",
        [
            b"MZ\x90\0" + bytes(200),
            b"\x7fELF\x02\x01\x01" + bytes(200),
            archive("a.exe"),
            b"PK\x03\x04",
            b"Rar!\x1a\x07\x00" + bytes(50),
            bytes(100),
            b"looks like text\0but is not",
            b"\xff\xff\xff\xff broken",
        ],
    )
    def test_then_refused_by_its_content(
        self, kept_in: Folder, place: Path, content: bytes
    ) -> None:
        with pytest.raises(FileRefused) as refusal:
            kept_in.keep([content])
        assert refusal.value.code == "type"
        assert files(place) == []

    @pytest.mark.parametrize("pieces", [[], [b""], [b"", b""]])
    def test_when_empty_then_refused(
        self, kept_in: Folder, place: Path, pieces: list[bytes]
    ) -> None:
        with pytest.raises(FileRefused) as refusal:
            kept_in.keep(pieces)
        assert refusal.value.code == "empty"
        assert files(place) == []

    def test_when_too_large_then_reading_stops_there(self, kept_in: Folder, place: Path) -> None:
        taken = []

        def endless() -> Iterator[bytes]:
            while True:
                taken.append(1)
                yield PNG

        with pytest.raises(FileRefused) as refusal:
            kept_in.keep(endless(), limit=10 * len(PNG))
        assert refusal.value.code == "size"
        assert len(taken) == 11
        assert files(place) == []

    def test_when_text_turns_binary_late_then_refused(self, kept_in: Folder, place: Path) -> None:
        with pytest.raises(FileRefused):
            kept_in.keep([b"a" * (PIECE + 1), b"\0"])
        assert files(place) == []

    def test_when_the_source_breaks_off_then_nothing_is_left(
        self, kept_in: Folder, place: Path
    ) -> None:
        def broken() -> Iterator[bytes]:
            yield PNG * 5000
            raise ConnectionError

        with pytest.raises(ConnectionError):
            kept_in.keep(broken())
        assert files(place) == []


class TestGivenKeptFile:
    @settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.integers(0, 3),
        st.sampled_from([-1, 0, 1]),
        st.lists(st.integers(1, 2 * PIECE), max_size=5),
    )
    def test_whatever_the_pieces_it_reads_back(
        self, kept_in: Folder, pieces: int, edge: int, cuts: list[int]
    ) -> None:
        content = (PNG * (4 * PIECE // len(PNG)))[: max(pieces * PIECE + edge, len(PNG))]
        parts, at = [], 0
        for cut in [*cuts, len(content)]:
            parts.append(content[at : at + cut])
            at += cut
        kept = kept_in.keep(parts)
        assert kept_in.read(kept.address) == content
        assert kept.size == len(content)

    def test_then_nothing_readable_is_on_disk(self, kept_in: Folder, place: Path) -> None:
        kept_in.keep([b"customer secret" * 10])
        (file,) = files(place)
        assert b"secret" not in file.read_bytes()
        assert file.parent.stat().st_mode & 0o077 == 0

    def test_when_kept_again_then_once(self, kept_in: Folder, place: Path) -> None:
        assert kept_in.keep([PNG]) == kept_in.keep([PNG[:9], PNG[9:]])
        assert len(files(place)) == 1

    def test_when_kept_again_then_damage_is_healed(self, kept_in: Folder, place: Path) -> None:
        kept = kept_in.keep([PNG])
        files(place)[0].write_bytes(b"")
        kept_in.keep([PNG])
        assert kept_in.read(kept.address) == PNG

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_when_any_byte_changes_then_it_does_not_open(
        self, kept_in: Folder, place: Path, data: st.DataObject
    ) -> None:
        kept = kept_in.keep([PNG])
        (file,) = files(place)
        content = bytearray(file.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        file.write_bytes(content)
        with pytest.raises(SealBroken):
            kept_in.read(kept.address)

    @pytest.mark.parametrize("left", [0, 10, 100, PIECE, PIECE + 76, -1])
    def test_when_cut_off_then_it_does_not_open(
        self, kept_in: Folder, place: Path, left: int
    ) -> None:
        kept = kept_in.keep([PNG + bytes(2 * PIECE)])
        (file,) = files(place)
        os.truncate(file, left if left >= 0 else file.stat().st_size + left)
        with pytest.raises(SealBroken):
            kept_in.read(kept.address)

    def test_when_pieces_are_swapped_then_it_does_not_open(
        self, kept_in: Folder, place: Path
    ) -> None:
        kept = kept_in.keep([PNG + bytes(3 * PIECE)])
        (file,) = files(place)
        data, head, piece = file.read_bytes(), 56, PIECE + 20
        first, second = data[head : head + piece], data[head + piece : head + 2 * piece]
        file.write_bytes(data[:head] + second + first + data[head + 2 * piece :])
        with pytest.raises(SealBroken):
            kept_in.read(kept.address)

    def test_when_swapped_with_another_then_neither_opens(
        self, kept_in: Folder, place: Path
    ) -> None:
        one, two = kept_in.keep([PNG]), kept_in.keep([PDF])
        paths = [place / kept.address[:2] / kept.address for kept in (one, two)]
        contents = [path.read_bytes() for path in paths]
        for path, content in zip(paths, reversed(contents), strict=True):
            path.write_bytes(content)
        for kept in (one, two):
            with pytest.raises(SealBroken):
                kept_in.read(kept.address)

    def test_when_read_with_another_key_then_it_does_not_open(
        self, kept_in: Folder, place: Path, tmp_path: Path
    ) -> None:
        kept = kept_in.keep([PNG])
        with pytest.raises(SealBroken):
            Folder(place, Vault.create(tmp_path / "other")).read(kept.address)

    @pytest.mark.parametrize("address", ["0" * 64, "../../etc/passwd", "", "é" * 64, "A" * 64])
    def test_when_the_address_is_unknown_or_hostile_then_refused(
        self, kept_in: Folder, address: str
    ) -> None:
        with pytest.raises(SealBroken):
            kept_in.read(address)


class TestGivenTroubleWithTheFolder:
    def test_when_it_cannot_be_made_then_says_what_to_do(
        self, tmp_path: Path, vault: Vault
    ) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(FolderRefused, match="right to write"):
            Folder(tmp_path / "file" / "below", vault)

    def test_when_the_disk_is_full_then_says_so_and_leaves_nothing(
        self, kept_in: Folder, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(folder.os, "fsync", full)
        with pytest.raises(FolderRefused, match=r"is full\. Files kept before are whole"):
            kept_in.keep([PNG])
        assert files(place) == []

    def test_when_a_program_died_then_its_beginnings_are_swept(
        self, kept_in: Folder, place: Path
    ) -> None:
        kept = kept_in.keep([PNG])
        with kept_in.begin() as incoming:
            incoming.write(PDF)
            assert len(files(place)) == 2
            assert kept_in.sweep() == 1
        assert len(files(place)) == 1
        assert kept_in.read(kept.address) == PNG


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("合同.pdf", "合同.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.docx", "a.docx"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\x00b\nc\td.png", "abcd.png"),
        ("...hidden", "hidden"),
        ("  a   b .txt ", "a b .txt"),
        ("<b>&amp;.jpg", "<b>&amp;.jpg"),
        ("", ""),
        ("///", ""),
        ("\ud800.jpg", "jpg"),
    ],
)
def test_names_are_cleaned_for_showing(name: str, shown: str) -> None:
    assert attachments.clean_name(name) == shown


def test_long_names_keep_their_ending() -> None:
    shown = attachments.clean_name("长" * 300 + ".jpeg")
    assert len(shown) == attachments.MAX_NAME
    assert shown.endswith("….jpeg")


@given(st.text(st.characters(exclude_categories=[])))
def test_no_name_does_harm(name: str) -> None:
    shown = attachments.clean_name(name)
    assert len(shown) <= attachments.MAX_NAME
    assert not shown.startswith(".")
    assert not {"/", "\\", "\n"} & set(shown)
    assert all(unicodedata.category(one)[0] != "C" for one in shown)


@given(st.binary(max_size=300))
def test_no_content_breaks_the_type_check(content: bytes) -> None:
    assert isinstance(mime_of(content), str)
    assert isinstance(mime_of(b"PK\x03\x04" + content), str)


class TestGivenAnnouncedFile:
    def test_then_it_is_due_at_once_with_what_is_needed_to_fetch_it(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            add_person(unit, "1")
            id = attachments.note_pending(
                unit, staff_id="1", kind="photo", name="../a\n.jpg", source='{"ref": "f1"}'
            )
        with unit_factory() as unit:
            (one,) = attachments.pending_due(unit, NOW, 10)
            assert (one.id, one.name, one.source) == (id, "a.jpg", '{"ref": "f1"}')
            assert attachments.get(unit, id) == one
            assert attachments.get(unit, id + 1) is None

    def test_when_a_try_fails_then_it_waits(self, unit_factory: UnitFactory) -> None:
        later = NOW + timedelta(minutes=1)
        with unit_factory() as unit:
            add_person(unit, "1")
            id = attachments.note_pending(unit, staff_id="1", kind="photo", name="", source="{}")
            assert attachments.postpone(unit, id, later) == 1
            assert attachments.pending_due(unit, NOW, 10) == []
            assert attachments.next_due(unit.session) == later
            assert len(attachments.pending_due(unit, later, 10)) == 1

    def test_when_ended_then_never_due_again_and_it_stays_so(
        self, unit_factory: UnitFactory, kept_in: Folder
    ) -> None:
        file = kept_in.keep([PNG])
        with unit_factory() as unit:
            add_person(unit, "1")
            one, two, three = (
                attachments.note_pending(
                    unit,
                    staff_id="1",
                    kind="photo",
                    name="",
                    source="{}",
                    subject_kind="loose",
                    subject_id=5,
                )
                for _ in range(3)
            )
            attachments.kept(unit, one, file)
            attachments.refused(unit, two, "type")
            attachments.lost(unit, three, "gone")
            attachments.lost(unit, one, "too late to matter")
            assert attachments.next_due(unit.session) is None
            states = [(row.state, row.problem) for row in attachments.of(unit, "loose", 5)]
            assert states == [("kept", ""), ("refused", "type"), ("lost", "gone")]
            attachments.attach(unit, [one, two], "visit_note", 9)
            (first, _) = attachments.of(unit, "visit_note", 9)
            assert (first.address, first.size, first.mime) == (
                file.address,
                len(PNG),
                "image/png",
            )
            assert len(attachments.of(unit, "loose", 5)) == 1


class TestGivenOneFileForTwoThings:
    def test_then_it_is_counted_and_read_for_both(
        self, unit_factory: UnitFactory, kept_in: Folder
    ) -> None:
        file = kept_in.keep([PNG])
        with unit_factory() as unit:
            add_person(unit, "1")
            facts = {"staff_id": "1", "kind": "photo", "name": "a.png", "source": "{}"}
            one = attachments.note_pending(unit, **facts, subject_kind="item", subject_id=5)
            attachments.kept(unit, one, file)
            row = attachments.get(unit, one)
            assert row is not None
            other = attachments.again(unit, row, "item", 6)
            gone = attachments.note_pending(unit, **facts, subject_kind="item", subject_id=6)
            attachments.lost(unit, gone, "gone")
            assert attachments.counts(unit.session, "item", [5, 6, 7]) == {5: 1, 6: 1}
            both = attachments.of_all(unit, "item", [5, 6])
            expected = [(one, 5), (other, 6), (gone, 6)]
            assert [(each.id, each.subject_id) for each in both] == expected
            assert both[1].address == file.address
            assert both[1].name == "a.png"
            assert attachments.pending_due(unit, NOW, 10) == []

    def test_when_it_is_still_to_be_fetched_then_it_is_fetched_for_both(
        self, unit_factory: UnitFactory
    ) -> None:
        with unit_factory() as unit:
            add_person(unit, "1")
            one = attachments.note_pending(unit, staff_id="1", kind="photo", name="", source="{}")
            row = attachments.get(unit, one)
            assert row is not None
            attachments.again(unit, row, "item", 6)
            assert len(attachments.pending_due(unit, NOW, 10)) == 2
