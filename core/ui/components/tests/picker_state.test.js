import { expect, test } from "vitest";
import { PickerState } from "../browser/picker_state.js";

const IDS = ["a", "b", "c", "d", "e"];

function shown() {
  const state = new PickerState();
  state.fitTo(IDS, 1);
  return state;
}

test("the first face has the focus, and the focus stays within the grid", () => {
  const state = shown();
  expect(state.focused).toBe("a");
  state.moveFocus(IDS, 9);
  expect(state.focused).toBe("e");
  state.moveFocus(IDS, -1);
  expect(state.focused).toBe("a");
  state.fitTo([], 1);
  expect(state.focused).toBeNull();
});

test("when the face in focus goes, the one that moves up has the focus", () => {
  const state = shown();
  state.moveFocus(IDS, 2);
  state.fitTo(["a", "b", "d", "e"], 1);
  expect(state.focused).toBe("d");
  state.moveFocus(["a", "b", "d", "e"], 3);
  state.fitTo(["a", "b"], 1);
  expect(state.focused).toBe("b");
});

test("with shift, all between two faces are chosen, whichever comes first", () => {
  const state = shown();
  state.toggle(IDS, "d", false);
  state.toggle(IDS, "b", true);
  expect(state.selectedOf(IDS)).toEqual(["b", "c", "d"]);
  state.toggle(IDS, "c", false);
  expect(state.selectedOf(IDS)).toEqual(["b", "d"]);
});

test("a new epoch lets go of all, and faces that are gone are not chosen", () => {
  const state = shown();
  state.toggleAll(IDS);
  expect(state.selectedOf(IDS)).toEqual(IDS);
  state.fitTo(["a", "c"], 1);
  expect(state.selectedOf(IDS)).toEqual(["a", "c"]);
  state.fitTo(["a", "c"], 2);
  expect(state.selected.size).toBe(0);
  state.toggleAll(IDS);
  state.toggleAll(IDS);
  expect(state.selected.size).toBe(0);
});

test("a command is about what is chosen, else about the face in focus, else about nothing", () => {
  const state = shown();
  state.moveFocus(IDS, 1);
  expect(state.commandedOf(IDS)).toEqual(["b"]);
  state.toggle(IDS, "e", false);
  state.toggle(IDS, "c", false);
  expect(state.commandedOf(IDS)).toEqual(["c", "e"]);
  expect(new PickerState().commandedOf([])).toEqual([]);
});
