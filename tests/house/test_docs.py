"""What the pages tell people to type is what the program takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from bot.cli import app
from bot.config import ConfigError, load
from rules.policy import parse_policy
from tests.house.sources import ROOT

PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
COMPANY = '[company]\nname = "c"\n[[company.packs]]\npack = "customer-service"\n'
POLICY_KEY = "effective_from"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


SETTINGS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "toml"))
    if "[build-system]" not in block and POLICY_KEY not in block
]
POLICIES = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "toml"))
    if POLICY_KEY in block
]


def problems(block: str, folder: Path) -> list[str]:
    """Return what the program says of these settings; secrets in files are there."""
    for name in re.findall(r'\w+_file = "([^"]+)"', block):
        (folder / Path(name).name).write_text("1:secret", encoding="utf-8")
    block = re.sub(r'(\w+_file = )"[^"]*?([^"/]+)"', r'\1"\2"', block)
    file = folder / "config.toml"
    file.write_text((COMPANY if "[company]" not in block else "") + block, encoding="utf-8")
    try:
        load(file, {})
    except ConfigError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize("block", SETTINGS)
def test_settings_in_the_pages_are_taken(block: str, tmp_path: Path) -> None:
    assert problems(block, tmp_path) == []


@pytest.mark.parametrize("block", POLICIES)
def test_policies_in_the_pages_are_taken(block: str) -> None:
    assert parse_policy(block, "policy.toml").pack


def command_lines(text: str) -> list[str]:
    """Return what follows `dossierbot` wherever it is typed as a command."""
    found = []
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            found += re.findall(
                r"(?:^|\s)(?:\S*/bin/)?dossierbot (?!dossierbot)([a-z].*?)(?:&&|$)", line
            )
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return found + re.findall(r"`(?:[^`]* )?dossierbot ([a-z][^`]*)`", text)


def mistake(words: list[str]) -> str:
    """Return what is wrong with a command line; "" for nothing."""
    command = typer.main.get_command(app)
    while words and (below := getattr(command, "commands", None)):
        name, *words = words
        if name not in below:
            return f"no command {name}"
        command = below[name]
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    unknown = [one for one in words if one.startswith("-") and one.split("=")[0] not in options]
    return f"no option {unknown[0]}" if unknown else ""


LINES = sorted({line for page in PAGES for line in command_lines(page.read_text("utf-8"))})


def test_there_are_command_lines_to_look_at() -> None:
    assert len(LINES) > 10


@pytest.mark.parametrize("line", LINES)
def test_commands_in_the_pages_exist(line: str) -> None:
    assert mistake(shlex.split(line, comments=True)) == ""


@pytest.mark.parametrize("line", ["chekc", "check --confg x", "staff imprt a.csv"])
def test_a_misspelt_one_is_found(line: str) -> None:
    assert mistake(line.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [one for one in links if not (page.parent / one).exists()] == []


DECISIONS = sorted(one.name for one in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))


def test_every_decision_is_listed_once_under_its_own_number() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    listed = re.findall(r"\| \[(\d+)\]\((\S+\.md)\) \| (.+) \|", index)
    titles = [
        (ROOT / "docs" / "decisions" / name).read_text("utf-8").splitlines()[0]
        for name in DECISIONS
    ]
    assert [name for _, name, _ in listed] == DECISIONS
    assert [f"# {number} {title}" for number, _, title in listed] == titles
    assert len({number for number, _, _ in listed}) == len(listed)


WECOM = ROOT / "docs" / "wecom.md"
GAPS = re.findall(
    r"^\| (?!Gap |-)(.+?) \| (.+?) \|(.*)\|$",
    WECOM.read_text("utf-8").split("\n## What is different from Telegram\n")[1].split("\n## ")[0],
    re.MULTILINE,
)
NAMED_TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", WECOM.read_text("utf-8"))))


def test_every_gap_has_something_in_its_place_that_a_test_holds() -> None:
    assert len(GAPS) >= 15
    without = [gap for gap, _, held_by in GAPS if not re.search(r"`tests/\S+::\w+`", held_by)]
    assert without == []


@pytest.mark.parametrize("name", NAMED_TESTS)
def test_what_holds_a_substitute_is_there(name: str) -> None:
    file, _, words = name.partition("::")
    text = (ROOT / file).read_text("utf-8")
    assert not words or re.search(rf"(class|def) {words}\b", text)
