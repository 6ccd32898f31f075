"""Seeded names of companies and people as a Chinese customer register has them."""

from __future__ import annotations

import random
from collections.abc import Iterator

PLACES = """
深圳市 广州市 佛山市 东莞市 珠海市 北京 上海 天津 重庆 杭州 宁波 温州 苏州 无锡 南京 常州 南通
武汉 长沙 成都 西安 郑州 青岛 济南 烟台 厦门 福州 泉州 合肥 南昌 昆明 贵阳 南宁 海口 大连 沈阳
哈尔滨 长春 石家庄 太原 兰州 银川 西宁 乌鲁木齐 呼和浩特 中山市 惠州市 江门市 湛江市 汕头市 嘉兴
绍兴 台州 金华 义乌 昆山 常熟 江阴 扬州 徐州 淄博 潍坊 临沂 洛阳 襄阳 宜昌 岳阳 绵阳
佛山市顺德区 深圳市南山区 上海浦东 广东 浙江 江苏 山东 福建 湖北 四川
"""
FIRST = """
鸿 鑫 恒 瑞 华 兴 盛 泰 安 达 信 诚 博 宏 利 丰 源 海 天 嘉 德 康 金 新 东 方 明 远 联 创 中 万
佳 美 凯 锦 荣 顺 通 正 大 永 祥 隆 富 亿 众 合 汇 聚 智 云 科 星 光 辰 宇 航 龙 腾 飞 翔 凌 峰
岳 川 江 河 湖 润 泽 沐 景 禾 禹 欧 亚 澳 美 迪 奥 尼 斯 特 尔 力 克 伦 朗 晟 晨 昊 旭 晖 皓 铭
钰 铄 锐 镕 钧 卓 越 超 群 拓 展 启 元 初 始 本 立 道 和 睦 悦 欣 怡 乐 福 禄 寿 禧
"""
TRADES = """
贸易 科技 实业 电子 信息技术 网络科技 物流 建筑工程 装饰工程 机械设备 汽车销售 汽车服务 餐饮管理
酒店管理 广告传媒 文化传播 教育咨询 投资管理 企业管理 电器 家具 服装 纺织 食品 农业发展 生物科技
医疗器械 药业 化工 塑胶制品 五金制品 包装材料 印刷 环保科技 新能源 光电 自动化设备 进出口
电子商务 供应链管理 国际货运代理 房地产开发 物业管理 人力资源 会计师事务所 律师事务所 旅行社
珠宝 茶业 酒业
"""
FORMS = (
    ("有限公司", 70),
    ("有限责任公司", 8),
    ("股份有限公司", 6),
    ("集团有限公司", 3),
    ("商行", 5),
    ("经营部", 4),
    ("工作室", 2),
    ("店", 2),
)
SURNAMES = """
王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 程 曹
袁 邓 许 傅 沈 曾 彭 吕 苏 卢 蒋 蔡 贾 丁 魏 薛 叶 阎 余 潘 杜 戴 夏 钟 汪 田 任 姜 范 方 石 姚
谭 廖 邹 熊 金 陆 郝 孔 白 崔 康 毛 邱 秦 江 史 顾 侯 邵 孟 龙 万 段 雷 钱 汤 尹 黎 易 常 武 乔
贺 赖 龚 文 欧阳 司徒 上官 诸葛
"""
GIVEN = """
伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀 霞 平 刚 桂 英 华 玉 兰 红 建 国 志 文 晓
雨 欣 怡 梓 涵 子 轩 浩 宇 诗 琪 嘉 俊 思 远 佳 慧 海 峰 晨 曦 天 佑 雪 梅 春 燕 小 龙 飞 婷 倩
颖 博 睿 泽 瑞 一 诺 可 馨 安 宁 景 行 若 云 清 月 家 豪 立 新 向 东 永 康
"""
PERSONS = 0.25
"""Share of private customers."""

_places, _first, _trades = PLACES.split(), FIRST.split(), TRADES.split()
_surnames, _given = SURNAMES.split(), GIVEN.split()


def core_word(chance: random.Random) -> str:
    """Return what people call a company: two or three characters."""
    return "".join(chance.choices(_first, k=3 if chance.random() < 0.3 else 2))


def company(chance: random.Random) -> str:
    form = chance.choices([one for one, _ in FORMS], [weight for _, weight in FORMS])[0]
    place = chance.choice(_places)
    core, trade = core_word(chance), chance.choice(_trades)
    if chance.random() < 0.15:
        return f"{core}（{place}）{trade}{form}"
    return f"{place}{core}{trade}{form}"


def person(chance: random.Random) -> str:
    given = chance.choices(_given, k=2 if chance.random() < 0.8 else 1)
    return chance.choice(_surnames) + "".join(given)


def company_names(seed: int) -> Iterator[str]:
    """Yield different company names."""
    chance, seen = random.Random(seed), set()
    while True:
        name = company(chance)
        if name not in seen:
            seen.add(name)
            yield name


def customer(chance: random.Random) -> str:
    return person(chance) if chance.random() < PERSONS else company(chance)
