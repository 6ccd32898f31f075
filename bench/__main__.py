"""`make bench`: every benchmark, or those named; prints the figures and keeps them in docs."""

from __future__ import annotations

import sys

from bench import report, units

ALL = {"units": units.run}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(ALL)}")
        return 2
    for name in names or ALL:
        section = ALL[name]()
        print(f"{section.title}\n{section.what}\n\n{section.figures}\n{report.machine()}\n")
        report.keep(section)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
