"""What a trial's classifier never sees."""

from dataclasses import replace

from core.learn.open_set import left_out_trials
from tests.learn.faces import clusters
from tests.learn.open_set.test_rule_fitting import learned


def test_a_part_is_tried_without_its_people_and_held_out_shots(monkeypatch):
    """What a part's classifier learns from is watched: neither the strangers nor the shots that it is tried on."""
    faces = clusters(48, 6, spread=0.4)
    of = learned(replace(faces, shots=faces.shots // 2))
    seen = []
    real = left_out_trials.fit_one_versus_rest

    def watched(vectors, *rest, **options):
        seen.append({row.tobytes() for row in vectors})
        return real(vectors, *rest, **options)

    monkeypatch.setattr(left_out_trials, "fit_one_versus_rest", watched)
    left_out, held_out = of.faces.labels % 8 == 3, (of.faces.shots % 3 == 1)
    genuine, strange = left_out_trials._try_part(of, 3, left_out, held_out)
    (train,) = seen
    assert train == {row.tobytes() for row in of.faces.vectors[~left_out & ~held_out]}
    assert set(strange.who) == {3, 11, 19, 27, 35, 43} and not set(strange.named) & set(strange.who)
    assert len(genuine.who) == int((held_out & ~left_out).sum())
