import { expect, test } from "vitest";
import { CurrentDrawings, KeyedState } from "../browser/shared/keyed_state.js";
import { joinLink } from "../browser/shared/links.js";

test("each key has a state of its own, which outlives a drawing", () => {
  const states = new KeyedState(() => ({ chosen: 0 }));
  expect(states.find("grid")).toBeUndefined();
  states.of("grid").chosen = 3;
  expect(states.of("grid").chosen).toBe(3);
  expect(states.find("grid")?.chosen).toBe(3);
  expect(states.of("another").chosen).toBe(0);
});

test("a drawing ends when the next one of its key begins", () => {
  const drawings = new CurrentDrawings();
  const first = drawings.begin("grid");
  const another = drawings.begin("another");
  const second = drawings.begin("grid");
  expect([first.aborted, second.aborted, another.aborted]).toEqual([true, false, false]);
});

test("what is pointed at lights up in all components of its link that are still there", () => {
  /** @type {string[]} */
  const lit = [];
  const [photo, list] = [new AbortController(), new AbortController()];
  const point = joinLink("photo 1", (id) => lit.push(`photo ${id}`), photo.signal);
  joinLink("photo 1", (id) => lit.push(`list ${id}`), list.signal);
  joinLink("photo 2", (id) => lit.push(`other ${id}`), new AbortController().signal);
  point("a");
  list.abort();
  point(null);
  expect(lit).toEqual(["photo a", "list a", "photo null"]);
});
