"""A recogniser and its file."""

import io
import json
import zipfile
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import InputRefused, NotFound
from core.learn.classification import recogniser
from core.learn.classification.calibrated_classifier import CalibratedClassifier, fit_classifier
from core.learn.classification.classifier_kinds import ClassifierKind, ClassifierSettings
from core.learn.classification.recogniser import Recogniser
from core.learn.numerics.labels import fit_centroids
from core.learn.numerics.linear_classifier import LinearClassifier
from core.learn.open_set import rejection_rule
from core.learn.open_set.prior_rule import prior_rule
from core.learn.open_set.rejection_rule import RejectionRules
from tests.learn.faces import clusters


def prior_rules(n_people: int) -> RejectionRules:
    """The model's own, with training faces and without."""
    return RejectionRules(prior_rule(n_people), prior_rule(n_people, len(rejection_rule.FEATURES) - 1))


def a_rule_of(n_people: int) -> RejectionRules:
    """The model's own rules with one number changed, so that both are told apart."""
    rules = prior_rules(n_people)
    return replace(rules, full=replace(rules.full, offset=0.25, genuine_kept=0.5))


def a_recogniser(
    people=("Ann", "Bob", "Çelik"), seed: int = 0, kind: ClassifierKind = ClassifierKind.LINEAR_SVM
) -> Recogniser:
    faces = clusters(len(people), 6, seed=seed)
    return Recogniser(
        classifier=fit_classifier(faces, people, ClassifierSettings(kind, 1.0)),
        centroids=fit_centroids(faces.vectors, faces.labels, len(people)),
        rules=a_rule_of(len(people)),
        model_id="facenet-128",
        seed=7,
    )


@given(people=st.lists(st.text(max_size=8), min_size=2, max_size=5, unique=True), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_a_saved_recogniser_comes_back_the_same(tmp_path_factory, people, seed):
    before = a_recogniser(tuple(people), seed)
    path = tmp_path_factory.mktemp("run") / "recogniser.npz"
    before.save(path)
    after = Recogniser.load(path)
    assert after.people == before.people
    for name in ("coef", "intercept"):
        assert (getattr(after.classifier.linear, name) == getattr(before.classifier.linear, name)).all()
    assert (after.centroids == before.centroids).all()
    assert (after.classifier.temperature, after.classifier.doubt, after.classifier.C) == (
        before.classifier.temperature,
        before.classifier.doubt,
        before.classifier.C,
    )
    assert (after.model_id, after.seed) == ("facenet-128", 7)
    for loaded, saved in ((after.rules.full, before.rules.full), (after.rules.alone, before.rules.alone)):
        assert (loaded.weights == saved.weights).all() and loaded.thresholds == saved.thresholds
        assert (loaded.offset, loaded.from_prior) == (saved.offset, saved.from_prior)
        assert np.isnan(loaded.genuine_kept) if np.isnan(saved.genuine_kept) else loaded.genuine_kept == 0.5


@pytest.mark.parametrize(
    ("kind", "file_format"),
    [(ClassifierKind.LINEAR_SVM, 2), (ClassifierKind.LOGISTIC, 3), (ClassifierKind.NEAREST_CENTROID, 3)],
)
def test_the_file_says_which_classifier_it_is_and_earlier_versions_refuse_what_they_do_not_know(kind, file_format):
    before = a_recogniser(kind=kind)
    content = before.to_bytes()
    after = Recogniser.from_bytes(content, "recogniser.npz")
    assert after.classifier.kind is kind
    vectors = clusters(3, 6, seed=3).vectors
    assert (after.classifier.probabilities(vectors) == before.classifier.probabilities(vectors)).all()
    with np.load(io.BytesIO(content)) as archive:
        assert json.loads(bytes(archive["header"]))["format"] == file_format


def test_saving_leaves_one_file_and_overwrites_whole(tmp_path):
    path = tmp_path / "recogniser.npz"
    a_recogniser().save(path)
    a_recogniser(("X", "Y")).save(path)
    assert Recogniser.load(path).people == ("X", "Y")
    assert [file.name for file in tmp_path.iterdir()] == ["recogniser.npz"]


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound, match="Train one"):
        Recogniser.load(tmp_path / "none.npz")


