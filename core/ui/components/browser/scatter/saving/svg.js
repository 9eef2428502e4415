/** The map as an SVG: everything that the canvas shows, as shapes and words that can be edited. */

import { escapeMarkup } from "../../shared/text.js";
import { placeBadges } from "../drawing/badges.js";
import { placeLegend, titleOf } from "../drawing/captions.js";
import { FIRST_LINE, FURTHER_LINE } from "../drawing/paint.js";
import { inkOf, svgPathOf } from "../drawing/symbols.js";
import {
  dotSizePx,
  fadedBy,
  MARK_RADIUS_PX,
  nearnessOf,
  opacityOf,
  SYMBOLS_MOST,
  symbolSizePx,
} from "../drawing/visibility.js";

/**
 * @import { Measure } from "../drawing/captions.js"
 * @import { Look, MapData, PointGroup } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 *
 * @typedef {{ plain: Measure, name: Measure }} Measures how wide words are, in the font of each
 */

/**
 * @param {Scene} scene
 * @param {MapData} map
 * @param {Look} look
 * @param {Uint8Array | null} chosen
 * @param {Measures} measures
 */
export function createSvg(scene, map, look, chosen, measures) {
  const { width, height } = scene.view.area;
  const rows = scene.inView();
  const legend = placeLegend(map, width, measures.plain);
  const total = height + legend.height;
  const points = rows.length <= SYMBOLS_MOST ? symbolsOf(scene, rows, look, chosen) : dotsOf(scene, rows, chosen);
  const size = `viewBox="0 0 ${width} ${total}" width="${width}" height="${total}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="${escapeMarkup(look.font)}">`,
    `<title>${escapeMarkup(titleOf(map))}</title><rect width="${width}" height="${total}" fill="${look.paper}"/>`,
    `<clipPath id="map"><rect width="${width}" height="${height}"/></clipPath><g clip-path="url(#map)">`,
    ...points,
    ...marksOf(scene, look),
    ...namesOf(scene, map, look, measures.name),
    "</g>",
    ...legend.places.map(({ group, text, x, y }) => {
      const symbol = `<path d="${svgPathOf(group.symbol, 5)}" transform="translate(${x + 7} ${height + y - 4})" ${inkText(group, look)}/>`;
      const words = `<text x="${x + 18}" y="${height + y}" font-size="13" fill="${look.ink}">${escapeMarkup(text)}</text>`;
      return symbol + words;
    }),
    "</svg>",
  ].join("\n");
}

/**
 * @param {PointGroup} group
 * @param {Look} look
 */
function inkText(group, look) {
  const { fill, stroke, width } = inkOf(group, look);
  return `fill="${fill ?? "none"}" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"`;
}

/**
 * A shape for each group, used by each of its points.
 * @param {Scene} scene
 * @param {Uint32Array} rows
 * @param {Look} look
 * @param {Uint8Array | null} chosen
 */
function symbolsOf(scene, rows, look, chosen) {
  const size = symbolSizePx(rows.length);
  const shapes = scene.groups.map((group, number) => {
    const outline = svgPathOf(group.symbol, (size - fadedBy(group)) / 2);
    return `<path id="s${number}" d="${outline}" ${inkText(group, look)}/>`;
  });
  const points = Array.from(rows, (row) => {
    const number = scene.group[row];
    const nearness = nearnessOf(scene, row);
    const scaled = nearness === 1 ? "" : ` scale(${nearness.toFixed(2)})`;
    const opacity = opacityOf(scene, scene.groups[number], row, chosen).toFixed(2);
    return `<use href="#s${number}" transform="translate(${pixelsOf(scene, row).join(" ")})${scaled}" opacity="${opacity}"/>`;
  });
  return ["<defs>", ...shapes, "</defs>", ...points];
}

/**
 * Thousands of dots: one path for those that follow each other in one ink.
 * @param {Scene} scene
 * @param {Uint32Array} rows
 * @param {Uint8Array | null} chosen
 */
function dotsOf(scene, rows, chosen) {
  const side = dotSizePx(rows.length);
  /** @type {{ ink: string, squares: string[] }[]} */
  const paths = [];
  for (const pass of chosen ? [0, 1] : [-1])
    for (const row of rows) {
      if (chosen && chosen[row] !== pass) continue;
      const group = scene.groups[scene.group[row]];
      const ink = `fill="${group.colour}" fill-opacity="${opacityOf(scene, group, row, chosen).toFixed(1)}"`;
      if (paths.at(-1)?.ink !== ink) paths.push({ ink, squares: [] });
      const [x, y] = scene.screenPoint(row);
      const corner = `${(x - side / 2).toFixed(1)} ${(y - side / 2).toFixed(1)}`;
      paths.at(-1)?.squares.push(`M${corner}h${side}v${side}h-${side}z`);
    }
  return paths.map(({ ink, squares }) => `<path ${ink} d="${squares.join("")}"/>`);
}

/**
 * @param {Scene} scene
 * @param {Look} look
 */
function marksOf(scene, look) {
  const lines = scene.marks.flatMap((mark, number) =>
    mark.lines.map((row, rank) => {
      const { alpha, width } = rank ? FURTHER_LINE : FIRST_LINE;
      const [[x1, y1], [x2, y2]] = [pixelsOf(scene, scene.n + number), pixelsOf(scene, row)];
      const ends = `x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"`;
      return `<line ${ends} stroke="${look.ink}" stroke-width="${width}" opacity="${alpha}"/>`;
    }),
  );
  const stars = scene.marks.map((mark, number) => {
    const halo = `stroke="${look.paper}" stroke-width="4" paint-order="stroke" stroke-linejoin="round"`;
    const star = `<path d="${svgPathOf("star", MARK_RADIUS_PX)}" fill="${look.ink}" ${halo}/>`;
    const words = `<text y="4" font-size="11" font-weight="700" text-anchor="middle" fill="${look.paper}">${escapeMarkup(mark.number)}</text>`;
    return `<g transform="translate(${pixelsOf(scene, scene.n + number).join(" ")})">${star}${words}</g>`;
  });
  return [...lines, ...stars];
}

/**
 * @param {Scene} scene
 * @param {MapData} map
 * @param {Look} look
 * @param {Measure} measure
 */
function namesOf(scene, map, look, measure) {
  const halo = `stroke="${look.paper}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"`;
  return placeBadges(scene, map, measure, 0).map(({ name, left, baseline }) => {
    const at = `x="${left.toFixed(1)}" y="${baseline.toFixed(1)}"`;
    return `<text ${at} font-size="13" font-weight="600" fill="${look.ink}" ${halo}>${escapeMarkup(name)}</text>`;
  });
}

/**
 * @param {Scene} scene
 * @param {number} row
 */
function pixelsOf(scene, row) {
  return scene.screenPoint(row).map((value) => value.toFixed(1));
}
