"""The report as one HTML file: no scripts, nothing from elsewhere, light and dark, on screen and on paper.

Every text is escaped, and a content policy forbids the browser to load or run anything, should something slip through.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from functools import singledispatch
from html import escape
from itertools import groupby

from core.report.content import (
    Block,
    Bullets,
    Document,
    ErrorCard,
    ErrorCards,
    FacePicture,
    Facts,
    Figure,
    Paragraph,
    Section,
    Stat,
    TableBlock,
)
from core.report.drawing import GRID, INK, QUIET, Area, Drawing, Marker, Points, Polyline, Shape, Text
from core.report.figures import WIDTH

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_VARIABLES = {INK: "currentColor", QUIET: "var(--quiet)", GRID: "var(--grid)"}

_STYLE = """
:root{color-scheme:light dark;--page:#fff;--soft:#f3f6f6;--ink:#1b2426;--quiet:#556165;--line:#d9e0e1;--grid:#80808038;
--accent:#0b6e75;--right:#0072b2;--wrong:#b94f00}
@media (prefers-color-scheme:dark){:root{--page:#12181a;--soft:#1c2427;--ink:#e8eeef;--quiet:#a5b1b4;--line:#334043;
--grid:#80808055;--accent:#6cc5ca;--right:#56b4e9;--wrong:#f09a5a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,
'Noto Sans','Liberation Sans',sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main,header,nav{max-width:1080px;margin:0 auto;padding:0 24px}
header{padding-top:44px}
h1{font-size:2rem;line-height:1.2;font-weight:650;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:1.4rem;font-weight:600;margin:0 0 14px;padding-top:30px;border-top:1px solid var(--line)}
p{max-width:74ch;margin:0 0 14px}
.quiet{color:var(--quiet)}
.answer{font-size:1.12rem;margin:18px 0 22px}
.stats{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,200px),1fr));gap:14px;margin:0 0 26px}
.stats>div{background:var(--soft);border-radius:8px;padding:14px 16px}
.stats dt{font-size:.86rem;color:var(--quiet)}
.stats dd{margin:0}
.stats .value{font-size:1.9rem;font-weight:600;line-height:1.25}
.stats .note{font-size:.82rem;color:var(--quiet)}
nav{padding-bottom:34px}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:6px 18px;margin:0;padding:0}
a{color:var(--accent);text-underline-offset:3px}
section{margin-bottom:38px}
ul.plain{max-width:80ch;padding-left:20px;margin:0 0 16px}
ul.plain li{margin-bottom:7px}
.wide{overflow-x:auto;margin:0 0 22px;border:1px solid var(--line);border-radius:8px}
.wide:focus-visible{outline:2px solid var(--accent)}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;font-weight:600;padding:10px 14px}
caption span{display:inline-block;position:sticky;left:14px;max-width:calc(100vw - 64px)}
th,td{overflow-wrap:break-word;text-align:left;vertical-align:top;padding:7px 14px;border-top:1px solid var(--line)}
thead th{color:var(--quiet);font-weight:500;font-size:.86rem;vertical-align:bottom}
tbody th{font-weight:500}
.right{text-align:right;white-space:nowrap}
thead .right{white-space:normal}
.name{min-width:8.5rem}
.code{font:.8rem/1.5 ui-monospace,'SF Mono',Consolas,'Liberation Mono',monospace;overflow-wrap:anywhere;min-width:15rem}
.facts tbody th{width:36%;color:var(--quiet);font-weight:400}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:30px 36px;
align-items:start;margin:8px 0 26px}
figure{margin:0;min-width:0}
figcaption{font-weight:600;line-height:1.35;margin-bottom:10px}
figure .note{font-size:.84rem;color:var(--quiet);line-height:1.4}
svg{display:block;width:100%;max-width:500px;height:auto;margin-bottom:6px;font-family:inherit}
figure.broad{grid-column:1/-1}
.broad>div{overflow-x:auto}
.broad svg{min-width:600px;max-width:800px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,236px),1fr));gap:16px;list-style:none;
margin:0 0 20px;padding:0}
.cards>li{border:1px solid var(--line);border-radius:8px;padding:12px}
.faces{display:grid;grid-template-columns:1fr 1fr;gap:8px;margin-bottom:9px}
.faces figcaption{font-size:.78rem;font-weight:400;margin:3px 0 0;
color:var(--quiet);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.faces img{display:block;width:100%;aspect-ratio:1;object-fit:cover;border-radius:8px;background:var(--soft)}
.who{font-weight:600;line-height:1.3}
.taken{line-height:1.35;color:var(--wrong)}
.said{font-size:.82rem;color:var(--quiet);line-height:1.4;margin:4px 0 0}
footer{max-width:1080px;margin:0 auto;padding:0 24px 44px;font-size:.84rem;color:var(--quiet)}
@media (max-width:560px){main,header,nav,footer{padding-left:16px;padding-right:16px}h1{font-size:1.6rem}
.facts,.facts tbody,.facts tr,.facts th,.facts td{display:block;width:100%!important}
.facts caption{display:block}
.facts td{border-top:0;padding-top:0}.code{min-width:0}}
@media print{:root{--page:#fff;--soft:#f3f6f6;--ink:#1b2426;--quiet:#556165;--line:#d9e0e1;--accent:#0b6e75;
--right:#0072b2;--wrong:#b94f00;--grid:#80808038}
@page{size:A4;margin:16mm}
body{font-size:10.5pt}header{padding-top:0}nav{display:none}
main,header,footer{max-width:none;padding:0}
.wide{overflow:visible}h2{break-after:avoid}figure,.cards>li,tr,.stats>div{break-inside:avoid}
.figures{grid-template-columns:1fr 1fr}.broad>div{overflow:visible}}
"""


def to_html(document: Document) -> bytes:
    """The whole file."""
    links = "".join(f"<li><a href='#{section.id}'>{escape(section.title)}</a></li>" for section in document.sections)
    sections = "".join(_section(section) for section in document.sections)
    text = (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f"<meta http-equiv='Content-Security-Policy' content=\"{_POLICY}\">"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        "<meta name='referrer' content='no-referrer'><meta name='robots' content='noindex'>"
        f"<title>{escape(document.title)}</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>{escape(document.title)}</h1><p class='quiet'>{escape(document.subtitle)}</p>"
        f"<p class='answer'>{escape(document.answer)}</p>"
        f"<dl class='stats'>{''.join(map(_stat, document.stats))}</dl></header>"
        f"<nav aria-label='Sections'><ul>{links}</ul></nav><main>{sections}</main>"
        f"<footer>{escape(document.subtitle)}. Everything in this file was computed on one computer; it loads nothing."
        "</footer></body></html>\n"
    )
    return text.encode("utf-8")


def _stat(stat: Stat) -> str:
    note = f"<dd class='note'>{escape(stat.note)}</dd>" if stat.note else ""
    return f"<div><dt>{escape(stat.name)}</dt><dd class='value'>{escape(stat.value)}</dd>{note}</div>"


def _section(section: Section) -> str:
    return (
        f"<section id='{section.id}' aria-labelledby='{section.id}-title'>"
        f"<h2 id='{section.id}-title'>{escape(section.title)}</h2>{''.join(_blocks(section.blocks))}</section>"
    )


def _blocks(blocks: Iterable[Block]) -> Iterator[str]:
    """One after the other; charts that follow each other share a grid."""
    for charts, group in groupby(blocks, key=lambda block: isinstance(block, Figure)):
        written = "".join(_written(block) for block in group)
        yield f"<div class='figures'>{written}</div>" if charts else written


@singledispatch
def _written(block: Block) -> str:
    raise TypeError(f"expected a block of a report, got {type(block).__name__}")


@_written.register
def _(block: Paragraph) -> str:
    text = escape(block.text)
    return f"<p>{f'<strong>{text}</strong>' if block.strong else text}</p>"


@_written.register
def _(block: Bullets) -> str:
    return f"<ul class='plain'>{''.join(f'<li>{escape(item)}</li>' for item in block.items)}</ul>"


@_written.register
def _(block: Facts) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in block.rows
    )
    return _scrolling(block.caption, f"<tbody>{rows}</tbody>", "facts")


@_written.register
def _(block: TableBlock) -> str:
    kinds = [
        "right" if at in block.right else "code" if at in block.code else "name" for at in range(len(block.columns))
    ]
    head = "".join(
        f"<th scope='col' class='{kind}'>{escape(name)}</th>" for name, kind in zip(block.columns, kinds, strict=True)
    )
    body = "".join(f"<tr>{''.join(_cells(row, kinds))}</tr>" for row in block.rows)
    return _scrolling(block.caption, f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>", "")


def _cells(row: tuple[str, ...], kinds: list[str]) -> Iterator[str]:
    yield f"<th scope='row' class='{kinds[0]}'>{escape(row[0])}</th>"
    yield from (f"<td class='{kind}'>{escape(cell)}</td>" for cell, kind in zip(row[1:], kinds[1:], strict=True))


def _scrolling(caption: str, rows: str, kind: str) -> str:
    """A table that scrolls inside itself where it is too wide; keys reach it."""
    label = escape(caption)
    return (
        f"<div class='wide' role='region' tabindex='0' aria-label='{label}'>"
        f"<table class='{kind}'><caption><span>{label}</span></caption>{rows}</table></div>"
    )


@_written.register
def _(block: Figure) -> str:
    note = f"<p class='note'>{escape(block.note)}</p>" if block.note else ""
    chart, kind = to_svg(block.drawing, block.alt_text), ""
    if block.drawing.width > WIDTH:  # too fine to be shrunk to a narrow screen
        chart, kind = (
            f"<div role='region' tabindex='0' aria-label='{escape(block.title)}'>{chart}</div>",
            " class='broad'",
        )
    return f"<figure{kind}><figcaption>{escape(block.title)}</figcaption>{chart}{note}</figure>"


@_written.register
def _(block: ErrorCards) -> str:
    return f"<ul class='cards'>{''.join(map(_card, block.items))}</ul>"


def _card(mistake: ErrorCard) -> str:
    faces = f"<div class='faces'>{''.join(map(_face, mistake.pictures))}</div>" if mistake.pictures else ""
    return (
        f"<li>{faces}<div class='who'>{escape(mistake.person)}</div>"
        f"<div class='taken'>✗ taken for {escape(mistake.assigned_name)}</div>"
        f"<p class='said'>{escape(mistake.certainty)}</p></li>"
    )


def _face(picture: FacePicture) -> str:
    content = base64.b64encode(picture.jpeg).decode("ascii")
    return (
        f"<figure><img alt='{escape(picture.alt_text)}' src='data:image/jpeg;base64,{content}'>"
        f"<figcaption>{escape(picture.under)}</figcaption></figure>"
    )


# drawings


def to_svg(drawing: Drawing, description: str) -> str:
    """A drawing whose colours follow the page's."""
    elements = "".join(_drawn(element) for element in drawing.elements)
    return (
        f"<svg viewBox='0 0 {_n(drawing.width)} {_n(drawing.height)}' role='img' aria-label='{escape(description)}'>"
        f"{elements}</svg>"
    )


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _colour(colour: str) -> str:
    return _VARIABLES.get(colour, colour)


def _path(points: Points) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


@singledispatch
def _drawn(element: Polyline | Area | Marker | Text) -> str:
    raise TypeError(f"expected a part of a drawing, got {type(element).__name__}")


@_drawn.register
def _(element: Polyline) -> str:
    dashes = " stroke-dasharray='5 3'" if element.dashed else ""
    return (
        f"<path d='{_path(element.points)}' fill='none' stroke='{_colour(element.colour)}' "
        f"stroke-width='{_n(element.width)}'{dashes}/>"
    )


@_drawn.register
def _(element: Area) -> str:
    return f"<path d='{_path(element.points)}Z' fill='{_colour(element.colour)}' fill-opacity='{_n(element.opacity)}'/>"


@_drawn.register
def _(element: Marker) -> str:
    half, colour = element.size / 2, _colour(element.colour)
    left, top, right, bottom = (
        _n(value) for value in (element.x - half, element.y - half, element.x + half, element.y + half)
    )
    if element.shape is Shape.DISC:
        return f"<circle cx='{_n(element.x)}' cy='{_n(element.y)}' r='{_n(half)}' fill='{colour}'/>"
    if element.shape is Shape.SQUARE:
        return f"<path d='M{left} {top}H{right}V{bottom}H{left}Z' fill='{colour}'/>"
    return f"<path d='M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}' stroke='{colour}' fill='none'/>"


@_drawn.register
def _(element: Text) -> str:
    turned = (
        f" transform='rotate({_n(-element.turned_deg)} {_n(element.x)} {_n(element.y)})'" if element.turned_deg else ""
    )
    weight = " font-weight='600'" if element.bold else ""
    return (
        f"<text x='{_n(element.x)}' y='{_n(element.y)}' font-size='{_n(element.size)}' text-anchor='{element.anchor}' "
        f"fill='{_colour(element.colour)}'{weight}{turned}>{escape(element.text)}</text>"
    )
