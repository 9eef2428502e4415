/** Draws round faces: with a ring in the colour of their group, and its symbol, so that colour is never the only sign. */

import { stampOf } from "./symbols.js";
import { opacityOf } from "./visibility.js";

/**
 * @import { Look, Shown } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 * @import { Sprite } from "./sprites.js"
 */

const RING = { width: 2.5, edge: 1.5 };
const LEADER = { width: 1, alpha: 0.6 };
const SYMBOL_PX = { share: 0.3, least: 7, most: 13 };
/** Where on the ring the symbol lies: at its lower right. */
const SYMBOL_AT = Math.SQRT1_2;

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 * @param {Sprite[]} sprites
 * @param {Look} look
 * @param {Shown} shown
 */
export function paintFaces(pen, scene, sprites, look, shown) {
  for (const sprite of sprites) {
    const group = scene.groups[scene.group[sprite.row]];
    const radius = sprite.size / 2;
    // The theme's paper under a face that is paler, or has not come yet: points below would shine through.
    pen.fillStyle = look.paper;
    fillDisc(pen, sprite.x, sprite.y, radius + RING.edge);
    pen.globalAlpha = opacityOf(scene, group, sprite.row, shown.clear);
    const picture = shown.pictures?.pictureOf(sprite.row);
    if (picture) pen.drawImage(picture, sprite.x - radius, sprite.y - radius, sprite.size, sprite.size);
    pen.lineWidth = RING.width;
    pen.strokeStyle = group.colour;
    pen.beginPath();
    pen.arc(sprite.x, sprite.y, radius - RING.width / 2 + 0.5, 0, 2 * Math.PI);
    pen.stroke();
    paintSymbol(pen, scene, sprite, look);
  }
  pen.globalAlpha = 1;
}

/**
 * Lines from faces that had to move aside to their points.
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 * @param {Sprite[]} sprites
 */
export function paintLeaders(pen, scene, sprites) {
  pen.lineWidth = LEADER.width;
  pen.globalAlpha = LEADER.alpha;
  for (const { row, x, y, size } of sprites) {
    const point = scene.screenPoint(row);
    if (Math.hypot(point[0] - x, point[1] - y) < size / 2) continue;
    pen.strokeStyle = scene.groups[scene.group[row]].colour;
    pen.beginPath();
    pen.moveTo(...point);
    pen.lineTo(x, y);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 * @param {Sprite} sprite
 * @param {Look} look
 */
function paintSymbol(pen, scene, sprite, look) {
  const group = scene.groups[scene.group[sprite.row]];
  const { ratio } = scene.view.area;
  const size = Math.round(Math.min(SYMBOL_PX.most, Math.max(SYMBOL_PX.least, sprite.size * SYMBOL_PX.share)));
  const [x, y] = [sprite.x + (SYMBOL_AT * sprite.size) / 2, sprite.y + (SYMBOL_AT * sprite.size) / 2];
  pen.fillStyle = look.paper;
  fillDisc(pen, x, y, size / 2 + 2);
  const stamp = stampOf(group, size, ratio, look);
  const side = stamp.width / ratio;
  pen.drawImage(stamp, x - side / 2, y - side / 2, side, side);
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 */
function fillDisc(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}
