"""The architecture, held by reading the imports: what a layer may import of the project, and a few fixed rules."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BROWSER_FOLDER = ROOT / "core/ui/components/browser"
VALUES = {
    *("core.language", "core.base.types", "core.base.face_table", "core.base.columns", "core.base.errors"),
    "core.base.progress",
}
TRAINING_OPTIONS = "core.learn.classification.training_material"
CLASSIFIER_KINDS = "core.learn.classification.classifier_kinds"
GROUPING_THRESHOLD = "core.learn.clustering.agglomerative"
RATES = {"core.learn.open_set.rejection_rule", "core.learn.verification.pair_rule"}
"""Where the false-accept rates stand that a command offers."""
UNIVERSAL = VALUES | {
    "core.base.files.folders",
    "core.base.json_values",
    "core.base.settings",
    "core.base.logs",
    "core.base.passphrase",
    "core.base.privacy",
    "core.base.vectors",
    "core.base.words",
}
FACES = {"core.vision.pipeline", "core.vision.quality"}
JOB_VALUES = {"core.store.job_model"}
STORE_BASES = JOB_VALUES | {
    "core.store.protocols",
    "core.store.values",
    "core.store.access_model",
    "core.store.artifacts",
    "core.store.encryption.keyring",
    "core.store.folder_artifacts",
    "core.store.columns",
    "core.store.exchange_protocols",
    "core.store.audit_log",
    "core.store.name_scrubber",
    "core.store.name_spelling",
    "core.store.disk_reserve",
    "core.store.retention",
}
PIXELS = {"core.imaging.decoding", "core.imaging.geometry", "core.imaging.pixels"}
SOURCES = {
    *("core.archives.source", "core.archives.file_names", "core.archives.folder_layout", "core.archives.zip_names"),
    "core.archives.zip_file",
}

MAY_IMPORT: dict[str, set[str]] = {
    "app": {"core.ui"},
    "pages": VALUES | JOB_VALUES | {"core.ui", "core.workflows"},
    "core.ui": UNIVERSAL
    | SOURCES
    | STORE_BASES
    | {
        "core.ui",
        "core.access",
        "core.services",
        "core.workflows",
        "core.jobs",
        "core.corrections",
        "core.learn",
        "core.isolation",
    }
    | {"core.signing"}
    | FACES
    | {"core.vision.models", "core.base.machine", "core.imaging.pixels", "core.charts"},
    "core.ui.components": VALUES
    | {"core.ui.components", "core.ui.charts", "core.ui.gallery", "core.ui.state", "core.imaging.pixels"},
    "core.__main__": {"core.cli"},
    "core.cli": UNIVERSAL
    | JOB_VALUES
    | {"core.cli", "core.services", "core.workflows", "core.jobs", "core.corrections", "core.bench", "core.isolation"}
    | {
        "core.vision.models",
        "core.archives.folder_layout",
        "core.archives.file_names",
        "core.store.protocols",
        "core.store.values",
    }
    | {"core.store.audit_log"}
    | RATES
    | {"core.signing", "core.store.retention"}
    | {
        "core.store.exchange_protocols",
        "core.store.encryption",
        TRAINING_OPTIONS,
        CLASSIFIER_KINDS,
        GROUPING_THRESHOLD,
    },
    "core.bench": UNIVERSAL
    | SOURCES
    | JOB_VALUES
    | {"core.bench", "core.services", "core.workflows", "core.jobs", "core.learn", "core.vision", "core.isolation"}
    | PIXELS
    | {"core.base.machine", "core.store.protocols", "core.store.values"},
    "core.services": {"core"},
    "core.composition": {"core"},
    "core.access": UNIVERSAL
    | STORE_BASES
    | {"core.access", "core.services", "core.corrections", "core.workflows", "core.vision", "core.archives.source"},
    "core.workflows": UNIVERSAL
    | PIXELS
    | SOURCES
    | STORE_BASES
    | FACES
    | {"core.workflows", "core.learn", "core.formats", "core.isolation", "core.signing"}
    | {"core.corrections", "core.base.machine", "core.report"},
    "core.cluster": UNIVERSAL
    | {"core.cluster", "core.archives.source", "core.base.machine", "core.vision.models", "core.vision.pipeline"}
    | {"core.workflows.photos.face_finding", "core.workflows.photos.photo_reader"},
    "core.jobs": UNIVERSAL
    | JOB_VALUES
    | {
        "core.jobs",
        "core.access",
        "core.services",
        "core.workflows",
        "core.corrections",
        "core.store.protocols",
        "core.store.values",
    },
    "core.report": VALUES
    | {
        "core.report",
        "core.charts",
        "core.learn",
        "core.vision.quality",
        "core.base.words",
        "core.store.protocols",
        "core.store.values",
    },
    "core.charts": VALUES | {"core.charts", "core.learn", "core.base.words"},
    "core.learn": VALUES
    | {"core.base.json_values", "core.learn", "core.vision.quality", "core.base.vectors", "core.base.words"},
    "core.vision.detect": UNIVERSAL | PIXELS | {"core.vision.detect", "core.vision.engine.base"},
    "core.vision.embed": UNIVERSAL | PIXELS | {"core.vision.embed", "core.vision.engine.base"},
    "core.vision.engine": UNIVERSAL | {"core.vision.engine"},
    "core.vision.models": UNIVERSAL | {"core.vision.models", "core.vision.engine.keras", "core.base.machine"},
    # A program of its own, which works with the very detector and embedder that it is for.
    "core.vision.models.quantise": UNIVERSAL | {"core.vision", "core.imaging.decoding"},
    "core.vision.pipeline": UNIVERSAL | PIXELS | {"core.vision.detect", "core.vision.embed", "core.vision.quality"},
    "core.vision.quality": VALUES,
    "core.store": VALUES
    | {"core.base.json_values", "core.base.files", "core.store", "core.corrections", "core.imaging.geometry"}
    | {"core.learn.metrics.run_values", "core.learn.projection.map_values"},
    "core.store.sql.migrations.versions": set(),  # frozen: what the program says today is nothing to a revision
    "core.corrections": VALUES | {"core.corrections"},
    "core.signing": UNIVERSAL | {"core.signing"},
    "core.formats": UNIVERSAL
    | {"core.signing"}
    | {"core.formats", "core.archives.zip_file", "core.imaging.geometry", "core.corrections", "core.learn"}
    | {"core.store.exchange_protocols", "core.store.name_spelling"},
    "core.isolation": UNIVERSAL | {"core.isolation", "core.imaging", "core.formats"},
    "core.archives": UNIVERSAL | {"core.archives", "core.base.files.file_systems", "core.imaging.signatures"},
    "core.imaging": UNIVERSAL | {"core.imaging"},
    "core.base": VALUES,
    "core.language": {"core.language"},
    "core.base.passphrase": VALUES | {"core.base.settings"},
}
FLOORS = (
    *(
        "core.language",
        "core.base",
        "core.signing",
        "core.imaging",
        "core.archives",
        "core.vision",
        "core.learn",
        "core.charts",
        "core.corrections",
    ),
    *("core.store", "core.formats", "core.isolation", "core.report", "core.workflows", "core.cluster"),
    *("core.services", "core.composition", "core.access", "core.jobs"),
    ("core.cli", "core.bench", "core.ui", "core.__main__"),
    ("app", "pages"),
)
"""The lowest first, as docs/architecture.md draws them."""
LOOKS_EVERYWHERE = {"core.services", "core.composition"}
"""The composition root and its parts: it starts the supervisor, whose worker is built on it."""
VAGUE_LOCALS = {
    *("made", "given", "found", "kept", "chosen", "wanted", "told", "said", "shown", "there", "one", "named", "seen"),
    *("drawn", "asked", "taken", "gone", "own", "mine", "rest", "some", "those", "these", "each", "other", "others"),
    *("done", "came", "standing", "looked", "met", "tried", "joined", "place", "then", "so", "what"),
}
HEAVY = {
    "streamlit": {"app", "pages", "core.ui"},
    "tensorflow": {"core.vision.models.export", "core.vision.engine.keras"},
    "keras_facenet": {"core.vision.engine.keras"},
    "mtcnn": {"core.vision.engine.keras"},
    "openvino": {"core.vision.models.export", "core.vision.models.quantise", "core.vision.engine.openvino"},
    "nncf": {"core.vision.models.quantise"},
    "onnxruntime": {"core.vision.models.onnx_export", "core.vision.engine.onnx"},
    "tf2onnx": {"core.vision.models.onnx_export"},
    "sqlalchemy": {"core.store"},
    "sqlcipher3": {"core.store.sql.databases.sqlcipher"},
    "psycopg": set(),  # SQLAlchemy loads it where an address names PostgreSQL
    "alembic": {"core.store.sql.migrate", "core.store.sql.migrations"},
    "umap": {"core.learn.projection.layouts"},
    "openTSNE": {"core.learn.projection.layouts"},
    "plotly": {"core.ui"},
    "matplotlib": {"core.report.drawing", "core.report.plots"},
    "jinja2": {"core.report.html"},
    "pyarrow": {"core.formats.tables"},
    "babel": {"core.language.languages", "core.language.dates"},
    "ray": {"core.cluster"},
    "cryptography": {"core.signing", "core.store.encryption"},
    "fsspec": {"core.base.files.file_systems"},
    "fpdf": {"core.report.pdf"},
}


SHORT_ROOMS = {
    *("core.cluster", "core.archives", "core.imaging", "core.isolation", "core.vision"),
    *("core.workflows.photos", "core.workflows.identification", "core.workflows.verification"),
}
"""Where no module is longer than 400 lines."""


@cache
def modules() -> tuple[tuple[str, Path], ...]:
    return tuple(_modules())


def _modules() -> Iterator[tuple[str, Path]]:
    for path in [ROOT / "app.py", *sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, path


@cache
def syntax_tree(path: Path) -> ast.Module:
    """A file, parsed once for all the rules."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def syntax_nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a file, as ``ast.walk`` gives them."""
    return tuple(ast.walk(syntax_tree(path)))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every imported module by its full name, inside functions too; ``from core.ui import data`` is core.ui.data."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in syntax_nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                place = ROOT.joinpath(*full.split("."))
                is_module = place.with_suffix(".py").exists() or place.is_dir()
                yield full if is_module else node.module


