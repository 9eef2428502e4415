/** Draws a scene: dots while many are in view, then symbols, then faces; marks of a new photo, badges, what is chosen. */

import { placeBadges } from "./badges.js";
import { paintFaces, paintLeaders } from "./faces.js";
import { nameWidths, stampName } from "./names.js";
import { Occupancy } from "./occupancy.js";
import { paintRelated, placeRelated, withoutRelated } from "./related.js";
import { placeSprites, SPRITES_MOST } from "./sprites.js";
import { stampOf, traceSymbol } from "./symbols.js";
import {
  clearness,
  dotSizePx,
  fadedBy,
  MARK_RADIUS_PX,
  nearnessOf,
  opacityOf,
  SYMBOLS_MOST,
  SYMBOLS_MOST_MOVING,
  symbolSizePx,
} from "./visibility.js";

/**
 * @import { Cloud, Look, ScreenPoint, Shown } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 * @import { Sprite } from "./sprites.js"
 *
 * @typedef {{ rows: Uint32Array, faces: Sprite[] }} Painted the points in view, and the faces from back to front
 *
 * @typedef {CanvasRenderingContext2D} Pen
 */

/** Dots in space have so many shades by their depth. */
const SHADES = 8;
/** How clear the dots are. */
const DOT_ALPHA = { pale: 0.16, faded: 0.4, plain: 0.95 };
/** While the map moves, badges of so many are placed anew at each frame. */
const CLUSTERS_MOST_MOVING = 300;
/** The face on a badge. */
const PORTRAIT_PX = 38;
const MARK_FONT = "700 11px";
/** The line from a mark to the face most like it, and those to the others. */
export const FIRST_LINE = { alpha: 0.9, width: 2 };
export const FURTHER_LINE = { alpha: 0.45, width: 1.2 };
const RING_PX = { point: 9, mark: MARK_RADIUS_PX + 6, width: 2.5 };
const CHOSEN_PX = { point: 7, aside: 3, width: 1.5 };
const STROKE = { dash: [5, 4], width: 1.5, fill: 0.08 };
/** A light line around stars, which keeps them legible on points. */
const HALO_PX = 4;

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Cloud} cloud
 * @param {Look} look
 * @param {Shown} shown
 * @returns {Painted}
 */
export function paintScene(pen, scene, cloud, look, shown) {
  const { area } = scene.view;
  pen.setTransform(area.ratio, 0, 0, area.ratio, 0, 0);
  pen.clearRect(0, 0, area.width, area.height);
  const rows = scene.inView();
  if (rows.length <= (shown.isMoving ? SYMBOLS_MOST_MOVING : SYMBOLS_MOST))
    paintSymbols(pen, scene, rows, look, shown.clear);
  else paintDots(pen, scene, rows, shown.clear);
  // From far, faces stand for many points, whose rings lie below them; from near, each face has its own.
  const isNear = rows.length <= SPRITES_MOST;
  if (!isNear) paintChosen(pen, scene, rows, [], look, shown.chosen);
  // While faces travel from one map to another, names would stand where nobody is yet.
  const faces = scene.motion ? [] : paintPeople(pen, scene, cloud, look, shown, rows);
  paintMarks(pen, scene, look);
  if (isNear) paintChosen(pen, scene, rows, faces, look, shown.chosen);
  for (const stroke of shown.strokes) paintStroke(pen, stroke, look);
  if (shown.ring >= 0) paintRing(pen, scene, shown.ring, look);
  return { rows, faces };
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Uint32Array} rows
 * @param {Look} look
 * @param {Uint8Array | null} clear
 */
function paintSymbols(pen, scene, rows, look, clear) {
  const { view, groups, x, y } = scene;
  const { ratio } = view.area;
  const size = symbolSizePx(rows.length);
  const stamps = groups.map((group) => stampOf(group, size - fadedBy(group), ratio, look));
  for (const row of rows) {
    const group = scene.group[row];
    const half = (stamps[group].width / ratio / 2) * nearnessOf(scene, row);
    pen.globalAlpha = opacityOf(scene, groups[group], row, clear);
    pen.drawImage(stamps[group], view.screenX(x[row]) - half, view.screenY(y[row]) - half, 2 * half, 2 * half);
  }
  pen.globalAlpha = 1;
}

/**
 * A hundred thousand dots at each frame: written as pixels, which is tens of times as fast as drawing rectangles.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Uint32Array} rows
 * @param {Uint8Array | null} clear
 */
