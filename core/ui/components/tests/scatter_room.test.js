import { expect, test } from "vitest";
import { roomFor } from "../browser/scatter/room.js";

test.each([
  ["fills what the window has left", 300, 40, 980, 900, 560],
  ["leaves a finger room to scroll on a phone", 200, 40, 368, 850, 561],
  ["has a window of its own where it begins far down", 800, 40, 980, 900, 450],
  ["is never lower than it can be used", 100, 0, 980, 300, 340],
])("the map %s", (_, top, below, width, windowHeight, height) => {
  expect(roomFor(top, below, width, windowHeight)).toBe(height);
});
