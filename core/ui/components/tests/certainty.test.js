import { expect, test } from "vitest";
import { describeCertainty, formatProbability } from "../browser/shared/certainty_words.js";

test("a bar is told in one sentence to those who do not see it", () => {
  expect(describeCertainty({ word: "unsure", likeness: 48.6, threshold: 51.2 })).toBe(
    "Unsure: likeness 49 of 100, and the threshold is 51.",
  );
});

test.each([
  [1, "over 99\u00a0%"],
  [0.99, "over 99\u00a0%"],
  [0.989, "99\u00a0%"],
  [0.5, "50\u00a0%"],
  [0.01, "1\u00a0%"],
  [0.0099, "below 1\u00a0%"],
  [0, "below 1\u00a0%"],
])("a probability of %d is said to be %s", (probability, words) => {
  expect(formatProbability(probability)).toBe(words);
});
