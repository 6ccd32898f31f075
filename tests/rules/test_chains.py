"""How a pack writes who decides, and which row is taken for a case."""

import json

import pytest
from msgspec.structs import replace

from rules.chains import (
    CHAIN_PARSERS,
    Approval,
    ApprovalRules,
    ChainStep,
    Credential,
    Seat,
    Whose,
    as_table,
    hidden,
    route,
)
from rules.errors import DomainError
from rules.occasions import Action, Facts, Material, ReaderKind, When
from rules.policy import parse_policy
from rules.schema import PolicyError, Reader
from rules.secrecy import AccessLevel, Grade
from tests.rules.test_policy import PACK

APPROVALS = """
[approvals]
absent = { after = "4wh", delegate = true }
self_approval = "next_in_chain"
remind = ["4wh", "every 8wh"]
silent_after = "16wh"
nudge_every = "2wh"
lapse_after = "120wh"
rule = "C-54"
"""
ROW = """
[[approval]]
action = "consult"
chain = [["department_head"], { all = ["info_supervisor", "cs_manager"] }]
rule = "S2-INFO.18.2"
"""


def rows(*tables: dict[str, object]) -> tuple[Approval, ...]:
    reader = Reader("pack.toml", CHAIN_PARSERS)
    return tuple(reader.read(Approval, table) for table in tables)


LEVELS = rows(
    {
        "action": "consult",
        "when": {"levels": ["company"], "formal": True},
        "chain": [["department_manager"], ["gm"]],
        "release": "custodian",
        "form": "查阅档案审批表",
        "rule": "S1-07.3.3.1",
    },
    {
        "action": "consult",
        "when": {"levels": ["company"]},
        "chain": [["sales_director"]],
        "exempt": ["sales_director", "marketing_dgm", "gm"],
        "rule": "S1-07.3.1.1",
    },
    {
        "action": "consult",
        "when": {"levels": ["department"]},
        "chain": [["dossier.department_manager"], ["marketing_dgm"]],
        "exempt": ["customer_owner", "marketing_dgm"],
        "rule": "S1-07.3.1.2",
    },
    {
        "action": "consult",
        "when": {"levels": ["personal"]},
        "chain": [["dossier.department_manager"]],
        "exempt": ["customer_owner", "dossier.department_manager"],
        "rule": "S1-07.3.1.3",
    },
)


@pytest.mark.rule("S1-07.3.1.1")
@pytest.mark.rule("S1-07.3.1.2")
@pytest.mark.rule("S1-07.3.1.3")
@pytest.mark.rule("S1-07.3.3.1")
@pytest.mark.rule("C-02")
@pytest.mark.parametrize(
    ("level", "formal", "rule"),
    [
        (AccessLevel.COMPANY, False, "S1-07.3.1.1"),
        (AccessLevel.COMPANY, True, "S1-07.3.3.1"),
        (AccessLevel.DEPARTMENT, False, "S1-07.3.1.2"),
        (AccessLevel.DEPARTMENT, True, "S1-07.3.1.2"),
        (AccessLevel.PERSONAL, True, "S1-07.3.1.3"),
    ],
)
def test_the_first_row_that_fits_is_taken(level: AccessLevel, formal: bool, rule: str) -> None:
    taken = route(LEVELS, Facts(Action.CONSULT, Grade.SECRET, level, formal=formal))
    assert taken is not None
    assert taken.rule == rule


def test_what_no_row_covers_has_no_approval() -> None:
    assert route(LEVELS, Facts(Action.CONSULT)) is None
    assert route(LEVELS, Facts(Action.LOAN, level=AccessLevel.COMPANY)) is None


@pytest.mark.rule("S2-INFO.18.4")
@pytest.mark.rule("S1-12.3.4")
@pytest.mark.rule("C-05")
def test_reader_material_and_credential() -> None:
    party, anything = rows(
        {
            "action": "consult",
            "when": {"readers": ["external"], "materials": ["party_papers"]},
            "chain": [["leader_of_office"], {"any": ["party_secretary"], "default": True}],
            "credential": ["letter"],
            "rule": "S1-12.3.4",
        },
        {
            "action": "consult",
            "when": {"readers": ["external"]},
            "chain": [["leader_of_office"]],
            "credential": ["letter"],
            "rule": "S1-12.3.4",
        },
    )
    facts = Facts(Action.CONSULT, reader=ReaderKind.EXTERNAL, material=Material.PARTY_PAPERS)
    assert route((party, anything), facts) is party
    assert route((party, anything), replace(facts, material=Material.DOSSIER)) is anything
    assert route((party, anything), replace(facts, reader=ReaderKind.INSIDER)) is None
    assert party.credential == (Credential.LETTER,)
    assert [step.default for step in party.chain] == [False, True]


def test_steps_are_read_in_every_form() -> None:
    assert ChainStep.parse(["gm", "chairman"]) == ChainStep((Seat("gm"), Seat("chairman")))
    assert ChainStep.parse({"any": ["gm"]}) == ChainStep((Seat("gm"),))
    both = ChainStep.parse({"all": ["info_supervisor", "cs_manager"], "rule": "S2-INFO.24"})
    assert (both.need, both.everybody, both.rule) == (2, True, "S2-INFO.24")
    two = ChainStep.parse({"need": 2, "of": ["gm", "hr", "cs_manager"], "default": True})
    assert (two.need, two.everybody, two.default) == (2, False, True)
    assert str(Seat.parse("dossier.department_head")) == "dossier.department_head"
    assert Seat.parse("customer_owner") == Seat("customer_owner", Whose.DOSSIER)
    assert str(Seat.parse("customer_owner")) == "customer_owner"


