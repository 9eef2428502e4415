"""Were the faces cut out as the network wants them? Compared with what right crops give.

Four things of a dataset are held against photos whose crops were looked at (``MEASURED``):

- how alike faces of different people are: near 0 for right crops, whoever they show and whatever they are called;
- how steady a face's vector is when the crop is mirrored: it falls when faces are tilted or beside the middle;
- how alike faces of one person are: it falls with wrong crops, and with wrong names;
- the colours of the crops' middles: skin is more red than green and more green than blue, whoever's it is (in 93 % and
  92 % of the sample's photos, grey ones counted; in 99.9 % and 98 % of lfw-dev's).

The limits lie between right crops and wrong ones made on purpose. Medians, the sample / lfw-dev, facenet-128@2:

=========================================  ================  ===============  =============
crops                                      different people  mirrored         one person
=========================================  ================  ===============  =============
right                                      -0.02 / 0.04      0.976 / 0.982    0.67 / 0.80
right, photos shrunk to 40 pixels          -0.01 / 0.04      0.975 / 0.981    0.58 / 0.76
tight box, squeezed, not levelled          -0.03 / 0.03      0.970 / 0.977    0.63 / 0.78
channels shuffled (any way)                -0.01 / 0.04      0.972 / 0.978    0.63 / 0.77
tilted by up to 40 degrees                 0.00 / 0.02       **0.933/0.952**  0.48 / 0.63
box 30 % beside the face                   -0.03 / 0.04      **0.945/0.955**  0.57 / 0.68
box twice as large, not levelled           0.07 / 0.14       **0.919/0.915**  0.44 / 0.62
the whole photo                            **0.26 / 0.30**   **0.908/0.901**  0.39 / 0.61
on their side                              **0.43 / 0.57**   **0.895/0.897**  0.59 / 0.67
upside down                                **0.56 / 0.57**   **0.948/0.941**  0.66 / 0.69
not standardised                           **0.91**          0.972            0.92
=========================================  ================  ===============  =============

Shuffled channels are seen by their colours only: to this network they are a slightly worse photo, as is a box that fits
but is not levelled, which is not noticed. Where steadiness was not measured, tilted crops are noticed only when the
photos of one person differ much anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.base.types import Doubles, Floats, RgbImage
from core.language.texts import marked
from core.learn.verification.pair_rule import PairScores

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_IMPOSTOR, LEAST_STEADY, LEAST_GENUINE = 0.15, 0.96, 0.52
"""Limits of the medians; see above."""
FEWEST_GENUINE, FEWEST_IMPOSTOR, FEWEST_COLOURED = 30, 100, 20
"""With fewer pairs, or photos that are not grey, it is not judged."""
GREY_SPREAD = 0.03
"""A crop whose channels differ by less, 0..1, is a grey photo."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Quantiles (at ``QUANTILES``) that right crops give."""

    genuine: tuple[float, ...]
    """Cosines of two photos of one person, near duplicates left out."""
    impostor: tuple[float, ...]
    """Cosines of photos of two people."""
    steadiness: tuple[float, ...]
    """Cosines of a face's vector and its mirror image's, of the faces where that was looked at."""


MEASURED: Mapping[str, Reference] = {
    "facenet-128@3": Reference(
        (0.577, 0.722, 0.793, 0.848, 0.904), (-0.185, -0.056, 0.036, 0.130, 0.277), (0.965, 0.976, 0.982, 0.986, 0.991)
    ),
    "facenet-128@2": Reference(
        (0.589, 0.731, 0.801, 0.854, 0.909), (-0.184, -0.055, 0.036, 0.130, 0.278), (0.965, 0.976, 0.982, 0.986, 0.991)
    ),
    "facenet-128": Reference(
        (0.591, 0.731, 0.798, 0.851, 0.909), (-0.178, -0.050, 0.042, 0.136, 0.283), (0.958, 0.972, 0.978, 0.984, 0.989)
    ),
}
"""By the name of the vectors: all pairs of the 1,027 photos of lfw-dev (development part of Labeled Faces in the Wild,
79 people, press photos of adults), near duplicates left out."""


WRONG_COLOURS = marked(
    "The faces have not the colours of skin: red, green and blue are probably shuffled. Look at the photos; "
    "if those are right, have the faces detected and embedded again."
)


