"""Convert the networks of the ``mtcnn`` and ``keras-facenet`` packages to OpenVINO IR.

Run as a program, so that its caller never imports TensorFlow::

    python -m core.vision.models.export mtcnn OUT_DIR
    python -m core.vision.models.export embedding WEIGHTS.h5 DIMENSION OUT_DIR

Every network is compared with the original on random input before the program ends well. Exit status:
0 done, 1 the conversion failed, 2 wrong usage, 3 a package is missing; the reason is on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.base.privacy import forbid_telemetry
from core.base.types import Floats
from core.vision.engine.keras import EMBEDDER_SHAPE, load_detector_network, load_embedding_network
from core.vision.models.catalogue import EXPORT_MISSING_PACKAGE

MAX_DIFFERENCE = 3e-3
"""Largest difference from the original that passes. The detector's networks come within 1e-6, and the
embedding network, whose weights are rounded to 16 bits, within 5e-4 (its vectors have length 1)."""


@dataclass(frozen=True, slots=True)
class ExportNetwork:
    """One network to convert: a function of one image batch, and what it is called in the IR."""

    name: str
    input_shape: tuple[int | None, ...]
    """(n, height, width, channels); None where any size is taken."""
    trial_shape: tuple[int, ...]
    outputs: tuple[str, ...]
    call: Callable[[Any], Sequence[Any]]
    half_weights: bool


def mtcnn_networks() -> list[ExportNetwork]:
    """The three networks with the package's own weights; inputs are RGB, (x - 127.5) / 128."""
    regression = ("box", "prob")
    return [
        ExportNetwork(
            name="pnet",
            input_shape=(None, None, None, 3),
            trial_shape=(2, 60, 47, 3),
            outputs=regression,
            call=load_detector_network("pnet"),
            half_weights=False,
        ),
        ExportNetwork(
            name="rnet",
            input_shape=(None, 24, 24, 3),
            trial_shape=(5, 24, 24, 3),
            outputs=regression,
            call=load_detector_network("rnet"),
            half_weights=False,
        ),
        ExportNetwork(
            name="onet",
            input_shape=(None, 48, 48, 3),
            trial_shape=(5, 48, 48, 3),
            outputs=("box", "landmarks", "prob"),
            call=load_detector_network("onet"),
            half_weights=False,
        ),
    ]


def embedding_network(weights: Path, dimension: int) -> ExportNetwork:
    """The embedder's network; its input is a standardised RGB crop of 160x160."""
    model = load_embedding_network(weights, dimension)
    return ExportNetwork(
        name="embed",
        input_shape=(None, *EMBEDDER_SHAPE),
        trial_shape=(2, *EMBEDDER_SHAPE),
        outputs=("embedding",),
        call=lambda image: [model(image, training=False)],
        half_weights=True,
    )


@dataclass(frozen=True, slots=True, eq=False)
class TracedNetwork:
    """A network as converters take it, with what it answers to one image batch."""

    function: Any
    """A ``tf.function`` of 'image'; gives the outputs by name."""
    image: Floats
    expected: dict[str, Floats]


def trace_network(network: ExportNetwork) -> TracedNetwork:
    """Trace a network, and run it once as it is in TensorFlow."""
    import tensorflow as tf

    signature = [tf.TensorSpec(network.input_shape, tf.float32, name="image")]
    function = tf.function(
        lambda image: dict(zip(network.outputs, network.call(image), strict=True)), input_signature=signature
    )
    # Noise, and not a photo: it drives every channel, and no photo has to come with the program.
    image = np.random.default_rng(0).standard_normal(network.trial_shape).astype(np.float32)
    expected = {name: value.numpy() for name, value in function(tf.constant(image)).items()}
    return TracedNetwork(function, image, expected)


def write_network(network: ExportNetwork, out_dir: Path) -> None:
    """Write ``<name>.xml`` and ``<name>.bin`` and compare them with the original. Raises ValueError."""
    import openvino as ov

    traced = trace_network(network)
    ir = _named(ov.convert_model(traced.function), network.outputs, traced.expected)
    path = out_dir / f"{network.name}.xml"
    ov.save_model(ir, path, compress_to_fp16=network.half_weights)
    compiled = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    answer = compiled({"image": traced.image})
    require_agreement(path.name, {name: answer[name] for name in network.outputs}, traced.expected)


def _named(ir: Any, names: tuple[str, ...], expected: dict[str, Floats]) -> Any:
    """The same model with its input called 'image' and its outputs named and ordered as ``names``.

    The converter may order outputs as it likes; the last dimension tells them apart (4 box, 2
    probability, 10 landmarks).
    """
    import openvino as ov

    widths = {int(output.partial_shape[-1].get_length()): output for output in ir.outputs}
    ordered = [widths[expected[name].shape[-1]] for name in names]
    results = [output.node for output in ordered]
    renamed = ov.Model(results, ir.get_parameters(), ir.get_friendly_name())
    renamed.inputs[0].get_tensor().set_names({"image"})
    for output, name in zip(renamed.outputs, names, strict=True):
        output.get_tensor().set_names({name})
    return renamed


def require_agreement(file_name: str, converted: Mapping[str, Floats], expected: Mapping[str, Floats]) -> None:
    """Raises ValueError unless a converted network answers as the original does, within ``MAX_DIFFERENCE``."""
    for name, value in expected.items():
        difference = float(np.abs(converted[name] - value).max())
        # "not <=": a NaN, which a broken conversion gives, is no small difference.
        if not difference <= MAX_DIFFERENCE:
            raise ValueError(
                f"Output '{name}' of the converted {file_name} is {difference:.2g} from the original; "
                f"at most {MAX_DIFFERENCE} was expected."
            )


def convert_networks(arguments: Sequence[str], write: Callable[[ExportNetwork, Path], None] = write_network) -> int:
    """Convert as the arguments say, each network by ``write``; gives the exit status."""
    # Converters and runtimes would send usage statistics.
    forbid_telemetry()
    try:
        match arguments:
            case ["mtcnn", out_dir]:
                networks = mtcnn_networks()
            case ["embedding", weights, dimension, out_dir]:
                networks = [embedding_network(Path(weights), int(dimension))]
            case _:
                sys.stderr.write(__doc__ or "")
                return 2
        for network in networks:
            write(network, Path(out_dir))
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return EXPORT_MISSING_PACKAGE
    except (OSError, ValueError, RuntimeError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(convert_networks(sys.argv[1:]))
