// The picture as it is seen, saved as PNG, SVG, or a page that can be explored. No photographs go into any of them.
const LEGEND_PX = 20;

function savePicture(kind, plane, given, look, chosen) {
  const content = { png: asPng, svg: asSvg, html: asPage }[kind](plane, given, look, chosen);
  const href = typeof content === "string" ? URL.createObjectURL(new Blob([content], { type: kind === "svg" ? "image/svg+xml" : "text/html" })) : content.toDataURL("image/png");
  Object.assign(document.createElement("a"), { href, download: `map-of-faces.${kind}` }).click();
  if (typeof content === "string") setTimeout(() => URL.revokeObjectURL(href), 60000);
}

// Where each group stands in a legend as wide as the picture, and how high all of it is.
function legendPlaces(given, width, widthOf) {
  let x = 6, y = LEGEND_PX;
  const places = given.groups.map((group) => {
    const text = `${group.name} ${grouped(group.count)}`, wide = 30 + widthOf(text);
    if (x > 6 && x + wide > width) [x, y] = [6, y + LEGEND_PX];
    const place = { group, text, x, y };
    x += wide;
    return place;
  });
  return { places, height: places.length ? y + 8 : 0 };
}

function measure(look, weight, size) {
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = `${weight} ${size}px ${look.font}`;
  return (text) => pen.measureText(text).width;
}

function asPng(plane, given, look, chosen) {
  const { width, height, ratio } = plane.area, map = document.createElement("canvas"), sheet = document.createElement("canvas");
  const legend = legendPlaces(given, width, measure(look, 400, 13));
  [map.width, map.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  [sheet.width, sheet.height] = [map.width, Math.round((height + legend.height) * ratio)];
  paint(map.getContext("2d"), plane, given, look, { chosen, ring: -1, stroke: null, moving: false });
  const pen = sheet.getContext("2d");
  pen.fillStyle = look.paper;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.drawImage(map, 0, 0);
  pen.scale(ratio, ratio);
  pen.font = `400 13px ${look.font}`;
  pen.fillStyle = look.ink;
  for (const { group, text, x, y } of legend.places) {
    pen.drawImage(stamp(group, 10, ratio), x, height + y - 11, 14, 14);
    pen.fillText(text, x + 18, height + y);
  }
  return sheet;
}

function asSvg(plane, given, look, chosen) {
  const { width, height } = plane.area, seen = plane.inView(), legend = legendPlaces(given, width, measure(look, 400, 13));
  const all = height + legend.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${all}" width="${width}" height="${all}" font-family="${safe(look.font)}">`,
    `<title>${safe(titleOf(given))}</title><rect width="${width}" height="${all}" fill="${look.paper}"/>`,
    `<clipPath id="map"><rect width="${width}" height="${height}"/></clipPath><g clip-path="url(#map)">`,
    ...(seen.length <= SYMBOLS_MOST ? svgSymbols(plane, given, seen, chosen) : svgDots(plane, given, seen, chosen)),
    ...svgMarks(plane, look),
    ...svgNames(plane, given, look),
    "</g>",
    ...legend.places.map(({ group, text, x, y }) => `<path d="${pathOf(group.symbol, 5)}" transform="translate(${x + 7} ${height + y - 4})" ${svgInk(group)}/><text x="${x + 18}" y="${height + y}" font-size="13" fill="${look.ink}">${safe(text)}</text>`),
    "</svg>",
  ].join("\n");
}

function svgInk(group) {
  const { fill, stroke, width } = inked(group);
  return `fill="${fill ?? "none"}" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"`;
}

function svgSymbols(plane, given, seen, chosen) {
  const size = sizePx(seen.length);
  const shapes = given.groups.map((group, number) => `<path id="s${number}" d="${pathOf(group.symbol, (size - (group.faded ? 2 : 0)) / 2)}" ${svgInk(group)}/>`);
  const points = Array.from(seen, (row) => {
    const number = plane.group[row], near = nearness(plane, row);
    const place = `translate(${plane.screenX(plane.x[row]).toFixed(1)} ${plane.screenY(plane.y[row]).toFixed(1)})${near === 1 ? "" : ` scale(${near.toFixed(2)})`}`;
    return `<use href="#s${number}" transform="${place}" opacity="${opacity(plane, given.groups[number], row, chosen).toFixed(2)}"/>`;
  });
  return ["<defs>", ...shapes, "</defs>", ...points];
}