@dataclass(frozen=True, slots=True)
class CropCheck:
    """What the comparison says."""

    ok: bool | None
    """None where it cannot be told."""
    sentence: str
    genuine: tuple[float, ...] = ()
    """Quantiles of this dataset, as in ``Reference``; empty where there are none."""
    impostor: tuple[float, ...] = ()
    steadiness: tuple[float, ...] = ()
    coloured: int = 0
    """Crops that are not grey."""
    skin: float | None = None
    """The share of them that is more red than green and more green than blue."""
    reference: Reference | None = None
    quantiles: tuple[float, ...] = QUANTILES
    """At which those of this dataset and of the reference are given."""


def middle_colour(crop: RgbImage) -> Doubles:
    """The mean red, green and blue of the middle third of a crop, 0..1."""
    height, width = crop.shape[:2]
    middle = crop[height // 3 : height - height // 3, width // 3 : width - width // 3]
    return np.asarray(middle.reshape(-1, 3).mean(axis=0) / 255, dtype=np.float64)


def check_crops(model_id: str, scores: PairScores, steadiness: Floats | Doubles, colours: Doubles) -> CropCheck:
    """Compare a dataset with what right crops give.

    Parameters
    ----------
    scores : pairs of the dataset's faces
    steadiness : (n,) of its faces; NaN where it was not measured
    colours : (m, 3) of some of its crops, from ``middle_colour``
    """
    # Grey photos have no colours to be shuffled, and would pass for skin or not by noise.
    coloured = colours[np.ptp(colours, axis=1) > GREY_SPREAD] if len(colours) else colours
    crop_check = _compared(model_id, scores, steadiness)
    if len(coloured) < FEWEST_COLOURED:
        return replace(crop_check, coloured=len(coloured))
    red, green, blue = coloured.T
    crop_check = replace(crop_check, coloured=len(coloured), skin=float(np.mean((red > green) & (green > blue))))
    # The median of the differences, not the share: a few odd lights do not tip it.
    if np.median(red - green) > 0 and np.median(green - blue) > 0:
        return crop_check
    return replace(crop_check, ok=False, sentence=WRONG_COLOURS)


def _compared(model_id: str, scores: PairScores, steadiness: Floats | Doubles) -> CropCheck:
    genuine, impostor = scores.cosines[scores.same], scores.cosines[~scores.same]
    quantiles_of_kinds = _quantiles(genuine), _quantiles(impostor), _quantiles(steadiness[~np.isnan(steadiness)])
    if model_id not in MEASURED:
        return CropCheck(
            None,
            marked("What right crops give with '{model}' was not measured.").format(model=model_id),
            *quantiles_of_kinds,
        )
    reference = MEASURED[model_id]
    if len(genuine) < FEWEST_GENUINE or len(impostor) < FEWEST_IMPOSTOR:
        few = marked("There are too few pairs of faces to tell whether the crops are right.")
        return CropCheck(None, few, *quantiles_of_kinds, reference=reference)
    ok, sentence = _verdict(*(_middle(quantiles) for quantiles in quantiles_of_kinds))
    return CropCheck(ok, sentence, *quantiles_of_kinds, reference=reference)


def _verdict(genuine: float | None, impostor: float | None, steady: float | None) -> tuple[bool, str]:
    # The plainest sign first: crops that are no upright faces are wrong in the other ways too.
    if impostor is not None and impostor > MOST_IMPOSTOR:
        return False, marked(
            "Faces of different people are far too much alike (median cosine {cosine}, right crops give about "
            "0): the crops are probably upside down, on their side, not standardised or no faces at all. Look at how "
            "the photos are turned, and have the faces detected and embedded again."
        ).format(cosine=f"{impostor:.2f}")
    if steady is not None and steady < LEAST_STEADY:
        return False, marked(
            "Faces change when they are mirrored (median cosine {cosine}, right crops give about 0.98): they are "
            "probably not levelled, or not in the middle of their crops. Have them detected and embedded again."
        ).format(cosine=f"{steady:.2f}")
    if genuine is not None and genuine < LEAST_GENUINE:
        return False, marked(
            "Photos of one person are too little alike (median cosine {cosine}, right crops give about 0.7 to "
            "0.8): many names are wrong, or the crops are. Look through the suspects first; if the names are right, "
            "have the faces detected and embedded again."
        ).format(cosine=f"{genuine:.2f}")
    return True, marked(
        "The crops look right: faces are as alike, and as different, as they should be with this model."
    )


def _quantiles(values: Floats | Doubles) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in np.quantile(values, QUANTILES)) if len(values) else ()


def _middle(quantiles: tuple[float, ...]) -> float | None:
    return quantiles[QUANTILES.index(0.5)] if quantiles else None
