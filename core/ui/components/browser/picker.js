/**
 * A grid of faces that is chosen from by mouse or keyboard. The whole of it is one list box: arrows walk, space
 * chooses, letters and digits are commands about what is chosen (or about the face in focus when nothing is).
 */

import { PickerState } from "./picker_state.js";
import { closestTo, consumeEvent, createElement, createText, findElement, needsRedraw } from "./shared/dom.js";
import { indexBeyond } from "./shared/grid_walk.js";
import { CurrentDrawings, KeyedState } from "./shared/keyed_state.js";

/**
 * @import { Cleanup, Component, OutboxData } from "./component.js"
 *
 * @typedef {object} Pickable
 * @property {string} id
 * @property {string} src
 * @property {string} name
 * @property {string} note
 * @property {string} alt
 * @property {[symbol: string, meaning: string][]} badges
 *
 * @typedef {object} PickerFields
 * @property {Pickable[]} faces
 * @property {Record<string, string>} keys key to the name of a command
 * @property {string} label
 * @property {number} tile_px
 * @property {string} name_field a CSS selector
 * @property {number} grab
 * @property {string} click the command that a click gives; without one a click chooses
 * @property {number} epoch
 *
 * @typedef {OutboxData & PickerFields} PickerData
 */

/** Python hears of the focus when it has rested for so long, not at each step of a walk. */
const FOCUS_DELAY_MS = 180;

const states = new KeyedState(() => new PickerState());
const drawings = new CurrentDrawings();

/**
 * @param {Component<PickerData>} component
 * @returns {Cleanup}
 */
export default function drawPicker(component) {
  const state = states.of(component.data.key);
  new Picker(component, state, drawings.begin(component.data.key));
  return () => clearTimeout(state.timer);
}

class Picker {
  /**
   * @param {Component<PickerData>} component
   * @param {PickerState} state
   * @param {AbortSignal} signal
   */
  constructor({ data, parentElement, setStateValue, setTriggerValue }, state, signal) {
    this.data = data;
    this.state = state;
    this.setStateValue = setStateValue;
    this.setTriggerValue = setTriggerValue;
    this.root = findElement(parentElement, ".picker", HTMLElement);
    this.ids = data.faces.map((face) => face.id);
    state.outbox.acknowledge(data.seen);
    if (state.outbox.waiting.length) setTriggerValue("commands", state.outbox.waiting); // pressed while the page was busy
    state.fitTo(this.ids, data.epoch);
    this.draw();
    this.listen(signal);
  }

