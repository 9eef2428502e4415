import { expect, test } from "vitest";
import { LookupTable, MARK } from "../browser/lookups/table.js";

/** @import { TableData } from "../browser/lookups/table.js" */

/** @param {number[]} marks */
function pack(marks) {
  return btoa(String.fromCharCode(...marks));
}

const { named, unsure, twoNames, again, sure } = MARK;
const REFUSED = 32;

/** Three photos: Ann and somebody unknown; nobody, as it was refused; and Ann twice, once taken for Ben.
 *  @type {TableData} */
const DATA = {
  of: "these",
  people: ["ann_lee", "ben"],
  photos: [
    ["party/1.jpg", "", 2],
    ["party/2.jpg", "It is no photo.", 0],
    ["party/3.jpg", "", 3],
  ],
  faces: [
    [[[0, 0.9, 0.3]], 80, 1, -1, true],
    [
      [
        [0, 0.4, 0.9],
        [1, 0.3, 0.7],
      ],
      20,
      1,
      -1,
      true,
    ],
    [[[0, 0.9, 0.2]], 80, 1, -1, true],
    [[[0, 0.8, 0.4]], 70, 1, -1, true],
    [[[1, 0.6, 0.5]], 60, 1, 2, true],
  ],
  chips: [
    ["all", "All", 0, ""],
    ["unknown", "Unknown", 2, ""],
    ["refused", "Refused", REFUSED, ""],
  ],
  marks: {
    strict: {
      needed: 50,
      faces: pack([named | sure, 2, named | again, named | again, named | unsure | twoNames]),
      photos: pack([named | 2, REFUSED, named]),
    },
    none: { needed: 1, faces: pack([2, 2, 2, 2, 2]), photos: pack([2, REFUSED, 2]) },
  },
};
const TABLE = new LookupTable(DATA);

test("faces belong to their photos, in the photos' order", () => {
  expect([0, 1, 2].map((photo) => TABLE.facesOf(photo))).toEqual([[0, 1], [], [2, 3, 4]]);
  expect(TABLE.photoOf).toEqual([0, 0, 2, 2, 2]);
});

test("a face has a name as far as the limit gives it one", () => {
  expect([0, 1, 4].map((row) => TABLE.nameOf("strict", row))).toEqual(["ann_lee", "", "ben"]);
  expect(TABLE.nameOf("none", 0)).toBe("");
});

test("how sure a face is follows its marks, and its bar the limit", () => {
  expect([0, 1, 2, 4].map((row) => TABLE.certaintyOf("strict", row).word)).toEqual([
    "sure",
    "unknown",
    "likely",
    "unsure",
  ]);
  expect(TABLE.certaintyOf("strict", 4)).toEqual({ word: "unsure", likeness: 60, threshold: 50 });
});

test.each([
  [{ chip: "all", person: "" }, [0, 1, 2]],
  [{ chip: "unknown", person: "" }, [0]],
  [{ chip: "refused", person: "" }, [1]],
  [{ chip: "all", person: "ben" }, [2]],
  [{ chip: "unknown", person: "ben" }, []],
  [{ chip: "gone", person: "" }, [0, 1, 2]],
])("of %o there are the photos %o", (view, photos) => {
  expect(TABLE.filterPhotos("strict", view)).toEqual(photos);
});

test("people are counted by photos, not by faces", () => {
  expect([...TABLE.countPeople("strict")]).toEqual([
    ["ann_lee", 2],
    ["ben", 1],
  ]);
  expect([...TABLE.countPeople("none")]).toEqual([]);
});

test("what has to be said of a photo", () => {
  expect(TABLE.notesOf("strict", 0)).toEqual([]);
  expect(TABLE.notesOf("strict", 1)).toEqual(["It is no photo."]);
  expect(TABLE.notesOf("strict", 2)).toEqual(["ann lee more than once", "ben here, ann lee on 3.jpg"]);
});

test("a face stands out when the chip and the person mean it", () => {
  expect([0, 1].map((row) => TABLE.standsOut("strict", { chip: "unknown", person: "" }, row))).toEqual([false, true]);
  expect([0, 4].map((row) => TABLE.standsOut("strict", { chip: "all", person: "ben" }, row))).toEqual([false, true]);
  expect(TABLE.standsOut("strict", { chip: "all", person: "" }, 1)).toBe(true);
});

test("the nearest person is not always the most probable one", () => {
  expect(TABLE.nearestPerson(1)).toBe("ben");
});
