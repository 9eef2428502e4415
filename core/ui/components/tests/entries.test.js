import { expect, test } from "vitest";
import { unsettledEntries } from "../browser/entries.js";
import { Outbox } from "../browser/shared/outbox.js";

const words = { strips: [], title: "", note: "", buttons: [], question: "", field: "" };

test("an entry goes as soon as a command that settles it waits, and comes back when it was refused", () => {
  const entries = ["a", "b", "c"].map((id) => ({ id, ...words }));
  const data = { key: "", seen: 0, drawing: 1, entries, names: [], keys: {}, settling: ["name"], epoch: 1 };
  const outbox = new Outbox();
  outbox.add({ name: "name", ids: ["a", "c"], text: "Ann" }, 1);
  outbox.add({ name: "look", ids: ["b"] }, 2);
  expect(unsettledEntries(data, outbox).map((entry) => entry.id)).toEqual(["b"]);
  outbox.acknowledge(2);
  expect(unsettledEntries(data, outbox).map((entry) => entry.id)).toEqual(["a", "b", "c"]);
});
