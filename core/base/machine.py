"""What machine this is, as far as speed, precision and memory depend on it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, replace
from pathlib import Path

# As /proc/cpuinfo spells them: those of x86, then those of ARM.
FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")

PHOTOS_A_THREAD = 8
"""More fill the networks' batches no better, and keep a cancelled ingest going for longer."""
BYTES_A_THREAD = 256 << 20
SMALLEST_BATCH = 4
"""Fewer fill the networks' batches worse."""
MEMORY_SHARE = 4
"""At most a quarter of the free memory goes into photos that wait."""


@dataclass(frozen=True, slots=True)
class Processor:
    """The processor's name, and those of its features that the engine makes use of."""

    name: str
    features: tuple[str, ...]


def read_processor() -> Processor:
    """Read from the system; on systems that do not tell, the name alone."""
    table = Path("/proc/cpuinfo")
    if not table.is_file():
        return Processor(platform.processor() or platform.machine(), ())
    # One paragraph for each processor; all say the same, so the first one is enough.
    fields = dict(_field(line) for line in table.read_text().split("\n\n")[0].splitlines() if ":" in line)
    # "flags" on x86, "Features" on ARM.
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    return Processor(fields.get("model name", platform.machine()), tuple(name for name in FEATURES if name in flags))


@dataclass(frozen=True, slots=True)
class Pace:
    """How much an ingest takes up at once."""

    threads: int
    """That read and decode."""
    photos_at_once: int
    """In a batch, and as many again waiting for it."""
    bytes_in_flight: int
    """Of files and their photos together, from the first byte read until their batch is stored."""
    smallest_batch: int = SMALLEST_BATCH
    """Down to so many photos batches shrink towards the end."""

    def with_at_least(self, n_photos: int) -> Pace:
        """As many photos at once, or more, also towards the end; never more bytes."""
        return replace(
            self,
            photos_at_once=max(self.photos_at_once, n_photos),
            smallest_batch=max(self.smallest_batch, n_photos),
        )


def choose_pace(threads: int) -> Pace:
    """What suits this machine, with so many threads and the memory that is free now."""
    # Photos of many megapixels fill the memory before they fill a batch; so the bytes are bounded too.
    most = min(threads * BYTES_A_THREAD, free_memory_bytes() // MEMORY_SHARE)
    return Pace(threads, threads * PHOTOS_A_THREAD, most)


def free_memory_bytes() -> int:
    """Memory that can be taken without swapping: what the system says, or what the container leaves if that is less.

    On systems that do not say what is free, half of what is built in.
    """
    table = Path("/proc/meminfo")
    if not table.is_file():
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    fields = dict(_field(line) for line in table.read_text().splitlines())
    # MemAvailable and not MemFree: what the system only caches files in can be had at once.
    free = int(fields["MemAvailable"].removesuffix(" kB")) * 1024
    return min([free, *_container_bytes(Path("/sys/fs/cgroup"))])


def _container_bytes(group: Path) -> list[int]:
    """What a control group leaves of its limit; nothing where there is no limit."""
    # A process in a container reads the whole computer's meminfo; its own limit stands here (version 2 of the groups).
    limit, used = group / "memory.max", group / "memory.current"
    if not limit.is_file() or (most := limit.read_text().strip()) == "max":
        return []
    return [max(0, int(most) - int(used.read_text()))]


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