DECODERS = {
    "decode_image",
    "decode_reduced",
    "decoding_bytes",
    "stored_orientation",
    "parse_time_taken",
    "read_header_texts",
}
"""Of core.imaging: what meets bytes of others."""
MAY_DECODE = {
    "core.isolation.tasks": "in the child",
    "core.workflows.labels.stored_crops": "crops, which this program wrote",
    "core.bench": "the sample",
    "core.vision.models.quantise": "the sample",
}
FINDS_FACES = {
    "core.vision": "the pipeline's room",
    "core.composition.networks": "puts it together",
    "core.services": "names the detector that the sample was prepared with",
    "core.bench": "times its parts",
    "core.access.view": "hands on those of everybody",
}
FACE_PARTS = {
    *("detector", "detect_upright", "embedder", "embed_steadily", "embed_crops", "crop_face", "crop_portrait"),
    "measure_quality",
}
"""What finds, cuts, embeds and grades faces."""
READER_PACKAGES = {"numpy", "cv2", "PIL", "pillow_heif"}
LOADED_WHEN_NEEDED = set(HEAVY) - {"sqlalchemy"} | {"scipy", "sklearn", "pandas"}
"""What no command and no worker waits for when it starts: a third of the start is saved."""


WRITTEN_ONCE = {
    "the row of each face": (r"\{(\w*face\w*): \w+ for \w+, \1 in enumerate\(", "core.base.face_table"),
    "the distance of a cosine": (r"\b2(\.0)? - 2(\.0)? \*", "core.learn.numerics.unit_vectors"),
    "a sum by label": (r"np\.add\.(at|reduceat)\(", "core.learn.numerics.labels"),
    "connected components": (r"connected_components\(", "core.learn.numerics.labels"),
}
"""By what it looks like, and where it is."""
INSIDE_A_TRAINING = {
    *("core.learn.classification.solver", "core.learn.open_set.left_out_trials", "core.learn.open_set.rule_fitting"),
}
CHART_FIGURES = {
    *("np.histogram", "wilson_interval", "reliability_bins", "rank_curve", "det_curve", "order_by_confusion"),
    *("area_under_roc", "equal_error_rate", "threshold_at_far"),
}


