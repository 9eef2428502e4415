"""A photo's bytes to its faces: the same alone and among many, however it lies and however few pixels it came with."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from PIL import Image

from core.base.errors import ImageRefused
from core.base.settings import ImageLimits
from core.base.types import Detection, RgbImage
from core.imaging.decoding import DecodedPicture, decode_image, decode_reduced
from core.imaging.geometry import box_centrality
from core.imaging.pixels import encode_jpeg, turn_pixels
from core.vision.detect.mtcnn import Detector
from core.vision.embed.embedder import Embedder
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.catalogue import DEFAULT_VECTORS_ID, find_embedding_model, find_vectors_model
from core.vision.pipeline import DecodedPhoto, FacePipeline, PhotoFaces, choose_every_face, choose_main_face
from tests.conftest import MODEL_ID


@dataclass
class HereDecoder:
    """Decodes in this process, and notes the sizes that were asked for; refuses to decode sharper where told so."""

    asked_px: list[int | None] = field(default_factory=list)
    refuses_sharper: bool = False

    def __call__(self, content: bytes, limits: ImageLimits, enough_px: int | None) -> DecodedPicture:
        self.asked_px.append(enough_px)
        if enough_px is None:
            return DecodedPicture.whole(decode_image(content, limits))
        if self.refuses_sharper:
            raise ImageRefused("The JPEG is damaged.")
        return decode_reduced(content, limits, enough_px)


@pytest.fixture
def pipeline(engine: OpenVinoEngine) -> FacePipeline:
    return FacePipeline(
        Detector(engine), Embedder(engine, find_embedding_model(MODEL_ID)), HereDecoder(), ImageLimits()
    )


@pytest.fixture(scope="module")
def portrait(sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]) -> RgbImage:
    """A photo with one face, that is surely one."""
    return next(
        sample_images[name] for name, faces in sample_faces.items() if len(faces) == 1 and faces[0].prob > 0.999
    )


@pytest.fixture(scope="module")
def pair(portrait: RgbImage) -> RgbImage:
    """The same face twice: small on the left, as it is on the right."""
    height, width = portrait.shape[:2]
    small = np.asarray(Image.fromarray(portrait).resize((width // 2, height // 2)))
    scene = np.full((height, width // 2 + width + 20, 3), 110, np.uint8)
    scene[: height // 2, : width // 2] = small[: height // 2, : width // 2]
    scene[:, width // 2 + 20 :] = portrait
    return scene


def vectors_of(answers: Sequence[PhotoFaces]) -> np.ndarray:
    return np.stack([face.vector for answer in answers for face in answer.faces])


def test_a_mirror_image_is_looked_at_where_it_is_asked_for_and_averaged(engine, portrait: RgbImage) -> None:
    embedder = Embedder(engine, find_vectors_model(DEFAULT_VECTORS_ID))
    face = Detector(engine).detect([portrait])[0][0]
    crop = embedder.crop(portrait, face)
    vectors, steadiness = embedder.embed_steadily([crop, crop], np.array([False, True]))
    own, mirror = embedder.embed_crops([crop, crop[:, ::-1]])
    assert np.isnan(steadiness[0]) and steadiness[1] == pytest.approx(own @ mirror, abs=2e-3)
    mean = (own + mirror) / np.linalg.norm(own + mirror)
    assert vectors[0] @ own > 0.999 and vectors[1] @ mean > 0.999 and vectors[1] @ own < 0.9999


def test_vectors_of_an_earlier_preparation_always_hold_the_mirror_image(engine, portrait: RgbImage) -> None:
    earlier, today = (Embedder(engine, find_vectors_model(name)) for name in ("facenet-128@2", "facenet-128@3"))
    crop = today.crop(portrait, Detector(engine).detect([portrait])[0][0])
    np.testing.assert_array_equal(crop, earlier.crop(portrait, Detector(engine).detect([portrait])[0][0]))
    expected, _ = today.embed_steadily([crop], np.array([True]))
    assert earlier.embed_crops([crop])[0] @ expected[0] > 0.9999


def test_a_mirror_image_that_comes_later_gives_what_it_would_have_given_at_once(pipeline, portrait: RgbImage) -> None:
    photo = DecodedPhoto.whole(portrait)
    (once,), (twice,) = pipeline.find_faces([photo]), pipeline.find_faces([replace(photo, mirrored=True)])
    assert once.faces[0].quality.steadiness is None and twice.faces[0].quality.steadiness is not None
    later = pipeline.add_mirror_images([once.faces[0], twice.faces[0]])
    assert later[1] is twice.faces[0]
    assert later[0].vector @ twice.faces[0].vector > 0.9999
    assert later[0].quality.steadiness == pytest.approx(twice.faces[0].quality.steadiness, abs=2e-3)
    assert later[0].quality.grade == once.faces[0].quality.grade
    assert pipeline.add_mirror_images([]) == []


def test_many_photos_give_what_each_gives_alone(pipeline: FacePipeline, sample_images) -> None:
    photos = [DecodedPhoto.whole(image) for image in list(sample_images.values())[:6]]
    together, alone = pipeline.find_faces(photos), [pipeline.find_faces([photo])[0] for photo in photos]
    assert [len(answer.faces) for answer in together] == [len(answer.faces) for answer in alone]
    # bfloat16 and the size of a batch round differently
    assert (np.einsum("ij,ij->i", vectors_of(together), vectors_of(alone)) > 0.999).all()
    assert pipeline.find_faces([]) == []


def test_a_file_is_read_to_its_faces_and_their_grades(pipeline: FacePipeline, portrait: RgbImage) -> None:
    answer = pipeline.read_photo(encode_jpeg(portrait, 95))
    (face,) = answer.faces
    assert (answer.objection, answer.n_detected, answer.main, len(answer.photo_id)) == ("", 1, 0, 64)
    assert answer.picture.pixels.shape == portrait.shape
    assert face.vector.shape == (pipeline.model.dimension,) and np.linalg.norm(face.vector) == pytest.approx(
        1, abs=1e-5
    )
    assert face.crop.shape == (pipeline.model.input_px, pipeline.model.input_px, 3)
    assert face.quality.grade > 0.5 and face.doubt == ""
    with pytest.raises(ImageRefused):
        pipeline.read_photo(b"no photo")


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_faces_of_a_photo_that_lies_are_in_the_pixels_of_the_upright_one(
    pipeline: FacePipeline, portrait: RgbImage, quarters: int
) -> None:
    lying, upright = pipeline.find_faces(
        [DecodedPhoto.whole(image) for image in (turn_pixels(portrait, quarters), portrait)]
    )
    assert (lying.picture.turn, upright.picture.turn) == (4 - quarters, 0)
    np.testing.assert_array_equal(lying.picture.pixels, portrait)
    np.testing.assert_allclose(
        lying.faces[0].detection.box.as_tuple(), upright.faces[0].detection.box.as_tuple(), atol=1.5
    )
    (as_it_is,) = pipeline.detect_faces([DecodedPicture.whole(turn_pixels(portrait, quarters))], may_turn=False)
    assert as_it_is.turn == 0


def test_a_photo_says_which_of_its_faces_are_wanted(pipeline: FacePipeline, pair: RgbImage) -> None:
    photo = DecodedPhoto.whole(pair)
    every, main, nobody = pipeline.find_faces(
        [photo, replace(photo, choose=choose_main_face), replace(photo, choose=lambda faces, picture: [])]
    )
    assert [len(answer.faces) for answer in (every, main, nobody)] == [2, 1, 0]
    assert [answer.n_detected for answer in (every, main, nobody)] == [2, 2, 2]
    lefts = [face.detection.box.left for face in every.faces]
    assert lefts == sorted(lefts) and photo.choose is choose_every_face
    assert every.main == 1
    assert main.faces[0].detection.box == every.faces[1].detection.box
    height, width = pair.shape[:2]
    assert max(every.faces, key=lambda face: box_centrality(face.detection.box, width, height)) is every.faces[1]


def test_pictures_for_people_are_cut_where_they_are_asked_for(pipeline: FacePipeline, portrait: RgbImage) -> None:
    photo = DecodedPhoto.whole(portrait)
    assert pipeline.find_faces([photo])[0].faces[0].portrait == b""
    (answer,) = pipeline.find_faces([photo], portraits=True)
    assert Image.open(io.BytesIO(answer.faces[0].portrait)).format == "JPEG"


@pytest.fixture(scope="module")
def large(portrait: RgbImage) -> bytes:
    """A JPEG of 3000 x 2000 pixels with a face too small to embed at half its size."""
    scene = np.full((2000, 3000, 3), 110, np.uint8)
    scene[600 : 600 + portrait.shape[0], 900 : 900 + portrait.shape[1]] = portrait
    return encode_jpeg(scene, 95)


def test_more_pixels_are_decoded_for_the_faces_that_need_them_alone(
    pipeline: FacePipeline, large: bytes, portrait: RgbImage
) -> None:
    reduced = decode_reduced(large, ImageLimits(), pipeline.enough_px)
    assert reduced.pixels.shape[:2] == (1000, 1500)
    asked_px = pipeline.decode.asked_px  # type: ignore[attr-defined]
    (answer,) = pipeline.find_faces([DecodedPhoto(reduced, large, choose=lambda faces, picture: [])])
    assert (answer.n_detected, asked_px) == (1, []), "what is not cut needs no more pixels"
    answer, whole = pipeline.find_faces([DecodedPhoto(reduced, large)])[0], pipeline.read_photo(large)
    assert len(asked_px) == 2 and 1500 < asked_px[0] <= 3000
    assert answer.picture is reduced, "the sharper picture does not outlive the cut"
    np.testing.assert_allclose(
        answer.faces[0].detection.box.as_tuple(), whole.faces[0].detection.box.as_tuple(), atol=0.1 * 100
    )
    assert answer.faces[0].vector @ whole.faces[0].vector > 0.97


def test_damage_that_shows_late_costs_that_photo_alone(
    pipeline: FacePipeline, large: bytes, portrait: RgbImage
) -> None:
    pipeline = replace(pipeline, decode=HereDecoder(refuses_sharper=True))
    reduced = decode_reduced(large, ImageLimits(), pipeline.enough_px)
    damaged, sound = pipeline.find_faces([DecodedPhoto(reduced, large), DecodedPhoto.whole(portrait)])
    assert (damaged.objection, damaged.faces) == ("The JPEG is damaged.", ())
    assert sound.objection == "" and len(sound.faces) == 1


def test_known_faces_are_cut_and_embedded_without_looking_for_them(pipeline: FacePipeline, portrait: RgbImage) -> None:
    photo = DecodedPhoto.whole(portrait)
    (answer,) = pipeline.find_faces([photo])
    (cut,) = pipeline.cut_faces(photo, [answer.faces[0].detection])
    np.testing.assert_array_equal(cut.crop, answer.faces[0].crop)
    (face,) = pipeline.embed_faces([cut])
    np.testing.assert_array_equal(face.vector, answer.faces[0].vector)
    assert face.quality == answer.faces[0].quality
    assert pipeline.embed_faces([]) == []
