import { expect, test } from "vitest";
import { escapeMarkup, fileName, formatCount, isolateName, shortenName, spokenName } from "../browser/shared/text.js";

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1\u202f000"],
  [1234567, "1\u202f234\u202f567"],
])("%i is written as %s", (number, words) => {
  expect(formatCount(number)).toBe(words);
});

test("a name is spoken without its underscores, and stands apart from the sentence around it", () => {
  expect(spokenName("elton_john_sr")).toBe("elton john sr");
  expect(isolateName("שלום.jpg")).toBe("\u2068שלום.jpg\u2069");
});

test("a label has the beginning of a very long name, counted in letters", () => {
  expect(shortenName("Ann Lee")).toBe("Ann Lee");
  expect(shortenName("x".repeat(32))).toBe("x".repeat(32));
  expect(shortenName("x".repeat(120))).toBe(`${"x".repeat(31)}…`);
  expect(shortenName("\u{1f600}".repeat(33))).toBe(`${"\u{1f600}".repeat(31)}…`);
});

test.each([
  ["val/ann/1.jpg", "1.jpg"],
  ["1.jpg", "1.jpg"],
  ["folder/", ""],
])("the file of %s is %s", (path, file) => {
  expect(fileName(path)).toBe(file);
});

test("what somebody wrote is text in a drawing or a page, not markup", () => {
  expect(escapeMarkup(`<b title="x">Tom & Ann</b>`)).toBe("&#60;b title=&#34;x&#34;&#62;Tom &#38; Ann&#60;/b&#62;");
});
