/** The symbols of the points, as outlines: stamped on a canvas, or written into an SVG as paths. */

import { createElement } from "../../shared/dom.js";

/**
 * @import { Look, PointGroup } from "../cloud.js"
 *
 * @typedef {Pick<CanvasPath, "moveTo" | "lineTo" | "rect" | "arc" | "closePath">} Path
 */

/**
 * Regular polygons: how many corners, at which angle the first is (degrees), and how far out (in radii).
 * @type {Record<string, [corners: number, start: number, reach: number]>}
 */
const POLYGONS = {
  square: [4, 45, 1.2],
  diamond: [4, 0, 1.25],
  "triangle-up": [3, -90, 1.3],
  "triangle-down": [3, 90, 1.3],
  "triangle-left": [3, 180, 1.3],
  "triangle-right": [3, 0, 1.3],
  pentagon: [5, -90, 1.1],
  hexagon: [6, 0, 1.1],
};
const OPEN = "-open";
/** Around a stamp, for the width of its line. */
const STAMP_EDGE_PX = 4;

/**
 * @param {Path} path
 * @param {string} name
 * @param {number} radius
 */
export function traceSymbol(path, name, radius) {
  if (name in POLYGONS) {
    const [corners, start, reach] = POLYGONS[name];
    tracePolygon(path, corners, start, () => radius * reach);
  } else if (name === "star") tracePolygon(path, 10, -90, (corner) => radius * (corner % 2 ? 0.55 : 1.35));
  else if (name === "star-diamond") tracePolygon(path, 8, -90, (corner) => radius * (corner % 2 ? 0.6 : 1.4));
  else if (name === "cross") {
    path.rect(-radius * 1.2, -radius * 0.42, radius * 2.4, radius * 0.84);
    path.rect(-radius * 0.42, -radius * 1.2, radius * 0.84, radius * 2.4);
  } else if (name === "x") {
    for (const side of [1, -1]) {
      path.moveTo(-radius, -radius * side);
      path.lineTo(radius, radius * side);
    }
  } else path.arc(0, 0, radius, 0, 2 * Math.PI);
}

/**
 * @param {Path} path
 * @param {number} corners
 * @param {number} start degrees
 * @param {(corner: number) => number} radiusOf
 */
function tracePolygon(path, corners, start, radiusOf) {
  for (let corner = 0; corner < corners; corner++) {
    const angle = ((start + (360 * corner) / corners) * Math.PI) / 180;
    const [x, y] = [radiusOf(corner) * Math.cos(angle), radiusOf(corner) * Math.sin(angle)];
    if (corner) path.lineTo(x, y);
    else path.moveTo(x, y);
  }
  path.closePath();
}

/**
 * How a group's symbol is inked: open ones and crosses are lines, the others are filled and have a light edge.
 * @param {PointGroup} group
 * @param {Look} look
 * @returns {{ fill: string | null, stroke: string, width: number }}
 */
export function inkOf(group, look) {
  if (group.symbol === "x") return { fill: null, stroke: group.colour, width: 2.4 };
  if (group.symbol.endsWith(OPEN)) return { fill: null, stroke: group.colour, width: 1.2 };
  return { fill: group.colour, stroke: look.edge, width: 0.6 };
}

/** @type {Map<string, HTMLCanvasElement>} */
const stamps = new Map();

/**
 * A group's symbol as a small picture: copying it is far quicker than drawing the symbol for each point.
 * @param {PointGroup} group
 * @param {number} size_px
 * @param {number} ratio device pixels by pixels
 * @param {Look} look
 */
export function stampOf(group, size_px, ratio, look) {
  const key = `${group.symbol} ${group.colour} ${look.edge} ${size_px} ${ratio}`;
  let stamp = stamps.get(key);
  if (!stamp) {
    stamp = createStamp(group, size_px, ratio, look);
    stamps.set(key, stamp);
  }
  return stamp;
}

/**
 * @param {PointGroup} group
 * @param {number} size_px
 * @param {number} ratio
 * @param {Look} look
 */
function createStamp(group, size_px, ratio, look) {
  const side = size_px + STAMP_EDGE_PX;
  const stamp = createElement("canvas", { width: Math.ceil(side * ratio), height: Math.ceil(side * ratio) });
  const pen = stamp.getContext("2d");
  if (!pen) return stamp;
  pen.scale(ratio, ratio);
  pen.translate(side / 2, side / 2);
  pen.lineJoin = "round";
  const { fill, stroke, width } = inkOf(group, look);
  pen.beginPath();
  traceSymbol(pen, group.symbol, size_px / 2);
  if (fill) {
    pen.fillStyle = fill;
    pen.fill();
  }
  pen.lineWidth = width;
  pen.strokeStyle = stroke;
  pen.stroke();
  return stamp;
}

/**
 * The outline of a symbol as the text of an SVG path.
 * @param {string} name
 * @param {number} radius
 */
export function svgPathOf(name, radius) {
  /** @type {string[]} */
  const parts = [];
  const short = (/** @type {number} */ value) => String(+value.toFixed(2));
  traceSymbol(
    {
      closePath: () => parts.push("Z"),
      moveTo: (x, y) => parts.push(`M${short(x)} ${short(y)}`),
      lineTo: (x, y) => parts.push(`L${short(x)} ${short(y)}`),
      rect: (x, y, width, height) =>
        parts.push(`M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}Z`),
      arc: (_x, _y, r) => parts.push(`M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`),
    },
    name,
    radius,
  );
  return parts.join("");
}
