/**
 * Entries with faces, one below the other or side by side as a wall, each with buttons and perhaps a field for a name.
 * Arrows walk from entry to entry; a name and Enter goes on to the next field: no hand leaves the keys.
 */

import {
  arrangeChildren,
  closestTo,
  consumeEvent,
  createElement,
  createText,
  findElement,
  focusedWithin,
} from "./shared/dom.js";
import { indexBeyond } from "./shared/grid_walk.js";
import { CurrentDrawings, KeyedState } from "./shared/keyed_state.js";
import { Outbox } from "./shared/outbox.js";
import { holdTyped, idsOf, successorOf } from "./shared/succession.js";

/**
 * @import { Component, OutboxData } from "./component.js"
 *
 * @typedef {object} Entry
 * @property {string} id
 * @property {{ faces: string[], label: string }[]} strips
 * @property {string} title
 * @property {string} note
 * @property {[label: string, command: string][]} buttons
 * @property {string} question
 * @property {string} field
 * @property {string} click the command that a click gives, and Enter where there is no field
 * @property {boolean} wide a card with a question
 *
 * @typedef {object} EntriesFields
 * @property {Entry[]} entries
 * @property {string[]} names
 * @property {Record<string, string>} keys key to the name of a command
 * @property {string[]} settling
 * @property {number} epoch
 * @property {"list" | "wall"} layout
 * @property {string} search a CSS selector: the key / puts the cursor there
 * @property {boolean} start put the caret into the first field when the list comes onto the page
 *
 * @typedef {OutboxData & EntriesFields} EntriesData
 */

const LONGEST_NAME = 80;
const NAMES_ID = "known-names";

class EntriesState {
  /** @type {string | null} the entry that has the focus, or had it last */
  focusedId = null;
  /** @type {Entry[]} as they were drawn last, in order */
  shown = [];
  isInField = false;
  /** Whether the focus is in the list. */
  isActive = false;
  /** @type {Set<string>} */
  selected = new Set();
  /** @type {number | null} */
  epoch = null;
  outbox = new Outbox();
  /** @type {Map<string, string>} names that were begun, by the entry */
  drafts = new Map();
}

const states = new KeyedState(() => new EntriesState());
const drawings = new CurrentDrawings();

/** @param {Component<EntriesData>} component */
export default function drawEntries(component) {
  new Entries(component, states.of(component.data.key), drawings.begin(component.data.key));
}

class Entries {
  /**
   * @param {Component<EntriesData>} component
   * @param {EntriesState} state
   * @param {AbortSignal} signal
   */
  constructor({ data, parentElement, setTriggerValue }, state, signal) {
    this.data = data;
    this.state = state;
    this.setTriggerValue = setTriggerValue;
    this.root = findElement(parentElement, ".entries", HTMLElement);
    state.outbox.acknowledge(data.seen);
    if (state.outbox.waiting.length) setTriggerValue("commands", state.outbox.waiting); // asked while the page was busy
    if (state.epoch !== data.epoch) {
      state.selected.clear();
      state.epoch = data.epoch;
    }
    this.draw();
    this.listen(signal);
  }

  draw() {
    const { data, state, root } = this;
    const isNew = !root.firstElementChild;
    root.classList.toggle("wall", data.layout === "wall");
    this.drawNames();
    const formerIds = idsOf(state.shown);
    const shown = holdTyped(answeredEntries(data, state.outbox), state.shown, this.typedId());
    state.shown = shown;
    // Entries that stay keep their elements: whoever types in one of them is not disturbed, and no picture flickers.
    const existing = new Map(this.rows().map((row) => [row.dataset.signature, row]));
    const rows = shown.map((entry) => {
      const signature = entrySignature(entry);
      return existing.get(signature) ?? this.createRow(entry, signature);
    });
    arrangeChildren(root, [findElement(root, "datalist", HTMLDataListElement), ...rows]);
    // What had the focus may be dealt with, here or in another window: it goes on to what came after it. Whoever types
    // goes on to the next that waits for a name.
    const withField = state.isInField ? idsOf(shown.filter(({ field }) => field)) : [];
    state.focusedId = successorOf(state.focusedId, formerIds, withField.length ? withField : idsOf(shown));
    if (isNew && data.start && !matchMedia("(pointer: coarse)").matches) this.focusField(0);
    else if (state.isActive && !focusedWithin(root)) this.focusRow(this.focusedIndex(), state.isInField);
    else this.markRows();
  }

  /** The entry with a begun name and the caret in it. */
  typedId() {
    const { isActive, isInField, focusedId, drafts } = this.state;
    return isActive && isInField && focusedId !== null && drafts.get(focusedId) ? focusedId : null;
  }

  /** Where the entry in focus stands now. */
  focusedIndex() {
    return Math.max(0, this.ids().indexOf(this.state.focusedId ?? ""));
  }

