/** @import { BoxFractions } from "./component.js" */

/** How far an arrow key moves an edge, and the smallest box that a drag draws: a share of the photo's side. */
export const BOX_STEP = 0.01;

/** @type {Record<string, [number, number]>} */
const ARROWS = {
  ArrowLeft: [-BOX_STEP, 0],
  ArrowRight: [BOX_STEP, 0],
  ArrowUp: [0, -BOX_STEP],
  ArrowDown: [0, BOX_STEP],
};

/**
 * The box between two corners, whichever they are.
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @returns {BoxFractions}
 */
export function boxBetween([fromX, fromY], [toX, toY]) {
  return [Math.min(fromX, toX), Math.min(fromY, toY), Math.max(fromX, toX), Math.max(fromY, toY)];
}

/**
 * The box that a new face begins with: in the middle of the photo, and a square.
 * @param {number} aspectRatio the photo's width by its height
 * @returns {BoxFractions}
 */
export function startBox(aspectRatio) {
  return [0.42, 0.42, 0.58, 0.42 + 0.16 * aspectRatio];
}

/**
 * Whether a box is more than a slip of the hand.
 * @param {BoxFractions} box
 */
export function isDrawn([left, top, right, bottom]) {
  return right - left > BOX_STEP && bottom - top > BOX_STEP;
}

/**
 * A box after an arrow key, which moves it or, with shift, its right and lower edge; the same where it cannot go.
 * @param {BoxFractions} box
 * @param {string} key
 * @param {boolean} isSizing
 * @returns {BoxFractions | null} null for other keys
 */
export function boxAfterKey(box, key, isSizing) {
  const arrow = ARROWS[key];
  if (!arrow) return null;
  const [x, y] = arrow;
  const [left, top, right, bottom] = box;
  /** @type {BoxFractions} */
  const next = isSizing ? [left, top, right + x, bottom + y] : [left + x, top + y, right + x, bottom + y];
  const isInside = next[0] >= 0 && next[1] >= 0 && next[2] <= 1 && next[3] <= 1;
  return isInside && next[2] > next[0] && next[3] > next[1] ? next : box;
}
