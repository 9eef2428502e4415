/** The card beside a face that is pointed at: its picture, and what is known of it. */

import { createElement, createText } from "../shared/dom.js";

/**
 * @import { Card } from "./cloud.js"
 * @import { Scene } from "./scene/scene.js"
 */

const BESIDE_PX = 14;
const EDGE_PX = 4;

export class CardBox {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    /** @type {Card | null} */
    this.shown = null;
  }

  hide() {
    this.element.hidden = true;
  }

  /**
   * Show the card of a face beside it, within the map.
   * @param {number} row
   * @param {Card} card
   * @param {Scene} scene
   */
  show(row, card, scene) {
    const { element } = this;
    const { width, height } = scene.view.area;
    const [x, y] = scene.screenPoint(row);
    element.hidden = false;
    element.dataset.row = String(row);
    if (this.shown !== card) element.replaceChildren(...createContent(card));
    this.shown = card;
    const left = Math.min(x + BESIDE_PX, width - element.offsetWidth - EDGE_PX);
    const isBelow = y + BESIDE_PX + element.offsetHeight <= height;
    const top = isBelow ? y + BESIDE_PX : y - element.offsetHeight - BESIDE_PX;
    element.style.left = `${Math.max(EDGE_PX, left)}px`;
    element.style.top = `${Math.max(EDGE_PX, top)}px`;
  }
}

/** @param {Card} card */
function createContent({ src, alt, lines }) {
  const words = lines.map((line, index) => createText(index ? "span" : "strong", "", line));
  return [createElement("img", { src, alt }), createElement("div", {}, {}, ...words)];
}
