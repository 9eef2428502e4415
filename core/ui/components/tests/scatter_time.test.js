import { expect, test } from "vitest";
import { clearWithin } from "../browser/scatter/time_slider.js";

const UNDATED = 65535;
const STEPS = Uint16Array.of(0, 1, 2, 3, UNDATED);

test("while all of time is shown, nothing pales but what is not chosen", () => {
  expect(clearWithin(STEPS, [0, 3], 3, null)).toBeNull();
  const chosen = Uint8Array.of(1, 0, 0, 0, 1);
  expect(clearWithin(STEPS, [0, 3], 3, chosen)).toBe(chosen);
});

test.each([
  ["a span", [1, 2], null, [0, 1, 1, 0, 0]],
  ["one step", [3, 3], null, [0, 0, 0, 1, 0]],
  ["what is chosen of a span", [1, 3], Uint8Array.of(1, 0, 1, 0, 1), [0, 0, 1, 0, 0]],
])("of %s, what lies outside pales, and so does what has no date", (_, span, chosen, clear) => {
  const [first, end] = /** @type {number[]} */ (span);
  expect([...(clearWithin(STEPS, [first, end], 3, /** @type {Uint8Array | null} */ (chosen)) ?? [])]).toEqual(clear);
});
