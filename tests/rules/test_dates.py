"""Dates in free text, against a table of cases; today is Monday 14 September 2026."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import china
from rules.dates import (
    DateProblem,
    FoundDate,
    find_dates,
    format_day,
    parse_date,
    parse_moment,
)
from rules.times import read_time

TODAY = date(2026, 9, 14)
CALENDAR = china()


def d(text: str) -> date:
    """`9-30` is 30 September 2026; with a year as ISO."""
    parts = [int(part) for part in text.split("-")]
    return date(*parts) if len(parts) == 3 else date(2026, *parts)


CASES = [
    ("今天", "9-14"),
    ("今日", "9-14"),
    ("明天", "9-15"),
    ("明日", "9-15"),
    ("后天", "9-16"),
    ("大后天", "9-17"),
    ("昨天", "9-13"),
    ("前天", "9-12"),
    ("大前天", "9-11"),
    ("明早", "9-15"),
    ("今晚8点", "9-14"),
    ("周三", "9-16"),
    ("星期三", "9-16"),
    ("礼拜三", "9-16"),
    ("周3", "9-16"),
    ("周一", "9-14"),
    ("周日", "9-20"),
    ("星期天", "9-20"),
    ("周末", "9-19"),
    ("本周三", "9-16"),
    ("这周五", "9-18"),
    ("下周三", "9-23"),
    ("下个星期三", "9-23"),
    ("下周末", "9-26"),
    ("上周五", "9-11"),
    ("下下周一", "9-28"),
    ("上上周一", "8-31"),
    ("月底", "9-30"),
    ("月末", "9-30"),
    ("月初", "10-1"),
    ("本月底", "9-30"),
    ("下月初", "10-1"),
    ("下月底", "10-31"),
    ("下个月底", "10-31"),
    ("上月底", "8-31"),
    ("10月底", "10-31"),
    ("2027年2月底", "2027-2-28"),
    ("10月中旬", "10-15"),
    ("本月15号", "9-15"),
    ("15号", "9-15"),
    ("14号", "9-14"),
    ("3号", "10-3"),
    ("十五号", "9-15"),
    ("下个月3号", "10-3"),
    ("下月3日", "10-3"),
    ("下月3", "10-3"),
    ("上个月20号", "8-20"),
    ("10月10日", "10-10"),
    ("10月10号", "10-10"),
    (" 10月10号", "10-10"),
    ("2026年 10月 10日", "10-10"),
    ("10月10", "10-10"),
    ("十月十日", "10-10"),
    ("十二月二十五号", "12-25"),
    ("2026年10月10日", "10-10"),
    ("二〇二六年十月十日", "10-10"),
    ("明年3月1日", "2027-3-1"),
    ("去年12月31日", "2025-12-31"),
    ("2026-10-10", "10-10"),
    ("2026/10/10", "10-10"),
    ("2026.10.10", "10-10"),
    ("20261010", "10-10"),
    ("10/10", "10-10"),
    ("31/12", "12-31"),
    ("10.10", "10-10"),
    ("10-10", "10-10"),
    ("１０月１０日", "10-10"),
    ("１０／１０", "10-10"),
    ("8月20日", "8-20"),
    ("1月5日", "2027-1-5"),
    ("三天后", "9-17"),
    ("3天后", "9-17"),
    ("三天之后", "9-17"),
    ("过三天", "9-17"),
    ("三天前", "9-11"),
    ("十天后", "9-24"),
    ("二十一天后", "10-5"),
    ("一周后", "9-21"),
    ("两周后", "9-28"),
    ("两个星期后", "9-28"),
    ("一个月后", "10-14"),
    ("半个月后", "9-29"),
    ("一个半月后", "10-29"),
    ("半年后", "2027-3-14"),
    ("一年后", "2027-9-14"),
    ("3个工作日后", "9-17"),
    ("5个工作日后", "9-20"),
    ("五个工作日后", "9-20"),
    ("+3工作日", "9-17"),
    ("+5个工作日", "9-20"),
    ("+3天", "9-17"),
    ("+3d", "9-17"),
    ("+5wd", "9-20"),
    ("年底", "12-31"),
    ("明年底", "2027-12-31"),
    ("明年年底", "2027-12-31"),
    ("2027年底", "2027-12-31"),
    ("年初", "2027-1-1"),
    ("季度末", "9-30"),
    ("下季度末", "12-31"),
    ("国庆后", "10-8"),
    ("国庆节前", "9-30"),
    ("中秋后", "9-28"),
    ("春节后", "2027-2-9"),
    ("today", "9-14"),
    ("tomorrow", "9-15"),
    ("Tomorrow", "9-15"),
    ("day after tomorrow", "9-16"),
    ("yesterday", "9-13"),
    ("wednesday", "9-16"),
    ("wed", "9-16"),
    ("next wednesday", "9-23"),
    ("this friday", "9-18"),
    ("last friday", "9-11"),
    ("in 3 days", "9-17"),
    ("in two weeks", "9-28"),
    ("in 5 working days", "9-20"),
    ("3 days ago", "9-11"),
    ("3 days later", "9-17"),
    ("10 Oct", "10-10"),
    ("10 October 2027", "2027-10-10"),
    ("10th Oct", "10-10"),
    ("oct 10", "10-10"),
    ("Oct 10, 2027", "2027-10-10"),
    ("end of month", "9-30"),
    ("end of the month", "9-30"),
    ("end of next month", "10-31"),
    (" 下周三。", "9-23"),
    ("在下周三", "9-23"),
    ("下周三前", "9-23"),
    ("10日前", "10-10"),
    ("下周三下午三点", "9-23"),
    ("明天10:30", "9-15"),
    ("2028年2月29日", "2028-2-29"),
]

PAST_CASES = [
    ("今天", "9-14"),
    ("周三", "9-9"),
    ("周一", "9-14"),
    ("周日", "9-13"),
    ("月底", "8-31"),
    ("月初", "9-1"),
    ("15号", "8-15"),
    ("14号", "9-14"),
    ("9月10日", "9-10"),
    ("10月10日", "10-10"),
    ("1月5日", "1-5"),
    ("年底", "2025-12-31"),
    ("wednesday", "9-9"),
    ("国庆后", "2025-10-9"),
    ("下周三", "9-23"),
]

NOT_DATES = [
    "",
    "   ",
    "第三季度",
    "二季度",
    "三季度",
    "第二季度末",
    "3.5万",
    "10.5%",
    "10.5万元",
    "13812345678",
    "138-1234-5678",
    "021-62345678",
    "400-820-8820",
    "借-2026-0042",
    "KH-2026-0001",
    "SO-2026-10-10",
    "SO20261010",
    "2026-10-1022",
    "一周三次",
    "每周三",
    "每月15号",
    "15号楼",
    "南京路15号",
    "3号线",
    "第3天后",
    "三个",
    "鸿鑫贸易",
    "谈二季度订单",
    "3",
    "+8613812345678",
    "一点问题",
    "3个月",
    "三天",
    "三天内",
    "周六福",
    "今日头条",
    "sunny",
    "marching 10",
    "10 octopuses",
]

PROBLEMS = [
    ("2月31日", "no_such_day", {"month": 2, "day": 31, "last": 28, "year": 2027}),
    ("2026-02-30", "no_such_day", {"month": 2, "day": 30, "last": 28, "year": 2026}),
    ("31号", "no_such_day", {"month": 9, "day": 31, "last": 30, "year": 2026}),
    ("2月29日", "no_such_day", {"month": 2, "day": 29, "last": 28, "year": 2027}),
    ("31 Nov", "no_such_day", {"month": 11, "day": 31, "last": 30, "year": 2026}),
    ("0号", "no_such_day", {"month": 10, "day": 0, "last": 31, "year": 2026}),
    ("13月5日", "no_such_month", {"month": 13}),
    ("2026-13-01", "no_such_month", {"month": 13}),
    ("2926年1月1日", "out_of_range", {"year": 2926}),
    ("下周", "day_missing", {}),
    ("下个月", "day_missing", {}),
    ("10月", "day_missing", {}),
    ("next week", "day_missing", {}),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_when_future_is_preferred_then_text_is_read(text: str, expected: str) -> None:
    assert parse_date(text, TODAY, CALENDAR) == d(expected)


@pytest.mark.parametrize(("text", "expected"), PAST_CASES)
def test_when_past_is_preferred_then_text_is_read(text: str, expected: str) -> None:
    assert parse_date(text, TODAY, CALENDAR, "past") == d(expected)


@pytest.mark.parametrize("text", NOT_DATES)
def test_when_text_only_resembles_a_date_then_it_is_none(text: str) -> None:
    assert parse_date(text, TODAY, CALENDAR) is None
    assert find_dates(text, TODAY, CALENDAR) == ()


@pytest.mark.parametrize(("text", "code", "facts"), PROBLEMS)
def test_when_day_cannot_be_then_problem_says_why(
    text: str, code: str, facts: dict[str, int]
) -> None:
    problem = parse_date(text, TODAY, CALENDAR)
    assert isinstance(problem, DateProblem)
    assert (problem.code, problem.text, dict(problem.facts)) == (code, text, facts)


@pytest.mark.parametrize(
    ("text", "expected", "at"),
    [
        ("下周三下午三点", "9-23", time(15)),
        ("下周三 下午3:15", "9-23", time(15, 15)),
        ("明天10:30", "9-15", time(10, 30)),
        ("明天9点半", "9-15", time(9, 30)),
        ("明天上午九点一刻", "9-15", time(9, 15)),
        ("明天三点", "9-15", time(15)),
        ("明天3:00", "9-15", time(3)),
        ("明天8点", "9-15", time(8)),
        ("明晚八点", "9-15", time(20)),
        ("明天下午三点二十", "9-15", time(15, 20)),
        ("明天下午三点二十五分", "9-15", time(15, 25)),
        ("明天中午12点", "9-15", time(12)),
        ("明天中午一点", "9-15", time(13)),
        ("tomorrow at 3pm", "9-15", time(15)),
        ("tomorrow 12 am", "9-15", time(0)),
        ("10 Oct 10:30 pm", "10-10", time(22, 30)),
        ("明天", "9-15", None),
        ("明天下午", "9-15", None),
        ("2026-10-10 14:30", "10-10", time(14, 30)),
    ],
)
def test_time_of_day_is_returned_beside_the_day(text: str, expected: str, at: time | None) -> None:
    found = parse_moment(text, TODAY, CALENDAR)
    assert isinstance(found, FoundDate)
    assert (found.day, found.at) == (d(expected), at)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:30", time(14, 30)),
        (" 9\uff1a05 ", time(9, 5)),
        ("下午两点半", time(14, 30)),
        ("上午十点一刻", time(10, 15)),
        ("3 pm", time(15, 0)),
        ("25:00", None),
        ("14:30 开会", None),
        ("三点建议", None),
        ("", None),
    ],
)
def test_a_time_of_day_is_read_alone(text: str, at: time | None) -> None:
    assert read_time(text) == at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("拜访 鸿鑫贸易 谈二季度订单 下周三回访", [("下周三", "9-23")]),
        ("拜访鸿鑫贸易,报价涨10.5%,明天10:30回电", [("明天10:30", "9-15")]),
        ("周一到周五都在", [("周一", "9-14"), ("周五", "9-18")]),
        ("昨天谈的3.5万元,定在15号签", [("昨天", "9-13"), ("15号", "9-15")]),
        ("付了 1/3 货款,10/20 付清", [("10/20", "10-20")]),
        ("订单 SO-2026-10-10 三天后交货", [("三天后", "9-17")]),
        ("电话13812345678,后天联系", [("后天", "9-16")]),
        ("本周三个客户都去了", []),
        ("一周三次,每周三例会", []),
        ("2月31日见面", []),
        ("10月10日下午三点在南京路15号见", [("10月10日下午三点", "10-10")]),
        ("3月10个客户", []),
        ("明天三点建议", [("明天", "9-15")]),
        ("第三季度末完成，月底前交", [("月底", "9-30")]),
        ("call Mr Sun next wednesday at 3pm", [("next wednesday at 3pm", "9-23")]),
        ("every monday we meet", []),
        ("见面 10月10日 签约", [("10月10日", "10-10")]),
        ("５天后回访", [("５天后", "9-19")]),
        ("下次联系：9月28日", [("9月28日", "9-28")]),
        ("next contact:28 sep", [("28 sep", "9-28")]),
        ("比例3:10月10日", []),
    ],
)
def test_phrases_are_found_in_sentences(text: str, expected: list[tuple[str, str]]) -> None:
    found = find_dates(text, TODAY, CALENDAR)
    assert [(text[one.start : one.end], one.day) for one in found] == [
        (phrase, d(day)) for phrase, day in expected
    ]


def test_days_are_written_with_their_weekday() -> None:
    assert format_day(TODAY, "zh_CN") == "9月14日 周一"
    assert format_day(TODAY, "en") == "Mon 14 Sep"
    assert format_day(date(2027, 1, 3), "zh_CN", TODAY) == "2027年1月3日 周日"
    assert format_day(date(2027, 1, 3), "en", TODAY) == "Sun 3 Jan 2027"


@given(
    st.dates(date(2010, 1, 1), date(2090, 12, 31)), st.dates(date(2010, 1, 1), date(2090, 1, 1))
)
def test_every_written_day_is_read_back(day: date, today: date) -> None:
    for text in (
        f"{day.year}年{day.month}月{day.day}日",
        day.isoformat(),
        format_day(day, "en", date(1999, 1, 1)).split(" ", 1)[1],
    ):
        assert parse_date(text, today, CALENDAR) == day
        assert [one.day for one in find_dates(f"见 {text} 好", today, CALENDAR)] == [day]


@given(
    st.text(
        alphabet="0123456789一二三十两半个周月日号天年后前下上本这./-:点第季度末 +万%ab星期工作",
        max_size=14,
    )
)
def test_any_text_is_read_without_an_error(text: str) -> None:
    parse_date(text, TODAY, CALENDAR)
    parse_date(text, TODAY, CALENDAR, "past")
    for one in find_dates(text, TODAY, CALENDAR):
        assert 0 <= one.start < one.end <= len(text)


@given(st.text(max_size=60))
def test_positions_hold_for_any_script(text: str) -> None:
    found = find_dates(f"{text} 明天 {text}", TODAY, CALENDAR)
    assert all(0 <= one.start < one.end for one in found)
    assert date(2026, 9, 15) in [one.day for one in found]
