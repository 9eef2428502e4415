import { expect, test } from "vitest";
import { GridIndex } from "../browser/scatter/scene/grid_index.js";
import { rowsInside } from "../browser/scatter/scene/lasso.js";
import { multiply, NO_TURN, orthonormalise, turnFurther } from "../browser/scatter/scene/rotation.js";
import { Space } from "../browser/scatter/scene/space.js";
import { View, wheelFactor } from "../browser/scatter/scene/view.js";
import { spreadPoints } from "./clouds.js";

const POINTS = spreadPoints(3000);
const X = Float32Array.from(POINTS, ([x]) => x);
const Y = Float32Array.from(POINTS, ([, y]) => y);

/**
 * @param {number} row
 * @param {number} x
 * @param {number} y
 */
function distance(row, x, y) {
  return Math.hypot(X[row] - x, Y[row] - y);
}

test.each([
  [0.5, 0.5],
  [0, 0],
  [1, 0.3],
  [0.123, 0.987],
])("the nearest point to %d, %d is the one that a search through all finds", (x, y) => {
  const nearest = [...POINTS.keys()].reduce((best, row) => (distance(row, x, y) < distance(best, x, y) ? row : best));
  expect(new GridIndex(X, Y, POINTS.length).nearest(x, y, 0.2)).toBe(nearest);
});

test("nothing is near where nobody is", () => {
  const index = new GridIndex(Float32Array.of(0.5, 0.9), Float32Array.of(0.5, 0.9), 1);
  expect(index.nearest(0.5, 0.6, 0.05)).toBe(-1);
  expect(index.nearest(0.5, 0.54, 0.05)).toBe(0);
  expect(index.nearest(0.9, 0.9, 0.05)).toBe(-1); // the second is not indexed
});

test("points around a place are near it, and only those that are wanted", () => {
  const index = new GridIndex(X, Y, POINTS.length);
  const rows = index.around(0.4, 0.6, 8, (row) => row % 2 === 0);
  expect(rows).toHaveLength(8);
  expect(new Set(rows).size).toBe(8);
  expect(rows.every((row) => row % 2 === 0)).toBe(true);
  const furthest = Math.max(...rows.map((row) => distance(row, 0.4, 0.6)));
  const nearer = [...POINTS.keys()].filter((row) => row % 2 === 0 && distance(row, 0.4, 0.6) < furthest / 2);
  expect(rows).toEqual(expect.arrayContaining(nearer));
  expect(index.around(0.4, 0.6, 16, () => false)).toEqual([]);
});

test("points beyond the edges count to the cells there", () => {
  const index = new GridIndex(Float32Array.of(-0.1, 1.2), Float32Array.of(0.5, 0.5), 2);
  expect(index.nearest(-0.1, 0.5, 0.01)).toBe(0);
  expect(index.nearest(1.2, 0.5, 0.01)).toBe(1);
});

test("a lasso holds what is within it, and not what lies in its bay", () => {
  const [x, y] = [Float32Array.of(0.2, 0.5, 0.8, 0.5, 2), Float32Array.of(0.5, 0.5, 0.5, 0.15, 0.5)];
  // A horseshoe, open at the top.
  const shoe = /** @type {[number, number][]} */ ([
    ...[
      [0.1, 0.1],
      [0.9, 0.1],
      [0.9, 0.9],
      [0.7, 0.9],
    ],
    ...[
      [0.7, 0.3],
      [0.3, 0.3],
      [0.3, 0.9],
      [0.1, 0.9],
    ],
  ]);
  expect(rowsInside(shoe, x, y, 5)).toEqual([0, 2, 3]);
  expect(rowsInside([...shoe].reverse(), x, y, 5)).toEqual([0, 2, 3]);
  expect(rowsInside(shoe, x, y, 1)).toEqual([0]);
});

test("a rotation stays one, however many times it is turned", () => {
  let turn = NO_TURN;
  for (let step = 0; step < 5000; step++) turn = turnFurther(turn, 0.03, -0.02);
  const transposed = [0, 3, 6, 1, 4, 7, 2, 5, 8].map((cell) => turn[cell]);
  for (const [cell, value] of multiply(turn, transposed).entries()) expect(value).toBeCloseTo(NO_TURN[cell], 12);
});

