"""Masks of addresses and proofs of identity; those of names and numbers stand with access."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.masks import mask_address, mask_identity


@pytest.mark.rule("S3-SPEC1.1.3")
class TestGivenAnAddress:
    @pytest.mark.parametrize(
        ("address", "masked"),
        [
            ("惠州市惠阳区织锦路178号", "惠州市惠阳区＊＊"),
            ("广东省佛山市顺德区大良市场路12号3楼", "广东省佛山市顺德区＊＊"),
            ("东莞市松山湖三棵松路265号启航广场8栋", "东莞市＊＊"),
            ("内蒙古自治区呼和浩特市赛罕区大学东街1号", "内蒙古自治区呼和浩特市赛罕区＊＊"),
            ("上海市 松江区 荔枝湾东路148号", "上海市松江区＊＊"),
            ("织锦路178号", "＊＊"),
            ("惠州市", "＊＊"),
            ("", "＊＊"),
        ],
    )
    def test_then_it_is_known_up_to_the_district(self, address: str, masked: str) -> None:
        assert mask_address(address) == masked

    @given(st.text("路号楼室栋座0123456789", min_size=1, max_size=30))
    def test_then_street_and_house_never_show(self, rest: str) -> None:
        assert mask_address(f"惠州市惠阳区{rest}") == "惠州市惠阳区＊＊"


@pytest.mark.rule("S3-SPEC1.1.3")
class TestGivenAProofOfIdentity:
    @pytest.mark.parametrize(
        ("proof", "masked"),
        [
            ("110101199003071234", "110****34"),
            ("身份证 11010119900307123X", "110****3X"),
            ("护照 E12345678", "E12****78"),
            ("身份证已核对", "****"),
            ("", "****"),
        ],
    )
    def test_then_most_of_the_number_is_hidden(self, proof: str, masked: str) -> None:
        assert mask_identity(proof) == masked
