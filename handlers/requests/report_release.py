"""报告送审: a report that was compiled goes out only once those entitled have approved it.

The satisfaction report of the company office waits for the general manager (S1-04.6.3), a
statistical report for its two checkers (S2-INFO.13). Who handed it in then says which departments
get it. Guards against the report that is in circulation before it is approved.
"""

from __future__ import annotations

import re

from handlers.approvals import affair_cases, approval, approvals, case_cards, case_texts
from handlers.approvals.case_kinds import Asking, CaseKind, Ending
from handlers.context import Context
from handlers.conversation import runner
from handlers.conversation.forms import Answers, Field, Form, Kind
from handlers.conversation.messages import FRESH, Button, Card, Reply, Show
from handlers.feature import Feature
from handlers.requests import figures_wish
from handlers.requests.figures_wish import Wish
from handlers.texts import N_, Texts
from rules.cases import CaseState
from rules.chains import Seat
from rules.occasions import Action
from storage import affairs, attachments, case_lists, cases, staff
from storage.affairs import Affair, AffairKind, AffairState
from storage.cases import Stored
from storage.staff import Person

TITLE = N_("Report for approval")
RELEASED = N_("Approved report")
WANTED = N_("Send out a compiled report")
HANDED_IN_BY = N_("Such a report is handed in by {role} ({rule}).")
MAY_GO = N_("Approved ({rule}): {words}\nWhich departments concern it? Send it to them.")
SENT = N_("Sent to: {names}.")
NOBODY = N_("Nobody heads a department of that name: {departments}.")
FROM = N_("{name} sends an approved report ({rule}): {words}")
NOT_THERE = N_("There is no such report, or it is not yours.")
SEND = N_("Send to departments")
_BETWEEN = re.compile(r"[、,，;；\s]+")

WISH = Wish(
    Action.REPORT_RELEASE,
    AffairKind.REPORT,
    "release",
    TITLE,
    N_("The policy has nobody who could approve a report."),
)

FORM = Form(
    "releasing",
    1,
    TITLE,
    (
        Field(
            "words",
            Kind.TEXT,
            N_("Report"),
            N_("Which report is it, and what does it find?"),
            max_length=500,
            example=N_("2026 年顾客满意度调查分析报告, 总体满意度 91%"),
        ),
        Field(
            "files",
            Kind.FILES,
            N_("Attachments"),
            N_("Send the report as a file or photos; done when you say so."),
        ),
    ),
    submit_label=N_("Submit"),
    summary=lambda answers: answers.text("words"),
)
SENDING_FORM = Form(
    "releaseto",
    1,
    RELEASED,
    (
        Field(
            "departments",
            Kind.TEXT,
            N_("Departments"),
            N_("Which departments get it? Their heads receive it."),
            max_length=200,
            example=N_("销售一部、客户服务部"),
        ),
    ),
    review=False,
)


def start(ctx: Context, _words: str) -> Reply:
    """Show who would decide, and ask for the report."""
    return _not_yours(ctx) or figures_wish.start(ctx, WISH, FEATURE)


def submit(ctx: Context, answers: Answers) -> Reply:
    """Ask for the release. Rule: S1-04.6.3, S2-INFO.13."""
    files = answers.files("files")
    return _not_yours(ctx) or figures_wish.submit(ctx, WISH, answers.text("words"), files=files)


def _not_yours(ctx: Context) -> Reply | None:
    """Return who hands such a report in, where the policy names somebody else."""
    row = approvals.approval_of(ctx.policy, WISH.facts)
    if row is None or row.release is None or row.release in ctx.person.roles:
        return None
    role = case_texts.role(Seat(row.release), ctx.texts)
    return Reply.of(Card(ctx.t(HANDED_IN_BY, role=role, rule=row.rule), title=ctx.t(TITLE)))


def say(ctx: Context, subject: int, _reader: Person, texts: Texts) -> Asking:
    held = affair_cases.held(ctx, subject)
    return Asking(what=texts.t(WANTED), why=held.words, key=f"f.releasing.files.{held.id}")


