import { expect, test } from "vitest";
import { answeredEntries } from "../browser/entries.js";
import { indexBeyond } from "../browser/shared/grid_walk.js";
import { Outbox } from "../browser/shared/outbox.js";
import { holdTyped, idsOf, successorOf } from "../browser/shared/succession.js";

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

test.each([
  ["is still there, behind a card that came", "b", ["card", "a", "b", "c"], "b"],
  ["is still there, in another order", "b", ["c", "d", "a", "b"], "b"],
  ["went", "b", ["a", "c", "d"], "c"],
  ["went together with the card before it", "a", ["b", "c", "d"], "b"],
  ["went while a card came", "b", ["a", "card", "more", "c", "d"], "c"],
  ["went with the next one", "b", ["a", "d"], "d"],
  ["went, and what came after it stands in front now", "c", ["d", "a"], "d"],
  ["was the last", "d", ["a", "b"], "b"],
  ["was all that there was", "a", ["x"], null],
])("an entry that %s is followed by the next in reading order", (_, id, ids, expected) => {
  expect(successorOf(id, ["a", "b", "c", "d"], ids)).toBe(expected);
});

test("an entry in which somebody types stays before what came after it, whatever the others do", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => ({ id }));
  expect(idsOf(holdTyped([c], [a, b, c], "b"))).toEqual(["b", "c"]);
  expect(idsOf(holdTyped([{ id: "card" }, a, c], [a, b, c], "b"))).toEqual(["card", "a", "b", "c"]);
  expect(idsOf(holdTyped([], [a, b, c], "b"))).toEqual(["b"]);
  expect(idsOf(holdTyped([a, c], [a, b, c], null))).toEqual(["a", "c"]);
});
