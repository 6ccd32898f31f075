"""The lock file names every dependency with version and hashes, and no registry."""

from __future__ import annotations

import re
import tomllib

from tests.house.sources import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = re.compile(r"^([a-z0-9.-]+)==(\S+)( ; .+)? \\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n?)+")


RUN = (ROOT / "requirements-run.lock").read_text(encoding="utf-8")


def entries(lock: str) -> list[str]:
    return [one.strip() for one in re.split(r"\n(?=[a-z0-9])", lock)]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9.-]", one)[0].lower() for one in requirements}


def test_the_lock_file_has_names_versions_and_hashes_only() -> None:
    assert [one.splitlines()[0] for one in entries(LOCK) if not PINNED.match(f"{one}\n")] == []
    assert "://" not in LOCK


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = names(project["project"]["dependencies"]) | names(project["dependency-groups"]["dev"])
    assert wanted - {line.partition("==")[0] for line in LOCK.splitlines()} == set()


def unmarked(entry: str) -> str:
    """Return a package with its hashes, without where it is needed: tools need some everywhere."""
    return re.sub(r" ; .*?(?= \\)", "", entry)


def test_what_a_company_installs_is_part_of_it_and_enough_to_run() -> None:
    run, lock = ({unmarked(one) for one in entries(text)} for text in (RUN, LOCK))
    assert run - lock == set()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = names(project["project"]["dependencies"]) | names(project["build-system"]["requires"])
    assert wanted - {line.partition("==")[0] for line in RUN.splitlines()} == set()
    assert "pytest" not in RUN
