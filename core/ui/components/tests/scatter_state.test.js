import { expect, test, vi } from "vitest";
import { ScatterState } from "../browser/scatter/state.js";
import { cloudOf, spreadPoints } from "./clouds.js";

const POINTS = spreadPoints(10);
const mark = (/** @type {string} */ number) => ({
  number,
  at: [0.5, 0.5],
  lines: [],
  card: { row: -1, src: "", alt: "", lines: [`Face ${number}`] },
});
const card = { row: 3, src: "", alt: "", lines: ["Ann"] };

test("the same points in other groups are the same scene, and what was chosen stays", () => {
  const state = new ScatterState();
  const scene = state.takeScene(cloudOf(POINTS));
  state.chosen = new Uint8Array(10);
  state.requests.cards.set(3, card);
  expect(state.takeScene(cloudOf(POINTS, { group_of: btoa("\x00".repeat(10)) }))).toBe(scene);
  expect(state.chosen).not.toBeNull();
  expect(state.requests.cards.get(3)).toBe(card);
});

test("another photo's faces take the rows of those before, whose cards go", () => {
  const state = new ScatterState();
  state.takeScene(cloudOf(POINTS, { marks: [mark("1"), mark("2")] }));
  state.requests.cards.set(3, card);
  state.focused = 11;
  const scene = state.takeScene(cloudOf(POINTS, { marks: [mark("3")] }));
  expect([scene.n, scene.all]).toEqual([10, 11]);
  expect([...state.requests.cards].map(([row, { lines }]) => [row, ...lines])).toEqual([
    [3, "Ann"],
    [10, "Face 3"],
  ]);
  expect(state.focused).toBe(-1);
});

test("the same faces on another map are on their way there, with their cards, unless motion is unwanted", () => {
  for (const matches of [false, true]) {
    vi.stubGlobal("matchMedia", () => ({ matches }));
    const state = new ScatterState();
    const flat = state.takeScene(cloudOf(POINTS));
    Object.assign(flat.view.area, { width: 800, height: 500 });
    flat.showWhole();
    state.requests.cards.set(3, card);
    const deep = state.takeScene(cloudOf(spreadPoints(10, 3), { of: "deep" }));
    expect(deep.motion === null).toBe(matches);
    expect(state.requests.cards.get(3)).toBe(card);
    state.takeScene(cloudOf(POINTS, { of: "others", faces: "others" }));
    expect([state.scene?.motion, state.requests.cards.size]).toEqual([null, 0]);
  }
  vi.unstubAllGlobals();
});

test("of other faces nothing holds, and in space a drag turns the map", () => {
  const state = new ScatterState();
  state.takeScene(cloudOf(POINTS));
  state.mode = "box";
  [state.chosen, state.count, state.focused] = [new Uint8Array(10), 4, 2];
  state.takeScene(cloudOf(POINTS, { of: "others" }));
  expect([state.mode, state.chosen, state.count, state.focused]).toEqual(["box", null, 0, -1]);
  state.takeScene(cloudOf(spreadPoints(10, 3), { of: "deep" }));
  expect(state.mode).toBe("move");
});