def within(name: str, layers: set[str]) -> bool:
    return any(name == layer or name.startswith(layer + ".") for layer in layers)


def layer_of(name: str) -> str:
    """The most particular layer that a module belongs to."""
    fitting = [layer for layer in MAY_IMPORT if within(name, {layer})]
    assert fitting, f"{name} belongs to no layer of MAY_IMPORT; give it a room"
    return max(fitting, key=len)


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=[name for name, _ in modules()])
def test_a_module_imports_only_what_its_layer_may(name: str, path: Path) -> None:
    if name == "core" or path.name == "__init__.py":
        assert not path.read_text().strip(), f"{name}: packages are empty, so that importing one loads nothing"
        return
    allowed = MAY_IMPORT[layer_of(name)]
    strangers = [found for found in imports(path) if found.split(".")[0] == "core" and not within(found, allowed)]
    assert not strangers, f"{name} ({layer_of(name)}) may not import {strangers}"


def floor_of(name: str) -> int:
    return next(
        number for number, rooms in enumerate(FLOORS) if within(name, {rooms} if isinstance(rooms, str) else set(rooms))
    )


def test_no_import_runs_back_up_a_floor() -> None:
    upwards = [
        f"{name} imports {imported}"
        for name, path in modules()
        if not within(name, LOOKS_EVERYWHERE) and name != "core"
        for imported in imports(path)
        if imported.split(".")[0] == "core" and floor_of(imported) > floor_of(name)
    ]
    assert not upwards, upwards


