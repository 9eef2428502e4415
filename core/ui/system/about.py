"""The about page's parts."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import distributions, version

import pandas as pd
import streamlit as st

from core.base.errors import EngineUnavailable, ModelUnavailable
from core.base.machine import read_processor
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked, ngettext
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
ENGINE_TITLES = {"openvino": "OpenVINO", "onnx": "ONNX Runtime", "keras": marked("Keras, the reference")}
NETWORKS = {
    "pnet": marked("PNet: candidates"),
    "rnet": marked("RNet: selection"),
    "onet": marked("ONet: box, landmarks"),
    "embed": marked("FaceNet: vectors"),
}


def show_engine(services: Services) -> None:
    """Which engine runs, where each network computes and in which precision, and on which processor."""
    st.header(_("Engine"), anchor=False)
    processor = read_processor()
    runtime = words.plain(_(ENGINE_TITLES.get(services.settings.engine, services.settings.engine)))
    st.markdown(
        ngettext(
            "**{runtime}**, with {number} thread of *{processor}*.",
            "**{runtime}**, with {number} threads of *{processor}*.",
            services.settings.threads,
            runtime=runtime,
            processor=words.plain(processor.name),
        )
    )
    _show_placements(services)
    features = words.plain(", ".join(processor.features) or _("none beyond the base"))
    st.caption(_("Processor features in use: {features}.", features=features))
    # Without supervision a worker may run all the same, started by hand; this app does not know of it.
    pid = services.supervisor.worker_pid if services.settings.supervise else None
    st.caption(_("Worker process: running.") if pid else _("Worker process: not started by this app."))


def _show_placements(services: Services) -> None:
    """A line a network; in their place what is missing, as all else on this page can be told all the same."""
    try:
        placements = {network: services.engine.placement(network) for network in NETWORKS}
    except (EngineUnavailable, ModelUnavailable) as fault:
        st.error(words.plain(fault), icon=":material/error:")
        return
    rows = [
        {_("Network"): _(NETWORKS[network]), _("Runs on"): _(placement.device), _("Precision"): placement.precision}
        for network, placement in placements.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=_("Where the networks run"), width="content")
    speed = read_speed(services.settings.models_dir, catalogue.DEFAULT_EMBEDDING_ID)
    if speed is not None and services.settings.engine == "openvino":
        st.caption(words.plain(_describe_speed(speed, placements["embed"].precision)))
    # Mostly one and the same for all of them.
    for reason in dict.fromkeys(placement.reason for placement in placements.values() if placement.reason):
        st.info(_("Nothing faster runs here. {reason}", reason=words.plain(say_again(reason))), icon=":material/info:")


def _describe_speed(speed: MeasuredSpeed, precision: str) -> str:
    """What 8 bits gain here, and what they cost."""
    measured = _(
        "When it was installed, FaceNet took {plain_ms} ms an image in {precision} and {int8_ms} ms in int8, 8 bits a "
        "number.",
        plain_ms=localise_decimals(f"{speed.plain_ms:.1f}"),
        int8_ms=localise_decimals(f"{speed.int8_ms:.1f}"),
        precision=speed.precision,
    )
    choice = _("They are used.") if precision == "int8" else _("They are not used.")
    cost = _(
        "They cost little: of 3,000 pairs of photos {percentage} are told rightly either way. Set {setting} to do "
        "without.",
        percentage=words.percent(0.994),
        setting="FACE_ATLAS_INT8=0",
    )
    return f"{measured} {choice} {cost}"


def show_models(services: Services) -> None:
    """What is installed, and what could be."""
    st.header(_("Models"), anchor=False)
    installed = {manifest.model_id: manifest for manifest in installed_models(services.settings.models_dir)}
    rows = [
        {
            _("Installed"): _("yes") if model.id in installed else _("no"),
            _("Model"): _(model.title),
            _("Name"): model.id,
            # The detector has no dimension: it gives boxes, not vectors.
            _("Numbers a face"): str(getattr(model, "dimension", "")),
            _("Source"): installed[model.id].source if model.id in installed else "",
            _("Weights sha256"): installed[model.id].weights_sha256 if model.id in installed else "",
            _("Licence"): model.licence,
        }
        for model in (catalogue.DETECTOR, *catalogue.EMBEDDING_MODELS)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=_("Models of the catalogue"))
    st.caption(
        _("Install another with `python -m core models install NAME`; a dataset's model is chosen when it is made.")
    )


def show_storage(services: Services) -> None:
    """What the data take up."""
    st.header(_("Storage"), anchor=False)
    rows = [
        {_("What"): dataset.name, _("Size"): data.describe_file_size(dataset.id, dataset.revision)}
        for dataset in services.store.datasets()
    ]
    size = words.format_size(services.store.size_bytes())
    rows.append({_("What"): say_again(services.store.describe_database()), _("Size"): size})
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=_("Storage used"), width="content")
    if location := services.artifacts.describe():
        st.caption(_("Photos, crops and arrays lie in {place}.", place=words.plain(say_again(location))))


def show_versions() -> None:
    """Versions of Python and of what does the work."""
    st.header(_("Versions"), anchor=False)
    st.dataframe(
        pd.DataFrame(_list_versions(), columns=[_("Package"), _("Version")]),
        hide_index=True,
        alt=_("Versions"),
        width="content",
    )


# They stay while the app runs, and the files of every installed package are read for them.
@cache
def _list_versions() -> list[tuple[str, str]]:
    runtimes = {entry.name for entry in distributions()}.intersection(RUNTIMES)
    packages = [(name, version(name)) for name in (*PACKAGES, *sorted(runtimes))]
    return [("Python", platform.python_version()), *packages]


def show_model_card(services: Services) -> None:
    """What the networks are for, what they learned from, and what is known of their biases."""
    st.header(_("Model card"), anchor=False)
    st.markdown(_(model_card.INTENDED_USE))
    st.markdown(model_card.describe_training_data({dataset.model_id for dataset in services.store.datasets()}))
    st.markdown(_(model_card.KNOWN_BIASES))
    st.caption(_("The figures of your own photos, by kind of face, stand under *How good is it?*, *Model card*."))


def show_privacy() -> None:
    """Where it is told what happens with faces."""
    st.header(_("Privacy"), anchor=False)
    st.page_link(
        menu.PRIVACY, label=_("What is kept, who sees it, for how long, and how it goes"), icon=":material/info:"
    )
