"""The days of handovers reckoned a second time, by hand: a list of 2026's days, and counting.

Shares nothing with `rules/`: days off and make-up days are typed from the State Council's notice.
"""

from calendar import monthrange
from datetime import date, timedelta

DAY = timedelta(days=1)

OFF = {
    date(2026, month, day)
    for month, first, last in (
        (1, 1, 3), (2, 15, 23), (4, 4, 6), (5, 1, 5), (6, 19, 21), (9, 25, 27), (10, 1, 7),
    )
    for day in range(first, last + 1)
}  # fmt: skip

MADE_UP = {
    date(2026, month, day) for month, day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))
}


def works(day: date) -> bool:
    """Return whether the office works on a day of 2026."""
    return day in MADE_UP or (day.weekday() < 5 and day not in OFF)


def rolled(day: date) -> date:
    """Return the day, or the next one on which the office works."""
    while not works(day):
        day += DAY
    return day


def working_days(start: date, count: int) -> date:
    """Return the working day that is the count-th after the start."""
    day = start
    while count:
        day += DAY
        count -= works(day)
    return day


def last_day(pack: str, handover: str, start: date, leg: int = 0) -> date:
    """Return the last day on time, as the regulation says it."""
    match pack, handover:
        case "auto-dealer", "new_car":
            return working_days(start, 3)
        case "auto-dealer", _:
            return working_days(start, 1)
        case "loan-guarantee", "loan_file":
            return working_days(start, (3, 2)[leg])
        case "loan-guarantee", "deeds":
            return start
        case "engineering", "completion":
            return rolled(start + 5 * DAY)
        case "public-body", "engineering":
            return working_days(start, 30)
        case "file-custody", _:
            return working_days(start, 1)
        case "corporate-archive", "trip_papers":
            return working_days(start, 5)
        case "corporate-archive", "finished_papers":
            return working_days(start, 1)
        case "corporate-archive", "monthly":
            return rolled(next_month(start, 10))
        case "customer-service", _:
            day = {"monthly_sales": 5, "monthly_finance": 8, "monthly_service": 10}[handover]
            return rolled(next_month(start, day))
        case _:
            raise AssertionError(f"{pack} {handover}: not reckoned")


def next_month(start: date, day: int) -> date:
    """Return that day of the month after the start's."""
    first = start + (monthrange(start.year, start.month)[1] - start.day + 1) * DAY
    return first.replace(day=day)
