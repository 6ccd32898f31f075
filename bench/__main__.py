"""`make bench`: every benchmark, or those named; prints the figures and keeps them in docs.

`python -m bench [NAME ...] [--brief | --quick]`: with fewer rounds, or tiny for a trial of the
benchmark itself, of which nothing is kept.
"""

from __future__ import annotations

import sys

from bench import (
    callbacks,
    imports,
    notes,
    rates,
    report,
    scan,
    search,
    start,
    taps,
    units,
)
from bench.report import Effort

ALL = {
    "units": units.run,
    "notes": notes.run,
    "callbacks": callbacks.run,
    "taps": taps.run,
    "search": search.run,
    "scan": scan.run,
    "start": start.run,
    "imports": imports.run,
    "rates": rates.run,
}


def main(names: list[str]) -> int:
    effort = next((one for one in Effort if f"--{one}" in names), Effort.FULL)
    names = [name for name in names if name != f"--{effort}"]
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(ALL)}")
        return 2
    for name in names or ALL:
        section = ALL[name](effort)
        print(f"{section.title}\n{section.what}\n\n{section.figures}\n{report.machine()}\n")
        if effort is not Effort.QUICK:
            report.keep(section)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
