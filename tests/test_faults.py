from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.slow

HOOKS = "from tests.conftest import pytest_runtest_makereport, pytest_terminal_summary\n"
TEST = """
from tests.faults import report


def test_it():
    report("kill", injected=10, lost=0, dup=2)
"""


@pytest.mark.parametrize("workers", ["0", "2"], ids=["alone", "side by side"])
def test_a_run_ends_with_what_its_faults_cost(tmp_path: Path, workers: str) -> None:
    (tmp_path / "conftest.py").write_text(HOOKS)
    (tmp_path / "test_it.py").write_text(TEST)

    pytest_alone = f"-m pytest -q -p no:cacheprovider -n {workers} -c pyproject.toml".split()
    run = subprocess.run(
        [sys.executable, *pytest_alone, f"--rootdir={tmp_path}", tmp_path],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "FAULT kind=kill injected=10 lost=0 dup=2" in run.stdout.splitlines()