def files(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Show the report to who has to do with its request."""
    held = _report(ctx, arguments[0])
    case = _case(ctx, held) if held else None
    if held is None or case is None or not approval.concerned(ctx, case):
        return Reply(alert=ctx.t(NOT_THERE))
    nav = (Button(ctx.t(N_("Request")), f"f.case.open.{case.id}", back=True),)
    card = Card(held.words, title=ctx.t(TITLE), files=_kept(ctx, held), nav=nav, protect=True)
    return Reply((Show(card, slot=FRESH),))


def end(ctx: Context, ending: Ending) -> bool:
    """Let who handed it in send an approved report out. Rule: S1-04.6.3, S2-INFO.13."""
    held = affair_cases.ended(ctx, ending, WISH.kind)
    if ending.state is not CaseState.APPROVED:
        return False

    def card(texts: Texts) -> Card:
        said = texts.t(MAY_GO, rule=ending.rule, words=held.words)
        return Card(said, title=texts.t(RELEASED), choices=(_again(held, texts),))

    ctx.tell(held.staff_id, card, f"release:{held.id}:approved")
    return True


# -- to whom it goes ---------------------------------------------------------------------------


def choose(ctx: Context, arguments: tuple[str, ...]) -> Reply:
    """Ask which departments get it."""
    held = _mine(ctx, arguments[0])
    if held is None:
        return Reply(alert=ctx.t(NOT_THERE))
    return runner.start(ctx, SENDING, Answers({"_report": held.id}))


def send(ctx: Context, answers: Answers) -> Reply:
    """Send an approved report to the heads of departments. Rule: S1-04.6.3."""
    held = _mine(ctx, str(answers.values.get("_report", "")))
    if held is None:
        return Reply.of(Card(ctx.t(NOT_THERE)))
    wanted = filter(None, _BETWEEN.split(answers.text("departments")))
    named = {one: staff.heads(ctx.session, one) for one in wanted}
    case = _case(ctx, held)
    rule = case_cards.rule_of(case.case) if case else ""
    for one in dict.fromkeys(head for heads in named.values() for head in heads):
        _give(ctx, held, one, rule)
    ctx.record("release.sent", f"release:{held.id}", rule)
    reached = [name for name, heads in named.items() if heads]
    missed = [name for name, heads in named.items() if not heads]
    lines = (
        ctx.t(SENT, names="、".join(reached)) if reached else "",
        ctx.t(NOBODY, departments="、".join(missed)) if missed else "",
    )
    said = "\n".join(filter(None, lines))
    return Reply.of(Card(said, title=ctx.t(RELEASED), choices=(_again(held, ctx.texts),)))


def _give(ctx: Context, held: Affair, reader: str, rule: str) -> None:
    name, kept = case_texts.name(ctx, held.staff_id), _kept(ctx, held)

    def card(texts: Texts) -> Card:
        said = texts.t(FROM, name=name, rule=rule, words=held.words)
        return Card(said, title=texts.t(RELEASED), files=kept, protect=True)

    ctx.tell(reader, card, f"release:{held.id}:{reader}")


def _again(held: Affair, texts: Texts) -> Button:
    return Button(texts.t(SEND), f"f.releasing.to.{held.id}")


def _kept(ctx: Context, held: Affair) -> tuple[int, ...]:
    found = attachments.of(ctx.unit, WISH.kind, held.id)
    return tuple(one.id for one in found if one.state == "kept")


def _case(ctx: Context, held: Affair) -> Stored | None:
    """Return the request about a report."""
    found = case_lists.about(ctx.session, WISH.kind, held.id)
    return cases.get(ctx.unit, found) if found is not None else None


def _report(ctx: Context, words: str) -> Affair | None:
    held = affairs.get(ctx.unit, int(words)) if words.isdecimal() else None
    return held if held is not None and held.kind is AffairKind.REPORT else None


def _mine(ctx: Context, words: str) -> Affair | None:
    """Return an approved report of who acts."""
    held = _report(ctx, words)
    mine = held is not None and held.staff_id == ctx.person.id
    return held if held and mine and held.state is AffairState.APPROVED else None


FEATURE = Feature(
    key="releasing",
    title=TITLE,
    command="release",
    words=("报告送审",),
    open=start,
    form=FORM,
    submit=submit,
    actions={"files": files, "to": choose},
    cases={WISH.kind: CaseKind("发", TITLE, say, end, tells_who_carries_out=True)},
    listed=False,
)
SENDING = Feature("releaseto", RELEASED, form=SENDING_FORM, submit=send)
