from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import bench.load
from bench.workspace import workspace


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=bench.load.__doc__)
    parser.add_argument("--clients", type=int, default=5_000, help="16 key results each")
    parser.add_argument("--seconds", type=float, default=120.0, help="that are measured")
    parser.add_argument("--warm-up", type=float, default=8.0, help="seconds before them")
    parser.add_argument("--visitors", type=int, default=8, help="at the same time")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plumbline-load-") as folder, workspace():
        # Models can be imported only now that Django is set up.
        from bench.load.run import Load

        return 0 if Load(Path(folder), **vars(arguments)).run() else 1


if __name__ == "__main__":
    sys.exit(main())
