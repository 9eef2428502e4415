import { expect, test } from "vitest";
import { Motion } from "../browser/scatter/scene/motion.js";
import { Scene } from "../browser/scatter/scene/scene.js";
import { cloudOf, spreadPoints } from "./clouds.js";

/** @param {ReturnType<typeof cloudOf>} cloud */
function sceneOf(cloud, before = /** @type {Scene | null} */ (null)) {
  const scene = new Scene(cloud, before);
  Object.assign(scene.view.area, { width: 800, height: 500, ratio: 1 });
  scene.showWhole();
  return scene;
}

test("faces begin where they were on the screen, and end where the other map has them", () => {
  const flat = sceneOf(cloudOf(spreadPoints(30)));
  flat.view.zoom(3, 100, 100);
  const begun = flat.screenPoint(7);
  const deep = sceneOf(cloudOf(spreadPoints(30, 3), { of: "deep" }), flat);
  const ended = deep.screenPoint(7);
  const motion = new Motion(deep, flat);
  expect(motion.step(1000)).toBe(true);
  for (const axis of [0, 1]) expect(deep.screenPoint(7)[axis]).toBeCloseTo(begun[axis], 2);
  expect(motion.step(1450)).toBe(true);
  const [x] = deep.screenPoint(7);
  expect((x - begun[0]) * (x - ended[0])).toBeLessThan(0); // between the two
  expect(motion.step(1900)).toBe(false);
  for (const axis of [0, 1]) expect(deep.screenPoint(7)[axis]).toBeCloseTo(ended[axis], 2);
});

test("who turns the map has it as it is at once", () => {
  const flat = sceneOf(cloudOf(spreadPoints(30)));
  const deep = sceneOf(cloudOf(spreadPoints(30, 3), { of: "deep" }), flat);
  const expected = sceneOf(cloudOf(spreadPoints(30, 3)));
  deep.motion = new Motion(deep, flat);
  deep.motion.step(0);
  deep.turnBy(0.4, 0.1);
  expected.turnBy(0.4, 0.1);
  expect(deep.motion).toBeNull();
  expect([...deep.x]).toEqual([...expected.x]);
});
