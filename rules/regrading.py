"""A case whose dossier gets another secrecy grade while it waits.

Guards against the request that slips through under the grade it was opened with.
"""

from __future__ import annotations

from msgspec.structs import replace

from rules.approvals import reconsider
from rules.cases import Case, Event, EventKind, Outcome, World
from rules.chains import Approval, ChainStep
from rules.occasions import Facts


def regrade(case: Case, approval: Approval, facts: Facts, world: World) -> Outcome:
    """Return an open case whose dossier has another grade now.

    `approval` is the row that fits the new facts. A higher grade adds the steps of that row which
    the case lacks, after the open one and in that row's order; nothing decided is lost, and who
    may not see the new grade stands down. A lower grade takes nothing away.

    Rule: C-54, C-56.
    """
    if not case.open:
        return Outcome(case)
    higher = facts.grade > case.matter.facts.grade
    case = replace(case, matter=replace(case.matter, facts=facts))
    events: tuple[Event, ...] = ()
    if higher:
        chain, added = _merged(case, approval)
        case = replace(case, chain=chain, approval=approval)
        if added:
            tell = (case.matter.requester,)
            events = (Event(EventKind.REROUTED, approval.rule, case.step, tell=tell),)
    after = reconsider(case, world)
    return Outcome(after.case, (*events, *after.events))


def _merged(case: Case, approval: Approval) -> tuple[tuple[ChainStep, ...], bool]:
    chain = [replace(step, rule=case.approval.rule_of(step)) for step in case.chain]
    wanted = [replace(step, rule=approval.rule_of(step)) for step in approval.chain]
    present = {_meaning(step) for step in chain}
    added = False
    for at, step in enumerate(wanted):
        if _meaning(step) in present:
            continue
        later = {_meaning(one) for one in wanted[at + 1 :]}
        places = range(case.step + 1, len(chain))
        before = next((n for n in places if _meaning(chain[n]) in later), len(chain))
        chain.insert(before, step)
        added = True
    return tuple(chain), added


def _meaning(step: ChainStep) -> tuple[frozenset[object], int]:
    return frozenset(step.seats), step.need
