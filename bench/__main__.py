from __future__ import annotations

import argparse
import sys

import bench
from bench.workspace import machine, workspace


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    parser.add_argument("size", nargs="?", choices=("short", "full"), default="full")
    size = parser.parse_args().size
    with workspace():
        # Models can be imported only now that Django is set up.
        from bench import imports, log, sweeps

        print(f"Measured on {machine()}.\n")
        kept = [imports.measure(size), log.measure(size), sweeps.measure(size)]
        return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
