import { expect, test } from "vitest";
import { answeredEntries } from "../browser/entries.js";
import { indexBeyond } from "../browser/shared/grid_walk.js";
import { Outbox } from "../browser/shared/outbox.js";

const words = {
  strips: [],
  title: "6 faces",
  note: "",
  buttons: [],
  question: "",
  field: "Who?",
  click: "",
  wide: false,
};

/** @param {"list" | "wall"} layout */
function dataOf(layout) {
  const entries = ["a", "b", "c"].map((id) => ({ id, ...words }));
  const settling = ["name", "nobody"];
  return {
    key: "",
    seen: 0,
    drawing: 1,
    entries,
    names: [],
    keys: {},
    settling,
    epoch: 1,
    layout,
    start: false,
    search: "",
  };
}

test("an entry goes as soon as a command that settles it waits, and comes back when it was refused", () => {
  const data = dataOf("list");
  const outbox = new Outbox();
  outbox.add({ name: "name", ids: ["a", "c"], text: "Ann" }, 1);
  outbox.add({ name: "look", ids: ["b"] }, 2);
  expect(answeredEntries(data, outbox).map((entry) => entry.id)).toEqual(["b"]);
  outbox.acknowledge(2);
  expect(answeredEntries(data, outbox).map((entry) => entry.id)).toEqual(["a", "b", "c"]);
});

test("on a wall a face that was named has its name at once where it is, and any other answer takes it away", () => {
  const outbox = new Outbox();
  outbox.add({ name: "name", ids: ["a"], text: "Ann" }, 1);
  outbox.add({ name: "nobody", ids: ["b"] }, 2);
  const shown = answeredEntries(dataOf("wall"), outbox);
  expect(shown.map(({ id, title, field }) => [id, title, field])).toEqual([
    ["a", "Ann", ""],
    ["c", "6 faces", "Who?"],
  ]);
});

/** Three rows of three faces, the second with a card of two in front, the last with one face. */
const wall = [
  ...[0, 100, 200].map((offsetLeft) => ({ offsetLeft, offsetTop: 0, offsetWidth: 90, offsetHeight: 150 })),
  { offsetLeft: 0, offsetTop: 160, offsetWidth: 190, offsetHeight: 150 },
  { offsetLeft: 200, offsetTop: 160, offsetWidth: 90, offsetHeight: 150 },
  { offsetLeft: 0, offsetTop: 320, offsetWidth: 90, offsetHeight: 150 },
];

test.each([
  ["ArrowRight", 2, 3],
  ["ArrowLeft", 0, 0],
  ["ArrowDown", 0, 3],
  ["ArrowDown", 2, 4],
  ["ArrowDown", 4, 5],
  ["ArrowDown", 5, 5],
  ["ArrowUp", 4, 2],
  ["ArrowUp", 1, 1],
  ["Home", 4, 0],
  ["End", 0, 5],
  ["x", 0, null],
])("%s from %i leads to %s", (key, from, to) => {
  expect(indexBeyond(wall, from, key)).toBe(to);
});
