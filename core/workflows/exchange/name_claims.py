"""What several sources say of the faces of one photo, weighed: who is taken, and where they disagree.

Sidecars are newer than what a photo carries inside, and count before it. Where two of them disagree about a face,
neither is taken. Each disagreement is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.base.types import Refusal
from core.language.texts import marked

_NEITHER = marked("'{source}' says '{name}' and '{other_source}' says '{other_name}' of one face; neither was taken")
_SIDECAR_TAKEN = marked(
    "'{source}' says '{name}' and '{other_source}' says '{other_name}' of one face; the sidecar was taken"
)


@dataclass(frozen=True, slots=True)
class NameReading:
    """What one source says of a photo's faces."""

    source: str
    """The name of the file."""
    is_photo: bool
    certain: bool
    shared_folders: int
    names: dict[str, str]
    """By the faces' ids."""
    unmatched: tuple[str, ...] = ()
    """Names at places where no face was found here."""


@dataclass(slots=True)
class PhotoClaims:
    """All that is said of one photo."""

    readings: list[NameReading] = field(default_factory=list)

    def misplaced(self) -> list[NameReading]:
        """Sources that only share their name with the photo, which has a source from its own folder."""
        # '2023/a.xmp' and '2024/a.xmp' both fit a photo 'a.jpg' by name; the one whose folders fit better is its own,
        # the other is of a photo that is not here.
        nearest = max(reading.shared_folders for reading in self.readings)
        return [reading for reading in self.readings if not reading.certain and reading.shared_folders < nearest]

    def names(self) -> tuple[dict[str, str], list[str]]:
        """The name of each face that the sources agree on, and their disagreements in words."""
        misplaced = self.misplaced()
        readings = [reading for reading in self.readings if reading not in misplaced]
        claims_by_face: dict[str, list[tuple[NameReading, str]]] = defaultdict(list)
        for reading in readings:
            for face_id, name in reading.names.items():
                claims_by_face[face_id].append((reading, name))
        agreed: dict[str, str] = {}
        disagreements: list[str] = []
        for face_id, claims in claims_by_face.items():
            # Programs write sidecars after the photo, often because they may not change it.
            counting = [claim for claim in claims if not claim[0].is_photo] or claims
            # Of two that count alike none is more right, and a wrong name would be learned from.
            if len({name for _, name in counting}) == 1:
                agreed[face_id] = counting[0][1]
                disagreements += _overruled(counting[0], claims)
            else:
                disagreements.append(_NEITHER.format_map(_disagreeing(counting)))
        return agreed, disagreements

    def unmatched(self) -> set[str]:
        """Names at places without a face, each once however many sources say it."""
        return {name for reading in self.readings for name in reading.unmatched}


def _overruled(winner: tuple[NameReading, str], claims: Sequence[tuple[NameReading, str]]) -> Iterator[str]:
    overruled = [claim for claim in claims if claim[1] != winner[1]]
    if overruled:
        yield _SIDECAR_TAKEN.format_map(_disagreeing([winner, overruled[0]]))


def _disagreeing(claims: Sequence[tuple[NameReading, str]]) -> dict[str, str]:
    """Sources and names of the two that disagree."""
    first = claims[0]
    second = next(claim for claim in claims if claim[1] != first[1])
    return {
        "source": first[0].source,
        "name": first[1],
        "other_source": second[0].source,
        "other_name": second[1],
    }


def refuse_misplaced(photo: str, claims: PhotoClaims) -> list[Refusal]:
    """The sources of a photo that belong to another folder, with the reason."""
    return [
        Refusal(
            reading.source,
            marked("'{photo}' has its name, lies in another folder, and has a source from there").format(photo=photo),
        )
        for reading in claims.misplaced()
    ]
