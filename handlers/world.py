"""What does not change while the program runs: the features, the policy, the words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache, cached_property
from zoneinfo import ZoneInfo

import msgspec

from handlers.approvals.case_kinds import CaseKind
from handlers.context import Context
from handlers.conversation.forms import FormError, check_form
from handlers.feature import Clockwork, Feature, Regraded
from handlers.texts import LOCALES, Texts, translation
from rules.calendar import WorkingCalendar
from rules.clauses import Clause, all_clauses
from rules.policies import Policies
from storage.staff import Person
from storage.unit import Unit

_KEY = re.compile(r"[a-z]{1,16}")


class Registry:
    """All features, found by key, command and word.

    Whatever could only fail in front of a person is checked here, at the start: two features
    that answer to the same, a form without an end, a text without a translation.
    """

    def __init__(self, features: tuple[Feature, ...]) -> None:
        """Check and index the features.

        Raises:
            FormError: names the feature or form and what is wrong.
        """
        for one in features:
            _check(one)
        self.features = features
        self.by_key = _index(features, "key", lambda one: [one.key])
        self.by_command = _index(features, "command", lambda one: [one.command])
        self.by_word = _index(features, "word", lambda one: one.words)
        self.clocks: dict[str, Clockwork] = {
            kind: clock for one in features for kind, clock in one.clocks.items()
        }
        self.cases: dict[str, CaseKind] = {
            kind: case for one in features for kind, case in one.cases.items()
        }
        self.regraded: tuple[Regraded, ...] = tuple(
            one.regraded for one in features if one.regraded is not None
        )

    def menu(self, person: Person) -> tuple[Feature, ...]:
        """Return what this person can start by a command, in the order of the list."""
        return tuple(
            one for one in self.features if one.command and one.listed and one.audience(person)
        )


@cache
def _check(feature: Feature) -> None:
    if not all(_KEY.fullmatch(one) for one in (feature.key, feature.command or feature.key)):
        raise FormError(f"feature {feature.key!r}: keys and commands are 1 to 16 of a-z")
    if (feature.form is None) != (feature.submit is None):
        raise FormError(f"feature {feature.key!r}: a form and its submit belong together")
    if not all(_KEY.fullmatch(kind) and len(one.mark) == 1 for kind, one in feature.cases.items()):
        raise FormError(f"feature {feature.key!r}: kinds are 1 to 16 of a-z, marks one character")
    if not (feature.form or feature.open or feature.actions):
        raise FormError(f"feature {feature.key!r}: nothing to start")
    for locale in LOCALES:
        for title in (feature.title, *(one.title for one in feature.cases.values())):
            if translation(title, locale) is None:
                raise FormError(f"feature {feature.key!r}: {title!r} has no text in {locale}")
    if feature.form is not None:
        check_form(feature.form)


def _index(
    features: tuple[Feature, ...], what: str, names: Callable[[Feature], Iterable[str]]
) -> dict[str, Feature]:
    found: dict[str, Feature] = {}
    for feature in features:
        for name in filter(None, names(feature)):
            if name in found:
                raise FormError(
                    f"features {found[name].key!r} and {feature.key!r}: same {what} {name!r}"
                )
            found[name] = feature
    return found


class World(msgspec.Struct, frozen=True, dict=True):
    policies: Policies
    calendar: WorkingCalendar
    registry: Registry
    clauses: Mapping[str, Clause] = msgspec.field(default_factory=all_clauses)
    """Every clause by id, in the company's words."""

    @cached_property
    def zone(self) -> ZoneInfo:
        return self.policies.zone

    @cached_property
    def _texts(self) -> dict[str, Texts]:
        return {locale: Texts(locale, self.zone) for locale in LOCALES}

    def texts(self, locale: str = LOCALES[0]) -> Texts:
        return self._texts.get(locale, self._texts[LOCALES[0]])

    def context(
        self, unit: Unit, person: Person, channel: str, account: str, at: datetime
    ) -> Context:
        return Context(
            unit=unit,
            person=person,
            channel=channel,
            account=account,
            at=at,
            today=at.astimezone(self.zone).date(),
            policies=self.policies,
            calendar=self.calendar,
            texts=self.texts(person.locale),
            languages=self._texts,
            registry=self.registry,
            clauses=self.clauses,
        )
