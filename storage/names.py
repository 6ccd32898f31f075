"""The shapes of a name that people search by: normalised, core, pinyin, initials, grams."""

from __future__ import annotations

import re
import unicodedata

from storage.pinyin import readings
from storage.simplified import SIMPLIFIED

HIGHEST = "\U0010ffff"
"""Sorts after every other character: the upper end of a prefix range."""

MAX_KEY = 40
"""Characters of a pinyin key that are kept; nobody types more."""

MAX_NAME = 200
"""Characters of a customer's name."""

_PLACES = """
北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南
广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 中国 石家庄
唐山 秦皇岛 邯郸 邢台 保定 张家口 承德 沧州 廊坊 衡水 太原 大同 阳泉 长治 晋城 朔州 晋中 运城
忻州 临汾 吕梁 呼和浩特 包头 乌海 赤峰 通辽 鄂尔多斯 沈阳 大连 鞍山 抚顺 本溪 丹东 锦州 营口
阜新 辽阳 盘锦 铁岭 朝阳 葫芦岛 长春 四平 通化 白山 松原 白城 哈尔滨 齐齐哈尔 鸡西 鹤岗 双鸭山
大庆 伊春 佳木斯 七台河 牡丹江 黑河 绥化 南京 无锡 徐州 常州 苏州 南通 连云港 淮安 盐城 扬州
镇江 泰州 宿迁 杭州 宁波 温州 嘉兴 湖州 绍兴 金华 衢州 舟山 台州 丽水 合肥 芜湖 蚌埠 淮南
马鞍山 淮北 铜陵 安庆 黄山 滁州 阜阳 宿州 六安 亳州 池州 宣城 福州 厦门 莆田 三明 泉州 漳州
南平 龙岩 宁德 南昌 景德镇 萍乡 九江 新余 鹰潭 赣州 吉安 宜春 抚州 上饶 济南 青岛 淄博 枣庄
东营 烟台 潍坊 济宁 泰安 威海 日照 临沂 德州 聊城 滨州 菏泽 郑州 开封 洛阳 平顶山 安阳 鹤壁
新乡 焦作 濮阳 许昌 漯河 三门峡 南阳 商丘 信阳 周口 驻马店 武汉 黄石 十堰 宜昌 襄阳 鄂州 荆门
孝感 荆州 黄冈 咸宁 随州 恩施 长沙 株洲 湘潭 衡阳 邵阳 岳阳 常德 张家界 益阳 郴州 永州 怀化
娄底 广州 韶关 深圳 珠海 汕头 佛山 江门 湛江 茂名 肇庆 惠州 梅州 汕尾 河源 阳江 清远 东莞 中山
潮州 揭阳 云浮 南宁 柳州 桂林 梧州 北海 防城港 钦州 贵港 玉林 百色 贺州 河池 来宾 崇左 海口
三亚 儋州 成都 自贡 攀枝花 泸州 德阳 绵阳 广元 遂宁 内江 乐山 南充 眉山 宜宾 广安 达州 雅安
巴中 资阳 贵阳 六盘水 遵义 安顺 毕节 铜仁 昆明 曲靖 玉溪 保山 昭通 丽江 普洱 临沧 大理 拉萨
西安 铜川 宝鸡 咸阳 渭南 延安 汉中 榆林 安康 商洛 兰州 嘉峪关 金昌 白银 天水 武威 张掖 平凉
酒泉 庆阳 定西 陇南 西宁 海东 银川 石嘴山 吴忠 固原 中卫 乌鲁木齐 克拉玛依 义乌 昆山 常熟 江阴
张家港 慈溪 余姚 晋江 石狮
"""

_PLACE = re.compile(
    "^(?:"
    + "|".join(sorted(_PLACES.split(), key=len, reverse=True))
    + ")(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|省|市)?"
)

_COUNTY = re.compile("^[\u4e00-\u9fff]{2,3}?[市县区]")

_ENDING = re.compile(
    "(?:股份有限公司|有限责任公司|集团有限公司|控股有限公司|有限公司|股份公司|集团公司|总公司|分公司|公司|集团"
    "|合伙企业|个人独资企业|专业合作社|合作社|贸易商行|商行|经营部|经销部|营业部|门市部|服务部|工作室"
    "|批发部|总店|分店|总厂|分厂)$"
)