def test_no_room_is_crowded_and_no_function_long() -> None:
    """A folder of many modules is mixed; a function that fills a screen does several things."""
    folders = Counter(path.parent for _, path in modules() if path.name != "__init__.py")
    crowded = {str(folder.relative_to(ROOT)): count for folder, count in folders.items() if count > 14}
    assert not crowded, crowded
    counts = {name: len(path.read_text().splitlines()) for name, path in modules() if within(name, SHORT_ROOMS)}
    mixed = {name: count for name, count in counts.items() if count > 400}
    assert not mixed, f"{mixed} lines: divide them by what they do"
    long = [
        f"{name}.{node.name}: {node.end_lineno - node.lineno + 1}"
        for name, path in modules()
        for node in syntax_nodes(path)
        if isinstance(node, ast.FunctionDef) and node.end_lineno and node.end_lineno - node.lineno >= 60
    ]
    assert not long, long


def test_names_say_what_they_hold() -> None:
    """Pronouns and participles as locals, and one public name for several things, cost every reader a search."""
    stored: list[str] = []
    homes = defaultdict(set)
    for name, path in modules():
        stored += [n.id for n in syntax_nodes(path) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        for node in syntax_tree(path).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                homes[node.name].add(name)
    vague = Counter(local for local in stored if local in VAGUE_LOCALS)
    assert vague.total() <= 0.01 * len(stored), vague.most_common(9)
    several = {public: rooms for public, rooms in homes.items() if len(rooms) > 1}
    assert set(several) <= {"upgrade"}, several  # what Alembic asks of each migration


@pytest.mark.parametrize("package", HEAVY)
def test_a_heavy_package_stays_in_its_room(package: str) -> None:
    guests = [
        name
        for name, path in modules()
        if any(found.split(".")[0] == package for found in imports(path)) and not within(name, HEAVY[package])
    ]
    assert not guests, f"{package} is imported by {guests}; its rooms are {sorted(HEAVY[package])}"


def test_the_values_of_a_chart_exist_once() -> None:
    """Pages and the report draw the same values, which core.charts makes of a run: neither counts for itself."""
    pages_and_report = [(name, path) for name, path in modules() if within(name, {"core.ui", "core.report", "pages"})]
    offenders = [
        (name, figure)
        for name, path in pages_and_report
        for node in syntax_nodes(path)
        for figure in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom)
            else [f"{node.value.id}.{node.attr}"]
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            else []
        )
        if figure in CHART_FIGURES
    ]
    assert not offenders, offenders


