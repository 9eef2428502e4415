/**
 * Photos with the faces found on them. Every filter works on what is here already; Python is told what is shown, and
 * asked for the pictures of the faces on the page.
 */

import { createElement, createText, findElement, focusedWithin, needsRedraw } from "../shared/dom.js";
import { KeyedState } from "../shared/keyed_state.js";
import { formatCount, spokenName } from "../shared/text.js";
import { gettext, ngettext, spokenWords } from "../shared/words.js";
import { createPhotoRow } from "./photo_row.js";
import { LookupTable } from "./table.js";

/**
 * @import { Cleanup, Component } from "../component.js"
 * @import { TableData, View } from "./table.js"
 *
 * @typedef {{ of: string, limit: string, first: View, pictures: [row: number, src: string][] }} Deal
 */

const PHOTOS_PER_PAGE = 24;
const ASK_DELAY_MS = 20;
/** Python hears of what is shown when it has rested for so long. */
const TELL_DELAY_MS = 400;

class LookupState {
  /** @type {string | null} */
  of = null;
  /** @type {Map<number, string>} by the row of the face */
  pictures = new Map();
  /** @type {View | null} */
  view = null;
  page = 0;
  /** @type {number[][]} photos of the page that is shown, and of the next */
  shown = [[], []];
  /** @type {Deal | null} */
  dealt = null;
  /** @type {Lookups | null} the newest drawing */
  current = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  askTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  tellTimer;

  /**
   * Other photos than before: nothing of what was shown holds.
   * @param {string} of
   */
  startOver(of) {
    this.of = of;
    this.pictures = new Map();
    this.view = null;
    this.page = 0;
  }
}

/** The lookups of the page; ``deal.js`` brings them pictures. */
export const lookups = new KeyedState(() => new LookupState());

/**
 * @param {Component<TableData & { key: string }>} component
 * @returns {Cleanup}
 */
export default function drawLookups(component) {
  const state = lookups.of(component.data.key);
  new Lookups(component, state);
  return () => {
    clearTimeout(state.askTimer);
    clearTimeout(state.tellTimer);
  };
}

class Lookups {
  /**
   * @param {Component<TableData & { key: string }>} component
   * @param {LookupState} state
   */
  constructor({ data, parentElement, setStateValue }, state) {
    this.data = data;
    this.state = state;
    this.setStateValue = setStateValue;
    this.table = new LookupTable(data);
    this.root = findElement(parentElement, ".lookup", HTMLElement);
    this.chips = findElement(this.root, ".chips", HTMLElement);
    this.bar = findElement(this.root, ".bar", HTMLElement);
    this.rows = findElement(this.root, ".rows", HTMLElement);
    this.pages = findElement(this.root, ".pages", HTMLElement);
    this.chips.setAttribute("aria-label", gettext("Show"));
    this.pages.setAttribute("aria-label", gettext("Pages"));
    if (state.of !== data.of) state.startOver(data.of);
    state.current = this;
    if (state.dealt?.of === data.of) this.takeDeal();
  }

  /** Draw with the pictures and the limit that came last; what was drawn with them already stays. */
  takeDeal() {
    const { state, data } = this;
    const { dealt } = state;
    if (dealt?.of !== data.of) return;
    state.view ??= { chip: dealt.first.chip || data.chips[0][0], person: dealt.first.person };
    for (const [row, src] of dealt.pictures) {
      state.pictures.set(row, src);
      for (const picture of this.rows.querySelectorAll(`[data-row="${row}"] img`)) picture.setAttribute("src", src);
    }
    if (needsRedraw(this.root, `${data.of} ${dealt.limit} ${spokenWords().language}`)) this.draw();
    else this.askForPictures(); // what was asked before may have been lost with the run that it fell into
  }

  get limit() {
    return this.state.dealt?.limit ?? "";
  }

  /** @returns {View} */
  get view() {
    return this.state.view ?? { chip: "", person: "" };
  }

  /** @param {Partial<View>} change */
  changeView(change) {
    const { state } = this;
    state.view = { ...this.view, ...change };
    state.page = 0;
    this.draw();
    clearTimeout(state.tellTimer);
    const view = { of: this.data.of, ...state.view };
    state.tellTimer = setTimeout(() => this.setStateValue("view", view), TELL_DELAY_MS);
  }

