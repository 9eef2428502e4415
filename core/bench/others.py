"""Programs measured in processes of their own: the tutorial's pipeline, other packages, and our own command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.base.errors import FaceAtlasError

CHECKOUT = Path(__file__).resolve().parents[2]
TUTORIAL = CHECKOUT / "tests" / "benchmarks" / "tutorial.py"
PEERS = CHECKOUT / "tests" / "benchmarks" / "peers" / "measure.py"
Measured = dict[str, Any]

# On Linux a process counts the memory of the one that started it among its own peak, so it must be a small one that
# does.
LAUNCHER = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""
"""A program that starts another and prints the most memory that it held."""


def measure_tutorial(weights: Path, sample: Path, larger: list[Path]) -> Measured:
    """The tutorial's pipeline; TensorFlow never loads in our own process. Raises FaceAtlasError."""
    answer: Measured = json.loads(_script(sys.executable, TUTORIAL, weights, sample, *larger))
    return answer


def measure_peers(python: Path, sample: Path) -> Measured:
    """Other packages, on the interpreter that has them: for each its figures or a ``reason``. Raises FaceAtlasError."""
    answer: Measured = json.loads(_script(str(python), PEERS, sample))
    return answer


def run_command_line(*words: str) -> str:
    """What a command of Face Atlas prints in a new process. Raises FaceAtlasError."""
    return run_program([sys.executable, "-m", "core", *words])


def measure_peak_mb(command: list[str]) -> float:
    """Most memory that a program held, in megabytes. Raises FaceAtlasError."""
    # ``ru_maxrss`` is in bytes on macOS, in kilobytes elsewhere.
    return int(run_program([sys.executable, "-c", LAUNCHER, *command])) / (1e6 if sys.platform == "darwin" else 1e3)


def _script(python: str, script: Path, *arguments: Path) -> str:
    if not script.is_file():
        raise FaceAtlasError(
            f"There is nothing to compare with: '{script}' is missing. Run the benchmark from a whole checkout."
        )
    # The last line is the answer; packages print before it what they like.
    return run_program([python, str(script), *map(str, arguments)]).strip().splitlines()[-1]


def run_program(command: list[str]) -> str:
    """What a program prints.

    Raises
    ------
    FaceAtlasError
        It could not be started or failed; with its last line of complaint.
    """
    try:
        completed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    except OSError as fault:
        raise FaceAtlasError(f"'{command[0]}' cannot be run: {fault.strerror}.") from fault
    if completed.returncode:
        last = (completed.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise FaceAtlasError(f"'{' '.join(command[:3])}' ended with status {completed.returncode}: {last}")
    return completed.stdout
