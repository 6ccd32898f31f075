"""What is asked about an incident: the report itself, measures, the count after it, its end.

A report takes half a minute: one tap, a customer or none, one message. What a leak is, and what is
to be done about it at once, stands where it is reported (S2-SECR.16, S2-INFO.27).
"""

from __future__ import annotations

from handlers.conversation.forms import Choice, Field, Form, Kind
from handlers.incidents import incident_cards as cards
from handlers.texts import N_
from rules.incidents import IncidentKind

REPORT = Form(
    "incident",
    1,
    cards.TITLE,
    (
        Field(
            "kind",
            Kind.CHOICE,
            N_("What it is"),
            N_("What happened? One tap."),
            choices=tuple(
                Choice(kind.value, label)
                for kind, label in cards.KINDS.items()
                if kind is not IncidentKind.OVERDUE
            ),
        ),
        Field(
            "case",
            Kind.CHOICE,
            N_("Case"),
            N_(
                "Which case is it? A leak is when secret or important data went beyond the "
                "limited circle and it cannot be proved that no unauthorised person learned it, "
                "or when one did (S2-SECR.16). The proof is up to whoever says it was none."
            ),
            choices=tuple(Choice(one.value, label) for one, label in cards.LEAK_CASES.items()),
            when=lambda answers: answers.text("kind") == IncidentKind.LEAKED,
        ),
        Field(
            "dossier",
            Kind.DOSSIER,
            N_("Customer"),
            N_("Which customer's dossier? Skip it if it concerns none."),
            when=lambda answers: answers.text("kind") != IncidentKind.ACCOUNT,
            optional=True,
            example=N_("鸿鑫 · hx · 0042"),
        ),
        Field(
            "words",
            Kind.TEXT,
            N_("What happened"),
            N_(
                "What happened? Facts only, one message is enough: words, voice or photos. After "
                "voice or photos this can be skipped."
            ),
            optional=True,
            max_length=1500,
            example=N_("合同第3页不见了, 昨天下午还在"),
        ),
        Field(
            "remedies",
            Kind.CHOICES,
            N_("Measures"),
            N_("What has been done at once? Tick what applies (S2-INFO.27, S2-SECR.13)."),
            choices=cards.REMEDIES,
            when=lambda answers: answers.text("kind") == IncidentKind.LEAKED,
            optional=True,
        ),
        Field(
            "files",
            Kind.FILES,
            N_("Attachments"),
            N_("Send photos, voice or files; done when you say so."),
            optional=True,
            more=True,
        ),
    ),
    submit_label=N_("Report"),
)

MEASURES = Form(
    "measure",
    1,
    N_("Measures"),
    (
        Field(
            "remedies",
            Kind.CHOICES,
            N_("Measures"),
            N_("What has been done? Tick what applies (S2-INFO.27, S2-SECR.13)."),
            choices=cards.REMEDIES,
            when=lambda answers: answers.text("_kind") == IncidentKind.LEAKED,
            optional=True,
        ),
        Field(
            "words",
            Kind.TEXT,
            N_("In words"),
            N_("What was done about it?"),
            when=lambda answers: not answers.many("remedies"),
            max_length=1000,
            example=N_("已收回外发的复印件, 对方确认未留底"),
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)

CLOSING = Form(
    "closing",
    1,
    N_("Closing report"),
    (
        Field(
            "words",
            Kind.TEXT,
            N_("Closing report"),
            N_(
                "What was done, and how did it end? Who reported it and all who were told hear it."
            ),
            max_length=1500,
            example=N_("原件已找回并重新装订, 全卷清点无误"),
        ),
    ),
    submit_label=N_("Close it"),
    review=False,
)

COUNT = Form(
    "counting",
    1,
    N_("Count"),
    (
        Field(
            "result",
            Kind.CHOICE,
            N_("Result"),
            N_("What did the count of the archive find (S2-DOSS.23b)?"),
            choices=cards.RESULTS,
        ),
        Field(
            "words",
            Kind.TEXT,
            N_("Differences"),
            N_("What is missing, damaged or out of place?"),
            when=lambda answers: answers.text("result") == "differs",
            max_length=1000,
            example=N_("B柜4层少一册, 登记本上没有外借"),
        ),
    ),
    submit_label=N_("Submit"),
    review=False,
)
