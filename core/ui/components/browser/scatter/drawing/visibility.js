/** How large and how clear points are drawn, on the canvas and in an SVG alike. */

/**
 * @import { PointGroup } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 */

/** Up to so many points in view are symbols; beyond, dots. */
export const SYMBOLS_MOST = 6000;
/** While the map moves: each symbol costs far more than a dot. */
export const SYMBOLS_MOST_MOVING = 1200;
/** Half the size of the star of a new photo's face. */
export const MARK_RADIUS_PX = 11;
/** What is not chosen pales while something is chosen; groups that are faded do so while nothing is. */
const OPACITY = { notChosen: 0.14, faded: 0.32, plain: 0.92 };

/** @param {number} count of points in view */
export function symbolSizePx(count) {
  if (count <= 300) return 10;
  return count <= 2000 ? 8 : 6;
}

/**
 * How much smaller the symbols of a faded group are.
 * @param {PointGroup} group
 */
export function fadedBy(group) {
  return group.faded ? 2 : 0;
}

/** @param {number} count of points in view */
export function dotSizePx(count) {
  return count > 40000 ? 2 : 3;
}

/**
 * Of something in space: what is far behind is paler.
 * @param {number} depth 1 in front, 0 behind
 */
export function clearness(depth) {
  return 0.35 + 0.65 * depth;
}

/**
 * @param {Scene} scene
 * @param {PointGroup} group
 * @param {number} row
 * @param {Uint8Array | null} chosen
 */
export function opacityOf(scene, group, row, chosen) {
  const isPale = chosen !== null && !chosen[row];
  const plain = group.faded && !chosen ? OPACITY.faded : OPACITY.plain;
  const opacity = isPale ? OPACITY.notChosen : plain;
  return scene.isDeep ? opacity * clearness(scene.depth[row]) : opacity;
}

/**
 * How much larger a symbol is drawn for being near.
 * @param {Scene} scene
 * @param {number} row
 */
export function nearnessOf(scene, row) {
  return scene.isDeep ? 0.65 + 0.6 * scene.depth[row] : 1;
}