// Thousands of dots: one path for those that follow each other in one ink.
function svgDots(plane, given, seen, chosen) {
  const side = dotPx(seen.length), paths = [];
  let ink = "", parts = [];
  const end = () => parts.length && paths.push(`<path ${ink} d="${parts.join("")}"/>`);
  for (const front of chosen ? [0, 1] : [-1])
    for (const row of seen) {
      if (front >= 0 && chosen[row] !== front) continue;
      const group = given.groups[plane.group[row]];
      const own = `fill="${group.colour}" fill-opacity="${opacity(plane, group, row, chosen).toFixed(1)}"`;
      if (own !== ink) [, ink, parts] = [end(), own, []];
      parts.push(`M${(plane.screenX(plane.x[row]) - side / 2).toFixed(1)} ${(plane.screenY(plane.y[row]) - side / 2).toFixed(1)}h${side}v${side}h-${side}z`);
    }
  end();
  return paths;
}

function svgMarks(plane, look) {
  const at = (row) => [plane.screenX(plane.x[row]).toFixed(1), plane.screenY(plane.y[row]).toFixed(1)];
  const lines = plane.marks.flatMap((mark, number) => mark.lines.map((row, place) => {
    const [[x1, y1], [x2, y2]] = [at(plane.n + number), at(row)];
    return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${look.ink}" stroke-width="${place ? 1.2 : 2}" opacity="${place ? 0.45 : 0.9}"/>`;
  }));
  const stars = plane.marks.map((mark, number) => `<g transform="translate(${at(plane.n + number).join(" ")})"><path d="${pathOf("star", MARK_PX)}" fill="${look.ink}" stroke="${look.paper}" stroke-width="4" paint-order="stroke" stroke-linejoin="round"/><text y="4" font-size="11" font-weight="700" text-anchor="middle" fill="${look.paper}">${safe(mark.number)}</text></g>`);
  return [...lines, ...stars];
}

function svgNames(plane, given, look) {
  return roomForNames(plane, given, measure(look, 600, 13)).map(({ name, left, y }) =>
    `<text x="${left.toFixed(1)}" y="${y.toFixed(1)}" font-size="13" font-weight="600" fill="${look.ink}" stroke="${look.paper}" stroke-width="4" stroke-linejoin="round" paint-order="stroke">${safe(name)}</text>`);
}

function titleOf(given) {
  return `Map of faces. ${given.finding}`;
}

function safe(text) {
  return String(text).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function asPage(plane, given, look) {
  const { points, dimensions, group_of, groups, names, people } = given;
  const kept = {
    points, dimensions, group_of, groups, names, people, look,
    who: Array.from(whoOf(given, plane.n)),
    marks: given.marks.map(({ number, at, lines }) => ({ number, at, lines })),
    view: plane.view, turn: plane.turn, seen_px: plane.area.width,
  };
  const content = JSON.stringify(kept).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Map of faces</title><style>
body { margin: 0; padding: 8px; box-sizing: border-box; height: 100vh; display: flex; flex-direction: column; background: ${look.paper}; color: ${look.ink}; font-family: ${look.font}; }
canvas.plane { flex: 1; min-height: 0; width: 100%; touch-action: none; cursor: grab; }
.legend { display: flex; flex-wrap: wrap; gap: 3px 14px; font-size: 0.8rem; }
.legend span { display: inline-flex; align-items: center; gap: 5px; }
.told { margin: 4px 0 0; font-size: 0.78rem; }
.tip { position: fixed; padding: 3px 8px; border-radius: 6px; font-size: 0.85rem; pointer-events: none; background: ${look.ink}; color: ${look.paper}; }
.tip[hidden] { display: none; }
</style></head><body><canvas class="plane" role="img" aria-label="${safe(titleOf(given))}"></canvas><div class="legend"></div><p class="told"></p><div class="tip" hidden></div>
<script>${DRAWING}
standalone(${content});</${"script"}></body></html>`;
}

// The place among the people of each face; what is beyond the last has no name.
function whoOf(given, n) {
  const raw = bytes(given.who).buffer;
  return raw.byteLength === 2 * n ? new Uint16Array(raw) : new Uint32Array(raw);
}
