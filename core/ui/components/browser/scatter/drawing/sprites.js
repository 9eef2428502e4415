/**
 * Faces drawn at their points, once few enough are in view. Where points lie closer than faces are wide, a face moves
 * aside to the nearest free place, and a line leads back to its point: so all are seen, and none is far from home.
 */

/**
 * @import { ScreenPoint } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 * @import { Occupancy } from "./occupancy.js"
 *
 * @typedef {object} Sprite pixels of the canvas
 * @property {number} row
 * @property {number} x its middle
 * @property {number} y
 * @property {number} size its diameter
 */

import { rowsInside } from "../scene/lasso.js";

/** Up to so many points in view are faces. */
export const SPRITES_MOST = 120;
/** While so many are in view, their pictures are fetched: whoever comes nearer finds them there. */
export const FETCHED_MOST = 360;
const SIZE_PX = { least: 26, most: 56 };
/** The size, in shares of the room that each has when all lie evenly. */
const ROOM_SHARE = 0.42;
/** Places around a point that are tried, in a spiral of even density: about as many faces as find room in a bunch. */
const TRIES = 480;
const STEP = 0.3;
const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
const SPIRAL = Array.from({ length: TRIES }, (_, step) => {
  const [away, angle] = [STEP * Math.sqrt(step), step * GOLDEN_ANGLE];
  return [away * Math.cos(angle), away * Math.sin(angle)];
});

/**
 * The faces of the points in view. One that finds no place near its point has none: its symbol is seen.
 * @param {Scene} scene
 * @param {Uint32Array} rows in view, in the order in which they are drawn
 * @param {Occupancy} taken what is taken already; the faces are added to it
 * @param {number} size of the faces; without it, as there is room
 * @param {number} label_px room below each face
 * @returns {Sprite[]} from back to front
 */
export function placeSprites(scene, rows, taken, size = sizeFor(scene, rows.length), label_px = 0) {
  if (!rows.length || rows.length > SPRITES_MOST) return [];
  const { width, height } = scene.view.area;
  /** @type {Sprite[]} */
  const sprites = [];
  // What is drawn last is in front, and has the first choice.
  for (let index = rows.length - 1; index >= 0; index--) {
    const [x, y] = scene.screenPoint(rows[index]);
    const offset = SPIRAL.find(([dx, dy]) => {
      const [left, top] = [x + (dx - 0.5) * size, y + (dy - 0.5) * size];
      // What moves aside stays within the picture, beyond which everything seems to be free.
      const isAtHome = dx === 0 && dy === 0;
      const isInside = left >= 0 && top >= 0 && left + size <= width && top + size + label_px <= height;
      return (isAtHome || isInside) && taken.take(left, top, size - 1, size - 1 + label_px);
    });
    if (offset) sprites.push({ row: rows[index], x: x + offset[0] * size, y: y + offset[1] * size, size });
  }
  return sprites.reverse();
}

/**
 * @param {Scene} scene
 * @param {number} count of faces
 */
function sizeFor(scene, count) {
  const { width, height } = scene.view.area;
  const room = ROOM_SHARE * Math.sqrt((width * height) / count);
  return Math.round(Math.min(SIZE_PX.most, Math.max(SIZE_PX.least, room)));
}

/**
 * What lies within a line that was drawn on the canvas: faces where they are drawn, points without one where they are.
 * @param {Scene} scene
 * @param {ScreenPoint[]} stroke
 * @param {Sprite[]} sprites
 */
export function rowsCircled(scene, stroke, sprites) {
  const drawn = new Set(sprites.map(({ row }) => row));
  const x = Float32Array.from(sprites, (sprite) => sprite.x);
  const y = Float32Array.from(sprites, (sprite) => sprite.y);
  const faces = rowsInside(stroke, x, y, sprites.length).map((index) => sprites[index].row);
  return [...scene.within(stroke).filter((row) => !drawn.has(row)), ...faces];
}
