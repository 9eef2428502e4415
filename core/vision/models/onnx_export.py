"""Convert the networks of the ``mtcnn`` and ``keras-facenet`` packages to ONNX, with the arguments of ``export.py``.

Run as a program, as that one, and in its place where ONNX Runtime is to run them. Needs what ``requirements-gpu.txt``
names. Weights stay in float32; the sizes of batches, and of PNet's planes, stay open.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from core.vision.models.export import ExportNetwork, convert_networks, require_agreement, trace_network

OPSET = 18
"""The version of ONNX's operators that files are written in: every ONNX Runtime since 1.14 reads it."""


def write_onnx_network(network: ExportNetwork, out_dir: Path) -> None:
    """Write ``<name>.onnx`` and compare it with the original on the processor. Raises ValueError."""
    import onnxruntime
    import tf2onnx

    traced = trace_network(network)
    _collect_often()
    graph, _ = tf2onnx.convert.from_function(traced.function, traced.function.input_signature, opset=OPSET)
    # The converter orders outputs by their names; engines count on the order of the network.
    by_name = {output.name: output for output in graph.graph.output}
    del graph.graph.output[:]
    graph.graph.output.extend(by_name[name] for name in network.outputs)
    path = out_dir / f"{network.name}.onnx"
    path.write_bytes(graph.SerializeToString())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    answer = session.run(list(network.outputs), {"image": traced.image})
    require_agreement(path.name, dict(zip(network.outputs, answer, strict=True)), traced.expected)


def _collect_often() -> None:
    """Let memory that hangs in circles be freed soon.

    tf2onnx copies a network for each of its passes and drops the copies in circles: with Python's own thresholds 6 GB
    of FaceNet pile up, with these 2.5.
    """
    # What TensorFlow's import brought is no garbage, and so much that whole collections would be put off for it.
    gc.freeze()
    gc.set_threshold(700, 2, 2)


if __name__ == "__main__":
    sys.exit(convert_networks(sys.argv[1:], write_onnx_network))