test("a quarter of a turn across brings the right side to the front, and back", () => {
  const quarter = turnFurther(NO_TURN, Math.PI / 2, 0);
  expect(quarter.map(Math.round).map(Math.abs)).toEqual([0, 0, 1, 0, 1, 0, 1, 0, 0]);
  expect(turnFurther(quarter, -Math.PI / 2, 0).map((value) => Math.round(value) + 0)).toEqual(NO_TURN);
  expect(orthonormalise([2, 0, 0, 1, 3, 0, 0, 0, 1])).toEqual(NO_TURN);
});

test("however points in space are turned, they stay on the plane", () => {
  const points = spreadPoints(200, 3);
  const space = new Space(Float32Array.from(points.flat()), []);
  const seen = { x: new Float32Array(200), y: new Float32Array(200), depth: new Float32Array(200) };
  for (const angle of [0, 0.7, 2, 4]) {
    const turn = turnFurther(NO_TURN, angle, angle / 3);
    space.project(turn, seen);
    for (const values of Object.values(seen)) {
      expect(Math.min(...values)).toBeGreaterThan(-1e-6);
      expect(Math.max(...values)).toBeLessThan(1 + 1e-6);
    }
    const [x, y] = space.placeOf(points[7], turn);
    expect([x, y].map((value) => value.toFixed(5))).toEqual([seen.x[7].toFixed(5), seen.y[7].toFixed(5)]);
  }
});

test("a place of the plane and its pixel are told from each other", () => {
  const view = new View({ width: 800, height: 500, ratio: 2 });
  expect(view.isSet).toBe(false);
  view.showBounds({ left: 0.2, right: 0.6, low: 0.1, high: 0.4 });
  expect(view.isSet).toBe(true);
  expect(view.planeX(view.screenX(0.3))).toBeCloseTo(0.3);
  expect(view.planeY(view.screenY(0.7))).toBeCloseTo(0.7);
  expect(view.screenY(0.4)).toBeGreaterThan(44); // below the bar
  expect(view.screenY(0.4)).toBeLessThan(view.screenY(0.1));
});

test("what is under the pointer stays there while somebody zooms, and moves with a drag", () => {
  const view = new View({ width: 800, height: 500, ratio: 1 });
  view.showBounds({ left: 0, right: 1, low: 0, high: 1 });
  const [x, y] = [view.planeX(200), view.planeY(100)];
  view.zoom(3, 200, 100);
  expect([view.screenX(x), view.screenY(y)].map(Math.round)).toEqual([200, 100]);
  view.pan(10, -20);
  expect([view.screenX(x), view.screenY(y)].map(Math.round)).toEqual([210, 80]);
  view.zoom(1e9);
  expect(view.scale).toBe(2e6);
  view.zoom(1e-9);
  expect(view.scale).toBe(60);
});

test("all is in view until somebody zooms or moves", () => {
  const view = new View({ width: 800, height: 500, ratio: 1 });
  const bounds = { left: 0, right: 1, low: 0, high: 1 };
  for (const change of [() => view.zoom(2), () => view.pan(1, 0)]) {
    view.showBounds(bounds);
    expect(view.isWhole).toBe(true);
    change();
    expect(view.isWhole).toBe(false);
  }
});

test("a point alone is not blown up", () => {
  const view = new View({ width: 800, height: 500, ratio: 1 });
  view.showBounds({ left: 0.5, right: 0.5, low: 0.5, high: 0.5 });
  expect(view.scale).toBe((500 - 44 - 62) / 0.02);
});

test("a wheel that turns up zooms in, by lines faster than by pixels", () => {
  const wheel = (/** @type {number} */ deltaY, /** @type {number} */ deltaMode) =>
    wheelFactor(/** @type {WheelEvent} */ ({ deltaY, deltaMode }));
  expect(wheel(-100, 0)).toBeGreaterThan(1);
  expect(wheel(-3, 1)).toBeGreaterThan(wheel(-3, 0));
  expect(wheel(100, 0) * wheel(-100, 0)).toBeCloseTo(1);
});