@pytest.mark.parametrize(
    "step",
    [
        [],
        "gm",
        ["nobody"],
        ["gm", "gm"],
        ["external"],
        ["dossier.gm"],
        [7],
        {"all": []},
        {"need": 3, "of": ["gm", "hr"]},
        {"need": 0, "of": ["gm", "hr"]},
        {"need": 1},
        {"need": True, "of": ["gm", "hr"]},
        {"need": "2", "of": ["gm", "hr"]},
        {"any": ["gm"], "all": ["hr"]},
        {"any": "gm"},
        {"any": ["gm"], "default": 1},
        {"any": ["gm"], "rule": "S9-1"},
    ],
)
def test_a_step_that_means_nothing_is_refused_with_its_place(step: object) -> None:
    with pytest.raises(PolicyError, match=r"chain\[0\].*expected a step"):
        rows({"action": "loan", "chain": [step], "rule": "C-54"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chain": []}, "register_only"),
        ({"register_only": True}, "register_only"),
        ({"chain": [], "register_only": True, "exempt": ["gm"]}, "exempt"),
        ({"exempt": ["gm", "gm"]}, "each role once"),
        ({"release": "department_head"}, "release by a post"),
        ({"release": "proxy"}, "release by a post"),
        ({"action": "lend"}, "one of open"),
        ({"when": {"level": "company"}}, "one of grades"),
        ({"when": {"grades": ["secrt"]}}, "one of none"),
        ({"credential": ["smile"]}, "one of letter"),
        ({"rule": "S9-1"}, "a rule of the catalogue"),
    ],
)
def test_a_row_that_means_nothing_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        rows({"action": "loan", "chain": [["gm"]], "rule": "C-54"} | change)


@pytest.mark.rule("S1-12.3.2a")
def test_an_entry_in_the_register_can_be_all() -> None:
    (row,) = rows(
        {
            "action": "consult",
            "when": {"own_department": True},
            "register_only": True,
            "form": "档案借阅登记表",
            "rule": "S1-12.3.2a",
        }
    )
    assert row.chain == ()
    assert row.when.fits(Facts(Action.CONSULT, own_department=True))
    assert not row.when.fits(Facts(Action.CONSULT))


def test_a_row_that_an_earlier_one_hides_is_found() -> None:
    assert hidden(LEVELS) is None
    swapped = (LEVELS[1], LEVELS[0])
    assert hidden(swapped) == (1, 0)
    assert hidden((*LEVELS, replace(LEVELS[0], action=Action.LOAN))) is None
    wide = When(grades=(Grade.NONE, Grade.SECRET))
    assert wide.covers(When(grades=(Grade.SECRET,), formal=True))
    assert not wide.covers(When(formal=True))
    assert not When(formal=False).covers(wide)


def test_a_policy_holds_its_rows() -> None:
    policy = parse_policy(PACK + APPROVALS + ROW, "own.toml")
    assert policy.approval[0].rule == "S2-INFO.18.2"
    assert policy.approval[0].rule_of(policy.approval[0].chain[0]) == "S2-INFO.18.2"
    assert {"department_head", "info_supervisor"} <= policy.roles_named
    assert [str(rung) for rung in policy.approvals.remind] == ["+4wh", "every 8wh"]
    assert hash(policy.approval[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (APPROVALS + ROW + ROW, r"approval\[1\] before approval\[0\]"),
        (APPROVALS + ROW + 'when = { levels = ["company"] }\n', "has no levels"),
        (APPROVALS.replace('"4wh", d', '"4h", d'), "office hours"),
        (APPROVALS.replace('"2wh"', '"every 2wh"'), "strikes once"),
        (APPROVALS.replace('"4wh", "every', '"every 4wh", "every'), "strikes once"),
        (APPROVALS.replace('["4wh", "every 8wh"]', "[]"), "at least one"),
        (APPROVALS.replace('["4wh", "every 8wh"]', '["8wh", "4wh"]'), "ascending"),
        (APPROVALS.replace('"120wh"', '"16wh"'), "later than"),
    ],
)
def test_a_policy_whose_rows_cannot_work_is_refused(text: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        parse_policy(PACK + text, "own.toml")


def test_records_refuse_misuse() -> None:
    with pytest.raises(DomainError):
        ChainStep(())
    assert (
        Reader("x", CHAIN_PARSERS)
        .read(
            ApprovalRules,
            {
                "absent": {"after": "4wh", "delegate": True},
                "self_approval": "next_in_chain",
                "remind": ["4wh"],
                "silent_after": "8wh",
                "nudge_every": "2wh",
                "lapse_after": "40wh",
                "rule": "C-54",
            },
        )
        .remind[0]
        .offset
        == 4
    )


def test_a_row_can_be_written_down_and_read_again() -> None:
    two = {
        "action": "destroy",
        "when": {"materials": ["statistics"], "grades": ["secret"], "formal": False},
        "chain": [["gm"], {"need": 2, "of": ["hr", "dossier.superior"], "default": True}],
        "credential": ["letter"],
        "witness": True,
        "rule": "S2-STAT.9",
    }
    free = {"action": "consult", "register_only": True, "rule": "S1-12.3.2a"}
    for row in (*LEVELS, *rows(two, free)):
        assert rows(json.loads(json.dumps(as_table(row)))) == (row,)
