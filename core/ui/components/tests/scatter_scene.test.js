import { expect, test } from "vitest";
import { Scene } from "../browser/scatter/scene/scene.js";
import { cloudOf, spreadPoints } from "./clouds.js";

const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 0.5],
  [0, 0.5],
];
const MARK = { number: "1", at: [0.5, 0.25], lines: [2, 0], card: { row: -1, src: "", alt: "", lines: [] } };
const AREA = { width: 800, height: 500, ratio: 1 };

/** @param {number[][]} points */
function sceneOf(points, changes = {}) {
  const scene = new Scene(cloudOf(points, changes));
  Object.assign(scene.view.area, AREA);
  scene.showWhole();
  return scene;
}

test("points are where they came from, and marks have the rows after them", () => {
  const scene = sceneOf(CORNERS, { marks: [MARK] });
  expect([scene.n, scene.all, scene.isDeep]).toEqual([4, 5, false]);
  expect([...scene.x]).toEqual([0, 1, 1, 0, 0.5]);
  expect(scene.y[2]).toBeCloseTo(0.5, 4);
  expect(scene.y[4]).toBe(0.25);
});

test("groups that come later are drawn over earlier ones", () => {
  const scene = sceneOf(CORNERS);
  expect([...scene.order]).toEqual([1, 3, 0, 2]); // everyone else first, then Ann
  expect([...scene.inView()]).toEqual([1, 3, 0, 2]);
  scene.view.zoom(30, ...scene.screenPoint(2));
  expect([...scene.inView()]).toEqual([2]);
});

test("in space what is faded is behind, and of the others what is in front is drawn last", () => {
  const scene = sceneOf(spreadPoints(50, 3));
  const drawn = [...scene.order].map((row) => ({ isFaded: row % 2 === 1, depth: scene.depth[row] }));
  expect(drawn.slice(0, 25).every((point) => point.isFaded)).toBe(true);
  const clear = drawn.slice(25).map((point) => Math.floor(point.depth * 256));
  expect(clear).toEqual([...clear].sort((a, b) => a - b));
  const before = scene.screenPoint(3);
  scene.turnBy(0.5, 0.2);
  expect(scene.screenPoint(3)).not.toEqual(before);
});

test("the nearest to the pointer is found again where it is drawn, and marks come first", () => {
  const scene = sceneOf(spreadPoints(500), { marks: [MARK] });
  for (const row of [0, 77, 499]) expect(scene.nearest(scene.screenPoint(row), 1)).toBe(row);
  expect(scene.nearest(scene.screenPoint(500), 14)).toBe(500);
  expect(scene.nearest([-500, -500], 14)).toBe(-1);
});

test("what is circled on the screen are the points within", () => {
  const scene = sceneOf(CORNERS);
  const [x, y] = scene.screenPoint(1);
  const around = [
    [x - 9, y - 9],
    [x + 9, y - 9],
    [x + 9, y + 9],
    [x - 9, y + 9],
  ];
  expect(scene.within(/** @type {[number, number][]} */ (around))).toEqual([1]);
});

test.each([
  ["right", 1, 0, 1],
  ["up", 0, 1, 3],
  ["left, where nobody is", -1, 0, 0],
])("an arrow to the %s goes to the next face", (_, dx, dy, row) => {
  expect(sceneOf(CORNERS).beyond(0, dx, dy)).toBe(row);
});

test("a walk begins in the middle of what is seen", () => {
  expect(
    sceneOf([
      [0, 0],
      [0.5, 0.4],
      [1, 1],
    ]).middle(),
  ).toBe(1);
});

test("the same faces go on being seen as they were, others from the front", () => {
  const first = sceneOf(spreadPoints(20, 3));
  first.turnBy(1, 1);
  const same = new Scene(cloudOf(spreadPoints(20, 3)), first);
  expect(same.view).toBe(first.view);
  expect(same.turn).toBe(first.turn);
  const other = new Scene(cloudOf(spreadPoints(20, 3), { of: "others" }), first);
  expect(other.view.isSet).toBe(false);
  expect(other.view.area).toBe(first.view.area);
  expect(other.turn).not.toBe(first.turn);
});

test("other groups move no point", () => {
  const cloud = cloudOf(CORNERS);
  const scene = sceneOf(CORNERS);
  const places = [...scene.x];
  scene.regroup({ groups: cloud.groups, group_of: btoa("\x01\x01\x00\x00") });
  expect([...scene.order]).toEqual([2, 3, 0, 1]);
  expect([...scene.x]).toEqual(places);
});
