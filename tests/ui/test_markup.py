"""What somebody else wrote reaches an element that renders Markdown through ``words.plain``, and no other way.

Held by reading the pages' source: each text that such an element gets is followed back to what it is made of, through
the functions and variables that it comes from. Made of constants, of numbers in words, of ``plain`` and ``name``: it
passes. Anything else could be a name, a note or an error's text, and has to go through ``plain``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from tests.test_fences import ROOT

LABELLED = {
    *("markdown", "caption", "write", "error", "warning", "info", "success", "toast", "header", "subheader", "title"),
    *("button", "download_button", "form_submit_button", "link_button", "page_link", "checkbox", "toggle", "popover"),
    *("expander", "metric", "spinner", "status", "dialog", "pills", "segmented_control", "radio", "selectbox"),
    *("multiselect", "slider", "select_slider", "text_input", "text_area", "number_input", "file_uploader"),
    *("camera_input", "tabs", "badge", "feedback"),
}
"""Elements whose first arguments are Markdown."""
OURS = {"queue_toast", "show_empty_state", "page"}
"""Our own functions that draw one: what they are given is looked at where they are called."""
KEPT_MESSAGE = "message"
"""What ``frame.queue_toast`` was given and keeps for the next run."""
TEXTS_OF = {"metric": 3, "page_link": 0, "show_empty_state": 2, "page": 2}
"""How many of the first arguments are; otherwise one."""
MARKDOWN_KEYWORDS = {"help", "text", "label", "body", "captions"}
MARKDOWN_OPTIONS = {"radio", "pills", "segmented_control", "select_slider"}
"""Elements whose options are Markdown too."""
PLAIN_KEYWORD_ELEMENTS = {"code", "text", "html"}
SAFE_CALLS = {
    *("plain", "name", "count", "percent", "format_probability", "format_duration", "format_size", "ago"),
    *(
        "format_photo_rate",
        "format_interval",
        "format_strangers_share",
        "format_people_count",
        "format_day",
        "format_moment",
    ),
    *("len", "round", "int", "float", "sum", "abs", "min", "max", "str.join", "ordinal"),
}
SAFE_METHODS = {"capitalize", "upper", "lower", "strip", "removesuffix", "title"}
NUMBERS = {"int", "float", "bool"}
SOURCES = [*sorted((ROOT / "core/ui").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py")), ROOT / "app.py"]


@dataclass
class Module:
    """A module's functions, constants and what it imports."""

    path: Path
    tree: ast.Module = field(init=False)
    functions: dict[str, ast.FunctionDef] = field(init=False)
    imported: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.tree = ast.parse(self.path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(self.tree))
        self.functions = {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}
        self.imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in nodes
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        self.imported |= {
            alias.asname or alias.name: alias.name
            for node in nodes
            if isinstance(node, ast.Import)
            for alias in node.names
        }


@cache
def load(path: Path) -> Module:
    return Module(path)


def module_of(dotted: str) -> Module | None:
    path = ROOT.joinpath(*dotted.split(".")).with_suffix(".py")
    return load(path) if dotted.startswith("core.") and path.exists() else None