_BRACKETS = re.compile(r"[(\[【〔{「『《<][^)\]】〕}」』》>]*[)\]】〕}」』》>]")


def normalise(name: str) -> str:
    """Return `name` for comparing: width, case and traditional forms folded, no punctuation."""
    shorter = _folded(name)
    while shorter != name:  # what was between two characters may have kept them from joining
        name, shorter = shorter, _folded(shorter)
    return name


def _folded(name: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(one for one in folded if unicodedata.category(one)[0] in "LNM")
    return kept.translate(SIMPLIFIED)


def core(name: str) -> str:
    """Return the part of a company's name that people say: no place, no legal form.

    A person's name, or one that would shrink below two characters, is returned normalised.
    """
    plain = unicodedata.normalize("NFKC", name)
    for candidate in (_BRACKETS.sub("", plain), plain):
        kept = normalise(candidate)
        if len(kept) >= 2:
            break
    while len(shorter := _ENDING.sub("", kept)) >= 2 and shorter != kept:
        kept = shorter
    for place in (_PLACE, _PLACE, _COUNTY):  # province, city, county
        shorter = place.sub("", kept, count=1)
        if len(shorter) >= 2:
            kept = shorter
    return kept


def place_length(words: str) -> int:
    """Return how many characters at the beginning are a province or city."""
    found = _PLACE.match(words)
    return found.end() if found else 0


def is_company(words: str) -> bool:
    """Return whether the words end like a company's name and have something before the ending."""
    return len(_ENDING.sub("", norm := normalise(words))) >= 2 and bool(_ENDING.search(norm))


def grams(norm: str) -> frozenset[str]:
    """Return every two neighbouring characters of a normalised text."""
    return frozenset(norm[at : at + 2] for at in range(len(norm) - 1))


_SURNAMES = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "查": "zha", "区": "ou", "盖": "ge",
    "朴": "piao", "翟": "zhai", "任": "ren", "华": "hua", "覃": "qin", "缪": "miao", "乐": "yue",
    "尉": "yu", "种": "chong", "折": "she", "洗": "xian", "员": "yun", "黑": "he", "繁": "po",
}  # fmt: skip
"""How a character is read as a surname, where its common reading is another."""


def _readings(norm: str) -> list[list[str]]:
    """Return the syllables of `norm`: as its phrases are read, then with one second reading."""
    every = readings(norm)
    first = [choices[0] for choices in every]
    if len(norm) <= 4 and norm[:1] in _SURNAMES:
        first[0] = _SURNAMES[norm[0]]
    read = [first]
    for at, choices in enumerate(every):
        other = next((one for one in choices if one != first[at]), None)
        if other is not None:
            read.append([*first[:at], other, *first[at + 1 :]])
    return read


def _latin(norm: str, readings: int) -> list[str]:
    """Return pinyin and initials of `norm` under its first `readings` readings."""
    keys: list[str] = []
    for syllables in _readings(norm)[:readings]:
        plain = [ascii_only(one) for one in syllables]
        keys += ("".join(plain), "".join(one[:1] for one in plain))
    return keys


def ascii_only(text: str) -> str:
    """Return the lower-case Latin letters and digits of `text`."""
    return "".join(one for one in text.lower() if one.isascii() and one.isalnum())


def dossier_keys(name: str) -> frozenset[str]:
    """Return the prefixes a customer is found by in Latin letters: full and core name."""
    full, short = normalise(name)[:MAX_NAME], core(name)[:MAX_NAME]
    keys = _latin(full, 1) + _latin(short, 4)
    return frozenset(key[:MAX_KEY] for key in keys if key)


def person_keys(name: str, number: str) -> frozenset[str]:
    """Return what a colleague is found by: name and its tails, pinyin, initials, staff number."""
    norm = normalise(name)
    tails = {norm[at:] for at in range(len(norm))}
    latin = {key for tail in (norm, norm[1:]) if tail for key in _latin(tail, 3)}
    return frozenset(key[:MAX_KEY] for key in tails | latin | {normalise(number)} if key)


def is_latin(norm: str) -> bool:
    """Whether a normalised query can be pinyin: letters a-z and digits, at least one letter."""
    return norm.isascii() and norm.isalnum() and not norm.isdigit()
