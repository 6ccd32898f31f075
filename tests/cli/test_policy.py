"""`dossierbot policy`: what is listed, what is wrong, and how a change comes into force."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.config import load
from bot.offline import opened
from bot.policies import in_force
from rules.policy import available_overlays, available_packs, load_pack
from rules.roles import ROLES, RoleKind
from rules.written import text_of
from storage import audit, policy_versions
from tests.cli.conftest import Command

STAFF = """id,name,department,roles,superior,deputy,clearance,head_of,locale,wecom_userid,active
operator,管理员,办公室,operator,,,none,,zh_CN,,yes
G1,钱总,总经办,gm,,,top_secret,,zh_CN,,yes
D1,孙总监,销售部,sales_director;custodian,G1,,secret,销售部,zh_CN,,yes
"""

OWN = """
over = "pharma"
pack = "our-rules"
name_zh = "本公司客户档案制度"
effective_from = 2026-10-08

[open.duty]
due = { count = 5 }
"""


@pytest.fixture
def staffed(dossierbot: Command, company: Path) -> Path:
    (company / "staff.csv").write_text(STAFF, encoding="utf-8")
    ended = dossierbot("staff", "import", "staff.csv")
    assert ended.code == 0, ended
    return company


def lists(company: Path, *packs: str) -> None:
    """Let config.toml list these packs, each with further keys after a space."""
    file = company / "config.toml"
    head, _, tail = file.read_text("utf-8").partition('[[company.packs]]\npack = "customer')
    tables = []
    for pack in packs:
        name, *keys = pack.split("; ")
        tables.append("\n".join(["[[company.packs]]", f'pack = "{name}"', *keys]))
    file.write_text(head + "\n\n".join(tables) + "\n\n[storage]" + tail.partition("[storage]")[2])


def own(company: Path, text: str = OWN) -> None:
    (company / "policy.toml").write_text(text, encoding="utf-8")


class TestGivenNoSettings:
    def test_when_listed_then_all_packs_and_overlays_with_their_regulations(
        self, dossierbot: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        lines = dossierbot("policy", "list").out.splitlines()
        assert len(lines) == 16
        assert any(line.startswith("hotel") and "客史档案" in line for line in lines)
        assert any(line.startswith("practice") and "(S3-SUMM, S3-DIARY)" in line for line in lines)

    @pytest.mark.parametrize("pack", available_packs())
    def test_when_shown_then_the_pack_and_what_it_lies_over(
        self, dossierbot: Command, pack: str
    ) -> None:
        shown = dossierbot("policy", "show", pack).out
        assert f'pack = "{pack}"' in shown
        for key in ("zone =", "quiet_hours =", "default_grade =", "lapse_after =", "years ="):
            assert key in shown

    @pytest.mark.parametrize(
        ("pack", "line"),
        [
            ("auto-dealer", "identity_card            身份证复印件（正反面） (S1-09.4.1.4)"),
            ("loan-guarantee", "investigation            调查资料 (S4-LOAN.4.3)"),
        ],
    )
    @pytest.mark.rule("S1-09.4.1.4")
    @pytest.mark.rule("S4-LOAN.4.3")
    def test_when_shown_then_the_papers_of_each_handover_with_their_clauses(
        self, dossierbot: Command, pack: str, line: str
    ) -> None:
        shown = dossierbot("policy", "show", pack).out
        assert "[[handover]]" in shown
        assert line in shown

    @pytest.mark.rule("S2-DOSS.5.1")
    @pytest.mark.rule("S2-DOSS.5.2")
    @pytest.mark.rule("S2-DOSS.5.3")
    def test_when_days_of_an_own_file_are_blank_then_refused_with_the_three_keys(
        self, dossierbot: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        text = text_of("customer-service")
        for day in (5, 8, 10):
            text = text.replace(f", day = {day},", ",")
        own(tmp_path, text)
        said = dossierbot("policy", "check", "policy.toml").refusal
        for at in range(3):
            assert f"policy.toml: handover[{at}].leg[0].duty.due.day is missing" in said

    def test_when_a_file_is_checked_then_every_mistake_with_its_key(
        self, dossierbot: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        own(tmp_path, OWN.replace("count = 5", 'count = ""') + "typo = 1\n[time]\nroll = 3\n")
        said = dossierbot("policy", "check", "policy.toml").refusal
        assert "policy.toml: open.duty.typo is 1, expected one of due, remind, escalate" in said
        assert "policy.toml: open.duty.due.count is '', expected a whole number" in said
        assert "policy.toml: time.roll is 3, expected one of none, forward, backward" in said
        own(tmp_path)
        assert "sound, our-rules" in dossierbot("policy", "check", "policy.toml").out


class TestGivenACompany:
    def test_when_listed_then_what_is_in_force_and_for_whom(
        self, dossierbot: Command, staffed: Path
    ) -> None:
        lists(staffed, "customer-service", "log", 'auto-dealer; dossier_types = ["vehicle"]')
        out = dossierbot("policy", "list").out
        assert "in force as it ships, no approval recorded, overlays log" in out
        assert "dossier types: vehicle" in out

    @pytest.mark.parametrize(
        ("packs", "words"),
        [
            (["customer-service", "hotel"], "customer-service and hotel both govern the whole"),
            (['hotel; departments = ["前厅部"]'], "nothing governs the others"),
            (["log"], "lists overlays only (log)"),
            (["hotel", 'log; departments = ["前厅部"]'], "an overlay lies over every pack"),
            (["hotel", 'hotel; departments = ["前厅部"]'], "hotel is listed twice"),
            (["no-such-pack"], "no-such-pack"),
            (["no-such-file.toml"], "no-such-file.toml"),
        ],
    )
    def test_when_packs_do_not_fit_together_then_the_sentence_names_them(
        self, dossierbot: Command, company: Path, packs: list[str], words: str
    ) -> None:
        lists(company, *packs)
        assert words in dossierbot("policy", "check").refusal
        assert words in dossierbot("check").out

    @pytest.mark.usefixtures("staffed")
    def test_when_checked_then_roles_nobody_holds_are_named_with_file_and_key(
        self, dossierbot: Command
    ) -> None:
        out = dossierbot("policy", "check").out
        assert "customer-service: sound" in out
        assert (
            "customer-service.toml: approval[0].chain[0] is info_specialist (客户信息专员), whom "
            "nobody is; expected a role somebody holds"
        ) in out

    @pytest.mark.rule("C-31")
    def test_when_nobody_has_confirmed_a_default_then_said_until_somebody_has(
        self, dossierbot: Command, staffed: Path
    ) -> None:
        named = load_pack("customer-service", available_overlays()).roles_named
        posts = [one for one in sorted(named) if ROLES[one].kind in (RoleKind.POST, RoleKind.UNIT)]
        everything = STAFF.replace("sales_director;custodian", ";".join(posts))
        (staffed / "staff.csv").write_text(everything, encoding="utf-8")
        assert dossierbot("staff", "import", "staff.csv").code == 0
        line = "handover[1] (monthly_finance): S2-DOSS.5.2 leaves a blank, which C-31 fills in"
        assert line in dossierbot("policy", "check").out
        ended = dossierbot("policy", "activate", "customer-service", "--approved-by", "G1")
        assert ended.code == 0, ended
        assert line not in dossierbot("policy", "check").out

    @pytest.mark.rule("S1-09.7.1")
    @pytest.mark.rule("S2-BASE.17")
    @pytest.mark.rule("S2-INFO.28")
    def test_when_an_own_file_is_listed_then_only_an_approval_puts_it_into_force(
        self, dossierbot: Command, staffed: Path
    ) -> None:
        lists(staffed, "policy.toml")
        own(staffed)
        assert "is not in force: nobody's approval" in dossierbot("policy", "check").refusal
        refused = dossierbot("policy", "activate", "our-rules", "--approved-by", "D1").refusal
        assert "expected somebody with the role gm (总经理): G1" in refused
        ended = dossierbot(
            "policy", "activate", "our-rules", "--approved-by", "G1", "--approved-on", "2026-09-30"
        )
        assert "our-rules: version 1, approved by G1 on 2026-09-30, applies from" in ended.out
        assert "version 1 from 2026-10-08" in dossierbot("policy", "list").out
        settings = load(staffed / "config.toml", {})
        with opened(settings) as store:
            (kept,) = store.read(policy_versions.every)
            policies = store.read(lambda session: in_force(settings.company, session))
            newest = store.read(audit.head)
        assert kept.effective_from == date(2026, 10, 8)
        assert policies.company(date(2027, 1, 1)).open.duty.due.count == 5
        assert newest.count > 0

    @pytest.mark.rule("S1-09.7.1")
    @pytest.mark.rule("S2-DOSS.32")
    def test_when_the_file_is_edited_then_the_last_version_goes_on_and_it_is_told(
        self, dossierbot: Command, staffed: Path
    ) -> None:
        lists(staffed, "policy.toml")
        own(staffed)
        activate = ("policy", "activate", "policy.toml", "--approved-by", "G1")
        assert dossierbot(*activate).code == 0
        assert "nothing to activate" in dossierbot(*activate).refusal
        own(staffed, OWN + "# only a comment\n")
        assert "something else" not in dossierbot("policy", "check").out
        own(staffed, OWN.replace("count = 5", "count = 3"))
        for told in (("policy", "check"), ("policy", "list"), ("check",)):
            assert "something else than what was activated" in dossierbot(*told).out
        settings = load(staffed / "config.toml", {})
        with opened(settings) as store:
            policies = store.read(lambda session: in_force(settings.company, session))
        assert policies.company(date(2027, 1, 1)).open.duty.due.count == 5
        refused = dossierbot(*activate).refusal
        assert "effective_from is 2026-10-08, expected a day after 2026-10-08" in refused
        own(staffed, OWN.replace("count = 5", "count = 3").replace("2026-10-08", "2099-01-01"))
        assert "version 2" in dossierbot(*activate).out
        with opened(settings) as store:
            policies = store.read(lambda session: in_force(settings.company, session))
        counts = [
            policies.company(day).open.duty.due.count
            for day in (date(2098, 12, 31), date(2099, 1, 1))
        ]
        assert counts == [5, 3]

    @pytest.mark.rule("S1-09.7.1")
    def test_when_it_is_listed_no_more_then_what_it_said_is_kept(
        self, dossierbot: Command, staffed: Path
    ) -> None:
        lists(staffed, "policy.toml")
        own(staffed)
        assert dossierbot("policy", "activate", "policy.toml", "--approved-by", "G1").code == 0
        file = staffed / "config.toml"
        file.write_text(file.read_text("utf-8").replace("policy.toml", "pharma"))
        (staffed / "policy.toml").unlink()
        settings = load(staffed / "config.toml", {})
        with opened(settings) as store:
            policies = store.read(lambda session: in_force(settings.company, session))
        assert [one.pack for one in policies.governed] == ["pharma"]
        version, *_ = policies.versions("our-rules", date(2027, 1, 1))
        assert version.open.duty.due.count == 5

    @pytest.mark.usefixtures("staffed")
    def test_when_a_role_is_held_by_nobody_then_activation_names_it(
        self, dossierbot: Command
    ) -> None:
        refused = dossierbot(
            "policy", "activate", "customer-service", "--approved-by", "G1"
        ).refusal
        assert "customer-service was not activated:" in refused
        assert "approval[0].chain[0] is info_specialist" in refused
        assert "give it to somebody in the staff list" in refused
        assert "readers" not in refused  # who may only look keeps nobody waiting

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (("hotel", "--approved-by", "G1"), "lists no pack 'hotel'; it lists customer-service"),
            (
                ("customer-service", "--approved-by", "G1", "--approved-on", "2099-01-01"),
                "--approved-on is 2099-01-01, expected a day up to today",
            ),
            (("customer-service", "--approved-by", "nobody"), "--approved-by is nobody, expected"),
        ],
    )
    @pytest.mark.usefixtures("staffed")
    def test_when_activation_is_asked_for_wrongly_then_said(
        self, dossierbot: Command, words: tuple[str, ...], expected: str
    ) -> None:
        assert expected in dossierbot("policy", "activate", *words).refusal

    def test_when_clauses_have_their_own_wording_then_a_wrong_id_is_named(
        self, dossierbot: Command, company: Path
    ) -> None:
        config = company / "config.toml"
        config.write_text(
            config.read_text("utf-8").replace("[company]", '[company]\nclauses = "clauses.toml"')
        )
        clauses = company / "clauses.toml"
        clauses.write_text('[[clause]]\nid = "S9-1"\nzh = "本公司"\n', encoding="utf-8")
        assert "clauses.toml: clause[0]" in dossierbot("check").out
        clauses.write_text('[[clause]]\nid = "S2-INFO.17"\nzh = "本公司"\n', encoding="utf-8")
        assert "clauses.toml" not in dossierbot("check").out
