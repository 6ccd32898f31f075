"""/log: the audit trail in words, by page, for those whom the log's policy names.

A query is itself in the log (S3-LOG.2.4b): it is recorded before its answer is seen. Lines hold
numbers and names of staff, never what a dossier or a note says.
"""

from __future__ import annotations

from handlers import log_check, seeing
from handlers.context import Context
from handlers.conversation.messages import Button, Card, Reply
from handlers.feature import Feature
from handlers.pages import SIZE, to_today
from handlers.people import bindings
from handlers.texts import N_, Texts
from rules import access
from storage import (
    audit,
    cases,
    consultations,
    corrections,
    destructions,
    dossiers,
    handovers,
    incidents,
    loans,
    notes,
    staff,
)
from storage.audit import Row, Wanted
from storage.staff import Person
from storage.unit import Unit

RULE = "S3-LOG.2.4b"
ROLES = frozenset({"custodian", "archivist_full", "gm"})
"""Who finds the command in the menu; the policy decides."""

TITLE = N_("Archive log")
LINE = N_("{seq} · {moment} {name} {did} {subject}")
CLAUSE = N_(" ({rule})")
BOT = N_("The bot")
CONSOLE = "cli"
AT_CONSOLE = N_("The command line")
_KINDS = {"d": "dossier", "n": "visit_note", "i": "incident"}
"""Kinds of subjects that can be asked for, by how the keys of their pages begin."""
UNNAMED = frozenset(
    {"conversation", "delegation", "figures", "group", "import", "inbox", "log", "loose"}
    | {"meeting", "outsider", "amendment", "complaint", "deal", "release", "sparekey", "standing"}
)
"""Kinds of subjects that have no number or name of their own among people."""
NOTHING = N_("The log has nothing on that.")
UNKNOWN = N_(
    "“{words}” is neither the number of a dossier, a note or an incident nor a colleague. Without "
    "any words the newest entries are shown."
)
NOT_YOURS = N_("The log is not open to you (S3-LOG.2.4b).")
ACTIONS = {
    "account.bound": N_("bound a chat"),
    "account.unbound": N_("unbound a chat"),
    "account.invited": N_("invited"),
    "account.invites_closed": N_("closed invites"),
    "account.reachable": N_("could be reached again"),
    "account.unreachable": N_("could no longer be reached"),
    "attachment.read": N_("read attachments"),
    "away.entered": N_("entered an absence"),
    "away.ended": N_("ended an absence"),
    "dossier.completion_missed": N_("missed the completion of"),
    "dossier.open_missed": N_("missed the opening of"),
    "dossier.confirmed": N_("confirmed as unchanged"),
    "dossier.drafted": N_("opened a draft"),
    "dossier.classed": N_("said the kind of customer of"),
    "dossier.change_proposed": N_("proposed changes to"),
    "dossier.change_refused": N_("refused changes to"),
    "dossier.change_withdrawn": N_("withdrew changes to"),
    "dossier.opened": N_("opened the dossier"),
    "dossier.reported": N_("handed the dossier in"),
    "dossier.sent_back": N_("sent the dossier back"),
    "dossier.updated": N_("changed the dossier"),
    "dossier.looked_at": N_("looked at"),
    "dossier.papers_read": N_("read the list of papers of"),
    "dossier.revealed": N_("saw personal fields in full"),
    "dossier.searched": N_("searched"),
    "dossier.graded": N_("set the secrecy grade of"),
    "dossier.declassified": N_("keeps, and secrecy ended by itself:"),
    "dossier.merged": N_("merged dossiers"),
    "dossier.imported": N_("imported customers"),
    "document.imported": N_("imported papers"),
    "dossier.distinct": N_("told dossiers apart"),
    "draft.deleted": N_("deleted a draft"),
    "figures.granted": N_("released statistics"),
    "figures.refused": N_("refused statistics"),
    "figures.withdrawn": N_("withdrew the request for statistics"),
    "figures.lapsed": N_("let the request for statistics lapse"),
    "group.linked": N_("let approval cards come to a group"),
    "group.unlinked": N_("ended approval cards in a group"),
    "group.joined": N_("took the bot into a group"),
    "group.left": N_("took the bot out of a group"),
    "group.moved": N_("moved a group"),
    "group.refused": N_("let the bot into a group, which it left"),
    "handover.late": N_("let the day pass of the handover"),
    "handover.gap_late": N_("let the day pass of a gap in the handover"),
    "handover.extension": N_("asked for more time for the handover"),
    "handover.extended": N_("was given more time for the handover"),
    "receipts.read": N_("looked at the receipt register"),
    "receipts.asked": N_("asked for the receipt register"),
    "receipts.shown": N_("was sent the receipt register"),
    "shelf.asked": N_("asked for the shelf index"),
    "shelf.sent": N_("was sent the shelf index"),
    "receipts.closed": N_("closed a day of the receipt register"),
    "rates.shown": N_("looked at the figures of handovers"),
    "rates.sent": N_("was sent the figures of handovers"),
    "inbox.requeued": N_("had messages handled again"),
    "log.checked": N_("checked the log"),
    "log.queried": N_("queried the log"),
    "loose.kept": N_("kept something to be sorted"),
    "loose.reworded": N_("reworded something to be sorted"),
    "loose.used": N_("sorted something that was kept"),
    "loose.dropped": N_("deleted something to be sorted"),
    "meeting.called": N_("called a graded meeting"),
    "meeting.named": N_("named somebody for a graded meeting"),
    "meeting.removed": N_("took somebody off the list of a graded meeting"),
    "meeting.dossier_added": N_("put a dossier on the list of a graded meeting"),
    "meeting.dossier_removed": N_("took a dossier off the list of a graded meeting"),
    "meeting.moved": N_("moved a graded meeting"),
    "meeting.cancelled": N_("called off a graded meeting"),
    "outsider.registered": N_("asked for a visitor"),
    "outsider.papers_seen": N_("looked at a visitor's credential"),
    "outsider.came": N_("entered that a visitor came"),
    "outsider.missed": N_("entered that a visitor did not come"),
    "policy.activated": N_("approved a policy"),
    "looks.week": N_("read who looked"),
    "looks.company": N_("read looks at company level"),
    "staff.looked_at": N_("looked at the person"),
    "staff.entered": N_("entered on the staff list"),
    "staff.changed": N_("changed on the staff list"),
    "staff.deactivated": N_("recorded a leaver"),
    "staff.reactivated": N_("brought back"),
    "staff.parked": N_("left; what waited is with the superior"),
    "staff.back": N_("is back; what waits is theirs again"),
    "staff.locale_set": N_("chose a language"),
    "staff.notices_set": N_("chose where notices go"),
    "visit.planned": N_("planned a visit"),
    "visit.moved": N_("moved a visit"),
    "visit.cancelled": N_("cancelled a visit"),
    "visit.missed": N_("missed a note"),
    "visit.nudged": N_("reminded of a note"),
    "visit.handed_over": N_("handed a visit over"),
    "visit_note.filed": N_("filed"),
    "visit_note.read": N_("read"),
    "visit_note.opened": N_("opened without content"),
    "visit_note.history_read": N_("read the history of"),
    "visit_note.corrected": N_("corrected"),
    "visit_note.withdrawn": N_("withdrew"),
    "visit_note.commented": N_("commented"),
    "visit_note.comment_told": N_("sent a comment on"),
    "visit_note.major": N_("passed on a major matter"),
    "visit_note.added_to": N_("added to"),
    "case.asked": N_("asked for a decision on"),
    "case.stood_down": N_("no longer asks somebody about"),
    "case.moved_up": N_("moved a step up in"),
    "case.placed_higher": N_("placed a step with somebody higher in"),
    "case.went_up": N_("let the next higher decide too on"),
    "case.nobody_higher": N_("found nobody higher for"),
    "case.stuck": N_("found nobody who can decide on"),
    "case.decided": N_("decided on"),
    "case.step_done": N_("finished a step of"),
    "case.asked_back": N_("asked back on"),
    "case.answered": N_("answered a question on"),
    "case.question_dropped": N_("dropped a question on"),
    "case.passed_on": N_("passed on"),
    "case.signer_added": N_("added a signer to"),
    "case.nudged": N_("nudged on"),
    "case.reminded": N_("reminded of"),
    "case.rerouted": N_("added steps to"),
    "case.closed": N_("closed"),
    "case.opened": N_("requested"),
    "case.press_refused": N_("was refused a press on"),
    "consultation.granted": N_("opened for reading"),
    "consultation.refused": N_("refused reading of"),
    "consultation.withdrawn": N_("withdrew the request to read"),
    "consultation.lapsed": N_("let the request to read lapse"),
    "consultation.unfounded": N_("gave no reason of work for reading"),
    "consultation.room": N_("proposed a reading-room slot for"),
    "loan.asked": N_("asked to borrow"),
    "loan.blocked": N_("was told why nothing can be borrowed of"),
    "loan.approved": N_("may fetch"),
    "loan.refused": N_("was refused the loan"),
    "loan.withdrawn": N_("took back the request for a loan"),
    "loan.lapsed": N_("let the loan lapse"),
    "loan.done": N_("handed over the copy"),
    "loan.overdue": N_("is overdue with"),
    "loan.explained": N_("explained the delay of"),
    "loan.kept": N_("still needs"),
    "loan.nudged": N_("reminded of"),
    "loan.recalled": N_("asked back"),
    "loan.lost": N_("reported lost"),
    "loan.renewal_asked": N_("asked to renew"),
    "loan.renewed": N_("renewed"),
    "loan.renewal_refused": N_("was refused the renewal of"),
    "queue.joined": N_("waits for"),
    "queue.left": N_("waits no longer for"),
    "queue.offered": N_("was offered"),
    "queue.taken": N_("took the offer of"),
    "queue.expired": N_("let the offer lapse of"),
    "loan.press_refused": N_("was refused a press on"),
    "loan.counted_out": N_("counted out"),
    "loan.hand_out_refused": N_("could not hand out"),
    "loan.step_confirmed": N_("confirmed the count of"),
    "loan.declined": N_("did not confirm the count of"),
    "loan.lent": N_("handed out, counted by both,"),
    "loan.listed_back": N_("listed as coming back"),
    "loan.confirmed_for_leaver": N_("confirmed for a leaver the return of"),
    "loan.return_retracted": N_("took back the return of"),
    "loan.returned": N_("discharged"),
    "loan.returned_partly": N_("counted a part of back in"),
    "loan.returned_short": N_("counted back, short or damaged,"),
    "loan.disputed": N_("disputed the count of"),
    "loan.dispute_settled": N_("settled the count of"),
    "loan.third_named": N_("left, so that somebody else settles the count of"),
    "loan.mended": N_("noted the repair of"),
    "loan.settled": N_("settled"),
    "loan.written_off": N_("wrote off"),
    "loan.pass_refused": N_("was refused to pass on"),
    "loan.pass_asked": N_("asked to pass on"),
    "loan.passed_on": N_("passed on"),
    "loan.not_passed_on": N_("did not pass on"),
    "loan.proof_asked": N_("asked to be shown"),
    "loan.spot_checked": N_("drew for a spot check"),
    "loan.proof_given": N_("showed by a photo"),
    "loan.proof_missed": N_("was not shown in time"),
    "loan.proof_seen": N_("looked at the photo of"),
    "dossier.whereabouts": N_("looked where it is"),
    "handover.opened": N_("started the handover"),
    "handover.forced": N_("started without a contact person the handover"),
    "handover.listed": N_("filled in the list of the handover"),
    "handover.moved": N_("moved the day of the handover"),
    "handover.cancelled": N_("cancelled the handover"),
    "handover.photos_seen": N_("looked at photos of the handover"),
    "handover.press_refused": N_("was refused a press on the handover"),
    "handover.handed": N_("handed over the papers of the handover"),
    "handover.taken_back": N_("took back the papers of the handover"),
    "handover.noted": N_("noted what is not right in the papers of the handover"),
    "handover.signed": N_("signed the handover"),
    "handover.witnessed": N_("signed as the third the handover"),
    "handover.sent_back": N_("sent back the handover"),
    "handover.disputed": N_("disputed the handover"),
    "handover.settled": N_("settled the handover"),
    "handover.passed_on": N_("passed on the handover"),
    "handover.gap": N_("noted a gap in the handover"),
    "handover.supplied": N_("supplied a gap in the handover"),
    "handover.gap_closed": N_("closed a gap in the handover"),
    "handover.joined": N_("filed a paper that came later with the handover"),
    "handover.gap_refused": N_("did not accept a supplement to the handover"),
    "handover.gap_contested": N_("contested a gap in the handover"),
    "handover.gap_waived": N_("waived a gap in the handover"),
    "handover.gap_planned": N_("set owner or day of a gap in the handover"),
    "handover.shelved": N_("shelved the papers of the handover"),
    "handover.linked": N_("linked a dossier to the handover"),
    "handover.contents_asked": N_("asked for the contents list of the handover"),
    "handover.contents_sent": N_("was sent the contents list of the handover"),
    "incident.reported": N_("reported"),
    "incident.told": N_("told somebody of"),
    "incident.confirmed": N_("confirmed receipt of"),
    "incident.counted": N_("counted the archive after"),
    "incident.measure": N_("entered measures about"),
    "incident.closed": N_("closed the incident"),
    "incident.read": N_("opened the incident"),
    "incident.files_read": N_("read attachments of"),
    "incident.press_refused": N_("was refused a press on"),
    "correction.planned": N_("planned a correction"),
    "correction.ordered": N_("had a correction carried out"),
    "correction.returned": N_("gave a correction back"),
    "correction.dropped": N_("gave up a correction"),
    "correction.carried_out": N_("carried out a correction"),
    "correction.fed_back": N_("entered feedback on a correction"),
    "correction.reported": N_("reported on a correction"),
    "correction.filed": N_("filed a correction"),
    "dossier.listed": N_("was sent in a list what is lent of"),
    "overview.read": N_("looked through the customer overview"),
    "overview.asked": N_("asked for a file of the customer overview"),
    "overview.sent": N_("was sent a file of the customer overview"),
    "register.read": N_("looked through the loan register"),
    "register.asked": N_("asked for a file of the loan register"),
    "register.sent": N_("was sent a file of the loan register"),
    "report.asked": N_("asked for the list of what is not returned"),
    "report.sent": N_("was sent the list of what is not returned"),
    "label.asked": N_("asked for another label on"),
    "label.replaced": N_("replaced the label of"),
    "deal.entered": N_("entered a deal"),
    "deal.approved": N_("signed a deal"),
    "deal.free": N_("entered a deal without a signature"),
    "deal.refused": N_("refused a deal"),
    "deal.withdrawn": N_("took a deal back"),
    "deal.lapsed": N_("let a deal lapse"),
    "complaint.entered": N_("entered a complaint"),
    "complaint.settled": N_("entered the result of a complaint"),
    "complaint.approved": N_("approved the result of a complaint"),
    "complaint.free": N_("needed no approval for the result of a complaint"),
    "complaint.open": N_("sent the result of a complaint back"),
    "complaint.answered": N_("answered a complaint"),
    "standing.asked": N_("asked for regular statistics"),
    "standing.approved": N_("approved regular statistics"),
    "standing.free": N_("needed no approval for regular statistics"),
    "standing.refused": N_("refused regular statistics"),
    "standing.withdrawn": N_("took a request for regular statistics back"),
    "standing.lapsed": N_("let a request for regular statistics lapse"),
    "release.asked": N_("handed a report in for approval"),
    "release.approved": N_("approved a report"),
    "release.free": N_("needed no approval for a report"),
    "release.refused": N_("refused a report"),
    "release.withdrawn": N_("took a report back"),
    "release.lapsed": N_("let a report lapse"),
    "release.sent": N_("sent an approved report to departments"),
    "amendment.asked": N_("asked to change items of a report"),
    "amendment.approved": N_("approved changed items of a report"),
    "amendment.free": N_("needed no approval for changed items of a report"),
    "amendment.refused": N_("refused changed items of a report"),
    "amendment.withdrawn": N_("took changed items of a report back"),
    "amendment.lapsed": N_("let changed items of a report lapse"),
    "destruction.listed": N_("put on a destruction list something of"),
    "destruction.not_listed": N_("was refused to put on a destruction list something of"),
    "destruction.taken_off": N_("took off a destruction list something of"),
    "destruction.dropped_out": N_("let drop out of a destruction list something of"),
    "destruction.asked": N_("sent for approval a destruction list"),
    "destruction.approved": N_("may destroy what stands on the list"),
    "destruction.apart": N_("set apart what stands on the list"),
    "destruction.witnessed": N_("named place and witness for the list"),
    "destruction.witness_refused": N_("was refused a witness for the list"),
    "destruction.disputed": N_("did not sign as the witness of the list"),
    "destruction.press_refused": N_("was refused a signature on the list"),
    "destruction.carried_out": N_("destroyed something of"),
    "destruction.destroyed": N_("destroyed what stands on the list"),
    "destruction.empty": N_("had nothing left on the list"),
    "destruction.dropped": N_("gave up a destruction list"),
    "destruction.refused": N_("refused the list"),
    "destruction.withdrawn": N_("withdrew the list"),
    "destruction.lapsed": N_("let lapse the list"),
    "destruction.register_read": N_("looked through the destruction register"),
    "destruction.register_asked": N_("asked for a file of the destruction register"),
    "destruction.register_sent": N_("was sent a file of the destruction register"),
    "sparekey.free": N_("used the spare key"),
    "sparekey.noted": N_("used a spare key for"),
    "delegation.given": N_("named a stand-in"),
    "delegation.ended": N_("ended a delegation"),
}