  /** The names that fields offer. */
  drawNames() {
    const { data, root } = this;
    const signature = JSON.stringify(data.names);
    const present = root.querySelector("datalist");
    if (present?.dataset.signature === signature) return;
    const options = data.names.map((value) => createElement("option", { value }));
    const names = createElement("datalist", { id: NAMES_ID }, { "data-signature": signature }, ...options);
    if (present) present.replaceWith(names);
    else root.prepend(names);
  }

  /** @returns {HTMLElement[]} */
  rows() {
    return [...this.root.querySelectorAll(".row")].filter((row) => row instanceof HTMLElement);
  }

  ids() {
    return this.rows().map((row) => row.dataset.id ?? "");
  }

  /**
   * @param {Entry} entry
   * @param {string} signature
   */
  createRow(entry, signature) {
    const strips = createElement("div", { className: "strips" }, {}, ...entry.strips.map(createStrip));
    const about = createElement("div", { className: "about" });
    about.append(createText("span", "title", entry.title), createText("span", "note", entry.note));
    if (entry.field) about.append(this.createField(entry));
    const actions = createElement("div", { className: "actions" });
    if (entry.question) actions.append(createText("span", "said", entry.question));
    actions.append(...entry.buttons.map(createButton));
    about.append(actions);
    const attributes = {
      "data-id": entry.id,
      "data-signature": signature,
      role: "listitem",
      "aria-label": `${entry.title}. ${entry.note}`,
    };
    return createElement(
      "div",
      { className: `row${entry.wide ? " wide" : ""}${entry.question ? " asks" : ""}` },
      attributes,
      strips,
      about,
    );
  }

  /** @param {Entry} entry */
  createField(entry) {
    const field = createElement(
      "input",
      { type: "text", dir: "auto", placeholder: entry.field, maxLength: LONGEST_NAME, autocomplete: "off" },
      { list: NAMES_ID, "aria-label": `${entry.field} ${entry.title}` },
    );
    field.value = this.state.drafts.get(entry.id) ?? "";
    return field;
  }

  markRows() {
    const reachable = this.focusedIndex();
    for (const [index, row] of this.rows().entries()) {
      row.tabIndex = index === reachable ? 0 : -1;
      row.toggleAttribute("data-chosen", this.state.selected.has(row.dataset.id ?? ""));
    }
  }

  /**
   * @param {number} index beyond the ends, the first or the last
   * @param {boolean} isInField
   */
  focusRow(index, isInField) {
    const { state, root } = this;
    const row = this.rows().at(Math.max(0, index)) ?? this.rows().at(-1);
    state.isActive = true; // the first focus is put before anything listens
    state.isInField = isInField;
    state.focusedId = row?.dataset.id ?? null;
    this.markRows();
    const field = isInField ? row?.querySelector("input") : null;
    (field ?? row ?? root).focus();
  }

  /**
   * Put the caret into the first name field from an entry on; the last one before it where there is none.
   * @param {number} index
   */
  focusField(index) {
    const withField = this.rows().flatMap((row, each) => (row.querySelector("input") ? [each] : []));
    const target = withField.find((each) => each >= index) ?? withField.at(-1);
    this.focusRow(target ?? index, target !== undefined);
  }

  /** @param {number} index */
  focusFieldBefore(index) {
    const target = this.rows().findLastIndex((row, each) => each < index && row.querySelector("input") !== null);
    if (target >= 0) this.focusRow(target, true);
  }

  /**
   * @param {string} name
   * @param {string[]} ids
   */
  sendCommand(name, ids, text = "") {
    this.state.outbox.add({ name, ids, text });
    this.setTriggerValue("commands", this.state.outbox.waiting);
    for (const id of ids) this.state.drafts.delete(id);
    this.draw();
  }

  /**
   * What a command at an entry is about: all that are chosen when it is one of them, or it alone.
   * @param {string} id
   */
  commandedOf(id) {
    const { selected } = this.state;
    return selected.has(id) ? this.ids().filter((each) => selected.has(each)) : [id];
  }

  /** @param {string | undefined} id */
  entryOf(id) {
    return this.data.entries.find((entry) => entry.id === id);
  }

