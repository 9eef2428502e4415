import { expect, test } from "vitest";
import { placeBadges } from "../browser/scatter/drawing/badges.js";
import { Occupancy } from "../browser/scatter/drawing/occupancy.js";
import { placeRelated, withoutRelated } from "../browser/scatter/drawing/related.js";
import { placeSprites, rowsCircled } from "../browser/scatter/drawing/sprites.js";
import { Scene } from "../browser/scatter/scene/scene.js";
import { View } from "../browser/scatter/scene/view.js";
import { cloudOf, spreadPoints } from "./clouds.js";

const measure = (/** @type {string} */ text) => 7 * text.length;
const FACE_PX = 38;

/** @typedef {import("../browser/scatter/cloud.js").Cloud["clusters"]} Clusters */

/** @param {ReturnType<typeof cloudOf>} cloud */
function sceneOf(cloud) {
  const scene = new Scene(cloud);
  Object.assign(scene.view.area, { width: 1000, height: 560, ratio: 1 });
  scene.showWhole();
  return scene;
}

/** @param {number[][]} points */
function peopleAt(points) {
  const clusters = /** @type {Clusters} */ (points.map((at, row) => [`Person number ${row}`, row, ...at]));
  const cloud = cloudOf(points, { clusters });
  return { cloud, scene: sceneOf(cloud) };
}

/** @param {import("../browser/scatter/drawing/badges.js").Badge} badge */
function boxOf({ left, width, baseline, face }) {
  const half = Math.max(width, FACE_PX) / 2;
  return { left: left + width / 2 - half, right: left + width / 2 + half, top: face[1] - FACE_PX / 2, low: baseline };
}

test("what is taken cannot be taken again, and beyond the picture everything is free", () => {
  const taken = new Occupancy(new View({ width: 100, height: 100, ratio: 1 }));
  expect(taken.take(10, 10, 30, 20)).toBe(true);
  expect(taken.take(35, 25, 30, 20)).toBe(false);
  expect(taken.take(60, 60, 30, 20)).toBe(true);
  expect([taken.take(-50, 5, 20, 20), taken.take(-50, 5, 20, 20)]).toEqual([true, true]);
});

test("badges of many people do not lie on each other, and those of bigger groups come first", () => {
  const { cloud, scene } = peopleAt(spreadPoints(105));
  const badges = placeBadges(scene, cloud, measure, FACE_PX);
  expect(badges.length).toBeGreaterThan(20);
  expect(badges.length).toBeLessThan(105);
  expect(badges[0].name).toBe("Person number 0");
  const boxes = badges.map(boxOf);
  for (const [index, one] of boxes.entries())
    for (const other of boxes.slice(0, index)) {
      const isApart =
        one.left >= other.right || other.left >= one.right || one.top >= other.low || other.top >= one.low;
      expect(isApart, `${badges[index].name} lies on another`).toBe(true);
    }
});

test("everybody has a face and a name at some zoom, also those who lie at one place", () => {
  const points = spreadPoints(105);
  points[80] = [...points[3]];
  points[90] = [...points[3]];
  const { cloud, scene } = peopleAt(points);
  const seen = new Set();
  let before = 0;
  for (let zoom = 1; zoom < 40; zoom *= 1.5) {
    const shown = [];
    for (const row of points.keys()) {
      scene.showWhole();
      scene.view.zoom(zoom);
      [scene.view.x, scene.view.y] = [scene.x[row], scene.y[row]];
      const names = placeBadges(scene, cloud, measure, FACE_PX).map((badge) => badge.row);
      if (names.includes(row)) shown.push(row);
    }
    expect(shown.length).toBeGreaterThanOrEqual(before); // coming nearer, more appear
    before = shown.length;
    for (const row of shown) seen.add(row);
  }
  expect(seen.size).toBe(105);
});

test("names of places outside are left out, and none leaves the picture", () => {
  const { cloud, scene } = peopleAt([
    [0, 0.5],
    [1, 0.5],
    [9, 9],
  ]);
  scene.view.showBounds({ left: 0, right: 1, low: 0, high: 1 });
  scene.view.scale = 990;
  const badges = placeBadges(scene, cloud, measure, 0);
  expect(badges.map(({ row }) => row)).toEqual([0, 1]);
  for (const { left, width } of badges) {
    expect(left).toBeGreaterThanOrEqual(0);
    expect(left + width).toBeLessThanOrEqual(1000);
  }
});

