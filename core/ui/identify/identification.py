"""The identify page's parts: the photo, the slider, the picture with names, and the evidence for every face."""

from __future__ import annotations

from hashlib import sha256
from html import escape

import streamlit as st

from core.images import decode, encode_jpeg
from core.learn.openset import RATES, TARGET_RATE, Threshold
from core.store.base import Dataset, Run
from core.types import RgbImage
from core.ui import data, gallery, words
from core.workflows.identify import IdentifiedFace

FACES_PER_PAGE = 6
PHOTO_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif", "heic", "heif", "avif"]
UPLOAD, CAMERA = "Upload", "Camera"

_BARS = """<style>
.fa-bars {display:grid; grid-template-columns:minmax(0,8rem) 1fr auto; gap:3px 8px; align-items:center;
 font-size:.82rem}
.fa-bars div {overflow:hidden; text-overflow:ellipsis; white-space:nowrap}
.fa-bar {height:9px; border-radius:5px; background:rgba(128,128,128,.18)}
.fa-bar i {display:block; height:100%; border-radius:5px; background:#0B6E75}
.fa-bars .fa-pale {opacity:.72}
</style>"""


def stale(dataset: Dataset, run: Run) -> None:
    """Say so when the dataset has grown since it was learned."""
    if run.revision != dataset.revision:
        st.caption(":material/update: Photos or names changed since this was trained; it does not know of that yet.")


def ask_for_photo() -> bytes | None:
    """A photo by upload or camera; the camera is asked for only when it is chosen."""
    way = st.segmented_control(
        "Photo from", [UPLOAD, CAMERA], default=UPLOAD, required=True, key="photo_from", label_visibility="collapsed"
    )
    if way == CAMERA:
        taken = st.camera_input("Take a photo", key="camera")
    else:
        taken = st.file_uploader("Drop a photo", type=PHOTO_TYPES, key="photo", max_upload_size=256)
    return taken.getvalue() if taken is not None else None


def invitation(dataset: Dataset, run: Run) -> None:
    """Before the first photo: who can be recognised."""
    names = run.params["people"]
    known = {person.name: person for person in data.people(dataset.id, dataset.revision)}
    people = words.count(len(names), "person", "people")
    st.markdown(f"It knows **{people}**. The photo is looked at on this computer and not kept.")
    tiles = [
        gallery.Tile(known[name].cover_crop_id, words.person(name), words.count(known[name].faces, "face"))
        for name in names
        if name in known
    ]
    gallery.paged_grid(dataset.id, tiles, key="known")


def ask_for_threshold(run: Run) -> Threshold:
    """How many strangers may get a name, and so how sure a name must be."""
    chosen = st.select_slider(
        "How many strangers may get a name?",
        options=sorted(RATES),
        value=TARGET_RATE,
        format_func=lambda rate: f"{100 * rate:g} %",
        key=f"fpir_{run.id}",
        help="Fewer: more people are called unknown, those whom it should know too.",
    )
    threshold = data.services().identifier(run).threshold(float(chosen))
    if not threshold.enough:
        st.caption(
            f"What it has seen is too little to be sure of {100 * threshold.rate:g} %: "
            f"up to {words.percent(threshold.high)} of strangers may get a name."
        )
    return threshold


def identify(run: Run, revision: int, photo: bytes) -> tuple[RgbImage, list[IdentifiedFace]]:
    """The upright photo and its faces; computed once a session for the same photo."""
    return _identify(run.id, revision, sha256(photo).hexdigest(), photo)


@st.cache_data(show_spinner="Looking for faces", max_entries=4, scope="session")
def _identify(run_id: str, revision: int, photo_id: str, _photo: bytes) -> tuple[RgbImage, list[IdentifiedFace]]:
    services = data.services()
    image = decode(_photo, services.settings.images)
    return image, services.identifier(services.runs.run(run_id)).identify(image)


