/**
 * Entries with faces, one below the other, each with buttons and perhaps a field for a name. Arrows walk from entry to
 * entry; a name and Enter goes on to the next one, so that many are dealt with without a hand leaving the keys.
 */

import { closestTo, consumeEvent, createElement, createText, findElement, needsRedraw } from "./shared/dom.js";
import { CurrentDrawings, KeyedState } from "./shared/keyed_state.js";
import { Outbox } from "./shared/outbox.js";

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
 *
 * @typedef {object} EntriesFields
 * @property {Entry[]} entries
 * @property {string[]} names
 * @property {Record<string, string>} keys key to the name of a command
 * @property {string[]} settling
 * @property {number} epoch
 *
 * @typedef {OutboxData & EntriesFields} EntriesData
 */

const LONGEST_NAME = 80;
const NAMES_ID = "known-names";

class EntriesState {
  /** Where the entry in focus stands, and which it is. */
  index = 0;
  /** @type {string | null} */
  focusedId = null;
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
    this.markRows();
    this.listen(signal);
  }

  draw() {
    const { data, state, root } = this;
    const shown = unsettledEntries(data, state.outbox);
    const signature = JSON.stringify([data.names.length, shown.map(({ strips, ...words }) => words)]);
    if (!needsRedraw(root, signature)) return;
    const options = data.names.map((value) => createElement("option", { value }));
    const names = createElement("datalist", { id: NAMES_ID }, {}, ...options);
    root.replaceChildren(names, ...shown.map((entry) => this.createRow(entry)));
    // Somebody may be typing in an entry, and another came or went above it.
    const index = state.focusedId === null ? -1 : this.ids().indexOf(state.focusedId);
    if (state.isActive) this.focusRow(index < 0 ? state.index : index, state.isInField);
  }

  /** @returns {HTMLElement[]} */
  rows() {
    return [...this.root.querySelectorAll(".row")].filter((row) => row instanceof HTMLElement);
  }

  ids() {
    return this.rows().map((row) => row.dataset.id ?? "");
  }

  /** @param {Entry} entry */
  createRow(entry) {
    const strips = createElement("div", { className: "strips" }, {}, ...entry.strips.map(createStrip));
    const about = createElement("div", { className: "about" });
    about.append(createText("span", "title", entry.title), createText("span", "note", entry.note));
    if (entry.field) about.append(this.createField(entry));
    const actions = createElement("div", { className: "actions" });
    if (entry.question) actions.append(createText("span", "said", entry.question));
    actions.append(...entry.buttons.map(([label, command]) => this.createButton(label, command, entry.id)));
    about.append(actions);
    const attributes = { "data-id": entry.id, role: "listitem", "aria-label": `${entry.title}. ${entry.note}` };
    return createElement("div", { className: "row" }, attributes, strips, about);
  }

  /** @param {Entry} entry */
  createField(entry) {
    const field = createElement(
      "input",
      { type: "text", dir: "auto", placeholder: entry.field, maxLength: LONGEST_NAME, autocomplete: "off" },
      { list: NAMES_ID, "aria-label": `${entry.field} ${entry.title}` },
    );
    field.value = this.state.drafts.get(entry.id) ?? "";
    field.oninput = () => this.state.drafts.set(entry.id, field.value);
    return field;
  }

  /**
   * @param {string} label
   * @param {string} command
   * @param {string} id
   */
  createButton(label, command, id) {
    const button = createElement("button", { type: "button", textContent: label, tabIndex: -1 });
    button.onclick = (event) => {
      event.stopPropagation();
      this.state.index = this.ids().indexOf(id);
      this.state.isInField = false;
      this.sendCommand(command, [id]);
    };
    return button;
  }

  markRows() {
    for (const [index, row] of this.rows().entries()) {
      row.tabIndex = index === this.state.index ? 0 : -1;
      row.toggleAttribute("data-chosen", this.state.selected.has(row.dataset.id ?? ""));
    }
  }

  /**
   * @param {number} index beyond the ends, the first or the last
   * @param {boolean} isInField
   */
  focusRow(index, isInField) {
    const { state, root } = this;
    const rows = this.rows();
    state.index = Math.max(0, Math.min(rows.length - 1, index));
    state.isInField = isInField;
    const row = rows[state.index];
    state.focusedId = row?.dataset.id ?? null;
    this.markRows();
    const field = isInField ? row?.querySelector("input") : null;
    (field ?? row ?? root).focus();
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

  /** @param {string} id */
  toggle(id) {
    const { selected } = this.state;
    if (!selected.delete(id)) selected.add(id);
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { root, state } = this;
    root.tabIndex = -1; // takes the focus when the last entry is dealt with: undo is still a key away
    root.onclick = (event) => {
      const id = closestTo(event, ".row")?.dataset.id;
      if (id === undefined || event.target instanceof HTMLInputElement) return;
      if (event.ctrlKey || event.metaKey || event.shiftKey) this.toggle(id);
      this.focusRow(this.ids().indexOf(id), false);
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
        state.index = this.ids().indexOf(id);
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
    const { index } = this.state;
    if (key === "Enter" && name) this.sendCommand("name", this.commandedOf(id), name);
    else if (key === "Escape") this.focusRow(index, false);
    else if (key === "ArrowDown" && !name) this.focusRow(index + 1, true);
    else if (key === "ArrowUp" && !name) this.focusRow(index - 1, true);
    else return false;
    return true;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {string | undefined} id of the entry in focus
   */
  onRowKey({ key, ctrlKey, metaKey }, id) {
    if (ctrlKey || metaKey) return false;
    const { index } = this.state;
    const target = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: this.rows().length - 1 }[key];
    if (target !== undefined) this.focusRow(target, false);
    else if (id !== undefined && (key === "Enter" || key === "m")) this.focusRow(index, true);
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
 * What is to be shown: an entry whose settling command waits in the outbox is as good as dealt with. It comes back only
 * if the command is refused.
 * @param {EntriesData} data
 * @param {Outbox} outbox
 */
export function unsettledEntries(data, outbox) {
  const settling = outbox.waiting.filter((command) => data.settling.includes(command.name));
  const settled = new Set(settling.flatMap((command) => command.ids));
  return data.entries.filter((entry) => !settled.has(entry.id));
}

/** @param {Entry["strips"][number]} strip */
function createStrip({ label, faces }) {
  const pictures = faces.map((src) => createElement("img", { src, alt: "", draggable: false }));
  const strip = createElement("div");
  if (label) strip.append(createText("span", "label", label));
  strip.append(createElement("div", { className: "strip" }, {}, ...pictures));
  return strip;
}