function paintDots(pen, scene, rows, clear) {
  const { view, groups, isDeep } = scene;
  const { area } = view;
  const picture = sheetOf(pen, Math.round(area.width * area.ratio), Math.round(area.height * area.ratio));
  const side = Math.round(dotSizePx(rows.length) * area.ratio);
  // The view's own steps from place to pixel, drawn together into one multiplication and one addition.
  const scale = view.scale * area.ratio;
  const target = {
    pixels: new Uint32Array(picture.data.buffer),
    width: picture.width,
    height: picture.height,
    side,
    scale,
    across: (area.width / 2) * area.ratio - view.x * scale,
    down: (area.height / 2) * area.ratio + view.y * scale,
  };
  const shades = isDeep ? SHADES : 1;
  const coloursOf = (/** @type {boolean} */ isPale) =>
    Uint32Array.from(
      groups.flatMap(({ colour, faded }) => {
        const alpha = faded && !clear ? DOT_ALPHA.faded : DOT_ALPHA.plain;
        return shadesOf(colour, isPale ? DOT_ALPHA.pale : alpha, isDeep);
      }),
    );
  // What is clear is drawn in a second pass, so that nothing covers it.
  if (clear)
    writeDots(
      target,
      scene,
      rows.filter((row) => !clear[row]),
      coloursOf(true),
      shades,
    );
  writeDots(target, scene, clear ? rows.filter((row) => clear[row] === 1) : rows, coloursOf(false), shades);
  pen.putImageData(picture, 0, 0);
}

/** @type {WeakMap<Pen, ImageData>} */
const sheets = new WeakMap();

/**
 * An empty sheet of pixels, the same at each frame: megabytes of new memory cost more than all dots on them.
 * @param {Pen} pen
 * @param {number} width
 * @param {number} height
 */
function sheetOf(pen, width, height) {
  const before = sheets.get(pen);
  if (before?.width === width && before.height === height) {
    before.data.fill(0);
    return before;
  }
  const sheet = pen.createImageData(width, height);
  sheets.set(pen, sheet);
  return sheet;
}

/**
 * The innermost loop, apart and with nothing but numbers and arrays of them, so that browsers compile it well.
 * @param {{ pixels: Uint32Array, width: number, height: number, side: number, scale: number, across: number, down: number }} target
 * @param {Pick<Scene, "x" | "y" | "group" | "depth">} places
 * @param {Uint32Array} rows
 * @param {Uint32Array} colours of each group, from behind to the front
 * @param {number} shades so many has each
 */
function writeDots(
  { pixels, width, height, side, scale, across, down },
  { x, y, group, depth },
  rows,
  colours,
  shades,
) {
  const half = side >> 1;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    const shade = shades > 1 ? Math.max(0, Math.min(shades - 1, (depth[row] * shades) | 0)) : 0;
    const colour = colours[group[row] * shades + shade];
    const left = Math.round(x[row] * scale + across) - half;
    const top = Math.round(down - y[row] * scale) - half;
    const right = Math.min(width, left + side);
    const bottom = Math.min(height, top + side);
    for (let line = Math.max(0, top); line < bottom; line++)
      for (let at = Math.max(0, left); at < right; at++) pixels[line * width + at] = colour;
  }
}

/**
 * The pixels of a colour, from behind to the front.
 * @param {string} colour "#rrggbb"
 * @param {number} alpha
 * @param {boolean} isDeep
 */
export function shadesOf(colour, alpha, isDeep) {
  if (!isDeep) return [pixelOf(colour, alpha)];
  return Array.from({ length: SHADES }, (_, shade) => pixelOf(colour, alpha * clearness((shade + 0.5) / SHADES)));
}

/**
 * A colour as a canvas stores it: red, green, blue and alpha, the first in the lowest byte.
 * @param {string} colour "#rrggbb"
 * @param {number} alpha
 */
function pixelOf(colour, alpha) {
  const rgb = Number.parseInt(colour.slice(1, 7), 16);
  const [red, green, blue] = [rgb >> 16, rgb & 0xff00, rgb & 0xff];
  return ((Math.round(255 * alpha) << 24) | (blue << 16) | green | red) >>> 0;
}

/**
 * The faces of a new photo: a numbered star each, with lines to the faces most like it.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Look} look
 */
