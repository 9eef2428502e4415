"""What the fuzz targets were ever stopped by, and what they start from: each is taken or refused with words."""

from __future__ import annotations

import importlib
import random
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent / "corpus"
TARGETS = ("archive", "image", "xmp", "bundle", "log", "tables")
OWN_CHANGES = 25


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_fuzz_target_was_stopped_by_is_no_fault_any_more(name: str) -> None:
    target = importlib.import_module(f"tests.fuzz.targets.{name}")
    for path in sorted((CORPUS / name).glob("*")):
        try:
            target.check(path.read_bytes())
        except BaseException as fault:
            fault.add_note(f"corpus file {path.relative_to(CORPUS)}")
            raise


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_of_a_fuzz_target_and_its_own_changes_are_no_faults(name: str) -> None:
    target = importlib.import_module(f"tests.fuzz.targets.{name}")
    seeds = list(target.seeds())
    for number, seed in enumerate(seeds):
        target.check(seed)
        if number < OWN_CHANGES:
            target.check(target.mutate(random.Random(number), seed))
