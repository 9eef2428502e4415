"""The command line in processes that start at once, to be killed: a server that has imported everything, and forks.

Run as a program it is the server; it computes nothing itself, so that its children begin like new processes.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).parents[1]


@dataclass
class ForkServer:
    """Starts ``python -m core ARGUMENTS`` without the seconds that importing takes."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls) -> ForkServer:
        command = [sys.executable, str(Path(__file__))]
        return cls(subprocess.Popen(command, cwd=PROJECT_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def stop(self) -> None:
        self.process.communicate()  # closes its input, which it takes for the end

    def fork(self, arguments: list[str], log_path: Path, indexed_from: int | None = None) -> int:
        """Start a child, in which so many faces are many enough for an index; its process id."""
        return self._ask({"arguments": arguments, "log": str(log_path), "indexed_from": indexed_from})

    def reap(self, process_id: int) -> int:
        """Wait for the end of a child; its exit status as ``os.waitpid`` gives it."""
        return self._ask({"reap": process_id})

    def _ask(self, question: dict[str, object]) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


def serve() -> None:
    """Answer questions until standard input closes."""
    sys.path.insert(0, str(PROJECT_DIR))
    for name in ("core.cli.program", "core.vision.engine.openvino", "sklearn.svm"):
        importlib.import_module(name)

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    for line in sys.stdin:
        question = json.loads(line)
        if "reap" in question:
            answer = os.waitpid(question["reap"], 0)[1]
        else:
            answer = os.fork()
            if answer == 0:
                _run(question["arguments"], question["log"], question["indexed_from"])
        answers.write(f"{answer}\n")
        answers.flush()


def _run(arguments: list[str], log: str, indexed_from: int | None) -> None:
    from core.cli.program import main
    from core.workflows.neighbours import face_index

    face_index.INDEXED_FROM = indexed_from or face_index.INDEXED_FROM
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    empty = os.open(os.devnull, os.O_RDONLY)
    for number, file in ((0, empty), (1, target), (2, target)):
        os.dup2(file, number)
    code = 70
    try:
        code = main(arguments)
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
