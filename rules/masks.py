"""Masked names, numbers and addresses, for lines that others than the entitled may see.

The trap: a mask that keeps the brand or shows how much it hides lets everybody guess. So the
hidden part always looks the same, however long it is.
"""

from __future__ import annotations

import re

MASK = "＊＊"

# Provinces and large cities with which company names begin.
_PLACES = (
    "北京|上海|天津|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南"
    "|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|广州|深圳"
    "|杭州|南京|苏州|无锡|常州|宁波|温州|武汉|成都|西安|青岛|济南|大连|沈阳|长春|哈尔滨|厦门|福州"
    "|泉州|合肥|南昌|郑州|长沙|东莞|佛山|珠海|中山|昆明|贵阳|南宁|海口|太原|石家庄|兰州|西宁|银川"
    "|乌鲁木齐|呼和浩特|拉萨"
)
_PLACE = re.compile(rf"(?:{_PLACES})(?:省|市)?")
_DISTRICT = re.compile(
    r"(?:[^省市区县旗]{1,8}(?:省|自治区))?(?:[^省市区县旗]{1,8}[市州盟])?(?:[^省市区县旗]{1,8}[区县旗市])?"
)
_IDENTITY = re.compile(r"[0-9A-Za-z]{8,}")
_FORM = re.compile(
    r"(?:股份有限公司|有限责任公司|集团有限公司|有限公司|分公司|集团|公司|医院|药店|酒店|商行|商店"
    r"|经营部|事务所|研究院|中心|学校|工厂|超市)$"
    r"|\s+(?:co\.?,?\s*ltd\.?|ltd\.?|limited|inc\.?|gmbh|llc|corp\.?)$",
    re.IGNORECASE,
)


def mask_name(name: str) -> str:
    """Return a customer's name so masked that it can be recognised but not guessed.

    A leading place and the trailing legal form stay; of the rest only the first character does,
    and not even that if it is the whole. The length of what is hidden does not show.

    Rule: S3-SPEC1.1.3, S2-INFO.26.3.
    """
    name = " ".join(name.split())
    form = _FORM.search(name)
    tail = form.group() if form and form.start() > 0 else ""
    body = name[: len(name) - len(tail)]
    place = _PLACE.match(body)
    head = place.group() if place and place.end() < len(body) else ""
    core = body[len(head) :]
    first = core[0] if len(core) > 1 else ""
    return f"{head}{first}{MASK}{tail}"


def is_organisation(name: str) -> bool:
    """Return whether a name ends like that of a company or an institution.

    Such a customer is no natural person, whatever else is on file. Rule: C-52.
    """
    form = _FORM.search(" ".join(name.split()))
    return form is not None and form.start() > 0


def mask_phone(number: str) -> str:
    """Return a telephone number with its middle hidden, `138****8812`; separators are dropped.

    A leading +86 is dropped from a mobile number; numbers under seven digits are hidden whole.

    Rule: S3-SPEC1.1.3.
    """
    digits = re.sub(r"\D", "", number, flags=re.ASCII)
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if len(digits) < 7:
        return "****"
    if len(digits) < 11:
        return f"{digits[:2]}****{digits[-2:]}"
    return f"{digits[:3]}****{digits[-4:]}"


def mask_address(address: str) -> str:
    """Return an address up to its city and district; street, house and room are hidden.

    Rule: S3-SPEC1.1.3.
    """
    address = "".join(address.split())
    head = _DISTRICT.match(address)
    known = head.group() if head and head.end() < len(address) else ""
    return f"{known}{MASK}"


def mask_identity(proof: str) -> str:
    """Return the number of a proof of identity as `110****21`; one that has none is hidden whole.

    Rule: S3-SPEC1.1.3, S1-08.1.1b.
    """
    number = _IDENTITY.search(proof)
    return f"{number.group()[:3]}****{number.group()[-2:]}" if number else "****"


_RESIDENT_ID = re.compile(r"(?<![0-9A-Za-z])([1-9][0-9]{16}[0-9Xx])(?![0-9A-Za-z])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


def hide_identity(text: str) -> str:
    """Return a text with the middle of every identity number in it hidden, `440****3X`.

    Only numbers with a right check digit are taken for one; all others stay.

    Rule: S1-08.1.1b, C-52.
    """
    return _RESIDENT_ID.sub(_masked_identity, text)


def _masked_identity(match: re.Match[str]) -> str:
    number = match[1]
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    if _CHECK_DIGITS[total % 11] != number[17].upper():
        return number
    return f"{number[:3]}****{number[-2:]}"
