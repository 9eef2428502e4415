/** Small clouds of points for the tests, as Python packs them. */

/**
 * @import { Look, MapData } from "../browser/scatter/cloud.js"
 */

/** @param {ArrayBuffer} buffer */
function pack(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}

/** @type {Look} */
export const LOOK = { ink: "#111111", paper: "#ffffff", edge: "#eeeeee", font: "sans-serif" };

/**
 * Points of two groups: the even rows are Ann's, the odd ones everyone else's.
 * @param {number[][]} points in 0..1, of two or three coordinates
 * @param {Partial<MapData>} changes
 * @returns {MapData}
 */
export function cloudOf(points, changes = {}) {
  const rows = points.map((_, row) => row);
  const ends = points.map((_, row) => (row % 2 ? 0 : 1));
  return {
    of: "these",
    key: "map",
    dimensions: points[0].length === 3 ? 3 : 2,
    points: pack(Uint16Array.from(points.flat(), (value) => Math.round(value * 65535)).buffer),
    group_of: pack(Uint8Array.from(ends).buffer),
    groups: [
      { name: "everyone else", colour: "#9aa5a8", symbol: "circle", faded: true, count: points.length >> 1 },
      { name: "Ann <3", colour: "#0072b2", symbol: "star", faded: false, count: (points.length + 1) >> 1 },
    ],
    clusters: [["Ann <3", 0, ...points[0]]],
    who: pack(Uint16Array.from(rows, (row) => row % 2).buffer),
    people: ["Ann <3"],
    marks: [],
    moments: null,
    faces: "those",
    finding: "118 faces of 5 people",
    ...changes,
  };
}

/**
 * A place that nobody looks for by hand: always the same numbers, spread over 0..1.
 * @param {number} count
 * @param {number} dimensions
 * @returns {number[][]}
 */
export function spreadPoints(count, dimensions = 2) {
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: dimensions }, (_, axis) => ((row + 1) * [0.754878, 0.569841, 0.329462][axis]) % 1),
  );
}
