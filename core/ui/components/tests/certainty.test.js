import { expect, test } from "vitest";
import { describeCertainty } from "../browser/shared/certainty.js";

test("a bar is told in one sentence to those who do not see it", () => {
  expect(describeCertainty({ word: "unsure", likeness: 48.6, threshold: 51.2 })).toBe(
    "Unsure: likeness 49 of 100, and the threshold is 51.",
  );
});
