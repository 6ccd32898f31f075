"""Requests of every pack in companies where everything changes, through kills: who decides is
entitled, no step is skipped, nothing is stuck."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from rules.policy import available_packs
from tests.chaos.sitting import TOGETHER, sat
from tests.chaos.tally import Page, Tally

CASES = (20, 10_000)
"""In the sample and in the campaign."""
KILLS = (2, 50)
PACKS = (1, 12)
"""How many of the packs."""
STAY = 10
"""Groups of requests after which a company makes way for another: years have gone by."""
FIGURES = Page(
    "chaos-approvals",
    "Requests through everything that changes",
    "`make chaos`: random requests under every pack, on an SQLite file, while people go on leave, "
    "name stand-ins, leave, come back, change posts, pass decisions on and add signers, dossiers "
    "change their grades, several people tap at once, and the process is killed. An oracle "
    "written from the rules' text watches the store: nobody decides who is not entitled, nobody "
    "entitled is refused, no step is skipped, everything ends.",
    (
        "pack", "requests", "kills", "taps", "decisions", "approved", "refused", "other ends",
        "not entitled", "skipped", "stuck",
    ),
)  # fmt: skip


@pytest.mark.chaos
@pytest.mark.rule("C-54")
@pytest.mark.rule("C-56")
async def test_only_the_entitled_decide_and_nothing_is_skipped_or_stuck(
    tmp_path: Path, migrated_file: Path, campaign: bool, seed: int, tally: Tally
) -> None:
    random, packs = Random(seed), list(available_packs())
    random.shuffle(packs)
    packs = packs[: PACKS[campaign]]
    kills = Counter(random.choices(packs, k=KILLS[campaign]))
    for at, pack in enumerate(packs):
        count = CASES[campaign] // len(packs) + (at < CASES[campaign] % len(packs))
        counts: Counter[str] = Counter()
        for number, some in enumerate(_parts(count, STAY * TOGETHER)):
            due = kills[pack] if number * STAY * TOGETHER + some == count else kills[pack] // 8
            kills[pack] -= due
            folder = tmp_path / f"{pack}{number}"
            mute = number > 0  # what is drawn is the same under every policy
            counts += await sat(folder, migrated_file, pack, random, some, kills=due, mute=mute)
        other = sum(counts[one] for one in ("withdrawn", "lapsed", "registered"))
        figures = (counts["kills"], counts["taps"], counts["decisions"], counts["approved"],
                   counts["refused"], other, 0, 0, 0)  # fmt: skip
        tally.add(FIGURES, pack, counts["requests"], *figures)


def _parts(count: int, most: int) -> list[int]:
    return [most] * (count // most) + [count % most] * bool(count % most)