def line(unit: Unit, row: Row, texts: Texts) -> str:
    """Return one entry in words: number, when, who did what to what, and the clause."""
    one = row.entry
    whose = str(one.facts.get("whose", ""))  # of a lapse: not who was being told of it
    doer = whose or one.staff_id
    person = staff.get(unit.session, doer) if doer else None
    subject = one.subject
    if subject.startswith("change_set:") and "dossier" in one.facts:
        subject = f"dossier:{one.facts['dossier']}"
    nobody = texts.t(AT_CONSOLE if one.channel == CONSOLE else BOT)
    said = texts.t(
        LINE,
        seq=row.seq,
        moment=texts.moment(one.at),
        name=person.name if person else doer or nobody,
        did=texts.t(ACTIONS[one.action]) if one.action in ACTIONS else one.action,
        subject="" if one.subject == f"staff:{one.staff_id}" else _subject(unit, subject),
    ).rstrip()
    told = staff.get(unit.session, str(one.facts.get("reader", "")))
    said += f" → {told.name}" if told else ""
    said += texts.t(CLAUSE, rule=one.rule) if one.rule else ""
    if whose or one.channel in ("", CONSOLE):
        return said
    return f"{said} · {bindings.messenger(texts, one.channel)}"


def _subject(unit: Unit, subject: str) -> str:
    """Return what people call it: a number or a name; else as the trail has it."""
    kind, _, words = subject.partition(":")
    if kind == "staff":
        person = staff.get(unit.session, words)
        return person.name if person else subject
    if kind == "dossier" and words.isdecimal():
        dossier = dossiers.get(unit, int(words))
        return (dossier.number if dossier else None) or subject
    if kind == "visit_note" and words.isdecimal():
        note = notes.get_note(unit, int(words))
        return note.number if note else subject
    if kind == "case" and words.isdecimal():
        case = cases.get(unit, int(words))
        return case.number if case else subject
    if kind == "incident" and words.isdecimal():
        incident = incidents.get(unit, int(words))
        return incident.number if incident else subject
    if kind == "consultation" and words.isdecimal():
        asked = consultations.get(unit, int(words))
        return _subject(unit, f"dossier:{asked.dossier_id}") if asked else subject
    if kind == "loan" and words.isdecimal():
        held = loans.get(unit, int(words))
        return (held.number if held else None) or subject
    if kind == "handover" and words.isdecimal():
        given = handovers.get(unit, int(words))
        return given.number if given else subject
    if kind == "correction" and words.isdecimal():
        wrong = corrections.get(unit, int(words))
        return wrong.number if wrong else subject
    if kind == "destruction" and words.isdecimal():
        listed = destructions.get(unit, int(words))
        return (listed.number if listed else None) or ""
    return "" if kind in UNNAMED else subject.removeprefix("policy:")


