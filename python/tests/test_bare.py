"""The command, and the module where nothing else is installed."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from conftest import FIXTURES

import surprisal
from surprisal._binary import binary

WITHOUT = """
import sys
for name in ["numpy", "pandas"]:
    sys.modules[name] = None
import surprisal
records = surprisal.scan(sys.argv[1])
assert len(records) == 44, len(records)
for call in [records.to_pandas, surprisal.sample]:
    try:
        call()
    except ImportError as missing:
        print(missing)
"""


def test_without_numpy_and_pandas_what_needs_them_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT, FIXTURES], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "to_pandas needs pandas: pip install pandas",
        "sample gives an array of numpy's: pip install numpy",
    ]


def test_nothing_else_is_required() -> None:
    required = importlib.metadata.requires("surprisal-images") or []
    assert all("extra ==" in requirement for requirement in required)


def test_the_command_is_the_program() -> None:
    command = Path(sysconfig.get_path("scripts")) / "surprisal"
    said = subprocess.run([command, "--version"], check=True, capture_output=True, text=True).stdout
    assert said == subprocess.run([binary(), "--version"], check=True, capture_output=True, text=True).stdout
    assert said.strip() == surprisal.__version__
    # By name, with the models of the wheel, standard input and exit code passed on.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SURPRISAL_M")}
    words = [str(command), "gate", "-", "--model=fashion-mnist", "--evaluations=4", "--format=csv", "--max-outliers=0"]
    names = "".join(f"{name}\n" for name in sorted((FIXTURES / "other").iterdir()))
    done = subprocess.run(words, env=environment, cwd="/", input=names, capture_output=True, text=True, check=False)
    # A header, and all ten of them.
    assert (done.returncode, len(done.stdout.splitlines())) == (2, 11), done.stderr


def test_another_program_may_be_named() -> None:
    echo = shutil.which("echo")
    assert echo
    command = Path(sysconfig.get_path("scripts")) / "surprisal"
    done = subprocess.run(
        [command, "a", b"\xff"], check=True, capture_output=True, env={**os.environ, "SURPRISAL_BINARY": echo}
    )
    assert done.stdout == b"a \xff\n"