function paintMarks(pen, scene, look) {
  pen.strokeStyle = look.ink;
  for (const [number, mark] of scene.marks.entries())
    for (const [rank, row] of mark.lines.entries()) {
      const { alpha, width } = rank ? FURTHER_LINE : FIRST_LINE;
      pen.globalAlpha = alpha;
      pen.lineWidth = width;
      pen.beginPath();
      pen.moveTo(...scene.screenPoint(scene.n + number));
      pen.lineTo(...scene.screenPoint(row));
      pen.stroke();
    }
  pen.globalAlpha = 1;
  for (const [number, mark] of scene.marks.entries()) {
    pen.save();
    pen.translate(...scene.screenPoint(scene.n + number));
    pen.beginPath();
    traceSymbol(pen, "star", MARK_RADIUS_PX);
    pen.lineJoin = "round";
    pen.lineWidth = HALO_PX;
    pen.strokeStyle = look.paper;
    pen.stroke();
    pen.fillStyle = look.ink;
    pen.fill();
    pen.font = `${MARK_FONT} ${look.font}`;
    pen.textAlign = "center";
    pen.fillStyle = look.paper;
    pen.fillText(mark.number, 0, 4);
    pen.restore();
  }
}

/**
 * Names and faces: from far away a badge for everybody who finds room, from near everybody's own face.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Cloud} cloud
 * @param {Look} look
 * @param {Shown} shown
 * @param {Uint32Array} rows in view
 * @returns {Sprite[]} the faces
 */
function paintPeople(pen, scene, cloud, look, shown, rows) {
  const taken = new Occupancy(scene.view);
  const isNear = rows.length <= SPRITES_MOST;
  const face_px = shown.pictures && !isNear ? PORTRAIT_PX : 0;
  // The face that was chosen and its neighbours have the first choice of room.
  const related = placeRelated(scene, shown.near, taken);
  // Of thousands of people, those who had a badge when the map last lay still keep it while it moves.
  const isSettled = !shown.isMoving || cloud.clusters.length <= CLUSTERS_MOST_MOVING;
  const among = isSettled ? undefined : scene.badged;
  const badges = placeBadges(scene, cloud, nameWidths(pen, look), face_px, taken, among);
  if (isSettled) scene.badged = badges.map(({ index }) => index);
  /** @type {Sprite[]} */
  let faces = [];
  if (face_px) faces = badges.map(({ row, face: [x, y] }) => ({ row, x, y, size: face_px }));
  else if (shown.pictures) faces = placeSprites(scene, withoutRelated(rows, related), taken);
  if (isNear) paintLeaders(pen, scene, faces);
  paintFaces(pen, scene, faces, look, shown);
  for (const badge of badges) stampName(pen, badge, look, scene.view.area.ratio);
  if (shown.near) paintRelated(pen, scene, related, shown.near, look, shown);
  return [...faces, ...related];
}

/**
 * Rings around what is chosen, while few enough are in view to have symbols.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Uint32Array} rows in view
 * @param {Sprite[]} faces
 * @param {Look} look
 * @param {Uint8Array | null} chosen
 */
function paintChosen(pen, scene, rows, faces, look, chosen) {
  if (!chosen || rows.length > SYMBOLS_MOST) return;
  const faceOf = new Map(faces.map((face) => [face.row, face]));
  pen.lineWidth = CHOSEN_PX.width;
  pen.strokeStyle = look.ink;
  pen.beginPath();
  for (const row of rows) {
    if (!chosen[row]) continue;
    const face = faceOf.get(row);
    const [x, y] = face ? [face.x, face.y] : scene.screenPoint(row);
    const radius = face ? face.size / 2 + CHOSEN_PX.aside : CHOSEN_PX.point;
    pen.moveTo(x + radius, y);
    pen.arc(x, y, radius, 0, 2 * Math.PI);
  }
  pen.stroke();
}

/**
 * @param {Pen} pen
 * @param {ScreenPoint[]} stroke
 * @param {Look} look
 */
function paintStroke(pen, stroke, look) {
  pen.beginPath();
  for (const point of stroke) pen.lineTo(...point);
  pen.closePath();
  pen.setLineDash(STROKE.dash);
  pen.lineWidth = STROKE.width;
  pen.strokeStyle = look.ink;
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = STROKE.fill;
  pen.fillStyle = look.ink;
  pen.fill();
  pen.globalAlpha = 1;
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {number} row
 * @param {Look} look
 */
function paintRing(pen, scene, row, look) {
  pen.beginPath();
  pen.arc(...scene.screenPoint(row), row < scene.n ? RING_PX.point : RING_PX.mark, 0, 2 * Math.PI);
  pen.lineWidth = RING_PX.width;
  pen.strokeStyle = look.ink;
  pen.stroke();
}
