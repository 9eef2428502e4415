"""The about page's parts."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import distributions, version

import pandas as pd
import streamlit as st

from core.base.errors import EngineUnavailable, ModelUnavailable
from core.base.machine import read_processor
from core.services import Services
from core.ui import data, menu, words
from core.ui.evaluation import model_card
from core.vision.models import catalogue
from core.vision.models.manifest import MeasuredSpeed, installed_models, read_speed

PACKAGES = (
    "streamlit",
    "openvino",
    "mtcnn",
    "keras-facenet",
    "tensorflow",
    "scikit-learn",
    "umap-learn",
    "plotly",
    "opencv-python-headless",
    "pillow",
    "pillow-heif",
    "numpy",
    "sqlalchemy",
)

RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml")
"""Of these one is installed where ONNX Runtime is to run the networks."""
ENGINE_TITLES = {"openvino": "OpenVINO", "onnx": "ONNX Runtime", "keras": "Keras, the reference"}
NETWORKS = {
    "pnet": "PNet: candidates",
    "rnet": "RNet: selection",
    "onet": "ONet: box, landmarks",
    "embed": "FaceNet: vectors",
}


def show_engine(services: Services) -> None:
    """Which engine runs, where each network computes and in which precision, and on which processor."""
    st.header("Engine", anchor=False)
    processor = read_processor()
    st.markdown(
        f"**{words.plain(ENGINE_TITLES.get(services.settings.engine, services.settings.engine))}**, with "
        f"{words.count(services.settings.threads, 'thread')} of *{words.plain(processor.name)}*."
    )
    _show_placements(services)
    st.caption(f"Processor features in use: {words.plain(', '.join(processor.features) or 'none beyond the base')}.")
    # Without supervision a worker may run all the same, started by hand; this app does not know of it.
    pid = services.supervisor.worker_pid if services.settings.supervise else None
    st.caption(f"Worker process: {'running' if pid else 'not started by this app'}.")


def _show_placements(services: Services) -> None:
    """A line a network; in their place what is missing, as all else on this page can be told all the same."""
    try:
        placements = {network: services.engine.placement(network) for network in NETWORKS}
    except (EngineUnavailable, ModelUnavailable) as fault:
        st.error(words.plain(fault), icon=":material/error:")
        return
    rows = [
        {"Network": NETWORKS[network], "Runs on": placement.device, "Precision": placement.precision}
        for network, placement in placements.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Where the networks run", width="content")
    speed = read_speed(services.settings.models_dir, catalogue.DEFAULT_EMBEDDING_ID)
    if speed is not None and services.settings.engine == "openvino":
        st.caption(words.plain(_describe_speed(speed, placements["embed"].precision)))
    # Mostly one and the same for all of them.
    for reason in dict.fromkeys(placement.reason for placement in placements.values() if placement.reason):
        st.info(f"Nothing faster runs here. {words.plain(reason)}", icon=":material/info:")


def _describe_speed(speed: MeasuredSpeed, precision: str) -> str:
    """What 8 bits gain here, and what they cost."""
    choice = "They are used" if precision == "int8" else "They are not used"
    return (
        f"When it was installed, FaceNet took {speed.plain_ms:.1f} ms an image in {speed.precision} and "
        f"{speed.int8_ms:.1f} ms in int8, 8 bits a number. {choice}. They cost little: of 3,000 pairs of photos "
        f"{words.percent(0.994)} are told rightly either way. Set FACE_ATLAS_INT8=0 to do without."
    )


def show_models(services: Services) -> None:
    """What is installed, and what could be."""
    st.header("Models", anchor=False)
    installed = {manifest.model_id: manifest for manifest in installed_models(services.settings.models_dir)}
    rows = [
        {
            "Installed": "yes" if model.id in installed else "no",
            "Model": model.title,
            "Name": model.id,
            # The detector has no dimension: it gives boxes, not vectors.
            "Numbers a face": str(getattr(model, "dimension", "")),
            "Source": installed[model.id].source if model.id in installed else "",
            "Weights sha256": installed[model.id].weights_sha256 if model.id in installed else "",
            "Licence": model.licence,
        }
        for model in (catalogue.DETECTOR, *catalogue.EMBEDDING_MODELS)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Models of the catalogue")
    st.caption(
        "Install another with `python -m core models install NAME`; a dataset's model is chosen when it is made."
    )


def show_storage(services: Services) -> None:
    """What the data take up."""
    st.header("Storage", anchor=False)
    rows = [
        {"What": dataset.name, "Size": data.describe_file_size(dataset.id, dataset.revision)}
        for dataset in services.store.datasets()
    ]
    size = words.format_size(services.store.size_bytes())
    rows.append({"What": services.store.describe_database(), "Size": size})
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Storage used", width="content")
    if place := services.artifacts.describe():
        st.caption(f"Photos, crops and arrays lie in {words.plain(place)}.")


def show_versions() -> None:
    """Versions of Python and of what does the work."""
    st.header("Versions", anchor=False)
    st.dataframe(
        pd.DataFrame(_list_versions(), columns=["Package", "Version"]), hide_index=True, alt="Versions", width="content"
    )


# They stay while the app runs, and the files of every installed package are read for them.
@cache
def _list_versions() -> list[tuple[str, str]]:
    runtimes = {entry.name for entry in distributions()}.intersection(RUNTIMES)
    packages = [(name, version(name)) for name in (*PACKAGES, *sorted(runtimes))]
    return [("Python", platform.python_version()), *packages]


def show_model_card(services: Services) -> None:
    """What the networks are for, what they learned from, and what is known of their biases."""
    st.header("Model card", anchor=False)
    st.markdown(model_card.INTENDED_USE)
    st.markdown(model_card.describe_training_data({dataset.model_id for dataset in services.store.datasets()}))
    st.markdown(model_card.KNOWN_BIASES)
    st.caption("The figures of your own photos, by kind of face, stand under *How good is it?*, *Model card*.")


def show_privacy() -> None:
    """Where it is told what happens with faces."""
    st.header("Privacy", anchor=False)
    st.page_link(menu.PRIVACY, label="What is kept, who sees it, for how long, and how it goes", icon=":material/info:")