  /** @param {string} id */
  toggle(id) {
    const { selected } = this.state;
    if (!selected.delete(id)) selected.add(id);
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { root, state } = this;
    root.tabIndex = -1; // takes the focus when the last entry is dealt with: undo is still a key away
    // All listeners are the list's: entries that stay from one drawing to the next have none of an earlier one.
    root.oninput = (event) => {
      const id = closestTo(event, ".row")?.dataset.id;
      if (id !== undefined && event.target instanceof HTMLInputElement) state.drafts.set(id, event.target.value);
    };
    root.onclick = (event) => {
      const id = closestTo(event, ".row")?.dataset.id;
      if (id === undefined || event.target instanceof HTMLInputElement) return;
      const command = closestTo(event, "button")?.dataset.command;
      if (command !== undefined) {
        state.focusedId = id;
        state.isInField = false;
        this.sendCommand(command, [id]);
        return;
      }
      const isChoosing = event.ctrlKey || event.metaKey || event.shiftKey;
      if (isChoosing) this.toggle(id);
      this.focusRow(this.ids().indexOf(id), false);
      const click = this.entryOf(id)?.click;
      if (click && !isChoosing) this.sendCommand(click, [id]);
    };
    root.onkeydown = (event) => {
      if (event.altKey) return;
      const id = closestTo(event, ".row")?.dataset.id;
      const isDone =
        event.target instanceof HTMLInputElement
          ? this.onFieldKey(event.key, event.target.value.trim(), id ?? "")
          : this.onRowKey(event, id);
      if (isDone) consumeEvent(event);
    };
    root.addEventListener(
      "focusin",
      (event) => {
        state.isActive = true;
        const id = closestTo(event, ".row")?.dataset.id;
        if (id === undefined) return;
        state.focusedId = id;
        state.isInField = event.target instanceof HTMLInputElement;
        this.markRows();
      },
      { signal },
    );
    root.addEventListener(
      "focusout",
      ({ relatedTarget }) => {
        if (relatedTarget instanceof Node && !root.contains(relatedTarget)) state.isActive = false;
      },
      { signal },
    );
  }

  /**
   * @param {string} key
   * @param {string} name what stands in the field
   * @param {string} id
   */
  onFieldKey(key, name, id) {
    const index = this.ids().indexOf(id);
    if (key === "Enter" && name) this.sendCommand("name", this.commandedOf(id), name);
    else if (key === "Escape") this.focusRow(index, false);
    else if (key === "ArrowDown" && !name) this.focusField(index + 1);
    else if (key === "ArrowUp" && !name) this.focusFieldBefore(index);
    else return false;
    return true;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string | undefined} id of the entry in focus
   */
  onRowKey({ key, ctrlKey, metaKey }, id) {
    if (ctrlKey || metaKey) return false;
    const index = this.focusedIndex();
    const entry = this.entryOf(id);
    const target = indexBeyond(this.rows(), index, key);
    const search = key === "/" && this.data.search ? document.querySelector(this.data.search) : null;
    if (target !== null) this.focusRow(target, false);
    else if (search instanceof HTMLElement) search.focus();
    else if (entry?.click && key === "Enter") this.sendCommand(entry.click, [entry.id]);
    else if (entry?.field && (key === "Enter" || key === "m")) this.focusRow(index, true);
    else if (id !== undefined && key === " ") {
      this.toggle(id);
      this.markRows();
    } else if (key in this.data.keys)
      this.sendCommand(this.data.keys[key], id === undefined ? [] : this.commandedOf(id));
    else return false;
    return true;
  }
}

/**
 * What is to be shown while commands wait in the outbox: an entry whose settling command is under way is as good as
 * dealt with. In a list it goes; on a wall a face that was named has its name at once, where it is. An entry comes back
 * as it was only if the command is refused.
 * @param {EntriesData} data
 * @param {Outbox} outbox
 * @returns {Entry[]}
 */
export function answeredEntries(data, outbox) {
  /** @type {Map<string, import("./component.js").Command>} */
  const settled = new Map();
  for (const command of outbox.waiting)
    if (data.settling.includes(command.name)) for (const id of command.ids) settled.set(id, command);
  return data.entries.flatMap((entry) => {
    const command = settled.get(entry.id);
    if (command === undefined) return [entry];
    const isNamed = data.layout === "wall" && command.name === "name";
    return isNamed ? [{ ...entry, title: command.text ?? "", note: entry.title, ...WITHOUT_ACTIONS }] : [];
  });
}

/** @type {Pick<Entry, "buttons" | "question" | "field" | "click">} */
const WITHOUT_ACTIONS = { buttons: [], question: "", field: "", click: "" };

/**
 * Tells an entry as it is shown from any other. Of a picture, its length and end do: the whole would be long to compare.
 * @param {Entry} entry
 */
function entrySignature({ strips, ...words }) {
  const pictures = strips.map(({ label, faces }) => [label, faces.map((src) => src.length + src.slice(-24))]);
  return JSON.stringify([words, pictures]);
}

/** @param {[label: string, command: string]} button */
function createButton([label, command]) {
  return createElement("button", { type: "button", textContent: label, tabIndex: -1 }, { "data-command": command });
}

/** @param {Entry["strips"][number]} strip */
function createStrip({ label, faces }) {
  const pictures = faces.map((src) => createElement("img", { src, alt: "", draggable: false }));
  const strip = createElement("div");
  if (label) strip.append(createText("span", "label", label));
  strip.append(createElement("div", { className: "strip" }, {}, ...pictures));
  return strip;
}
