import { expect, test } from "vitest";
import { Outbox } from "../browser/shared/outbox.js";

const exclude = { name: "exclude", ids: ["a"] };

test("two commands within a millisecond have different numbers", () => {
  const outbox = new Outbox();
  outbox.add(exclude, 1000);
  outbox.add(exclude, 1000);
  outbox.add(exclude, 1500);
  expect(outbox.waiting.map((command) => command.n)).toEqual([1000, 1001, 1500]);
});

test("commands wait until they are obeyed, and numbers grow on when none waits", () => {
  const outbox = new Outbox();
  outbox.add(exclude, 10);
  outbox.add({ name: "undo", ids: [] }, 20);
  outbox.acknowledge(10);
  expect(outbox.waiting).toEqual([{ n: 20, name: "undo", ids: [] }]);
  outbox.acknowledge(20);
  expect(outbox.waiting).toEqual([]);
  outbox.add(exclude, 5); // a clock that was set back
  expect(outbox.waiting[0].n).toBe(21);
});