def test_photos_of_others_are_decoded_in_a_child() -> None:
    offenders = [
        name
        for name, path in modules()
        for node in syntax_nodes(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("core.imaging.")
        if DECODERS & {alias.name for alias in node.names} and not within(name, set(MAY_DECODE))
    ]
    assert not offenders, f"{offenders} decode with core.imaging; core.isolation.photos does it in a child"


def test_faces_are_found_in_one_way() -> None:
    """What would call the detector or the embedder by itself would decode, choose, turn and cut in its own way too."""
    offenders = [
        f"{name}: {used}"
        for name, path in modules()
        if not within(name, set(FINDS_FACES))
        for node in syntax_nodes(path)
        for used in (getattr(node, "attr", None), getattr(node, "id", None), getattr(node, "name", None))
        if used in FACE_PARTS
    ]
    assert not offenders, f"{offenders}; core.vision.pipeline gives the faces of photos"


def test_a_child_that_reads_loads_nothing_that_it_does_not_need() -> None:
    code = "import sys, core.isolation.child, core.isolation.tasks; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in listed.stdout.split()}
    assert loaded >= READER_PACKAGES
    assert not loaded & (set(HEAVY) | {"sklearn", "scipy", "pandas", "pyarrow", "requests", "socket"}), loaded


def test_a_command_starts_without_what_few_commands_need() -> None:
    code = "import sys, core.cli.program, core.services; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(listed.stdout.split()) & LOADED_WHEN_NEEDED


def test_page_files_lie_in_sub_folders_and_are_all_in_the_navigation() -> None:
    assert not list((ROOT / "pages").glob("*.py")), "a page directly in pages/ opens without app.py"
    table = (ROOT / "core/ui/menu.py").read_text()
    for path in (ROOT / "pages").rglob("*.py"):
        address = path.relative_to(ROOT).as_posix()
        name = re.search(rf'^(\w+) = "{re.escape(address)}"$', table, re.M)
        assert name, f"{address} has no name in core/ui/menu.py"
        assert re.search(rf"MenuEntry\(\s*{name[1]},", table), f"{address} is not in the menu"


def test_pages_and_app_stay_thin() -> None:
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= 120, f"{path.name} has outgrown a page"


def javascript() -> Iterator[tuple[str, str]]:
    """The components' modules: path, and code without its comments."""
    for path in sorted(BROWSER_FOLDER.rglob("*.js")):
        code = re.sub(r"/\*.*?\*/|(?<!\S)//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.S)
        yield path.relative_to(BROWSER_FOLDER).as_posix(), code


def blocks(code: str) -> Iterator[tuple[str, int]]:
    """What opens each block of a formatted script, and how many lines it has: it ends as far in as it begins."""
    lines = code.split("\n")
    for first, line in enumerate(lines):
        if line.endswith("{"):
            end = line[: len(line) - len(line.lstrip())] + "}"
            last = next((n for n in range(first + 1, len(lines)) if lines[n].startswith(end)), len(lines))
            yield line.strip(), last - first + 1


def test_components_are_modules_and_share_what_they_export() -> None:
    """What lies on the window belongs to nobody: no reader finds who writes it, and no tool sees a wrong name."""
    for name, code in javascript():
        assert re.search(r"^export ", code, re.M), f"{name} exports nothing"
        assert not re.search(r"\b(window|globalThis)\b", code), f"{name} reaches for the window"
        assert not re.search(r"^(let|var) ", code, re.M), f"{name} has a variable that outlives its functions"


def test_no_function_of_the_components_is_long() -> None:
    measured = [(name, *block) for name, code in javascript() for block in blocks(code)]
    functions = [each for each in measured if not re.match(r"(export )?(default )?class\b", each[1])]
    assert any(length > 20 for *_, length in functions), "no block was measured"
    assert not [each for each in functions if each[2] > 80]


def test_colours_stand_in_one_style_sheet() -> None:
    """So that a colour is changed, or fitted to a theme, in one file."""
    literal = re.compile(r"#[0-9a-f]{3,8}\b|\brgba?\(", re.I)
    sheets = {path: path.read_text(encoding="utf-8") for path in BROWSER_FOLDER.rglob("*.css")}
    found = [path.name for path, text in sheets.items() if path.name != "base.css" and literal.search(text)]
    found += [name for name, code in javascript() if literal.search(code.replace("url(#", ""))]
    assert not found, f"{found} have colours of their own; shared/base.css names them"


def test_the_lock_file_knows_packages_by_their_hash_and_no_registry() -> None:
    packages = json.loads((BROWSER_FOLDER.parent / "package-lock.json").read_text())["packages"]
    locked = {name: package for name, package in packages.items() if name}
    assert len(locked) > 10
    assert all("integrity" in package and "resolved" not in package for package in locked.values())


def test_the_top_level_is_the_one_agreed_on() -> None:
    tracked = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert tracked <= {"core", "pages", "tests", "data", "docs"}, tracked


def test_what_graphics_cards_need_is_installed_by_nobody_who_has_none() -> None:
    """Most people have no use for it; and what the tests convert networks by is what everybody does."""

    def pins(name: str) -> set[tuple[str, str]]:
        return set(re.findall(r"^([\w-]+)(?:\[[\w,]+\])?==([\d.]+)", (ROOT / name).read_text(), re.M))

    run, dev, gpu = (pins(f"requirements{kind}.txt") for kind in ("", "-dev", "-gpu"))
    assert {"onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"} <= {name for name, _ in gpu}
    assert not {name for name, _ in run} & {name for name, _ in gpu}
    assert {pin for pin in dev if pin[0] in dict(gpu)} <= gpu
    assert "requirements-gpu" not in (ROOT / "Makefile").read_text()


def test_what_many_machines_need_is_installed_and_loaded_by_nobody_who_has_one() -> None:
    def packages(name: str) -> set[str]:
        return set(re.findall(r"^([\w-]+)(?:\[[\w,]+\])?==", (ROOT / name).read_text(), re.M))

    cluster = packages("requirements-cluster.txt")
    assert cluster >= {"ray", "psycopg", "fsspec"}
    assert not cluster & packages("requirements.txt")
    recipes = re.findall(r"^([\w-]+):.*\n((?:\t.*\n?)+)", (ROOT / "Makefile").read_text(), re.M)
    assert {target for target, steps in recipes if "requirements-cluster" in steps} == {"env-dev"}
    assert not re.search(r"^(run|env):.*env-dev", (ROOT / "Makefile").read_text(), re.M)
    code = "import sys, core.services; print(*sys.modules)"
    listed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(listed.stdout.split()) & cluster


def test_loading_the_engine_reports_to_nobody() -> None:
    """OpenVINO's package sends an event at every import unless its telemetry is kept from loading."""
    code = (
        "import sys, core.vision.engine.openvino; "
        "print(any(name.startswith('openvino_telemetry.') for name in sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_csv_is_written_in_one_place_which_guards_it() -> None:
    """Names of people and files are not of our making, and a spreadsheet runs what begins like a formula."""
    for name, path in modules():
        if name != "core.formats.tables":
            writes = re.search(r"\bcsv\.(w|W|D\w*W)riter|\bDictWriter\b|\.to_csv\(|savetxt\(", path.read_text())
            assert not writes, (
                f"{name} writes CSV by itself ({writes and writes[0]}); use core.formats.tables.encode_csv"
            )


def test_wide_values_are_constructed_by_keyword() -> None:
    """Nobody counts to the fifth argument; and a field that is put in between would shift the others in silence."""
    own = {node.name for _, path in modules() for node in syntax_nodes(path) if isinstance(node, ast.ClassDef)}
    wide = [
        f"{name}:{node.lineno} {node.func.id}"
        for name, path in modules()
        for node in syntax_nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in own
        if len(node.args) >= 5
    ]
    assert not wide, f"{wide} give five and more arguments by position"


@pytest.mark.parametrize("what", WRITTEN_ONCE)
def test_what_everybody_needs_is_written_once(what: str) -> None:
    pattern, room = WRITTEN_ONCE[what]
    copies = [name for name, path in modules() if name != room and re.search(pattern, path.read_text(encoding="utf-8"))]
    assert not copies, f"{what} is in {room}; {copies} have it again"


def test_the_values_of_runs_and_maps_are_read_by_their_names() -> None:
    """``RunParams``, ``RunMetrics`` and ``MapParams`` know what may stand there, and what earlier versions lack."""
    strings = [
        f"{name}: {found[0]}"
        for name, path in modules()
        for found in re.finditer(r"(?<!job\.)\b(params|metrics)(\[|\.get\()[\"']\w+", path.read_text(encoding="utf-8"))
    ]
    assert not strings, strings


def test_a_training_walks_into_learn_once_and_comes_back_with_a_result() -> None:
    """Folds, scoring and thresholds are inside of ``learn.classification.training``: nobody else puts them together."""
    outsiders = [
        f"{name} imports {found}"
        for name, path in modules()
        if not within(name, {"core.learn"})
        for found in imports(path)
        if found in INSIDE_A_TRAINING
    ]
    assert not outsiders, outsiders


def test_no_function_of_learn_takes_more_than_six_values() -> None:
    wide = [
        f"{name}.{node.name}"
        for name, path in modules()
        if within(name, {"core.learn"})
        for node in syntax_nodes(path)
        if isinstance(node, ast.FunctionDef)
        if len([*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]) > 6 + _is_method(node)
    ]
    assert not wide, f"{wide} take more than six values; put some into one"


def _is_method(node: ast.FunctionDef) -> bool:
    return bool(node.args.args) and node.args.args[0].arg in ("self", "cls")


def test_nothing_is_pickled() -> None:
    for name, path in modules():
        assert not re.search(r"allow_pickle\s*=\s*True|\bpickle\.|\bjoblib\.(load|dump)", path.read_text()), name


def texts(path: Path) -> Iterator[ast.Constant]:
    """The texts of a module, but for its documentation."""
    nodes = syntax_nodes(path)
    documentation = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node


def test_no_line_ends_between_a_number_and_its_percent_sign() -> None:
    """Words of pages and reports have the space of ``core.base.words.PERCENT_SIGN``, at which no line breaks."""
    written = ("core.ui", "core.base.words", "core.report.results", "core.report.basis")
    breaking = [
        f"{name}:{text.lineno} {text.value}"
        for name, path in modules()
        if name.startswith(written)
        for text in texts(path)
        if re.search(r"(\d|^) %(?![\w({])", str(text.value))
    ]
    assert not breaking, breaking


LONGEST_LINE = 120


@pytest.mark.parametrize(
    "document", [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))], ids=lambda path: path.name
)
def test_a_document_can_be_read_in_a_terminal(document: Path) -> None:
    lines = document.read_text("utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE] == []
