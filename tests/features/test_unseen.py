"""What nobody may know of is answered, everywhere, like what never was."""

from __future__ import annotations

import re

import pytest

from handlers import FEATURES
from storage import dossiers, merging
from storage.dossiers import DossierRow
from storage.unit import Unit
from tests.features.diary import SALES
from tests.features.office import Office, Shown, one_channel

HIDDEN, MERGED, NEVER = "KH-2020-9999", "KH-2020-9998", "KH-2020-9997"
NAME = "珠江口远航物流有限公司"
NO_ID = 2**40 + 1

pytestmark = pytest.mark.rule("S2-SECR.3", "S2-INFO.17", "S2-INFO.22")


def hide(office: Office) -> tuple[int, int]:
    """Add a secret dossier and one that was merged into it; return both ids."""

    def work(unit: Unit) -> tuple[int, int]:
        ids = [
            dossiers.add(unit, DossierRow(NAME, "CY019", number, grade="secret"), by="CY019")
            for number in (HIDDEN, MERGED)
        ]
        keep, gone = (dossiers.get(unit, one) for one in ids)
        assert keep is not None
        assert gone is not None
        merging.merge(unit, merging.plan(keep, gone), "CY019")
        return ids[0], ids[1]

    return office.change(work)


def plain(shown: Shown, *names: object) -> tuple[str, tuple[str, ...]]:
    """Return what was shown with the names of what was asked for taken out."""
    words = "|".join(re.escape(str(one)) for one in names)
    labels = tuple(re.sub(words, "#", one) for one in shown.labels)
    return re.sub(words, "#", shown.text), labels


@one_channel
async def test_whatever_button_is_pressed_of_it(office: Office) -> None:
    hidden, merged = hide(office)
    me = office[SALES]
    pressed = 0
    for feature in FEATURES:
        for name in feature.actions:
            answers = []
            for id_ in (NO_ID, hidden, merged):
                shown = await me.press(f"f.{feature.key}.{name}.{id_}")
                answers.append(plain(shown, id_))
                assert NAME not in shown
                assert HIDDEN not in shown
                if shown.labels:  # a form may have begun
                    await me.say("/cancel")
            assert answers[1] == answers[0], (feature.key, name)
            assert answers[2] == answers[0], (feature.key, name)
            pressed += 1
    assert pressed > 150


@one_channel
async def test_whatever_command_names_it(office: Office) -> None:
    hide(office)
    me = office[SALES]
    for feature in FEATURES:
        if not feature.command:
            continue
        answers = []
        for number in (NEVER, HIDDEN, MERGED):
            shown = await me.say(f"/{feature.command} {number}")
            answers.append(plain(shown, number))
            assert NAME not in shown
            await me.say("/cancel")
        assert answers[1] == answers[0], feature.command
        assert answers[2] == answers[0], feature.command


@pytest.mark.parametrize(
    "words",
    [
        "查找 {0}",
        "借阅 {0} 合同 三天 核对三季度价格",
        "更新 {0} 规模 小",
        "拜访 {0} 谈二季度订单",
        "移交 {0}",
        "{0}",
    ],
)
async def test_whatever_line_names_it(office: Office, words: str) -> None:
    hide(office)
    me, answers = office[SALES], []
    for number in (NEVER, HIDDEN, MERGED):
        shown = await me.say(words.format(number))
        answers.append(plain(shown, number))
        assert NAME not in shown
        await me.say("/cancel")
    assert answers[1] == answers[0]
    assert answers[2] == answers[0]