@dataclass(frozen=True)
class Reader:
    """Judges expressions of one function."""

    module: Module
    scope: ast.AST
    seen: frozenset[str] = frozenset()

    def is_safe(self, node: ast.expr | None) -> bool:
        match node:
            case None | ast.Constant() | ast.Compare():
                return True
            case ast.JoinedStr(values=values):
                return all(self.is_safe(value) for value in values)
            case ast.FormattedValue(value=value, format_spec=spec):
                return is_number_format(spec) or self.is_safe(value)
            case ast.IfExp(body=body, orelse=other):
                return self.is_safe(body) and self.is_safe(other)
            case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
                return all(self.is_safe(value) for value in values)
            case ast.BinOp(left=left, right=right):
                return self.is_safe(left) and self.is_safe(right)
            case ast.UnaryOp(operand=inner) | ast.Starred(value=inner) | ast.Lambda(body=inner):
                return self.is_safe(inner)
            case ast.Dict(values=values):
                return all(self.is_safe(value) for value in values)
            case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner):
                return self.is_safe(inner)
            case ast.Subscript(value=inner):
                return is_constant(inner) or isinstance(inner, ast.Dict) or self.is_part_of_constant(inner)
            case ast.Attribute(value=value, attr=attribute):
                is_ours = isinstance(value, ast.Name) and value.id == "words" and attribute in SAFE_CALLS
                return is_ours or is_constant(node) or (attribute == "__getitem__" and is_constant(value))
            case ast.Name(id=name):
                return self.is_safe_name(name)
            case ast.Call():
                return self.is_safe_call(node)
        return False

    def is_part_of_constant(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Subscript) and (is_constant(node.value) or self.is_part_of_constant(node.value))

    def is_safe_name(self, name: str) -> bool:
        if is_constant(ast.Name(name)) or name == "plain":
            return True
        if name in self.seen:
            return True  # it is being judged already: by itself it adds nothing
        inner = Reader(self.module, self.scope, self.seen | {name})
        if annotation_of(self.scope, name) in NUMBERS:
            return True
        if name in parameters_of(self.scope):
            return inner.is_safe_parameter(name)
        values = list(values_of(self.scope, name))
        if not values and name in self.module.functions:
            return inner.returns_safe(self.module, name)
        if not values and name in self.module.imported:
            source, _, function = self.module.imported[name].rpartition(".")
            return self.returns_of(module_of(source), function)
        return bool(values) and all(inner.is_safe(value) for value in values)

    def is_safe_parameter(self, name: str) -> bool:
        """Whether it is given our own words wherever the function is called; there must be such a place."""
        function = getattr(self.scope, "name", "")
        if function in OURS:
            return True
        given = [
            (module, scope, value)
            for module in map(load, SOURCES)
            for scope, call in calls(module)
            if called(call) == function
            and (module is self.module or not function.startswith("_"))
            and (value := given_as(call, self.scope, name)) is not None
        ]
        seen = self.seen | {f"{function}({name})"}
        if f"{function}({name})" in self.seen:
            return True
        return bool(given) and all(Reader(module, scope, seen).is_safe(value) for module, scope, value in given)

    def is_safe_call(self, call: ast.Call) -> bool:
        match call.func:
            case ast.Name(id=name) if self.module.imported.get(name, "").startswith("core.language.texts."):
                # Of the catalogue, or constants; a translation has the same names in braces, and is the project's own.
                values = [keyword.value for keyword in call.keywords]
                return all(map(self.is_safe, [*call.args[:2], *values]))
            case ast.Name(id=name) if name in SAFE_CALLS:
                return True
            case ast.Name(id=name) if name in self.module.functions:
                return self.returns_safe(self.module, name)
            case ast.Name(id=name) if name in self.module.imported:
                source, _, function = self.module.imported[name].rpartition(".")
                return self.returns_of(module_of(source), function)
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in self.module.imported:
                if owner == "words":
                    return name in SAFE_CALLS or (name == "titled" and all(map(self.is_safe, call.args)))
                return self.returns_of(module_of(self.module.imported[owner]), name)
            case ast.Attribute(value=value, attr="join"):
                return self.is_safe(value) and all(self.is_safe(argument) for argument in call.args)
            case ast.Attribute(value=value, attr="format"):
                texts = [*call.args, *(keyword.value for keyword in call.keywords)]
                return self.is_safe(value) and all(self.is_safe(text) for text in texts)
            case ast.Attribute(value=value, attr=name) if name in SAFE_METHODS:
                return self.is_safe(value)
            case ast.Attribute(value=value, attr="items" | "keys" | "values"):
                return is_constant(value)
        return False

    def returns_of(self, module: Module | None, function: str) -> bool:
        return module is not None and function in module.functions and self.returns_safe(module, function)

    def returns_safe(self, module: Module, function: str) -> bool:
        key = f"{module.path}:{function}"
        if key in self.seen:
            return True
        scope = module.functions[function]
        inner = Reader(module, scope, frozenset({key}) | self.seen)
        given = [node for node in own_nodes(scope) if isinstance(node, ast.Return | ast.Yield)]
        return bool(given) and all(inner.is_safe(node.value) for node in given)


