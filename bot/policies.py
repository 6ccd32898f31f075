"""From the packs a company lists to the one policy its rules are handed."""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy.orm import Session

from bot.settings import Company
from rules.policy import Policy, available_overlays, available_packs, load_pack
from rules.roles import ROLES, RoleKind
from storage import staff


class PacksRefused(Exception):
    """Packs that cannot run together in this version; says which and what to do."""


def policy_of(company: Company) -> Policy:
    """Return the company's policy: its pack, with the overlays it lists laid over in order.

    Raises:
        PacksRefused: no pack, more than one, or one for a part of the company only.
        PolicyError: a pack that is not there or is broken.
    """
    overlays = tuple(one.pack for one in company.packs if one.pack in available_overlays())
    packs = [one for one in company.packs if one.pack not in overlays]
    if not packs:
        raise PacksRefused(
            f"[[company.packs]] lists overlays only ({', '.join(overlays)}); "
            f"add the pack they lie over, one of {', '.join(available_packs())}."
        )
    for one in company.packs:
        if one.departments or one.dossier_types:
            raise PacksRefused(
                f"[[company.packs]] {one.pack}: this version runs a pack for the whole company; "
                "remove departments and dossier_types."
            )
    if len(packs) > 1:
        raise PacksRefused(
            "[[company.packs]] lists several packs "
            f"({', '.join(one.pack for one in packs)}); this version runs one, keep one of them."
        )
    return load_pack(packs[0].pack, overlays)


def text_of(name: str) -> str:
    """Return the file of a pack or an overlay as it is written, comments included."""
    return files("rules").joinpath("packs", f"{name}.toml").read_text("utf-8")


def unheld_roles(policy: Policy, session: Session) -> tuple[str, ...]:
    """Return the roles the policy relies on that nobody of the staff holds, sorted."""
    return tuple(
        code
        for code in sorted(policy.roles_named)
        if ROLES[code].kind in (RoleKind.POST, RoleKind.UNIT) and not staff.holders(session, code)
    )
