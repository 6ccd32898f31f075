"""Stages of a correction: the ten steps of the worked example, and the short way of S5-4.4."""

from __future__ import annotations

import pytest

from rules.corrections import OPEN, Stage, Step, Turn, after, turn

LONG = (
    (Step.AGREE, Stage.ORDERED),
    (Step.CARRY_OUT, Stage.CARRIED_OUT),
    (Step.FEED_BACK, Stage.FED_BACK),
    (Step.REPORT, Stage.REPORTED),
    (Step.AGREE, Stage.FILED),
)


@pytest.mark.rule("S5-1.X1")
class TestGivenAPlan:
    def test_when_everything_is_agreed_to_then_two_loops_end_in_the_file(self) -> None:
        stage = Stage.PLANNED
        for step, expected in LONG:
            found = after(stage, step)
            assert found is expected
            stage = found
        assert stage not in OPEN

    @pytest.mark.parametrize(
        ("stage", "back"),
        [(Stage.PLANNED, Stage.RETURNED), (Stage.REPORTED, Stage.FED_BACK)],
    )
    def test_when_refused_then_it_is_the_planner_s_again(self, stage: Stage, back: Stage) -> None:
        assert after(stage, Step.SEND_BACK) is back
        assert turn(back) is Turn.PLANNER

    @pytest.mark.parametrize("stage", [Stage.PLANNED, Stage.RETURNED])
    def test_before_it_is_agreed_to_nobody_carries_anything_out(self, stage: Stage) -> None:
        assert after(stage, Step.CARRY_OUT) is None
        assert turn(stage) is not Turn.EXECUTOR

    def test_once_carried_out_it_cannot_be_given_up(self) -> None:
        givable = {stage for stage in Stage if after(stage, Step.DROP)}
        assert givable == {Stage.PLANNED, Stage.RETURNED}

    @pytest.mark.parametrize("stage", [Stage.FILED, Stage.DROPPED])
    def test_when_it_is_over_then_nothing_follows(self, stage: Stage) -> None:
        assert not any(after(stage, step) for step in Step)
        assert turn(stage) is None


@pytest.mark.rule("S5-4.4")
def test_without_a_report_the_superior_s_word_ends_it() -> None:
    assert after(Stage.PLANNED, Step.SETTLE) is Stage.FILED


def test_at_every_open_stage_somebody_or_those_who_decide_have_the_turn() -> None:
    waits = {stage for stage in OPEN if turn(stage) is None}
    assert waits == {Stage.PLANNED, Stage.REPORTED}