  draw() {
    const { state } = this;
    this.drawChips();
    const photos = this.table.filterPhotos(this.limit, this.view);
    this.drawBar(photos.length);
    const pageCount = Math.ceil(photos.length / PHOTOS_PER_PAGE);
    state.page = Math.min(state.page, Math.max(0, pageCount - 1));
    const pageOf = (/** @type {number} */ page) => photos.slice(page * PHOTOS_PER_PAGE, (page + 1) * PHOTOS_PER_PAGE);
    state.shown = [pageOf(state.page), pageOf(state.page + 1)];
    const show = { limit: this.limit, view: this.view, pictures: state.pictures };
    this.rows.replaceChildren(...state.shown[0].map((photo) => createPhotoRow(this.table, photo, show)));
    this.drawPages(pageCount);
    this.askForPictures();
  }

  /** Pictures of this page first; those of the next one come along, so that turning the page shows them at once. */
  askForPictures() {
    const { state, table } = this;
    const [page, next] = state.shown.map((photos) =>
      photos.flatMap((photo) => table.facesOf(photo)).filter((row) => !state.pictures.has(row)),
    );
    clearTimeout(state.askTimer);
    if (!page.length) return;
    const asked = { of: this.data.of, rows: [...page, ...next] };
    state.askTimer = setTimeout(() => this.setStateValue("asked", asked), ASK_DELAY_MS);
  }

  drawChips() {
    const focusedId = focusedWithin(this.chips)?.dataset.id;
    const chips = this.data.chips.flatMap(([id, label, bit, hint]) => {
      const count = this.table.markedPhotos(this.limit, bit).length;
      if (!count && id !== this.view.chip) return [];
      const chip = createText("button", "chip", `${label} `);
      Object.assign(chip, { type: "button", title: hint, onclick: () => this.changeView({ chip: id }) });
      chip.dataset.id = id;
      chip.setAttribute("aria-pressed", String(id === this.view.chip));
      chip.append(createText("span", "count", formatCount(count)));
      return [chip];
    });
    this.chips.replaceChildren(...chips);
    chips.find((chip) => chip.dataset.id === focusedId)?.focus();
  }

  /** @param {number} photoCount */
  drawBar(photoCount) {
    const hadFocus = focusedWithin(this.bar) !== null;
    const select = this.createPersonSelect();
    const note = createText("p", "told", ngettext("{number} photo", "{number} photos", photoCount));
    note.setAttribute("role", "status");
    this.bar.replaceChildren(select, note);
    if (hadFocus) select.focus();
  }

  createPersonSelect() {
    const counts = this.table.countPeople(this.limit);
    const { person } = this.view;
    const names = [...counts.keys()].sort((one, other) => one.localeCompare(other));
    if (person && !counts.has(person)) names.push(person);
    const option = (/** @type {string} */ value, /** @type {string} */ label, /** @type {number} */ count) =>
      createElement("option", { value, dir: "auto", textContent: `${label} (${formatCount(count)})` });
    const select = createElement("select", { className: "person", dir: "auto" }, { "aria-label": gettext("Person") });
    select.append(
      option("", gettext("Everybody"), counts.size),
      ...names.map((name) => option(name, spokenName(name), counts.get(name) ?? 0)),
    );
    select.value = person;
    select.hidden = names.length === 0;
    select.onchange = () => this.changeView({ person: select.value });
    return select;
  }

  /** @param {number} pageCount */
  drawPages(pageCount) {
    const { state, pages } = this;
    const focusedLabel = focusedWithin(pages)?.dataset.to;
    const turns = [
      this.createTurn(gettext("Before"), state.page - 1, gettext("The page before"), pageCount),
      this.createTurn(gettext("Next"), state.page + 1, gettext("The next page"), pageCount),
    ];
    pages.hidden = pageCount < 2;
    const note = createText(
      "span",
      "",
      gettext("Page {page} of {pages}", { page: formatCount(state.page + 1), pages: formatCount(pageCount) }),
    );
    pages.replaceChildren(turns[0], note, turns[1]);
    const again = turns.find((turn) => turn.dataset.to === focusedLabel && !turn.disabled);
    again?.focus({ preventScroll: true });
  }

  /**
   * @param {string} label
   * @param {number} page
   * @param {string} hint
   * @param {number} pageCount
   */
  createTurn(label, page, hint, pageCount) {
    const turn = createText("button", "turn", label);
    Object.assign(turn, { type: "button", disabled: page < 0 || page >= pageCount });
    turn.dataset.to = label;
    turn.setAttribute("aria-label", hint);
    turn.onclick = () => {
      this.state.page = page;
      this.draw();
      this.root.scrollIntoView({ block: "start" });
    };
    return turn;
  }
}