def is_constant(node: ast.expr) -> bool:
    """Whether it is a constant by its name, of this module or of another."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name.lstrip("_").isupper()


def is_number_format(spec: ast.expr | None) -> bool:
    """Whether what is formatted must be a number."""
    values = spec.values if isinstance(spec, ast.JoinedStr) else []
    return bool(values) and isinstance(values[-1], ast.Constant) and str(values[-1].value)[-1:] in "dfeg%,"


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions within it."""
    for node in ast.iter_child_nodes(scope):
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield node
            yield from own_nodes(node)


def parameters_of(scope: ast.AST) -> list[str]:
    arguments = getattr(scope, "args", None)
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)] if arguments else []


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def given_as(call: ast.Call, function: ast.AST, name: str) -> ast.expr | None:
    """The expression that a call gives for a parameter; its default when it gives none."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    arguments = function.args  # type: ignore[attr-defined]
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    if positional[:1] == ["self"]:
        positional = positional[1:]
    place = positional.index(name) if name in positional else len(call.args)
    return call.args[place] if place < len(call.args) else ast.Constant("")


def annotation_of(scope: ast.AST, name: str) -> str:
    arguments = getattr(scope, "args", None)
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs] if arguments else []
    return next((ast.unparse(one.annotation) for one in every if one.arg == name and one.annotation), "")


def values_of(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What a variable gets in a function, or a place that it is taken from as a whole."""
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from assigned(target, value, name)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
                yield from assigned(target, value, name)
            case ast.AugAssign(target=target, value=value):
                yield from assigned(target, value, name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=own), attr="append" | "extend"), args=[value]) if (
                own == name
            ):
                yield value
            case ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source):
                yield from looped(target, source, name)


def assigned(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    match target, value:
        case ast.Name(id=own), _ if own == name:
            yield value
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            for one, its in zip(targets, values, strict=True):
                yield from assigned(one, its, name)
        case ast.Tuple(), _ if any(isinstance(one, ast.Name) and one.id == name for one in ast.walk(target)):
            yield value


def looped(target: ast.expr, source: ast.expr, name: str) -> Iterator[ast.expr]:
    numbered = isinstance(source, ast.Call) and isinstance(source.func, ast.Name) and source.func.id == "enumerate"
    if numbered and isinstance(target, ast.Tuple):
        if isinstance(target.elts[0], ast.Name) and target.elts[0].id == name:
            yield ast.Constant(0)
            return
        target, source = target.elts[1], source.args[0]  # type: ignore[attr-defined]
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Name) and source.func.id == "range":
        source = ast.Constant(0)
    zipped = isinstance(source, ast.Call) and isinstance(source.func, ast.Name) and source.func.id == "zip"
    if zipped and isinstance(target, ast.Tuple):
        for one, its in zip(target.elts, source.args, strict=False):  # type: ignore[attr-defined]
            yield from looped(one, its, name)
        return
    if isinstance(source, ast.Tuple | ast.List) and isinstance(target, ast.Tuple):
        for row in source.elts:
            yield from assigned(target, row, name)
        return
    yield from assigned(target, source, name)


