from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path

import bench.pages
from bench.workspace import machine, workspace

ROUNDS = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=bench.pages.__doc__)
    parser.add_argument("--clients", type=int, default=200, help="16 key results each")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--slack", type=float, default=1.0, help="times the limits, for few rounds")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    given = parser.parse_args()
    with workspace(static=True):
        # Models can be imported only now that Django is set up.
        from bench.pages.measuring import measure
        from bench.pages.tables import print_figures

        logging.disable(logging.WARNING)
        print(f"Measured on {machine()}.")
        figures = measure(clients=given.clients, rounds=given.rounds)
    print_figures(figures, clients=given.clients, slack=given.slack)
    if given.json:
        given.json.write_text(json.dumps([asdict(one) for one in figures]))
    return 0 if all(one.is_kept(slack=given.slack) for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
