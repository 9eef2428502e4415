"""What machine this is, as far as speed and precision depend on it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")


@dataclass(frozen=True, slots=True)
class Processor:
    """The processor's name, and those of its features that the engine makes use of."""

    name: str
    features: tuple[str, ...]


def processor() -> Processor:
    """Read from the system; on systems that do not tell, the name alone."""
    table = Path("/proc/cpuinfo")
    if not table.is_file():
        return Processor(platform.processor() or platform.machine(), ())
    fields = dict(_field(line) for line in table.read_text().split("\n\n")[0].splitlines() if ":" in line)
    flags = set(fields.get("flags", fields.get("Features", "")).split())
    return Processor(fields.get("model name", platform.machine()), tuple(name for name in FEATURES if name in flags))


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