  draw() {
    const { data, root, state } = this;
    // Of a picture, its length and end tell it from another; the whole of hundreds would be long to compare.
    const signature = JSON.stringify(data.faces.map(({ src, ...words }) => [words, src.length, src.slice(-24)]));
    const isRedrawn = needsRedraw(root, signature);
    if (isRedrawn) root.replaceChildren(...data.faces.map(createTile));
    root.setAttribute("aria-label", data.label);
    root.setAttribute("aria-multiselectable", String(!data.click));
    root.style.setProperty("--tile", `${data.tile_px}px`);
    this.markTiles();
    // Something was named in the field beside the grid: back to the faces.
    const isCalled = data.grab !== state.grab && data.grab > 0;
    state.grab = data.grab;
    if ((isRedrawn && state.isActive) || isCalled) this.tileOf(state.focused)?.focus({ preventScroll: true });
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { root, state } = this;
    root.onclick = (event) => {
      const id = closestTo(event, ".tile")?.dataset.id;
      if (id === undefined) return;
      if (this.data.click) this.orderByClick(id);
      else this.toggle(id, event.shiftKey);
    };
    root.ondblclick = (event) => {
      if (closestTo(event, ".tile") && !this.data.click) this.sendCommand("open");
    };
    root.onkeydown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.walk(event) || this.choose(event) || this.command(event.key)) consumeEvent(event);
    };
    root.addEventListener(
      "focusout",
      ({ relatedTarget }) => {
        if (relatedTarget instanceof Node && !root.contains(relatedTarget)) state.isActive = false;
      },
      { signal },
    );
    root.addEventListener(
      "focusin",
      (event) => {
        state.isActive = true;
        const id = closestTo(event, ".tile")?.dataset.id;
        if (id === undefined || id === state.focused) return;
        state.focused = id;
        this.markTiles();
      },
      { signal },
    );
  }

  /**
   * Arrows, Home and End: with shift, what is walked over is chosen.
   * @param {KeyboardEvent} event
   */
  walk(event) {
    const { ids, state, data } = this;
    const index = state.focused === null ? -1 : ids.indexOf(state.focused);
    const target = indexBeyond(this.tiles(), index, event.key);
    if (target === null) return false;
    const isExtending = event.shiftKey && !data.click;
    if (isExtending) state.selectFocused();
    this.focusIndex(target);
    if (isExtending) state.selectFocused();
    this.markTiles();
    if (!data.click) this.tellSelection(FOCUS_DELAY_MS);
    return true;
  }

  /**
   * Space, a and Escape: one face, all or none.
   * @param {KeyboardEvent} event
   */
  choose(event) {
    const { ids, state, data } = this;
    if (event.key === " ") {
      if (state.focused === null) return true;
      if (data.click) this.orderByClick(state.focused);
      else this.toggle(state.focused, event.shiftKey);
      return true;
    }
    if (event.key === "Escape") state.selected.clear();
    else if (event.key === "a" && !data.click) state.toggleAll(ids);
    else return false;
    this.markTiles();
    this.tellSelection(0);
    return true;
  }

  /** @param {string} key */
  command(key) {
    const name = this.data.keys[key];
    if (name === undefined) return false;
    const { name_field } = this.data;
    const field = name === "name" && name_field ? document.querySelector(name_field) : null;
    if (field instanceof HTMLElement) field.focus();
    else this.sendCommand(name);
    return true;
  }

  tiles() {
    return [...this.root.children].filter((tile) => tile instanceof HTMLElement);
  }

  /** @param {string | null} id */
  tileOf(id) {
    const tile = id === null ? null : this.root.querySelector(`[data-id="${CSS.escape(id)}"]`);
    return tile instanceof HTMLElement ? tile : null;
  }

  markTiles() {
    const { selected, focused } = this.state;
    for (const tile of this.tiles()) {
      const id = tile.dataset.id ?? "";
      tile.setAttribute("aria-selected", String(selected.has(id)));
      tile.tabIndex = id === focused ? 0 : -1;
    }
  }

  /** @param {number} index */
  focusIndex(index) {
    this.state.moveFocus(this.ids, index);
    this.markTiles();
    this.tileOf(this.state.focused)?.focus();
  }

  /**
   * @param {string} id
   * @param {boolean} isRange
   */
  toggle(id, isRange) {
    this.state.toggle(this.ids, id, isRange);
    this.focusIndex(this.ids.indexOf(id));
    this.tellSelection(0);
  }

  /** @param {string} id */
  orderByClick(id) {
    this.focusIndex(this.ids.indexOf(id));
    this.sendCommand(this.data.click);
  }

  /** @param {number} delay_ms */
  tellSelection(delay_ms) {
    const { state } = this;
    clearTimeout(state.timer);
    const picked = { epoch: state.epoch, selected: state.selectedOf(this.ids), focused: state.focused };
    state.timer = setTimeout(() => this.setStateValue("picked", picked), delay_ms);
  }

  /** @param {string} name */
  sendCommand(name) {
    const { state } = this;
    clearTimeout(state.timer); // the command says what it is about
    state.outbox.add({ name, ids: state.commandedOf(this.ids) });
    this.setTriggerValue("commands", state.outbox.waiting);
  }
}

/** @param {Pickable} face */
function createTile(face) {
  const words = [face.alt, face.note, ...face.badges.map(([, meaning]) => meaning)];
  const badges = face.badges.map(([symbol, meaning]) => {
    const badge = createWords("badge", symbol);
    badge.title = meaning;
    return badge;
  });
  return createElement(
    "div",
    { className: "tile", id: `face-${face.id}` },
    { "data-id": face.id, role: "option", "aria-label": words.filter(Boolean).join(", ") },
    createElement("img", { src: face.src, alt: "", draggable: false }),
    createWords("tick", "\u2713"),
    createElement("div", { className: "badges" }, {}, ...badges),
    createWords("name", face.name),
    createWords("note", face.note),
  );
}

/**
 * Words that are cut off where there is no room; pointing at them shows all.
 * @param {string} className
 * @param {string} words
 */
function createWords(className, words) {
  const element = createText("div", className, words);
  element.title = words;
  return element;
}
