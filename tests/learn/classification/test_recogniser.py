"""The linear SVM, its probabilities and its file."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from core.base.errors import Cancelled, InputRefused, NotFound, TrainingRefused
from core.learn.classification import recogniser, solver
from core.learn.classification.recogniser import C_GRID, LinearSvm, Recogniser, fit_linear_svm, fit_temperature
from core.learn.classification.solver import one_versus_rest, person_weights
from core.learn.open_set import rejection_rule
from core.learn.open_set.rejection_rule import RejectionRules


def clusters(n_people: int, n_each: int, *, spread: float = 0.6, seed: int = 0):
    """Unit vectors around random directions, 16-D; (vectors, labels)."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_people, 16))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    labels = np.repeat(np.arange(n_people), n_each)
    vectors = centres[labels] + rng.normal(size=(len(labels), 16)) * spread / 4
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), labels


def names(n: int) -> list[str]:
    return [f"person {i}" for i in range(n)]


def a_rule_of(n_people: int) -> RejectionRules:
    """The model's own rules with one number changed, so that both are told apart."""
    rules = RejectionRules.of_prior(n_people)
    return replace(rules, full=replace(rules.full, offset=0.25, genuine_kept=0.5))


def a_recogniser(people=("Ann", "Bob", "Çelik"), seed: int = 0) -> Recogniser:
    vectors, labels = clusters(len(people), 6, seed=seed)
    svm = fit_linear_svm(vectors, labels, people, np.arange(len(labels)), c=1.0)
    return Recogniser(
        svm=svm,
        centroids=rejection_rule.fit_centroids(vectors, labels, len(people)),
        rules=a_rule_of(len(people)),
        model_id="facenet-128",
        seed=7,
    )


@pytest.mark.parametrize("n_people", [2, 3, 8])
@pytest.mark.parametrize("C", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("spread", [0.3, 1.5])
def test_the_solver_finds_what_scikit_learns_linear_svc_finds(n_people, C, spread):
    vectors, labels = clusters(n_people, 9, spread=spread)
    vectors, labels = vectors[4:], labels[4:]  # the first person has fewer faces
    coef, intercept = one_versus_rest(vectors, labels, n_people, C)
    for person in range(n_people):
        reference = LinearSVC(C=C, tol=1e-8, max_iter=500_000, random_state=0)
        reference.fit(vectors, labels == person, sample_weight=person_weights(labels, n_people))
        assert np.allclose(coef[person], reference.coef_[0], atol=2e-3)
        assert np.allclose(intercept[person], reference.intercept_, atol=2e-3)


@pytest.mark.parametrize("C", [0.3, 10.0])
def test_working_sets_find_the_minimum_over_all_faces(monkeypatch, C):
    vectors, labels = clusters(12, 30, spread=1.2)
    at_once = one_versus_rest(vectors, labels, 12, C)
    monkeypatch.setattr(solver, "HARDEST", 3)
    piece_by_piece = one_versus_rest(vectors, labels, 12, C)
    assert np.allclose(at_once[0], piece_by_piece[0], atol=1e-3)
    assert np.allclose(at_once[1], piece_by_piece[1], atol=1e-3)


def test_where_the_solver_starts_decides_nothing():
    vectors, labels = clusters(6, 20, spread=1.2)
    astray = one_versus_rest(vectors, (labels + 1) % 6, 6, 30.0)
    fresh, led = one_versus_rest(vectors, labels, 6, 1.0), one_versus_rest(vectors, labels, 6, 1.0, start=astray)
    assert np.allclose(fresh[0], led[0], atol=1e-3)
    assert np.allclose(fresh[1], led[1], atol=1e-3)


def test_the_share_that_is_done_rises_to_one():
    vectors, labels = clusters(40, 4)
    told: list[float] = []
    fit_linear_svm(vectors, labels, names(40), np.arange(160), watch=told.append)
    assert told == sorted(told) and told[-1] == 1
    assert len(told) > 5


def test_a_watch_that_raises_stops_the_work():
    def stop(share: float) -> None:
        raise Cancelled("enough")

    vectors, labels = clusters(40, 4)
    with pytest.raises(Cancelled):
        one_versus_rest(vectors, labels, 40, 1.0, watch=stop)


def test_every_person_weighs_the_same():
    assert person_weights(np.array([0, 1, 1, 1]), 2) == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3])


def test_two_people_have_two_opposite_rows():
    vectors, labels = clusters(2, 5)
    svm = fit_linear_svm(vectors, labels, ("Ann", "Bob"), np.arange(10), c=1.0)
    assert svm.coef.shape == (2, 16)
    assert np.allclose(svm.coef[0], -svm.coef[1], atol=1e-4)
    assert svm.predict(vectors).tolist() == labels.tolist()


def test_separable_people_are_all_recognised_and_the_smallest_of_equal_values_is_taken():
    vectors, labels = clusters(5, 8, spread=0.2)
    svm = fit_linear_svm(vectors, labels, names(5), np.arange(40))
    assert C_GRID[0] == svm.C
    assert (svm.predict(vectors) == labels).all()


def test_fitting_twice_gives_the_same_arrays():
    vectors, labels = clusters(4, 6)
    one, two = (fit_linear_svm(vectors, labels, names(4), np.arange(24), seed=5) for _ in range(2))
    assert (one.coef == two.coef).all() and one.temperature == two.temperature and one.C == two.C