def picture(image: RgbImage, faces: list[IdentifiedFace], threshold: Threshold) -> None:
    """The photo with a numbered, named box on every face."""
    names = [words.person(name) if (name := face.name(threshold)) else None for face in faces]
    boxes = [
        gallery.NamedBox(face.detection.box, f"{number} {name}" if name else f"{number}?", known=name is not None)
        for number, (face, name) in enumerate(zip(faces, names, strict=True), start=1)
    ]
    told = ", ".join(name or "unknown" for name in names) or "none"
    alt = f"The photo with {words.count(len(faces), 'face')}: {told}"
    gallery.photo(image, boxes, alt)


def answers(dataset: Dataset, faces: list[IdentifiedFace], threshold: Threshold) -> None:
    """Every face: its name or why not, the candidates, and the training faces most like it."""
    if not faces:
        st.markdown("#### No face could be found")
        st.markdown(
            "A face needs to be at least about 20 pixels wide and turned towards the camera. Try another photo."
        )
        return
    named = sum(face.name(threshold) is not None for face in faces)
    st.markdown(f"**{words.count(len(faces), 'face')}: {named} named, {len(faces) - named} unknown.**")
    pages = -(-len(faces) // FACES_PER_PAGE)
    page = st.pagination(pages, key="answer_page") if pages > 1 else 1
    first = (page - 1) * FACES_PER_PAGE
    for number, face in enumerate(faces[first : first + FACES_PER_PAGE], start=first + 1):
        _answer(dataset, number, face, threshold)


def _answer(dataset: Dataset, number: int, face: IdentifiedFace, threshold: Threshold) -> None:
    best = face.candidates[0]
    name = face.name(threshold)
    with st.container(border=True):
        crop, text = st.columns([1, 3], vertical_alignment="center", wrap=False)
        with crop:
            st.image(encode_jpeg(face.crop), width=88, alt=f"Face {number} as the network saw it")
        with text:
            if name:
                st.markdown(f"**{number}. {words.person(name)}** ({words.probability(best.prob)})")
                st.caption(f"Likeness {face.score:.2f}; names are given above {threshold.score:.2f}. {_why(face)}")
            else:
                st.markdown(f"**{number}. Unknown**")
                st.caption(
                    f"Nearest is {words.person(best.person)} with likeness {face.score:.2f}; "
                    f"names are given above {threshold.score:.2f}. {_why(face)}"
                )
        _bars(face)
        _evidence(dataset, face)


def _why(face: IdentifiedFace) -> str:
    return f"Distance {face.candidates[0].distance:.2f}, margin {face.margin:+.2f}."


def _bars(face: IdentifiedFace) -> None:
    st.caption("If it is one of them:")
    rows = "".join(
        f"<div>{escape(words.person(candidate.person))}</div>"
        f"<div class='fa-bar'><i style='width:{max(candidate.prob * 100, 1):.0f}%'></i></div>"
        f"<div class='fa-pale'>{words.probability(candidate.prob)}</div>"
        for candidate in face.candidates
    )
    st.html(f"{_BARS}<div class='fa-bars'>{rows}</div>")


def _evidence(dataset: Dataset, face: IdentifiedFace) -> None:
    faces = data.faces(dataset.id, dataset.revision)
    tiles = []
    for evidence in face.evidence:
        if evidence.face_id not in faces.row:  # the run was imported: its photos stayed where it was trained
            continue
        row = faces.row[evidence.face_id]
        name = words.person(faces.table.person(row))
        tiles.append(gallery.Tile(faces.table.crop_ids[row], name, f"{evidence.distance:.2f}"))
    if tiles:
        st.caption("Most like these training photos, with their distance:")
        gallery.grid(dataset.id, tiles, tile_px=72)
    elif face.evidence:
        distances = ", ".join(f"{evidence.distance:.2f}" for evidence in face.evidence)
        st.caption(f"Distances to the nearest training photos, which are not on this computer: {distances}.")
