from __future__ import annotations

import argparse
import sys

import bench

# How many clients the pages are measured over, and in how many rounds.
PAGES = {"short": ((50, 4),), "full": ((1, 20), (200, 20)), "large": ((200, 20), (5_000, 20))}
# CI shares its machine, so the short run finds only pages that are several times slower.
SLACK = {"short": 2.0, "full": 1.0, "large": 1.0}
GROWTH = {"short": 0.0, "full": 1.6, "large": 1.3}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    parser.add_argument("size", nargs="?", choices=PAGES, default="full")
    size = parser.parse_args().size
    met, measured = [], []
    for clients, rounds in PAGES[size]:
        measured.append(bench.in_own_process("pages", clients, rounds))
        met.append(bench.print_figures(measured[-1], slack=SLACK[size]))
    if len(measured) > 1:
        met.append(bench.print_growth(*measured, limit=GROWTH[size]))
    met.append(bench.in_own_process("inputs", SLACK[size]))
    met.append(bench.in_own_process("jobs", size, SLACK[size]))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