def wanted(unit: Unit, words: str) -> Wanted | None:
    """Return what words ask for: the number of a dossier, a note or an incident, a staff number,
    or nothing for all; None: there is no such thing."""
    if not words:
        return Wanted()
    dossier = dossiers.by_number(unit.session, words)
    if dossier is not None:
        return Wanted(subject=f"dossier:{dossier}")
    note = notes.by_number(unit.session, words)
    if note is not None:
        return Wanted(subject=f"visit_note:{note}")
    incident = incidents.by_number(unit.session, words)
    if incident is not None:
        return Wanted(subject=f"incident:{incident}")
    return Wanted(staff_id=words) if staff.get(unit.session, words) else None


def record(ctx: Context, asked: Wanted) -> None:
    """Put the query into the log. Rule: S3-LOG.2.4b."""
    facts = {"of": asked.subject or asked.staff_id, "before": asked.before or ""}
    named = {key: one for key, one in facts.items() if one}
    ctx.record("log.queried", f"staff:{ctx.person.id}", RULE, **named)


def show(ctx: Context, words: str = "") -> Reply:
    """Show the newest entries, or those on what the words name."""
    return _page(ctx, words.strip(), None)


def page(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the entries before one; what follows in the key is what was asked for."""
    before = int(arguments[0]) if arguments[0].isdecimal() else None
    kind, *rest = arguments[1:] or ("",)
    words = ".".join(rest)
    if kind in _KINDS:
        return _shown(ctx, Wanted(subject=f"{_KINDS[kind]}:{words}"), before)
    return _page(ctx, words if kind == "s" else "", before)


def _page(ctx: Context, words: str, before: int | None) -> Reply:
    asked = wanted(ctx.unit, words)
    if asked is None:
        return Reply.of(Card(ctx.t(UNKNOWN, words=words[:40]), nav=(to_today(ctx.texts),)))
    return _shown(ctx, asked, before)


def _shown(ctx: Context, asked: Wanted, before: int | None) -> Reply:
    if not access.may_query_log(seeing.viewer(ctx, ctx.person), ctx.policy):
        return Reply(alert=ctx.t(NOT_YOURS))
    asked = Wanted(staff_id=asked.staff_id, subject=asked.subject, before=before)
    found = audit.entries(ctx.session, asked, SIZE + 1)
    record(ctx, asked)
    lines = [line(ctx.unit, one, ctx.texts) for one in found[:SIZE]]
    nav = [to_today(ctx.texts)]
    choices: tuple[Button, ...] = ()
    if found and asked == Wanted():
        lines += [log_check.line(ctx, found[0].seq), log_check.kept(ctx)]
        choices = log_check.button(ctx, found[0].seq)
    if len(found) > SIZE:
        key = f"f.log.page.{found[SIZE - 1].seq}{_key(asked)}"
        nav.append(Button(ctx.t(N_("Next ›")), key))
    return Reply.of(
        Card(
            "\n".join(filter(None, lines)) or ctx.t(NOTHING),
            title=ctx.t(TITLE),
            choices=choices,
            nav=tuple(nav),
            protect=True,
        )
    )


def _key(asked: Wanted) -> str:
    if asked.staff_id:
        return f".s.{asked.staff_id}"
    kind, _, id_ = asked.subject.partition(":")
    mark = next((mark for mark, one in _KINDS.items() if one == kind), "")
    return f".{mark}.{id_}" if mark else ""


def _audience(person: Person) -> bool:
    return person.active and bool(ROLES & person.roles)


FEATURE = Feature(
    key="log",
    title=TITLE,
    command="log",
    words=("档案日志",),
    audience=_audience,
    open=show,
    actions={
        "page": page,
        "open": lambda ctx, _arguments: show(ctx),
        "check": log_check.check,
    },
)
