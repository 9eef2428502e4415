"""Names in sidecars and inside of photos: right under every EXIF orientation, and told where they cannot be taken."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.base.errors import InputRefused
from core.base.types import Box, Face, Photo
from core.corrections.model import Change, Correction, Editor, Entity, EventKind, Field
from core.formats import xmp
from core.formats.xmp import Region, Sidecar
from core.imaging.geometry import stored_box
from core.services import Services
from core.store.artifacts import ArtifactKind, content_id
from core.store.values.datasets import IngestBatch, PhotoLabel, StoredFace
from core.workflows.exchange import import_names, imports
from core.workflows.exchange.export import ExportKind
from core.workflows.exchange.import_names import SidecarSummary
from tests.workflows.exchange.test_export import Album, entries

LEFT, RIGHT = Box(40, 60, 100, 130), Box(240, 80, 300, 150)
"""Two faces on the upright picture of 400 x 300 pixels."""
UPRIGHT = (400, 300)
MWG = """<rdf:Description rdf:about="" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#">
<mwg-rs:Regions rdf:parseType="Resource">{size}<mwg-rs:RegionList><rdf:Bag>{regions}</rdf:Bag></mwg-rs:RegionList>
</mwg-rs:Regions></rdf:Description>"""
SIZE = '<mwg-rs:AppliedToDimensions stDim:w="{}" stDim:h="{}" stDim:unit="pixel"/>'
MICROSOFT = """<rdf:Description rdf:about="" xmlns:MP="http://ns.microsoft.com/photo/1.2/"
 xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#" xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#">
<MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>{regions}</rdf:Bag></MPRI:Regions></MP:RegionInfo>
</rdf:Description>"""


class Photos(Album):
    """A dataset whose photos are real files, with EXIF and perhaps XMP inside."""

    def put(
        self, name: str, orientation: int = 1, *people: str | None, packets: bytes = b"", turn: int = 0
    ) -> list[str]:
        """A photo with the two faces, on the picture as it is shown; their ids."""
        content = jpeg(name, orientation, packets)
        photo = Photo(content_id(content), name, *UPRIGHT, len(content), 0, turn=turn)
        names = people or (None, None)
        faces = [self._boxed(photo.id, box, person) for box, person in zip((LEFT, RIGHT), names, strict=True)]
        self.services.artifacts.put(self.dataset.id, ArtifactKind.PHOTO, photo.id, content)
        label = PhotoLabel(names[0], None)
        self.services.store.add(self.dataset.id, self.job.id, IngestBatch([(photo, label)], faces))
        return [face.face.id for face in faces]

    def _boxed(self, photo_id: str, box: Box, person: str | None) -> StoredFace:
        face_id = hashlib.sha256(f"{photo_id}{box}".encode()).hexdigest()[:24]
        face = Face(
            id=face_id,
            photo_id=photo_id,
            box=box,
            landmarks=np.zeros((5, 2), np.float32),
            prob=0.99,
            crop_id="0" * 64,
            person=person,
            split=None,
        )
        vector = np.random.default_rng(int(face_id[:8], 16)).normal(size=128).astype(np.float32)
        return StoredFace(face, vector / np.linalg.norm(vector))

    def content(self, name: str) -> bytes:
        ids = {named: photo_id for photo_id, named in self.services.transfer.photo_ids(self.dataset.id).items()}
        return self.services.artifacts.read(self.dataset.id, ArtifactKind.PHOTO, ids[name])

    def take_names(self, path: Path | None) -> SidecarSummary:
        tools = self.services.import_tools()
        return import_names.import_xmp(tools, self.dataset.id, path, imports.new_import_editor("Ben"))

    def called(self, *face_ids: str) -> list[str | None]:
        names = self.names()
        return [names[face_id] for face_id in face_ids]

    @property
    def revision(self) -> int:
        return self.services.store.dataset(self.dataset.id).revision


@pytest.fixture
def album(tmp_path: Path) -> Photos:
    return Photos(tmp_path / "home")


def jpeg(name: str, orientation: int = 1, packets: bytes = b"") -> bytes:
    """A small file; its pixels do not matter, and what the store says of its size counts."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    colour = tuple(hashlib.sha256(name.encode()).digest()[:3])
    Image.new("RGB", (40, 30), colour).save(buffer, "JPEG", exif=exif, comment=name.encode())
    content = buffer.getvalue()
    return content[:2] + packets + content[2:]