@pytest.mark.parametrize(("n_people", "n_each"), [(2, 1), (2, 2), (5, 3), (5, 40)])
def test_probabilities_sum_to_one_and_are_never_certain(n_people, n_each):
    vectors, labels = clusters(n_people, n_each, spread=0.1)
    probabilities = fit_linear_svm(vectors, labels, names(n_people), np.arange(len(labels))).probabilities(vectors)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities > 0).all() and (probabilities < 1).all()


def test_few_photos_promise_less_than_many():
    def surest(n_each: int) -> float:
        vectors, labels = clusters(5, n_each, spread=0.3)
        return float(fit_linear_svm(vectors, labels, names(5), np.arange(len(labels))).probabilities(vectors).max())

    assert surest(3) < 0.96 < 0.99 < surest(40)
    assert surest(1) < 0.7


def test_a_burst_counts_as_one_shot_for_how_sure_to_be():
    vectors, labels = clusters(5, 12, spread=0.3)
    alone = fit_linear_svm(vectors, labels, names(5), np.arange(60), c=1.0)
    bursts = fit_linear_svm(vectors, labels, names(5), np.arange(60) // 4, c=1.0)
    assert bursts.temperature > alone.temperature


def test_the_temperature_of_honest_margins_is_one():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 2
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)  # drawn from softmax(logits)
    assert fit_temperature(logits, truth, 20_000) == pytest.approx(1.0, abs=0.03)
    assert fit_temperature(logits * 5, truth, 20_000) == pytest.approx(5.0, abs=0.15)


def test_a_person_with_one_shot_is_learned_beside_people_with_many():
    vectors, labels = clusters(3, 13, spread=0.5)
    keep = np.concatenate([[0], np.arange(13, 39)])
    svm = fit_linear_svm(vectors[keep], labels[keep], names(3), np.arange(27))
    assert (svm.predict(vectors) == labels).all()


def test_the_penalty_is_chosen_on_a_sample_of_a_large_dataset_but_everybody_is_learned():
    vectors, labels = clusters(130, 20, spread=0.1)
    svm = fit_linear_svm(vectors, labels, names(130), np.arange(2600), seed=1)
    assert len(svm.people) == 130
    assert (svm.predict(vectors) == labels).mean() > 0.98


@pytest.mark.parametrize(
    ("case", "people", "error"),
    [("one person", ("Ann",), TrainingRefused), ("a person without a face", ("Ann", "Bob", "Cat"), ValueError)],
)
def test_what_cannot_be_learned_is_refused(case, people, error):
    vectors, labels = clusters(min(len(people), 2), 3)
    with pytest.raises(error):
        fit_linear_svm(vectors, labels, people, np.arange(len(labels)))


def test_a_vector_that_is_no_number_is_refused():
    vectors, labels = clusters(2, 3)
    vectors[1, 2] = np.nan
    with pytest.raises(TrainingRefused, match="no number"):
        fit_linear_svm(vectors, labels, ("Ann", "Bob"), np.arange(6))


@given(people=st.lists(st.text(max_size=8), min_size=2, max_size=5, unique=True), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_a_saved_recogniser_comes_back_the_same(tmp_path_factory, people, seed):
    before = a_recogniser(tuple(people), seed)
    path = tmp_path_factory.mktemp("run") / "recogniser.npz"
    before.save(path)
    after = Recogniser.load(path)
    assert after.people == before.people
    for name in ("coef", "intercept"):
        assert (getattr(after.svm, name) == getattr(before.svm, name)).all()
    assert (after.centroids == before.centroids).all()
    assert (after.svm.temperature, after.svm.doubt, after.svm.C) == (
        before.svm.temperature,
        before.svm.doubt,
        before.svm.C,
    )
    assert (after.model_id, after.seed) == ("facenet-128", 7)
    for loaded, saved in ((after.rules.full, before.rules.full), (after.rules.alone, before.rules.alone)):
        assert (loaded.weights == saved.weights).all() and loaded.thresholds == saved.thresholds
        assert (loaded.offset, loaded.from_prior) == (saved.offset, saved.from_prior)
        assert np.isnan(loaded.genuine_kept) if np.isnan(saved.genuine_kept) else loaded.genuine_kept == 0.5


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
    header = json.loads(json.dumps(recogniser._rule_header(RejectionRules.of_prior(3).full)))
    header["thresholds"][-1]["score"] = limit
    alone = recogniser._rule_header(RejectionRules.of_prior(3).alone)
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
    svm = LinearSvm(
        people=("Ann", "Bob"),
        coef=np.eye(2, dtype=np.float32),
        intercept=np.zeros(2, np.float32),
        temperature=1.0,
        doubt=0.1,
        C=1.0,
    )
    recogniser = Recogniser(
        svm=svm, centroids=np.eye(2, dtype=np.float32), rules=RejectionRules.of_prior(2), model_id="m", seed=0
    )
    vectors = np.array([[1, 0], [1, 0]], np.float32)
    assert recogniser.distances(vectors, np.array([0, 1])) == pytest.approx([0, np.sqrt(2)])
    assert recogniser.people == ("Ann", "Bob")


def test_a_face_is_named_with_or_without_the_training_faces():
    recogniser = a_recogniser(("Ann", "Bob"))
    gallery = rejection_rule.Gallery.of(recogniser.svm, recogniser.centroids)
    for known in (gallery, None):
        named, scores = recogniser.name(recogniser.centroids, known)
        assert named.tolist() == [0, 1]
        assert scores == pytest.approx([1.0 + (0.25 if known else 0)] * 2, abs=1e-5)
