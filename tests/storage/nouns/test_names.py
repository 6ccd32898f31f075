"""What a name is reduced to for searching."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.names import (
    core,
    dossier_keys,
    grams,
    is_company,
    normalise,
    person_keys,
    place_length,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("  鸿鑫（深圳） 贸易 ", "鸿鑫深圳贸易"),
        ("ＡＢＣ科技", "abc科技"),
        ("Tianlu Instruments Co., Ltd.", "tianluinstrumentscoltd"),
        ("阿卜杜热依木·买买提江", "阿卜杜热依木买买提江"),
        ("①号店", "1号店"),
        ("！！", ""),
        ("鴻鑫（東莞）五金貿易", "鸿鑫东莞五金贸易"),
        ("發髮臺檯後裡裏", "发发台台后里里"),
    ],
)
def test_normalise_drops_width_case_spaces_and_punctuation(name: str, expected: str) -> None:
    assert normalise(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("深圳市鸿鑫贸易有限公司", "鸿鑫贸易"),
        ("鸿鑫（东莞）五金贸易有限公司", "鸿鑫五金贸易"),
        ("广东省佛山市顺德区美禾家电有限公司", "美禾家电"),
        ("内蒙古自治区呼和浩特市草原乳业集团股份有限公司", "草原乳业"),
        ("义乌市大发贸易商行", "大发"),
        ("上海公司", "上海"),  # nothing would be left
        ("张晓雯", "张晓雯"),
        ("（深圳）", "深圳"),
    ],
)
def test_core_is_what_people_say(name: str, expected: str) -> None:
    assert core(name) == expected


def test_names_are_taken_apart_in_traditional_forms_too() -> None:
    assert core("廣東省佛山市順德區美禾家電有限公司") == "美禾家电"
    assert dossier_keys("深圳市鴻鑫貿易有限公司") == dossier_keys("深圳市鸿鑫贸易有限公司")


def test_pinyin_and_initials_of_full_and_core_name() -> None:
    keys = dossier_keys("深圳市鸿鑫贸易有限公司")
    assert {"hongxinmaoyi", "hxmy", "szshxmyyxgs"} <= keys
    assert "shenzhenshihongxinmaoyiyouxiangongsi" in keys


def test_phrases_decide_between_readings_and_a_second_one_is_kept() -> None:
    assert {"changanyinhang", "cayh"} <= dossier_keys("长安银行")
    assert {"zhongqingmao", "chongqingmao"} & dossier_keys("重庆猫")


def test_surnames_are_read_as_surnames() -> None:
    assert "shanzhiyuan" in person_keys("单志远", "CY009")
    assert {"zengjiajia", "zjj"} <= person_keys("曾佳佳", "CY008")


def test_person_is_found_by_tail_of_the_name_and_number() -> None:
    assert {"张晓雯", "晓雯", "雯", "xiaowen", "xw", "cy015"} <= person_keys("张晓雯", "CY015")


@given(st.text(max_size=220))
def test_any_text_has_keys_of_bounded_length(name: str) -> None:
    norm = normalise(name)
    assert normalise(norm) == norm
    assert all(0 < len(key) <= 40 for key in dossier_keys(name) | person_keys(name, "1"))
    assert all(len(gram) == 2 and gram in norm for gram in grams(norm))


@pytest.mark.parametrize(
    ("words", "expected"),
    [("内蒙古大草原牧业", 3), ("深圳市鸿鑫", 3), ("鸿鑫深圳", 0), ("广西壮族自治区", 7), ("", 0)],
)
def test_a_place_at_the_beginning_is_measured(words: str, expected: int) -> None:
    assert place_length(words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [("远航公司", True), ("远航 有限公司", True), ("公司", False), ("谈订单", False), ("", False)],
)
def test_a_company_is_known_by_its_ending(words: str, expected: bool) -> None:
    assert is_company(words) is expected
