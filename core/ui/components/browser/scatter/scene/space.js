/** Points in space, seen as they are turned: around their middle, and so small that none leaves the plane. */

/** @import { Mark } from "../cloud.js" */

export class Space {
  /**
   * @param {Float32Array} points three coordinates each
   * @param {Mark[]} marks faces that lie among the points and move nothing
   */
  constructor(points, marks) {
    this.middle = [0, 1, 2].map((axis) => middleOf(points, axis));
    // However they are turned, the points stay within a ball, which is given a diameter of 1.
    this.diameter = 2 * radiusAround(points, this.middle);
    const count = points.length / 3 + marks.length;
    this.places = new Float32Array(3 * count);
    this.places.set(points);
    for (const [number, mark] of marks.entries()) this.places.set(mark.at, points.length + 3 * number);
    for (let at = 0; at < 3 * count; at++) this.places[at] = (this.places[at] - this.middle[at % 3]) / this.diameter;
  }

  /**
   * Turn all places and look at them from the front.
   * @param {number[]} turn
   * @param {{ x: Float32Array, y: Float32Array, depth: Float32Array }} seen is written to; depth is 1 in front, 0 behind
   */
  project(turn, { x, y, depth }) {
    const [a, b, c, d, e, f, g, h, i] = turn;
    const { places } = this;
    for (let row = 0, at = 0; row < x.length; row++, at += 3) {
      const px = places[at];
      const py = places[at + 1];
      const pz = places[at + 2];
      x[row] = a * px + b * py + c * pz + 0.5;
      y[row] = d * px + e * py + f * pz + 0.5;
      depth[row] = g * px + h * py + i * pz + 0.5;
    }
  }

  /**
   * Where on the plane a place of space is seen.
   * @param {number[]} place in the units of the points
   * @param {number[]} turn
   * @returns {[x: number, y: number]}
   */
  placeOf(place, turn) {
    const [px, py, pz] = place.map((value, axis) => (value - this.middle[axis]) / this.diameter);
    return [turn[0] * px + turn[1] * py + turn[2] * pz + 0.5, turn[3] * px + turn[4] * py + turn[5] * pz + 0.5];
  }
}

/**
 * @param {Float32Array} points
 * @param {number} axis
 */
function middleOf(points, axis) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let at = axis; at < points.length; at += 3) {
    low = Math.min(low, points[at]);
    high = Math.max(high, points[at]);
  }
  return (low + high) / 2;
}

/**
 * @param {Float32Array} points
 * @param {number[]} middle
 */
function radiusAround(points, middle) {
  let radius = 1e-9; // of a single point, and of none
  for (let at = 0; at < points.length; at += 3) {
    const away = Math.hypot(points[at] - middle[0], points[at + 1] - middle[1], points[at + 2] - middle[2]);
    radius = Math.max(radius, away);
  }
  return radius;
}