def segment(content: bytes, header: bytes = b"http://ns.adobe.com/xap/1.0/\0") -> bytes:
    return b"\xff\xe1" + (len(header) + len(content) + 2).to_bytes(2, "big") + header + content


def document(*descriptions: str, toolkit: str = ' x:xmptk="XMP Core 4.4.0-Exiv2"') -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"{toolkit}><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f"{''.join(descriptions)}</rdf:RDF></x:xmpmeta>"
    ).encode()


def region(name: str | None, x: object, y: object, w: object, h: object, unit: str = "normalized") -> str:
    named = f"<mwg-rs:Name>{name}</mwg-rs:Name>" if name is not None else ""
    area = f'<mwg-rs:Area stArea:x="{x}" stArea:y="{y}" stArea:w="{w}" stArea:h="{h}" stArea:unit="{unit}"/>'
    return f'<rdf:li rdf:parseType="Resource">{area}<mwg-rs:Type>Face</mwg-rs:Type>{named}</rdf:li>'


def stored(box: Box, orientation: int) -> tuple[float, float, float, float]:
    """Centre and size of a box of the upright picture, as shares of the stored one."""
    area = stored_box(Box(box.left / 400, box.top / 300, box.right / 400, box.bottom / 300), (1, 1), orientation)
    return (*area.centre, area.width, area.height)


def mwg(*regions: str, size: tuple[float, float] | None = UPRIGHT) -> bytes:
    said = SIZE.format(*size) if size else ""
    return document(MWG.format(size=said, regions="".join(regions)))


def both(orientation: int = 1, left: str = "Ann", right: str = "Bob", **size: tuple[float, float] | None) -> bytes:
    """A sidecar as ExifTool, digiKam and Lightroom write it: regions of the stored picture."""
    sides = {"size": UPRIGHT if orientation < 5 else UPRIGHT[::-1]} | size
    return mwg(region(left, *stored(LEFT, orientation)), region(right, *stored(RIGHT, orientation)), **sides)


def written(folder: Path, **files: bytes) -> Path:
    """A folder of sidecars, each for the photo of its name."""
    for name, content in files.items():
        (folder / f"{name}.jpg.xmp").write_bytes(content)
    return folder


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


# orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_regions_of_the_stored_picture_name_the_right_faces(album: Photos, inbox: Path, orientation: int) -> None:
    faces = album.put("a.jpg", orientation)
    summary = album.take_names(written(inbox, a=both(orientation)))
    assert (summary.named, summary.unmatched) == (2, 0)
    assert album.called(*faces) == ["Ann", "Bob"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_export_refers_to_the_stored_picture_and_comes_back_exactly(
    album: Photos, tmp_path: Path, orientation: int
) -> None:
    faces = album.put("a.jpg", orientation, "Ann", "Bob")
    assert album.export(ExportKind.XMP, tmp_path / "out.zip") == {"sidecars": 1}
    sidecar = xmp.decode_sidecar(entries(tmp_path / "out.zip")["xmp/a.jpg.xmp"])
    assert sidecar.size_wh == (UPRIGHT if orientation < 5 else UPRIGHT[::-1])
    for said, box in zip(sorted(sidecar.regions, key=lambda each: str(each.name)), (LEFT, RIGHT), strict=True):
        area = said.area
        assert np.allclose((*area.centre, area.width, area.height), stored(box, orientation), atol=1e-8)
    elsewhere = Photos(tmp_path / "elsewhere")
    assert elsewhere.put("a.jpg", orientation) == faces
    assert elsewhere.take_names(tmp_path / "out.zip").named == 2
    assert elsewhere.called(*faces) == ["Ann", "Bob"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sidecars_of_earlier_versions_refer_to_the_upright_picture(
    album: Photos, inbox: Path, orientation: int
) -> None:
    faces = album.put("a.jpg", orientation)
    areas = [Box(box.left / 400, box.top / 300, box.right / 400, box.bottom / 300) for box in (LEFT, RIGHT)]
    regions = tuple(Region(area, name) for area, name in zip(areas, ("Ann", "Bob"), strict=True))
    photo_id = content_id(album.content("a.jpg"))
    earlier = xmp.encode_sidecar(Sidecar(UPRIGHT, regions, photo_id, upright=True))
    assert b"SidecarVersion" not in earlier
    album.take_names(written(inbox, a=earlier))
    assert album.called(*faces) == ["Ann", "Bob"]


def test_a_sidecar_of_an_earlier_version_that_another_program_wrote_anew_refers_to_the_stored_picture(
    album: Photos, inbox: Path
) -> None:
    faces = album.put("a.jpg", 3)
    identifier = f"<dc:identifier>sha256:{content_id(album.content('a.jpg'))}</dc:identifier>"
    kept = f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">{identifier}</rdf:Description>'
    regions = region("Ann", *stored(LEFT, 3)) + region("Bob", *stored(RIGHT, 3))
    rewritten = document(MWG.format(size=SIZE.format(*UPRIGHT), regions=regions), kept)
    album.take_names(written(inbox, a=rewritten))
    assert album.called(*faces) == ["Ann", "Bob"]


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_turn_by_hand_is_composed_with_the_exif(album: Photos, tmp_path: Path, orientation: int, turn: int) -> None:
    """Other programs know nothing of it: what they read is the stored picture still."""
    faces = album.put("a.jpg", orientation, "Ann", "Bob", turn=turn)
    album.export(ExportKind.XMP, tmp_path / "out.zip")
    elsewhere = Photos(tmp_path / "elsewhere")
    assert elsewhere.put("a.jpg", orientation, turn=turn) == faces
    assert elsewhere.take_names(tmp_path / "out.zip").named == 2
    assert elsewhere.called(*faces) == ["Ann", "Bob"]
    sidecar = xmp.decode_sidecar(entries(tmp_path / "out.zip")["xmp/a.jpg.xmp"])
    exif_upright = UPRIGHT if turn % 2 == 0 else UPRIGHT[::-1]
    assert sidecar.size_wh == (exif_upright if orientation < 5 else exif_upright[::-1])


@pytest.mark.parametrize("orientation", range(5, 9))
def test_regions_with_the_size_of_the_upright_picture_refer_to_it(album: Photos, inbox: Path, orientation: int) -> None:
    faces = album.put("a.jpg", orientation)
    album.take_names(written(inbox, a=both(1)))
    assert album.called(*faces) == ["Ann", "Bob"]


# sizes and units


@pytest.mark.parametrize(
    ("case", "size"),
    [
        ("none", None), ("a pixel off", (401, 300)), ("cut to whole blocks", (400, 302)), ("half", (200, 150)),
        ("a preview", (133, 100)), ("larger", (4000, 3000)), ("no number", ("x", "y")), ("nonsense", (0, -5)),
    ],
)  # fmt: skip
def test_shares_need_no_size_and_one_of_the_same_proportions_will_do(
    album: Photos, inbox: Path, case: str, size: tuple[float, float] | None
) -> None:
    faces = album.put("a.jpg")
    assert album.take_names(written(inbox, a=both(size=size))).named == 2, case
    assert album.called(*faces) == ["Ann", "Bob"]


def test_a_cut_picture_is_refused_with_both_sizes(album: Photos, inbox: Path) -> None:
    album.put("a.jpg", 6)
    summary = album.take_names(written(inbox, a=both(6, size=(400, 400))))
    (refusal,) = summary.refused
    assert "400 x 400 pixels, and the photo has 300 x 400 (400 x 300 upright)" in refusal.reason


def test_regions_in_pixels_are_taken(album: Photos, inbox: Path) -> None:
    faces = album.put("a.jpg")
    inside = mwg(region("Ann", 70, 95, 60, 70, "pixel"), region("Bob", 270, 115, 60, 70, "pixel"))
    assert album.take_names(written(inbox, a=inside)).named == 2
    assert album.called(*faces) == ["Ann", "Bob"]


# one bad region


@pytest.mark.parametrize(
    ("case", "bad", "name", "reason"),
    [
        ("no width", region("Ghost", 0.5, 0.5, 0, 0), "Ghost", "width and height are 0 and 0"),
        ("not a number", region("Ghost", "nan", 0.5, 0.1, 0.1), "Ghost", "missing or no number"),
        ("infinite", region("Ghost", "inf", 0.5, 0.1, 0.1), "Ghost", "missing or no number"),
        ("a word", region("Ghost", "left", 0.5, 0.1, 0.1), "Ghost", "missing or no number"),
        ("beside it", region("Ghost", 1.5, 0.5, 0.1, 0.1), "Ghost", "outside of the picture"),
        ("lost in rounding", region("Ghost", 0.5, 0.5, 1e-30, 1e-30), "Ghost", "outside of the picture"),
        ("pixels without a size", region("Ghost", 50, 50, 10, 10, "furlong"), "Ghost", "its unit is 'furlong'"),
        ("a long name", region("G" * 200, *stored(RIGHT, 1)), "GGG", "1 to 80 printable characters"),
        ("a control character", region("G\x85host", *stored(RIGHT, 1)), "G", "printable"),
        ("without a name", region(None, 0.5, 0.5, 0, 0), "region 1", "width and height"),
    ],
)
def test_a_bad_region_spoils_only_itself(
    album: Photos, inbox: Path, case: str, bad: str, name: str, reason: str
) -> None:
    faces = album.put("a.jpg")
    summary = album.take_names(written(inbox, a=mwg(bad, region("Ann", *stored(LEFT, 1)))))
    assert album.called(*faces) == ["Ann", None], case
    (refusal,) = summary.refused_regions
    assert refusal.name.startswith(f"a.jpg.xmp: {name}") and reason in refusal.reason


def test_pets_and_focus_points_are_passed_over(album: Photos, inbox: Path) -> None:
    faces = album.put("a.jpg")
    pet = region("Rex", *stored(RIGHT, 1)).replace("Face", "Pet")
    summary = album.take_names(written(inbox, a=mwg(pet, region("Ann", *stored(LEFT, 1)))))
    assert album.called(*faces) == ["Ann", None]
    assert (summary.refused_regions, summary.unmatched) == ([], 0)


# Microsoft's form


def microsoft(name: str, rectangle: str) -> str:
    return (
        f'<rdf:li rdf:parseType="Resource"><MPReg:Rectangle>{rectangle}</MPReg:Rectangle>'
        f"<MPReg:PersonDisplayName>{name}</MPReg:PersonDisplayName></rdf:li>"
    )


def test_microsofts_regions_are_read_alone_and_beside_the_others(album: Photos, inbox: Path) -> None:
    alone, beside = album.put("alone.jpg"), album.put("beside.jpg")
    left, right = microsoft("Ann", "0.1, 0.2, 0.15, 0.233"), microsoft("Bob", " 0.6,0.267,0.15,0.233 ")
    first = document(MICROSOFT.format(regions=left + right))
    group = MWG.format(size="", regions=region("Ann", *stored(LEFT, 1)))
    second = document(group, MICROSOFT.format(regions=left + right))
    summary = album.take_names(written(inbox, alone=first, beside=second))
    assert album.called(*alone, *beside) == ["Ann", "Bob", "Ann", "Bob"]
    assert (summary.named, summary.unmatched, summary.refused_regions) == (4, 0, [])


def test_microsofts_region_that_contradicts_the_other_is_told_and_neither_is_taken(album: Photos, inbox: Path) -> None:
    faces = album.put("a.jpg")
    group = MWG.format(size="", regions=region("Ann", *stored(LEFT, 1)) + region("Bob", *stored(RIGHT, 1)))
    other = MICROSOFT.format(regions=microsoft("Eve", "0.1,0.2,0.15,0.233") + microsoft("Bob", "far, away, 1, 1"))
    summary = album.take_names(written(inbox, a=document(group, other)))
    assert album.called(*faces) == [None, "Bob"]
    assert [refusal.name for refusal in summary.refused_regions] == ["a.jpg.xmp: Eve", "a.jpg.xmp: Bob"]
    assert "says 'Ann' of the same face" in summary.refused_regions[0].reason


# inside of photos


def test_names_inside_of_photos_are_read_from_a_file_a_folder_a_zip_and_the_dataset_itself(
    album: Photos, inbox: Path, tmp_path: Path
) -> None:
    faces = album.put("2020/a.jpg", 6, packets=segment(both(6)))
    album.put("2020/plain.jpg")
    (inbox / "a.jpg").write_bytes(album.content("2020/a.jpg"))
    (inbox / "plain.jpg").write_bytes(album.content("2020/plain.jpg"))
    (inbox / "notes.txt").write_text("nothing")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.write(inbox / "a.jpg", "elsewhere/copy.jpg")
    for path in (inbox / "a.jpg", inbox, tmp_path / "p.zip", None):
        summary = album.take_names(path)
        assert (summary.files, summary.named, summary.refused) == (1, 2, [])
        assert album.called(*faces) == ["Ann", "Bob"]
        album.corrector().undo(summary.event or 0)


def test_photos_without_names_inside_are_said_to_have_none(album: Photos, inbox: Path) -> None:
    album.put("a.jpg", packets=segment(document()))
    (inbox / "a.jpg").write_bytes(album.content("a.jpg"))
    before = album.revision
    with pytest.raises(InputRefused, match="no photo that carries face regions inside"):
        album.take_names(inbox)
    with pytest.raises(InputRefused, match="carry no face regions inside"):
        album.take_names(None)
    assert album.revision == before


def test_what_does_not_fit_into_one_segment_is_read_from_its_pieces(album: Photos) -> None:
    whole = both()
    digest = hashlib.md5(whole, usedforsecurity=False).hexdigest().upper().encode()
    main_packet = document(
        f'<rdf:Description xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="{digest.decode()}"/>'
    )
    cut = len(whole) // 2
    pieces = [
        segment(
            digest + len(whole).to_bytes(4, "big") + at.to_bytes(4, "big") + part,
            b"http://ns.adobe.com/xmp/extension/\0",
        )
        for at, part in ((cut, whole[cut:]), (0, whole[:cut]))
    ]
    faces = album.put("a.jpg", packets=segment(main_packet) + b"".join(pieces))
    assert album.take_names(None).named == 2
    assert album.called(*faces) == ["Ann", "Bob"]
    album.put("cut.jpg", packets=segment(main_packet) + pieces[0])
    assert album.take_names(None).files == 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_names_inside_of_other_formats_are_read(album: Photos, inbox: Path, kind: str) -> None:
    faces = album.put(f"a.{kind.lower()}")
    buffer = io.BytesIO()
    options: dict[str, object] = {"xmp": both()}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", both().decode(), zip=True)
        options = {"pnginfo": text}
    elif kind == "TIFF":
        options = {"tiffinfo": {700: both()}}
    Image.new("RGB", (40, 30)).save(buffer, kind, **options)
    (inbox / f"a.{kind.lower()}").write_bytes(buffer.getvalue())
    assert album.take_names(inbox).named == 2
    assert album.called(*faces) == ["Ann", "Bob"]


# disagreements


def test_two_sidecars_that_disagree_are_told_and_neither_is_taken_where_they_do(album: Photos, inbox: Path) -> None:
    faces = album.put("a.jpg")
    written(inbox, a=both())
    (inbox / "a.xmp").write_bytes(both(left="Eve"))
    summary = album.take_names(inbox)
    assert album.called(*faces) == [None, "Bob"]
    (conflict,) = summary.conflicts
    assert conflict.name == "a.jpg"
    assert "'a.jpg.xmp' says 'Ann' and 'a.xmp' says 'Eve' of one face; neither was taken" in conflict.reason


def test_a_sidecar_counts_before_the_photo_itself_and_that_is_told(album: Photos, inbox: Path) -> None:
    faces = album.put("a.jpg", packets=segment(both(left="Maiden")))
    (inbox / "a.jpg").write_bytes(album.content("a.jpg"))
    summary = album.take_names(written(inbox, a=both()))
    assert album.called(*faces) == ["Ann", "Bob"]
    (conflict,) = summary.conflicts
    assert "'a.jpg' says 'Maiden'" in conflict.reason and "the sidecar was taken" in conflict.reason


def test_what_somebody_here_said_stays_and_is_counted_as_a_conflict(album: Photos, inbox: Path) -> None:
    first, second = album.put("a.jpg")
    album.corrector().move([first], "Cleo")
    album.corrector().mark_strangers([second])
    summary = album.take_names(written(inbox, a=both()))
    assert album.called(first, second) == ["Cleo", None]
    assert (summary.named, summary.event) == (0, None)
    assert [conflict.reason.split(",")[0] for conflict in summary.conflicts] == [
        "A face is 'Cleo' here",
        "A face was marked as a stranger here",
    ]


def test_a_name_from_a_folder_or_an_earlier_import_gives_way_and_is_counted(album: Photos, inbox: Path) -> None:
    first, second = album.put("a.jpg", 1, "Folder", None)
    summary = album.take_names(written(inbox, a=both()))
    assert (summary.named, summary.renamed) == (2, 1)
    summary = album.take_names(written(inbox, a=both(left="Anne")))
    assert (summary.named, summary.renamed, summary.unchanged, summary.conflicts) == (1, 1, 1, [])
    assert album.called(first, second) == ["Anne", "Bob"]


def test_the_same_sidecars_twice_change_nothing_also_after_a_rename_and_a_merge(album: Photos, inbox: Path) -> None:
    faces = album.put("a.jpg")
    album.take_names(written(inbox, a=both()))
    album.corrector().rename(album.people()["Ann"], "Ann Lee")
    album.corrector().merge(album.people()["Bob"], album.people()["Ann Lee"])
    assert album.called(*faces) == ["Ann Lee", "Ann Lee"]
    before = album.revision
    summary = album.take_names(inbox)
    assert (summary.named, summary.unchanged, summary.conflicts, summary.event) == (0, 2, [], None)
    assert album.revision == before and album.people().keys() == {"Ann Lee"}


# which photo


def test_sidecars_find_their_photos_by_folder_capitals_and_form(album: Photos, inbox: Path) -> None:
    names = ("2019/IMG_1.jpg", "2020/IMG_1.jpg", "Zo\u00eb.JPG", "plain.heic")
    faces = {name: album.put(name) for name in names}
    for name, left in {
        "deep/2019/IMG_1.jpg.xmp": "A",
        "deep/2020/img_1.JPG.xmp": "B",
        "Zoe\u0308.jpg.xmp": "C",
        "plain.XMP": "D",
    }.items():
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(mwg(region(left, *stored(LEFT, 1))))
    summary = album.take_names(inbox)
    assert (summary.files, summary.refused) == (4, [])
    assert [album.called(faces[name][0])[0] for name in names] == ["A", "B", "C", "D"]


def test_a_sidecar_of_another_folders_photo_of_the_same_name_is_not_taken(album: Photos, inbox: Path) -> None:
    faces = album.put("2019/IMG_1.jpg")
    for year, left in (("2019", "Ann"), ("2020", "Eve")):
        (inbox / year).mkdir()
        (inbox / year / "IMG_1.jpg.xmp").write_bytes(both(left=left))
    summary = album.take_names(inbox)
    assert album.called(*faces) == ["Ann", "Bob"]
    (refusal,) = summary.refused
    assert refusal.name == "2020/IMG_1.jpg.xmp" and "lies in another folder" in refusal.reason
    assert summary.files == 1


def test_two_photos_that_a_sidecar_may_mean_are_told(album: Photos, inbox: Path) -> None:
    album.put("x/a.jpg"), album.put("y/a.jpg"), album.put("z.jpg"), album.put("z.png")
    written(inbox, a=both())
    (inbox / "z.xmp").write_bytes(both())
    summary = album.take_names(inbox)
    assert [refusal.reason for refusal in summary.refused] == [
        "2 photos of this dataset have its name, and it does not say which it means"
    ] * 2


# names as they leave


def test_names_leave_as_pages_show_them_and_come_back_to_the_same_people(album: Photos, tmp_path: Path) -> None:
    faces = album.put("a.jpg", 1, "Ann_Lee", "Zoe\u0308")
    album.put("b.jpg", 1, "Hidden", None)
    album.corrector().hide(album.people()["Hidden"])
    assert album.export(ExportKind.XMP, tmp_path / "out.zip") == {"sidecars": 2}
    written_names = [
        {region.name for region in xmp.decode_sidecar(content).regions}
        for content in entries(tmp_path / "out.zip").values()
    ]
    assert written_names == [{"Ann Lee", "Zo\u00eb"}, {None}] or written_names == [{None}, {"Ann Lee", "Zo\u00eb"}]
    before = album.revision
    summary = album.take_names(tmp_path / "out.zip")
    assert (summary.unchanged, summary.named, summary.conflicts) == (2, 0, [])
    assert album.revision == before
    album.corrector().unname(faces)
    assert album.take_names(tmp_path / "out.zip").named == 2
    assert album.people().keys() == {"Ann_Lee", "Zoe\u0308", "Hidden"}


def test_a_photo_whose_file_is_gone_costs_its_sidecar_only(album: Photos, tmp_path: Path) -> None:
    album.put("a.jpg", 6, "Ann", "Bob")
    album.put("b.jpg", 6, "Cleo", "Dan")
    gone = content_id(album.content("a.jpg"))
    album.services.artifacts.path(album.dataset.id, ArtifactKind.PHOTO, gone).unlink()
    assert album.export(ExportKind.XMP, tmp_path / "out.zip") == {"photos_missing": 1, "sidecars": 1}


# cases of real use


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        *(("xmp-orientation", name) for name in ("o2", "o3", "o6")),
        *(("xmp-forms", name) for name in ("baseline", "embedded", "no_dims", "one_bad_zero_width", "wlpg_only")),
    ],
)
def test_the_face_on_the_left_gets_the_left_name(
    services: Services, shared_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], folder: str, name: str
) -> None:
    cases, photos = shared_dir / "cases" / folder, tmp_path / "photos"
    photos.mkdir()
    shutil.copy(cases / f"{name}.jpg", photos)
    data = ["--dataset", "two", "--json", "--data", str(services.settings.data_dir)]
    assert main(["ingest", str(photos), *data]) == 0
    capsys.readouterr()
    sidecar = cases / f"{name}.jpg.xmp"
    source = str(sidecar if sidecar.exists() else cases / f"{name}.jpg")
    assert main(["import-xmp", source, *data]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["named"], answer["conflicts"], answer["unmatched"]) == (2, [], 0)
    assert [each["name"] for each in answer["refused_regions"]] == (
        ["one_bad_zero_width.jpg.xmp: Ghost"] if name == "one_bad_zero_width" else []
    )
    dataset = services.store.dataset("two")
    ((photo,),) = services.transfer.photos(dataset.id)
    left, right = sorted(photo.faces, key=lambda face: face.box.left)
    assert (left.person, right.person) == ("Left Person", "Right Person")


