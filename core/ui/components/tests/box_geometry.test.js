import { expect, test } from "vitest";
import { boxAfterKey, boxBetween, isDrawn, startBox } from "../browser/box_geometry.js";

/** @import { BoxFractions } from "../browser/component.js" */

/** @type {BoxFractions} */
const BOX = [0.2, 0.2, 0.4, 0.4];

/**
 * @param {BoxFractions | null} box
 * @returns {number[] | undefined}
 */
function rounded(box) {
  return box?.map((value) => Math.round(value * 1000) / 1000);
}

test("a box is drawn from any corner to the one across", () => {
  expect(boxBetween([0.7, 0.1], [0.3, 0.6])).toEqual([0.3, 0.1, 0.7, 0.6]);
  expect([isDrawn(BOX), isDrawn([0.2, 0.2, 0.205, 0.9])]).toEqual([true, false]);
});

test("a new box is a square in pixels", () => {
  const [left, top, right, bottom] = startBox(1.5); // 300 x 200
  expect((right - left) * 300).toBeCloseTo((bottom - top) * 200);
});

test.each([
  ["ArrowLeft", false, [0.19, 0.2, 0.39, 0.4]],
  ["ArrowDown", false, [0.2, 0.21, 0.4, 0.41]],
  ["ArrowRight", true, [0.2, 0.2, 0.41, 0.4]],
  ["ArrowUp", true, [0.2, 0.2, 0.4, 0.39]],
])("%s moves a box, or its corner with shift (%s)", (key, isSizing, expected) => {
  expect(rounded(boxAfterKey(BOX, key, isSizing))).toEqual(expected);
});

test("a box neither leaves the photo nor turns inside out, and other keys do nothing to it", () => {
  expect(boxAfterKey([0, 0.2, 0.4, 0.4], "ArrowLeft", false)).toEqual([0, 0.2, 0.4, 0.4]);
  expect(boxAfterKey([0.2, 0.2, 0.205, 0.4], "ArrowLeft", true)).toEqual([0.2, 0.2, 0.205, 0.4]);
  expect(boxAfterKey(BOX, "Enter", false)).toBeNull();
});
