"""Names of zips made on other people's computers: a row a code page, an archive of two people and one of many.

The names are common ones of each language; none of them is anybody's.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.archives.opening import open_source
from core.archives.spelling.code_pages import CODE_PAGES, find_code_page, rank_code_pages
from core.base.errors import InputRefused
from core.base.settings import ArchiveLimits

LIMITS = ArchiveLimits()
JPEG = b"\xff\xd8 stands for a photo"

PEOPLE = {
    "Japanese": "佐藤健 鈴木美咲 田中太郎 山本さくら 渡辺翔太 伊藤陽子 中村大輔 ソニア ソフィア 高橋一郎",
    "Chinese": "王伟 李娜 张敏 刘洋 陈静 杨丽 赵磊 黄强 周杰 吴艳 徐超 孙秀英 乗一 乗二",
    "Taiwanese": "陳志明 林美玲 黃淑芬 張家豪 李雅婷 王怡君 吳俊傑 劉建宏 蔡宜佳 許功蓋",
    "Korean": "김민준 이서연 박지훈 최수빈 정우진 강하은 조현우 윤서현 장미경 임도윤",
    "Russian": "Иван Петров,Ольга Смирнова,Дмитрий Кузнецов,Екатерина Попова,Алексей Соколов,Наталья Лебедева",
    "Ukrainian": "Андрій Шевченко,Олена Коваленко,Юрій Бондаренко,Наталія Ткаченко,Сергій Мельник,Ірина Кравчук",
    "Bulgarian": "Георги Иванов,Мария Димитрова,Николай Петров,Цветана Стоянова,Димитър Георгиев",
    "Greek": "Γιώργος Παπαδόπουλος,Μαρία Ιωάννου,Δημήτρης Νικολάου,Ελένη Γεωργίου,Κώστας Παππάς",
    "Polish": "Łukasz Wójcik,Małgorzata Dąbrowska,Paweł Woźniak,Zofia Świątek,Michał Zieliński",
    "Czech": "Jiří Dvořák,Kateřina Nováková,Tomáš Černý,Markéta Procházková,Zdeněk Růžička",
    "Hungarian": "László Szabó,Erzsébet Tóth,György Kovács,Ágnes Kiss,Zoltán Szőke",
    "Croatian": "Željko Kovačić,Matija Jurić,Đurđa Horvat,Goran Šarić,Ivan Perišić",
    "German": "Jürgen Müller,Jörg Weiß,Käthe Schröder,Günther Bäcker,Ute Jäger",
    "French": "François Lefèvre,Zoé Bérenger,Hélène Gauthier,Benoît Mercier,Anaïs Chauvin",
    "Spanish": "José Muñoz,María Núñez,Ángel Ibáñez,Begoña García,Íñigo Fernández",
    "Portuguese": "João Gonçalves,Conceição Simões,Antônio Araújo,Inês Magalhães,Sebastião Leitão",
    "Swedish": "Åsa Sjöström,Göran Åkesson,Märta Öberg,Håkan Nyström,Sören Lindqvist",
    "Danish": "Søren Kjær,Åse Nørgaard,Jørgen Sørensen,Mærsk Østergaard,Pål Høgh",
    "Turkish": "Gülşah Yıldız,Çağrı Öztürk,İbrahim Şahin,Ayşe Doğan,Işıl Kılıç",
    "Lithuanian": "Rūta Žukauskienė,Giedrė Šimkutė,Jonas Žemaitis,Kęstutis Mažeika",
    "Hebrew": "יוסף כהן,רחל לוי,דוד מזרחי,שרה פרץ",
    "Arabic": "محمد الحسن,فاطمة علي,أحمد منصور,خالد العمري",
    "Thai": "สมชาย ใจดี,สมหญิง รักไทย,ประเสริฐ ศรีสุข,วิชัย ทองดี",
}
"""Names, divided by commas, or by spaces where names have none."""

WRITTEN_IN = [
    ("Japanese", "cp932"), ("Japanese", "euc_jp"), ("Chinese", "gbk"), ("Taiwanese", "cp950"), ("Korean", "cp949"),
    ("Russian", "cp866"), ("Russian", "cp1251"), ("Russian", "koi8_r"), ("Russian", "mac_cyrillic"),
    ("Russian", "iso8859_5"), ("Ukrainian", "cp1251"), ("Ukrainian", "koi8_u"), ("Bulgarian", "cp1251"),
    ("Bulgarian", "cp866"), ("Greek", "cp737"), ("Greek", "cp1253"), ("Polish", "cp852"), ("Polish", "cp1250"),
    ("Polish", "iso8859_2"), ("Czech", "cp852"), ("Czech", "cp1250"), ("Hungarian", "cp852"), ("Hungarian", "cp1250"),
    ("Croatian", "cp852"), ("Croatian", "cp1250"), ("German", "cp437"), ("German", "cp850"), ("German", "cp1252"),
    ("German", "mac_roman"), ("French", "cp850"), ("French", "cp1252"), ("French", "cp437"), ("Spanish", "cp850"),
    ("Spanish", "cp1252"), ("Portuguese", "cp850"), ("Portuguese", "cp1252"), ("Swedish", "cp437"),
    ("Swedish", "cp850"), ("Swedish", "cp1252"), ("Danish", "cp850"), ("Danish", "cp1252"), ("Danish", "cp865"),
    ("Turkish", "cp857"), ("Turkish", "cp1254"), ("Lithuanian", "cp775"), ("Lithuanian", "cp1257"),
    ("Hebrew", "cp862"), ("Hebrew", "cp1255"), ("Arabic", "cp720"), ("Arabic", "cp1256"), ("Thai", "cp874"),
]  # fmt: skip
MANY = [*WRITTEN_IN, *((language, "utf-8") for language in PEOPLE)]


def people_of(language: str) -> list[str]:
    names = PEOPLE[language]
    return names.split("," if "," in names else " ")


def in_code_page(codec: str, names: list[str]) -> list[str]:
    """Names that the code page can write; cp437 lacks some letters of French."""
    return [name for name in names if name.encode(codec, "replace").decode(codec) == name]


def write_raw_zip(path: Path, raw_names: list[bytes], flagged: Sequence[str] = ()) -> Path:
    """A zip of names in a code page that it does not tell, as Explorer, 7-Zip and WinRAR write it.

    ``flagged`` are names that say that they are UTF-8.
    """
    placeholders = [b"%05d" % index + b"x" * (len(raw) - 5) for index, raw in enumerate(raw_names)]
    with zipfile.ZipFile(path, "w") as archive:
        for placeholder in placeholders:
            archive.writestr(placeholder.decode(), JPEG)
        for name in flagged:
            archive.writestr(name, JPEG)
    content = path.read_bytes()
    for placeholder, raw in zip(placeholders, raw_names, strict=True):
        assert content.count(placeholder) == 2
        content = content.replace(placeholder, raw)
    path.write_bytes(content)
    return path


def photos_of(names: list[str], codec: str) -> list[bytes]:
    return [f"{name}/IMG_{index}.jpg".encode(codec) for name in names for index in (1, 2)]


@pytest.mark.parametrize(("language", "codec"), MANY, ids=[f"{language} in {codec}" for language, codec in MANY])
def test_a_zip_of_many_people_is_read_in_its_code_page(tmp_path: Path, language: str, codec: str) -> None:
    people = in_code_page(codec, people_of(language))
    assert len(people) >= 3
    with open_source(write_raw_zip(tmp_path / "a.zip", photos_of(people, codec)), LIMITS) as source:
        assert source.layout.people == tuple(sorted(people))
        assert [source.read(entry) for entry in source.entries] == [JPEG] * 2 * len(people)


@pytest.mark.parametrize(("language", "codec"), MANY, ids=[f"{language} in {codec}" for language, codec in MANY])
def test_a_zip_of_two_people_is_read_in_its_code_page(tmp_path: Path, language: str, codec: str) -> None:
    people = in_code_page(codec, people_of(language))[:2]
    with open_source(write_raw_zip(tmp_path / "a.zip", photos_of(people, codec)), LIMITS) as source:
        assert source.layout.people == tuple(sorted(people))


@pytest.mark.parametrize(
    ("zip_name", "people", "codec"),
    [
        ("sjis_same_first", ("ソニア", "ソフィア", "太郎"), "cp932"),
        ("gbk_5c", ("乗一", "乗二", "王伟"), "gbk"),
        ("cp866", ("Иван Петров", "Ольга"), "cp866"),
        ("cp1252", ("Jürgen", "Zoë"), "cp1252"),
    ],
)
def test_zips_from_real_use_give_the_names_that_were_meant(
    shared_dir: Path, zip_name: str, people: tuple[str, ...], codec: str
) -> None:
    with open_source(shared_dir / "cases" / "zip-names" / f"{zip_name}.zip", LIMITS) as source:
        assert source.layout.people == people
        assert source.layout.local_names is not None
        assert source.layout.local_names.codec == codec
        assert {entry.person for entry in source.entries} == set(people)


def test_the_second_half_of_a_character_is_no_backslash_and_a_backslash_still_is_one(tmp_path: Path) -> None:
    names = ["ソニア\\表紙\\1.jpg", "ソフィア\\1.jpg", "太郎\\1.jpg"]
    path = write_raw_zip(tmp_path / "a.zip", [name.encode("cp932") for name in names])
    with open_source(path, LIMITS) as source:
        assert [entry.name for entry in source.entries] == [name.replace("\\", "/") for name in names]
        assert source.layout.people == ("ソニア", "ソフィア", "太郎")


def test_utf8_names_beside_those_of_a_code_page_are_both_read(tmp_path: Path) -> None:
    raw = [*photos_of(["佐藤健", "鈴木美咲"], "cp932"), *photos_of(["Jürgen Müller", "王伟"], "utf-8")]
    with open_source(write_raw_zip(tmp_path / "a.zip", raw), LIMITS) as source:
        assert source.layout.people == tuple(sorted(["佐藤健", "鈴木美咲", "Jürgen Müller", "王伟"]))


def test_names_with_the_flag_are_left_out_of_the_decision(tmp_path: Path) -> None:
    path = write_raw_zip(tmp_path / "a.zip", photos_of(["Иван Петров", "Ольга"], "cp866"), flagged=["Zoë/1.jpg"])
    with open_source(path, LIMITS) as source:
        assert source.layout.people == ("Zoë", "Иван Петров", "Ольга")


def test_a_zip_of_ascii_names_decides_nothing(tmp_path: Path) -> None:
    with open_source(write_raw_zip(tmp_path / "a.zip", [b"Annabel/1.jpg"]), LIMITS) as source:
        assert source.layout.local_names is None


def test_the_code_page_can_be_said(tmp_path: Path) -> None:
    path = write_raw_zip(tmp_path / "a.zip", photos_of(["Zoë"], "cp1252"))
    with open_source(path, LIMITS, zip_names="cp1257") as source:
        assert source.layout.people == ("Zoė",)
        assert source.layout.local_names is not None
        assert (source.layout.local_names.codec, source.layout.local_names.asked_for) == ("cp1257", True)


def test_the_choices_show_how_the_names_read_in_each(tmp_path: Path) -> None:
    path = write_raw_zip(tmp_path / "a.zip", photos_of(["Иван Петров", "Ольга"], "cp866"))
    with open_source(path, LIMITS) as source:
        assert source.layout.local_names is not None
        samples = {choice.codec: choice.sample for choice in source.layout.local_names.choices}
    assert next(iter(samples)) == "cp866"
    assert samples["cp866"] == "Иван Петров, Ольга"
    assert samples["cp437"] == "êóá¡ ÅÑΓα«ó, Ä½∞úá"
    assert "utf-8" not in samples


def test_a_name_that_the_chosen_code_page_cannot_hold_is_reported(tmp_path: Path) -> None:
    path = write_raw_zip(tmp_path / "a.zip", [*photos_of(["Zoë"], "cp1252"), b"Annabel/1.jpg"])
    with open_source(path, LIMITS, zip_names="utf-8") as source:
        assert source.layout.people == ("Annabel",)
        assert [refusal.reason for refusal in source.refused] == [
            "its name holds control characters or is no valid text; rename it"
        ] * 2


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("cp932", "cp932"), ("932", "cp932"), ("Shift-JIS", "cp932"), ("windows-1251", "cp1251"), ("866", "cp866"),
        ("Big5", "cp950"), ("GB2312", "gbk"), ("gb18030", "gb18030"), ("EUC-KR", "cp949"), ("koi8-r", "koi8_r"),
        ("UTF-8", "utf-8"), ("latin1", "cp1252"), ("iso-8859-2", "iso8859_2"),
    ],
)  # fmt: skip
def test_a_code_page_is_known_by_the_names_that_people_use(name: str, codec: str) -> None:
    assert find_code_page(name).codec == codec


@pytest.mark.parametrize(
    "name", ["klingon", "utf-16", "rot13", "base64", "idna", "cp037", "undefined", "cp1", "a\0b", "ü"]
)
def test_what_is_no_code_page_of_names_is_refused(tmp_path: Path, name: str) -> None:
    path = write_raw_zip(tmp_path / "a.zip", photos_of(["Zoë"], "cp1252"))
    with pytest.raises(InputRefused, match="There is no code page"):
        open_source(path, LIMITS, zip_names=name)


def test_every_code_page_of_the_table_is_one_that_python_knows() -> None:
    for page in CODE_PAGES:
        assert find_code_page(page.codec) == page


def test_a_decision_without_names_is_the_most_usual_code_page() -> None:
    assert rank_code_pages([])[0].page.log_prior == 0.0
