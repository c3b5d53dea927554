from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import bench
from bench.workspace import machine, workspace

# How many clients the pages are measured over, and the rounds; each in a database of its own.
PAGES = {"short": ((50, 4),), "full": ((1, 20), (200, 20)), "large": ((200, 20), (5_000, 20))}
GROWTH = {"short": 0.0, "full": 1.6, "large": 1.3}
# CI shares its machine: the short run only finds what has become several times dearer.
SLACK = {"short": 2.0, "full": 1.0, "large": 1.0}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=bench.__doc__)
    parser.add_argument("size", nargs="?", choices=tuple(PAGES), default="full")
    size = parser.parse_args().size
    kept = [pages(size), jobs(size)]
    return 0 if all(kept) else 1


def jobs(size: str) -> bool:
    """Import, decision log, sweeps and exports, on one database."""
    with workspace():
        # Models can be imported only now that Django is set up.
        from bench import exports, imports, log, sweeps

        print(f"\nMeasured on {machine()}.\n", flush=True)
        kept = [imports.measure(size), log.measure(size), sweeps.measure(size)]
        kept.append(exports.measure(size))
    return all(kept)


def pages(size: str) -> bool:
    """The pages at each number of clients, each in a process and a database of its own."""
    from bench.pages.comparing import Figure
    from bench.pages.tables import print_growth

    kept, measured = True, []
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as folder:
        for clients, rounds in PAGES[size]:
            file = Path(folder, f"{clients}.json")
            command = [sys.executable, "-m", "bench.pages", f"--clients={clients}"]
            done = subprocess.run(  # noqa: S603 - our own module
                [*command, f"--rounds={rounds}", f"--slack={SLACK[size]}", f"--json={file}"],
                check=False,
            )
            if not file.exists():
                return False
            kept = kept and done.returncode == 0
            measured.append([Figure(**one) for one in json.loads(file.read_text())])
    if len(measured) > 1:
        kept = print_growth(*measured, most=GROWTH[size]) and kept
    return kept


if __name__ == "__main__":
    sys.exit(main())
