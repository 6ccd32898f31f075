"""Date phrases in Chinese: 下周三, 10月10日, 月底, 三个工作日后, 国庆后.

The trap: 15号楼, 本周三个客户, 每周三, 第三季度 and 周六福 look like dates and are none.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from rules.calendar import FIRST_YEAR, LAST_YEAR, Festival, statutory_days
from rules.date_numbers import CHINESE_DIGITS, NUMBER, SHORT_NUMBER, YEAR, read_number, read_year
from rules.date_patterns import Ask, DateProblem, Patterns
from rules.date_reckoning import directed, make_day, moved, near_day, part_of_month
from rules.deadlines import add_months

PATTERNS = Patterns()

RELATIVE = r"下下个?|上上个?|下个?|上个?|本|这个?"
"""This, next, last week or month, and the ones after and before those."""

_SPACE = r"[ \t]*"
_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "大后": 3, "后": 2}


@PATTERNS.reads(
    r"(?P<day>大前|大后)天|(?P<day2>[今明后昨前])天(?!性)|(?P<day3>[今明昨])日(?!头条)"
    r"|(?P<day4>[今明昨])(?P<period>早(?!就)|晚)上?"
)
def _named_day(match: re.Match[str], ask: Ask) -> date:
    name = match["day"] or match["day2"] or match["day3"] or match["day4"]
    return ask.today + timedelta(days=_DAYS[name])


@PATTERNS.reads(
    rf"(?P<rel>{RELATIVE})?(?:周|星期|礼拜)(?:(?P<end>末)|(?P<sunday>[日天])"
    rf"|(?P<day>[一二三四五六1-7])(?![个家位次名条份件种台辆人户万千百十元块0-9点%]))"
)
def _weekday(match: re.Match[str], ask: Ask) -> date | None:
    rel = match["rel"] or ""
    left = ask.text[: match.start()][-1:]
    if not rel and (left in "几每半" or left in CHINESE_DIGITS or left.isdigit()) and left:
        return None  # 每周三 recurs, 一周三次 is a frequency
    if match["end"]:
        index = 5
    elif match["sunday"]:
        index = 6
    else:
        index = (read_number(match["day"]) or 1) - 1
        if match["day"] == "六" and ask.after(match.end()) == "福":
            return None  # 周六福 is a jeweller
    monday = ask.today - timedelta(days=ask.today.weekday())
    this = monday + timedelta(days=index)
    week = timedelta(weeks=1)
    if rel:
        return this + week * _relative(rel)
    return directed(ask, this, this + week, this - week)


def _relative(text: str) -> int:
    return text.count("下") - text.count("上")


@PATTERNS.reads(
    rf"(?:(?:(?P<year>{YEAR})年|(?P<word>[今明去后])年){_SPACE})?(?P<month>{SHORT_NUMBER})月{_SPACE}"
    rf"(?P<day>{NUMBER})(?P<mark>[日号])?"
)
def _month_day(match: re.Match[str], ask: Ask) -> date | DateProblem | None:
    month, day = read_number(match["month"]), read_number(match["day"])
    if month is None or day is None or ask.before(match.start()) in ("第", "每"):
        return None
    if not match["mark"] and not _ends_well(match, ask):
        return None
    if match["year"]:
        return make_day(match.group(), read_year(match["year"]), month, day)
    if match["word"]:
        return make_day(match.group(), _worded_year(match["word"], ask), month, day)
    return near_day(ask, match.group(), month, day)


def _worded_year(word: str, ask: Ask) -> int:
    return ask.today.year + {"去": -1, "今": 0, "本": 0, "明": 1, "后": 2}[word]


@PATTERNS.reads(rf"(?P<rel>{RELATIVE})月{_SPACE}(?P<day>{NUMBER})(?P<mark>[日号])?")
def _relative_month_day(match: re.Match[str], ask: Ask) -> date | DateProblem | None:
    day = read_number(match["day"])
    if day is None or (not match["mark"] and not _ends_well(match, ask)):
        return None
    month = add_months(ask.today.replace(day=1), _relative(match["rel"]))
    return make_day(match.group(), month.year, month.month, day)


@PATTERNS.reads(
    rf"(?:(?:(?P<year>{YEAR})年|(?P<word>[今明去后])年)?(?P<month>{SHORT_NUMBER})|(?P<rel>{RELATIVE}))?月份?"
    r"(?P<part>底|末|初|中旬|中(?![标国间心的]))"
)
def _month_part(match: re.Match[str], ask: Ask) -> date | DateProblem | None:
    first = ask.today.replace(day=1)
    if ask.before(match.start()) in ("每", "个"):
        return None
    if match["month"]:
        number = read_number(match["month"])
        if number is None or not 1 <= number <= 12:
            return None
        day = part_of_month(date(ask.today.year, number, 1), match["part"])
        if match["year"] or match["word"]:
            year = read_year(match["year"]) if match["year"] else _worded_year(match["word"], ask)
            if not FIRST_YEAR <= year <= LAST_YEAR:
                return make_day(match.group(), year, number, 1)
            return part_of_month(date(year, number, 1), match["part"])
        near = near_day(ask, match.group(), number, min(day.day, 28))
        return part_of_month(near, match["part"]) if isinstance(near, date) else near
    if match["rel"]:
        return part_of_month(add_months(first, _relative(match["rel"])), match["part"])
    this, later, earlier = (
        part_of_month(add_months(first, shift), match["part"]) for shift in (0, 1, -1)
    )
    return directed(ask, this, later, earlier)


@PATTERNS.reads(rf"(?:(?P<year>{YEAR})年?|(?P<word>[今明去后本])年?)?年(?P<part>[底末初])")
def _year_part(match: re.Match[str], ask: Ask) -> date | DateProblem | None:
    left = ask.before(match.start())
    if left and (left in CHINESE_DIGITS or left.isdigit() or left == "每"):
        return None
    month, day = (1, 1) if match["part"] == "初" else (12, 31)
    if match["year"]:
        return make_day(match.group(), read_year(match["year"]), month, day)
    if match["word"]:
        return make_day(match.group(), _worded_year(match["word"], ask), month, day)
    this, later, earlier = (date(ask.today.year + shift, month, day) for shift in (0, 1, -1))
    return directed(ask, this, later, earlier)


@PATTERNS.reads(r"(?:本|这个?|下个?|上个?)?季(?:度)?末")
def _quarter_end(match: re.Match[str], ask: Ask) -> date | None:
    left = ask.before(match.start())
    if left and (left in CHINESE_DIGITS or left.isdigit() or left in "第每四"):
        return None
    first = date(ask.today.year, (ask.today.month - 1) // 3 * 3 + 1, 1)
    shift = _relative(match.group())
    this, later, earlier = (
        add_months(first, 3 * (shift + step + 1)) - timedelta(days=1) for step in (0, 1, -1)
    )
    named = match.group()[0] != "季"
    return this if named else directed(ask, this, later, earlier)


# What makes "15号" a place or a thing: the character before it, or the one after.
_ADDRESS_BEFORE = "第同单件编弄路街道巷村里区城镇园厦座幢栋楼院月每个台车船股型文字书"
_THING_AFTER = "楼线门店柜仓库馆厅房桌机车院桥井街路码文单室铺厂弄院文件位元铁称"


@PATTERNS.reads(rf"(?P<day>{NUMBER})(?P<mark>[日号])")
def _day_of_month(match: re.Match[str], ask: Ask) -> date | DateProblem | None:
    day = read_number(match["day"])
    left, right = ask.before(match.start()), ask.after(match.end())
    if day is None or (left and left in _ADDRESS_BEFORE):
        return None
    if right and right in ("内游均报用常志元后起三之" if match["mark"] == "日" else _THING_AFTER):
        return None
    first = ask.today.replace(day=1)
    if ask.prefer == "future" and day < ask.today.day:
        first = add_months(first, 1)
    elif ask.prefer == "past" and day > ask.today.day:
        first = add_months(first, -1)
    return make_day(match.group(), first.year, first.month, day)


_UNITS = r"(?P<unit>个?工作日|天|日|个?周|个?星期|个?礼拜|个半月|个月|年)"


@PATTERNS.reads(
    rf"(?P<lead>再过|过)?(?P<count>{NUMBER}|半){_SPACE}{_UNITS}"
    r"(?P<side>(?:之|以)?(?:后|前))?"
)
def _offset(match: re.Match[str], ask: Ask) -> date | None:
    unit, side, lead = match["unit"], match["side"], match["lead"]
    if not side and not lead:
        return None
    if unit == "日" and side and side.endswith("前"):
        return None  # 10日前 means before the 10th
    if lead and not side and ask.before(match.start()) in ("不", "超", "经", "通"):
        return None
    sign = -1 if side and side.endswith("前") else 1
    if match["count"] == "半":
        if unit == "个月":
            return ask.today + timedelta(days=15 * sign)
        return add_months(ask.today, 6 * sign) if unit == "年" else None
    count = read_number(match["count"])
    if count is None:
        return None
    if unit == "个半月":
        return add_months(ask.today, count * sign) + timedelta(days=15 * sign)
    return moved(ask, count * sign, unit)


@PATTERNS.reads(r"\+ ?(?P<count>\d{1,3}) ?(?P<unit>个?工作日|个?月|天|周|wd|d|w|m)")
def _plus(match: re.Match[str], ask: Ask) -> date | None:
    if re.match(r"[0-9a-z)]", ask.before(match.start())):
        return None
    return moved(ask, int(match["count"]), match["unit"])


_FESTIVALS = {
    "国庆": Festival.NATIONAL_DAY,
    "十一": Festival.NATIONAL_DAY,
    "五一": Festival.LABOUR_DAY,
    "劳动节": Festival.LABOUR_DAY,
    "元旦": Festival.NEW_YEAR,
    "春节": Festival.SPRING_FESTIVAL,
    "中秋": Festival.MID_AUTUMN,
    "端午": Festival.DRAGON_BOAT,
    "清明": Festival.TOMB_SWEEPING,
}


@PATTERNS.reads(
    rf"(?P<name>{'|'.join(_FESTIVALS)})节?(?:假期|长假|放假)?(?:之|以)?(?P<side>后|前)(?![天日])"
)
def _around_festival(match: re.Match[str], ask: Ask) -> date:
    festival = _FESTIVALS[match["name"]]

    def found(year: int) -> date:
        first = next(day for day, name in statutory_days(year) if name is festival)
        if match["side"] == "后":
            return ask.calendar.on_or_after(first)
        return ask.calendar.previous_workday(first)

    year = ask.today.year
    return directed(ask, found(year), found(year + 1), found(year - 1))


def _ends_well(match: re.Match[str], ask: Ask) -> bool:
    """Whether a day number without 日 or 号 ends a date: 3月10 回访, but not 3月10个客户."""
    right = ask.after(match.end())
    return not right or not right.isalnum() or right in "前后之以回拜访见到去至交"
