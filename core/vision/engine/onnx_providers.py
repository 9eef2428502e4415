"""What ONNX Runtime can run networks on, as far as it is of use here, and what each needs.

A provider is what ONNX Runtime calls the part that runs a network on one kind of device. Which of them are there is a
matter of the package that is installed (``requirements-gpu.txt``). All are asked to compute in float32.

References
----------
.. [1] ONNX Runtime, "Execution Providers", https://onnxruntime.ai/docs/execution-providers/
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.base.errors import EngineUnavailable
from core.language.texts import marked

GRAPHICS_MEMORY_BYTES = 2 << 30
"""At most, of each network."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One of ONNX Runtime's providers, as far as it is of use here."""

    key: str
    """What settings call it."""
    runtime_name: str
    title: str
    platforms: tuple[str, ...]
    """Of ``sys.platform``, on which it is looked for without being asked for; all where it names none."""
    remedy: str
    """What it needs, in a sentence."""
    options: Mapping[str, str] = field(default_factory=dict)


PROVIDERS = (
    Provider(
        key="cuda",
        runtime_name="CUDAExecutionProvider",
        title="NVIDIA graphics card (CUDA)",
        platforms=("linux", "win32"),
        remedy="It needs an NVIDIA card with its driver, and onnxruntime-gpu from requirements-gpu.txt.",
        options={
            "gpu_mem_limit": str(GRAPHICS_MEMORY_BYTES),
            # Grown by what is needed and not by doubling; and no trial of all algorithms for every size that is met.
            "arena_extend_strategy": "kSameAsRequested",
            "cudnn_conv_algo_search": "HEURISTIC",
            # Newer cards would round factors to 10 bits otherwise, and find other boxes than the other engines.
            "use_tf32": "0",
        },
    ),
    Provider(
        key="coreml",
        runtime_name="CoreMLExecutionProvider",
        title="Apple graphics (CoreML)",
        platforms=("darwin",),
        remedy="It needs macOS 14 on an Apple processor, and onnxruntime from requirements-gpu.txt.",
        # Not the neural engine, which computes in 16 bits.
        options={"ModelFormat": "MLProgram", "MLComputeUnits": "CPUAndGPU"},
    ),
    Provider(
        key="directml",
        runtime_name="DmlExecutionProvider",
        title="graphics card (DirectML)",
        platforms=("win32",),
        remedy="It needs a card with DirectX 12, and onnxruntime-directml from requirements-gpu.txt.",
    ),
    Provider(
        key="cpu",
        runtime_name="CPUExecutionProvider",
        title=marked("processor"),
        platforms=(),
        remedy="Every onnxruntime has it.",
    ),
)
"""In the order in which they are preferred."""
PROCESSOR = PROVIDERS[-1]


def find_providers(keys: Sequence[str]) -> tuple[Provider, ...]:
    """Those of the given keys in that order, or what is worth trying on this system. Raises EngineUnavailable."""
    if not keys:
        return tuple(provider for provider in PROVIDERS if sys.platform in (provider.platforms or (sys.platform,)))
    known = {provider.key: provider for provider in PROVIDERS}
    for key in keys:
        if key not in known:
            raise EngineUnavailable(
                f"FACE_ATLAS_ONNX_PROVIDERS names '{key}'; the providers are {', '.join(known)}, with commas between."
            )
    return tuple(known[key] for key in keys)
