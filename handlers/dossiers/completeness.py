"""Counting what dossiers lack, behind the messages: after changes, and when what is asked changed.

The trap is a new policy, or a field list that grew: every count is out of date then, and nothing
was written to any dossier. So what the counts rest on is kept, and compared.
"""

from __future__ import annotations

import hashlib

from handlers.world import World
from rules.completion import data_fields
from rules.policies import InForce
from rules.policy import Policy
from storage import completeness, meta
from storage.completeness import Standing
from storage.unit import Unit

KEY = "completeness"


def count(unit: Unit, world: World, limit: int) -> int:
    """Count what up to `limit` changed dossiers lack; returns how many there were.

    Rule: S1-07.2.3b.
    """
    in_force = world.policies.at(unit.now)
    every = {one.pack: _standing(one.pack, in_force) for one in in_force.every}
    return completeness.count(
        unit, lambda department, type_: every[in_force.governing(department, type_).pack], limit
    )


def count_again(unit: Unit, world: World, after: int, limit: int) -> int | None:
    """Let the next dossiers behind the id `after` be counted anew if what is asked has changed.

    Returns where to go on; None: that were all, or nothing has changed.
    """
    basis = _basis(world.policies.at(unit.now))
    if meta.get(unit.session, KEY) == basis:
        return None
    going_on = completeness.count_again(unit, after, limit)
    if going_on is None:
        meta.put(unit, KEY, basis)
    return going_on


def _standing(pack: str, in_force: InForce) -> Standing:
    policy = next(one for one in in_force.every if one.pack == pack)
    kinds = {str(one.id): _fields(policy, one.id) for one in policy.dossier.kind}
    return Standing(pack, policy.dossier.key, _fields(policy), kinds)


def _fields(policy: Policy, kind: str = "") -> frozenset[str]:
    return frozenset(one.id for one in data_fields(policy, kind))


def _basis(in_force: InForce) -> str:
    """Return what tells one way of counting from another."""
    parts = [
        (part.pack, part.departments, part.dossier_types, *_counted(part.pack, in_force))
        for part in in_force.policies.governed
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _counted(pack: str, in_force: InForce) -> tuple[object, ...]:
    standing = _standing(pack, in_force)
    kinds = [(kind, sorted(fields)) for kind, fields in sorted(standing.kinds.items())]
    return standing.key_field, sorted(standing.fields), kinds
