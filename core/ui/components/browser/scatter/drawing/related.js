/** The face that was chosen and those most like it: lines between them, and how far they are apart in truth. */

import { paintFaces } from "./faces.js";
import { nameWidths, stampName } from "./names.js";
import { placeSprites } from "./sprites.js";

/**
 * @import { Look, Near, Shown } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 * @import { Occupancy } from "./occupancy.js"
 * @import { Sprite } from "./sprites.js"
 */

const SIZE_PX = 46;
const LINE = { alpha: 0.85, width: 1.8 };
/** Below a face, for its likeness. */
const LABEL_PX = { line: 15, descent: 3 };

/**
 * @param {Scene} scene
 * @param {Near | null} near
 * @param {Occupancy} taken what is taken already; the faces are added to it
 * @returns {Sprite[]} the nearest last, then the chosen one: later ones have the first choice of room
 */
export function placeRelated(scene, near, taken) {
  if (!near) return [];
  const rows = Uint32Array.from([...near.rows.toReversed(), near.row]);
  return placeSprites(scene, rows, taken, SIZE_PX, LABEL_PX.line);
}

/**
 * @param {Uint32Array} rows
 * @param {Sprite[]} related
 */
export function withoutRelated(rows, related) {
  const drawn = new Set(related.map(({ row }) => row));
  return drawn.size ? rows.filter((row) => !drawn.has(row)) : rows;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 * @param {Sprite[]} related
 * @param {Near} near
 * @param {Look} look
 * @param {Shown} shown
 */
export function paintRelated(pen, scene, related, near, look, shown) {
  const chosen = related.find(({ row }) => row === near.row);
  const [x, y] = chosen ? [chosen.x, chosen.y] : scene.screenPoint(near.row);
  pen.strokeStyle = look.ink;
  pen.lineWidth = LINE.width;
  pen.globalAlpha = LINE.alpha;
  for (const face of related) {
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(face.x, face.y);
    pen.stroke();
  }
  pen.globalAlpha = 1;
  paintFaces(pen, scene, related, look, { ...shown, clear: null });
  const measure = nameWidths(pen, look);
  for (const face of related) {
    const index = near.rows.indexOf(face.row);
    if (index < 0) continue;
    const name = near.likenesses[index].toFixed(0);
    const width = measure(name);
    const baseline = face.y + face.size / 2 + LABEL_PX.line - LABEL_PX.descent;
    stampName(pen, { name, left: face.x - width / 2, width, baseline }, look, scene.view.area.ratio);
  }
}
