/**
 * A list or a strip of pictures of which one is chosen: arrows walk, Enter or a click chooses. What is pointed at lights
 * up in the components of the same link.
 */

import { createCertaintyBar } from "./shared/certainty.js";
import { consumeEvent, createElement, createText, findElement, focusedWithin } from "./shared/dom.js";
import { CurrentDrawings } from "./shared/keyed_state.js";
import { joinLink } from "./shared/links.js";

/**
 * @import { Component } from "./component.js"
 * @import { Certainty } from "./shared/certainty.js"
 *
 * @typedef {object} ChoiceLine
 * @property {string} id
 * @property {string} title
 * @property {string} note
 * @property {string} src
 * @property {Certainty | null} certainty
 * @property {boolean} known
 *
 * @typedef {object} ChoicesData
 * @property {string} key
 * @property {string} label
 * @property {ChoiceLine[]} lines
 * @property {string | null} chosen
 * @property {string} layout
 * @property {number} height_px
 * @property {string} link
 */

/** @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
/** So far from the edge of the list a line that comes into view stands. */
const MARGIN_PX = 8;

const drawings = new CurrentDrawings();

/** @param {Component<ChoicesData>} component */
export default function drawChoices(component) {
  new Choices(component, drawings.begin(component.data.key));
}

class Choices {
  /**
   * @param {Component<ChoicesData>} component
   * @param {AbortSignal} signal
   */
  constructor({ data, parentElement, setStateValue }, signal) {
    this.setStateValue = setStateValue;
    this.root = findElement(parentElement, ".choices", HTMLElement);
    const focusedId = focusedWithin(this.root)?.dataset.id;
    /** @type {HTMLElement[]} */
    this.lines = data.lines.map((line) => this.createLine(line));
    this.chosenId = data.chosen;
    const light = (/** @type {string | null} */ id) => this.lightUp(id);
    this.point = data.link ? joinLink(data.link, light, signal) : light;
    this.root.className = `choices ${data.layout}`;
    this.root.setAttribute("role", "listbox");
    this.root.setAttribute("aria-label", data.label);
    this.root.style.maxHeight = data.height_px ? `${data.height_px}px` : "";
    this.root.replaceChildren(...this.lines);
    this.markChosen();
    const focused = this.lines.find((line) => line.dataset.id === focusedId);
    if (focused) focused.focus({ preventScroll: true });
    else this.bringIntoView(this.lines.find((line) => line.dataset.id === this.chosenId));
  }

  /** @param {ChoiceLine} choice */
  createLine(choice) {
    const picture = choice.src
      ? createElement("img", { src: choice.src, alt: "" })
      : createElement("span", { className: "blank" });
    const about = createElement("div", {}, {}, createText("strong", "", choice.title));
    if (choice.certainty) about.append(createCertaintyBar(choice.certainty));
    if (choice.note) about.append(createText("span", "", choice.note));
    const line = createElement(
      "div",
      { className: choice.known ? "line" : "line unknown", title: choice.title },
      {
        "data-id": choice.id,
        role: "option",
        "aria-label": [choice.title, choice.note].filter(Boolean).join(", "),
      },
      picture,
      about,
    );
    line.onclick = () => this.choose(line);
    line.onpointerenter = () => this.point(choice.id);
    line.onpointerleave = () => this.point(null);
    line.onfocus = () => this.point(choice.id);
    line.onblur = () => this.point(null);
    line.onkeydown = (event) => this.onKey(event, line);
    return line;
  }

  /** @param {HTMLElement} line */
  choose(line) {
    this.chosenId = line.dataset.id ?? null;
    this.markChosen();
    line.focus({ preventScroll: true });
    this.setStateValue("chosen", { id: this.chosenId, when: Date.now() });
  }

  /** Exactly one line can be reached by Tab: the chosen one, or the first. */
  markChosen() {
    const reachable = this.lines.find((line) => line.dataset.id === this.chosenId) ?? this.lines[0];
    for (const line of this.lines) {
      line.setAttribute("aria-selected", String(line.dataset.id === this.chosenId));
      line.tabIndex = line === reachable ? 0 : -1;
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} line
   */
  onKey(event, line) {
    const last = this.lines.length - 1;
    const step = STEPS[event.key];
    const target = step ? this.lines.indexOf(line) + step : { Home: 0, End: last }[event.key];
    if (target !== undefined) {
      const next = this.lines[Math.max(0, Math.min(last, target))];
      next.focus({ preventScroll: true });
      this.bringIntoView(next);
    } else if (event.key === "Enter" || event.key === " ") this.choose(line);
    else return;
    consumeEvent(event);
  }

  /**
   * Scroll a line into view within the list, without moving the page.
   * @param {HTMLElement | undefined} line
   */
  bringIntoView(line) {
    if (!line) return;
    const { root } = this;
    const down = line.offsetTop - root.offsetTop;
    const right = line.offsetLeft - root.offsetLeft;
    const isAboveOrBelow = down < root.scrollTop || down + line.offsetHeight > root.scrollTop + root.clientHeight;
    const isBeside = right < root.scrollLeft || right + line.offsetWidth > root.scrollLeft + root.clientWidth;
    if (isAboveOrBelow) root.scrollTop = down - MARGIN_PX;
    if (isBeside) root.scrollLeft = right - MARGIN_PX;
  }

  /** @param {string | null} id */
  lightUp(id) {
    for (const line of this.lines) {
      const isLit = line.dataset.id === id;
      line.classList.toggle("lit", isLit);
      // While somebody walks through this list, it follows the focus alone.
      if (isLit && !focusedWithin(this.root)) this.bringIntoView(line);
    }
  }
}
