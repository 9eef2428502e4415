"""One fuzz target, guided by which lines its inputs reach: ``python -m tests.fuzz.run TARGET [--minutes 30]``.

An input that is a fault ends the run and is kept under ``fuzz-faults/TARGET/``. Mend the mechanism, then give the file
a name that says what it was and put it into ``tests/fuzz/corpus/TARGET/``, where every run of the tests replays it.
What the target reached besides is kept outside of the repository, in ``--kept``, and shortens the next run.

References
----------
atheris, https://github.com/google/atheris; libFuzzer, https://llvm.org/docs/LibFuzzer.html
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
import tempfile
from pathlib import Path

import atheris

TARGETS = ("archive", "image", "xmp", "bundle", "log", "tables")
CORPUS = Path(__file__).parent / "corpus"
HANG_S = 20
"""An input that takes as long as that is a fault; the slowest sound one takes under a second."""
MOST_MEMORY_MB = 3_000
"""Of the whole process, libraries and all it has instrumented."""
LONGEST_INPUT = {"archive": 6_000, "image": 120_000, "xmp": 20_000, "bundle": 60_000, "log": 20_000, "tables": 12_000}
OWN_MUTATIONS = 0.4
"""How often a target's own idea of a change is taken rather than the library's bytes."""


def main() -> None:
    """Run until the time is up, or a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "face-atlas-fuzz")
    asked = parser.parse_args()
    with atheris.instrument_imports(include=["core", "zipfile"], enable_loader_override=False):
        target = importlib.import_module(f"tests.fuzz.targets.{asked.target}")
    found, faults = asked.kept / asked.target, Path("fuzz-faults") / asked.target
    found.mkdir(parents=True, exist_ok=True)
    faults.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (found / f"seed-{number:03d}").write_bytes(seed)
    words = asked.kept / f"{asked.target}.dict"
    words.write_text("\n".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"' for word in target.WORDS))
    limits = [f"-max_total_time={round(asked.minutes * 60)}", f"-timeout={HANG_S}", f"-rss_limit_mb={MOST_MEMORY_MB}"]
    options = [f"-max_len={LONGEST_INPUT[asked.target]}", f"-dict={words}", f"-artifact_prefix={faults}/"]
    print_often = ["-print_final_stats=1", "-verbosity=1", "-reload=0"]
    folders = [str(found), str(CORPUS / asked.target)]
    atheris.Setup(
        [sys.argv[0], *limits, *options, *print_often, *(folder for folder in folders if Path(folder).is_dir())],
        target.check,
        custom_mutator=_mutator(target),
    )
    atheris.Fuzz()


def _mutator(target):
    def changed(data: bytes, most_bytes: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < OWN_MUTATIONS:
            return target.mutate(rng, bytes(data))[:most_bytes]
        return atheris.Mutate(data, most_bytes)

    return changed


if __name__ == "__main__":
    main()