def is_of_a_module(call: ast.Call, imported: Mapping[str, str]) -> bool:
    """Whether a function of a module other than Streamlit is called, which may have an element's name."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    return isinstance(owner, ast.Name) and owner.id not in ("st", "frame") and owner.id in imported


def texts_of(call: ast.Call, imported: Mapping[str, str]) -> Iterator[ast.expr]:
    """The arguments of a call that an element renders as Markdown."""
    element = called(call)
    if element in PLAIN_KEYWORD_ELEMENTS or is_of_a_module(call, imported):
        return
    if element in LABELLED | OURS:
        yield from call.args[: TEXTS_OF.get(element, 1)]
    if element in MARKDOWN_OPTIONS:
        shown = {keyword.arg: keyword.value for keyword in call.keywords}.get("format_func")
        # Said by the catalogue alone, they are what is to be looked at.
        is_translated = isinstance(shown, ast.Name) and shown.id == "_"
        yield call.args[1] if shown is None or is_translated else shown
    if element == "table":  # its cells are
        cells = call.args[0]
        is_mapped = isinstance(cells, ast.Call) and called(cells) == "map"
        yield cells.args[0] if is_mapped else cells  # type: ignore[attr-defined]
    if element in LABELLED or element.endswith("Column") or element == "progress":
        yield from (keyword.value for keyword in call.keywords if keyword.arg in MARKDOWN_KEYWORDS)


def calls(module: Module) -> Iterator[tuple[ast.AST, ast.Call]]:
    """Every call with the function that it stands in."""

    def walk(scope: ast.AST, node: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield scope, child
            yield from walk(child if isinstance(child, ast.FunctionDef) else scope, child)

    return walk(module.tree, module.tree)


def unescaped(module: Module) -> Iterator[str]:
    for scope, call in calls(module):
        for text in texts_of(call, module.imported):
            if not Reader(module, scope).is_safe(text) and ast.unparse(text) != KEPT_MESSAGE:
                yield f"{module.path.relative_to(ROOT)}:{text.lineno}: {ast.unparse(text)}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_text_that_is_rendered_as_markdown_is_made_of_our_own_words(path: Path):
    assert not list(unescaped(load(path))), "put it through words.plain:\n" + "\n".join(unescaped(load(path)))


@pytest.mark.parametrize(
    ("code", "escapes"),
    [
        ("st.markdown('**bold**')", False),
        ("st.markdown(f'**{dataset.name}**')", True),
        ("st.markdown(f'**{plain(dataset.name)}**')", False),
        ("st.error(str(refusal))", True),
        ("st.button('x', help=photo.name)", True),
        ("st.caption(f'{made[0]} of them')", True),
        ("def f(d):\n    parts = ['a']\n    parts.append(d.name)\n    st.caption(' '.join(parts))", True),
        ("st.table(frame_of(rows))", True),
        ("st.table(frame_of(rows).map(words.plain))", False),
        ("st.radio('x', names)", True),
        ("st.radio('x', names, format_func=plain)", False),
        ("place.caption(title)", True),
        ("def f(n: int):\n    st.caption(f'{n} of them')", False),
        ("def f(name: str):\n    st.caption(name)", True),
        ("def f(name: str):\n    st.caption(name)\nf('ours')\nf(photo.name)", True),
        ("def f(d):\n    shown = d.name\n    st.caption(shown)", True),
        ("def f(d):\n    shown = plain(d.name)\n    st.caption(shown)", False),
        ("def g(d):\n    return d.name\ndef f(d):\n    st.caption(g(d))", True),
        ("def g(d):\n    return f'{len(d)} of them'\ndef f(d):\n    st.caption(g(d))", False),
        ("for name in names:\n    st.caption(name)", True),
        ("for name in ('a', 'b'):\n    st.caption(name)", False),
        ("st.caption(', '.join(names))", True),
        ("st.caption(f'{share:.0f} %')", False),
    ],
)
def test_the_reader_tells_our_own_words_from_others(code: str, escapes: bool, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tests.ui.test_markup.ROOT", tmp_path)
    written = tmp_path / "page.py"
    written.write_text(code)
    assert bool(list(unescaped(Module(written)))) is escapes
