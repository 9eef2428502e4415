import { expect, test } from "vitest";
import { ratePerSecond } from "../browser/camera/camera.js";
import { placeTag, toPixels } from "../browser/camera/frames.js";

test("the rate is the mean over the last answers", () => {
  expect(ratePerSecond([])).toBe(0);
  expect(ratePerSecond([5])).toBe(0);
  expect(ratePerSecond([0, 100, 400])).toBe(5);
});

test("a box is in pixels of the picture", () => {
  expect(toPixels([0.1, 0.5, 0.3, 1], 640, 480)).toEqual([64, 240, 192, 480]);
});

test.each([
  ["below its box", [100, 100, 200, 200], [100, 204]],
  ["above it at the lower edge", [100, 300, 200, 460], [100, 272]],
  ["within the right edge", [620, 100, 640, 200], [560, 204]],
  ["within the left edge", [-20, 100, 40, 200], [0, 204]],
])("a name of 80 pixels stands %s", (_, box, place) => {
  const [left, top, right, bottom] = box;
  expect(placeTag([left, top, right, bottom], 80, 640, 480)).toEqual(place);
});