def tampered_rules(*, limit: float = 0.5, weights: list[float] | None = None) -> list[dict]:
    """The rules of a file with the first one's strictest limit, or its weights, replaced."""
    rules = prior_rules(3)
    header, alone = (
        json.loads(json.dumps(asdict(recogniser._StoredRule.of(rule)))) for rule in (rules.full, rules.alone)
    )
    header["thresholds"][-1]["score"] = limit
    return [header | ({"weights": weights} if weights else {}), alone]


def tampered(tmp_path, **changes):
    """Write a recogniser with some of its arrays replaced, or left out where the change is None."""
    a_recogniser().save(tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as good:
        parts = {name: good[name] for name in good.files}
    header = json.loads(bytes(parts["header"])) | changes.pop("header", {})
    parts["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    parts |= changes
    np.savez(tmp_path / "bad.npz", **{name: part for name, part in parts.items() if part is not None})
    return tmp_path / "bad.npz"


@pytest.mark.parametrize(
    ("case", "changes"),
    [
        ("a classifier of a later version", {"header": {"classifier": "gradient-boosting"}}),
        ("a name too many", {"header": {"people": ["a", "b", "c", "d"]}}),
        ("the same name twice", {"header": {"people": ["a", "b", "b"]}}),
        ("names that are numbers", {"header": {"people": [1, 2, 3]}}),
        ("another format", {"header": {"format": 99}}),
        ("a negative temperature", {"header": {"temperature": -1.0}}),
        ("a doubt of nothing", {"header": {"doubt": 0.0}}),
        ("an earlier format", {"header": {"format": 1, "threshold": 0.9}}),
        ("no rules", {"header": {"rules": []}}),
        ("a rule that is no rule", {"header": {"rules": [{}, {}]}}),
        ("a rule with a limit that is no number", {"header": {"rules": tampered_rules(limit=float("nan"))}}),
        ("a rule with too few weights", {"header": {"rules": tampered_rules(weights=[1.0])}}),
        ("a seed that is text", {"header": {"seed": "7"}}),
        ("coef of another dimension", {"coef": np.zeros((3, 5), np.float32)}),
        ("coef with NaN", {"coef": np.full((3, 16), np.nan, np.float32)}),
        ("coef as doubles", {"coef": np.zeros((3, 16))}),
        ("a missing array", {"intercept": None}),
        ("an intercept of another length", {"intercept": np.zeros(2, np.float32)}),
        ("centroids that are not unit length", {"centroids": np.zeros((3, 16), np.float32)}),
        ("an array of objects", {"coef": np.array([{}], dtype=object)}),
    ],
)
def test_a_tampered_file_is_refused(tmp_path, case, changes):
    with pytest.raises(InputRefused, match=r"bad\.npz.*train again"):
        Recogniser.load(tampered(tmp_path, **changes))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off", b"\x93NUMPY\x01\x00v\x00{}"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(InputRefused):
        Recogniser.load(path)


def test_a_flipped_byte_is_noticed(tmp_path):
    path = tmp_path / "bad.npz"
    a_recogniser().save(path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("coef.npy").header_offset
    content[start + 300] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputRefused):
        Recogniser.load(path)


def test_distances_are_to_the_named_persons_centroid():
    svm = CalibratedClassifier(
        people=("Ann", "Bob"),
        linear=LinearClassifier(np.eye(2, dtype=np.float32), np.zeros(2, np.float32)),
        temperature=1.0,
        doubt=0.1,
        C=1.0,
    )
    recogniser = Recogniser(
        classifier=svm, centroids=np.eye(2, dtype=np.float32), rules=prior_rules(2), model_id="m", seed=0
    )
    vectors = np.array([[1, 0], [1, 0]], np.float32)
    assert recogniser.distances(vectors, np.array([0, 1])) == pytest.approx([0, np.sqrt(2)])
    assert recogniser.people == ("Ann", "Bob")


def test_a_face_is_named_with_or_without_the_training_faces():
    recogniser = a_recogniser(("Ann", "Bob"))
    gallery = rejection_rule.Gallery.of(recogniser.classifier.linear, recogniser.centroids)
    for known in (gallery, None):
        named, scores = recogniser.name(recogniser.centroids, known)
        assert named.tolist() == [0, 1]
        assert scores == pytest.approx([1.0 + (0.25 if known else 0)] * 2, abs=1e-5)
