"""What a green card has to say of a customer."""

from __future__ import annotations

import pytest

from rules.green_card import lacking

WHOLE = ("王某", "李女士", ("15400001234", "021-0866 1234"), "上海市闵行区春晖路1号")


@pytest.mark.rule("S1-09.4.1.1")
class TestGivenAGreenCard:
    def test_when_everything_is_on_record_then_nothing_is_missing(self) -> None:
        assert lacking(*WHOLE) == ()

    @pytest.mark.parametrize(
        ("phones", "missing"),
        [
            ((), ("mobile", "landline")),
            (("15400001234",), ("landline",)),
            (("+86 154 0000 1234", "0755-0866 1234"), ()),
            (("154-0000-1234", "(0755) 08661234"), ()),
            (("08661234",), ("mobile", "landline")),
            (("0755 0866 1234",), ("mobile",)),
            (("15400001234、0755-08661234",), ()),
        ],
    )
    def test_when_numbers_differ_then_mobile_and_land_line_are_told_apart(
        self, phones: tuple[str, ...], missing: tuple[str, ...]
    ) -> None:
        assert lacking("王某", "李女士", phones, "上海市") == missing

    def test_when_nothing_is_on_record_then_all_is_missing_in_order(self) -> None:
        assert lacking(" ", "", (), "") == ("name", "contact", "mobile", "landline", "address")