def test_a_sidecar_of_twenty_thousand_levels_is_refused_in_words(
    album: Photos, shared_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    album.put("a.jpg")
    words = ["import-xmp", str(shared_dir / "cases" / "hostile" / "nest20k.xmp"), "--dataset", "Family"]
    assert main([*words, "--data", str(album.services.settings.data_dir)]) == 1
    assert "nested more than 64 deep" in capsys.readouterr().err


def test_more_regions_than_any_photo_has_are_refused(album: Photos, inbox: Path) -> None:
    album.put("a.jpg")
    summary = album.take_names(written(inbox, a=mwg(*[region("Ann", *stored(LEFT, 1))] * 2_001)))
    (refusal,) = summary.refused
    assert "more than 2\u202f000 face regions" in refusal.reason


def test_an_import_by_somebody_elses_log_counts_as_said_here(album: Photos, inbox: Path) -> None:
    first, _ = album.put("a.jpg")
    person = album.services.log.find_or_add_person(album.dataset.id, "Cleo")
    values = {Field.PERSON: person, Field.CONFIRMED: True}
    changes = [Change(Entity.FACE, first, field, value) for field, value in values.items()]
    album.services.log.record(
        album.dataset.id, Editor("Eve", "x"), Correction(EventKind.IMPORT, changes, person, why="move by Eve")
    )
    summary = album.take_names(written(inbox, a=both()))
    assert len(summary.conflicts) == 1 and album.called(first) == ["Cleo"]