/** @param {import("../browser/scatter/drawing/sprites.js").Sprite[]} sprites */
function overlapsOf(sprites) {
  return sprites.flatMap((one, index) =>
    sprites.slice(0, index).filter((other) => Math.hypot(one.x - other.x, one.y - other.y) < 0.9 * one.size),
  );
}

test("faces stand at their points, as large as there is room", () => {
  const scene = sceneOf(cloudOf(spreadPoints(12)));
  const sprites = placeSprites(scene, scene.inView(), new Occupancy(scene.view));
  expect(sprites.map(({ row }) => row)).toEqual([...scene.inView()]);
  for (const { row, x, y, size } of sprites) expect([x, y, size]).toEqual([...scene.screenPoint(row), 56]);
  const many = sceneOf(cloudOf(spreadPoints(121)));
  expect(placeSprites(many, many.inView(), new Occupancy(many.view))).toEqual([]); // more than can be told apart
});

test("faces of points that lie on each other move aside, none far and none over another", () => {
  const blobs = spreadPoints(100).map(([x, y], row) => [0.2 + (row % 4) / 6 + x / 200, 0.2 + (row % 3) / 6 + y / 200]);
  const scene = sceneOf(cloudOf([[0, 0], [1, 1], ...blobs]));
  const sprites = placeSprites(scene, scene.inView(), new Occupancy(scene.view));
  expect(sprites.length).toBeGreaterThan(95); // the others have no room, and are symbols
  expect(overlapsOf(sprites)).toEqual([]);
  for (const { row, x, y, size } of sprites) {
    const [px, py] = scene.screenPoint(row);
    expect(Math.hypot(x - px, y - py)).toBeLessThan(7 * size);
  }
});

test("while the map is moved, the faces move with it and change no places", () => {
  const blobs = spreadPoints(30).map(([x, y], row) => [0.4 + (row % 3) / 10 + x / 200, 0.4 + y / 200]);
  const scene = sceneOf(cloudOf([[0, 0], [1, 1], ...blobs]));
  const before = placeSprites(scene, scene.inView(), new Occupancy(scene.view));
  for (const dx of [1, 2.5, 7]) {
    scene.view.pan(dx, dx);
    const moved = placeSprites(scene, scene.inView(), new Occupancy(scene.view));
    scene.view.pan(-dx, -dx);
    for (const [index, { row, x, y }] of moved.entries()) {
      if (row < 2) continue; // those at the edges
      expect(x - before[index].x).toBeCloseTo(dx, 5);
      expect(y - before[index].y).toBeCloseTo(dx, 5);
    }
  }
});

test("faces that moved aside are circled where they are drawn, and points without a face where they are", () => {
  const scene = sceneOf(cloudOf(spreadPoints(4)));
  const around = (/** @type {number} */ x, /** @type {number} */ y) =>
    /** @type {[number, number][]} */ ([
      [x - 9, y - 9],
      [x + 9, y - 9],
      [x + 9, y + 9],
      [x - 9, y + 9],
    ]);
  const aside = [{ row: 2, x: 15, y: 500, size: 40 }];
  expect(rowsCircled(scene, around(15, 500), aside)).toEqual([2]);
  expect(rowsCircled(scene, around(...scene.screenPoint(2)), aside)).toEqual([]);
  expect(rowsCircled(scene, around(...scene.screenPoint(1)), aside)).toEqual([1]);
});

test("the face that is chosen stands at its point, those most like it around, and none of them twice", () => {
  const scene = sceneOf(cloudOf(spreadPoints(40).map(([x, y]) => [x / 90, y / 90])));
  scene.view.scale = 500; // all on a few pixels
  const near = { row: 7, rows: [3, 11, 20], likenesses: [92, 88, 82] };
  const related = placeRelated(scene, near, new Occupancy(scene.view));
  expect(related.map(({ row }) => row)).toEqual([20, 11, 3, 7]);
  expect([related[3].x, related[3].y]).toEqual(scene.screenPoint(7));
  expect(overlapsOf(related)).toEqual([]);
  const others = withoutRelated(scene.inView(), related);
  expect(others).toHaveLength(36);
  for (const { row } of related) expect(others).not.toContain(row);
});
