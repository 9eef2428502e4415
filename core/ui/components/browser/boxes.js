/**
 * A photo with a box on every face: Tab walks through them, Enter asks about one; a new box is drawn with the mouse, or
 * with the arrows after "Draw a face" (arrows move it, with shift they size it, Enter takes it).
 */

import { boxAfterKey, boxBetween, isDrawn, startBox } from "./box_geometry.js";
import { consumeEvent, createElement, createText, findElement, focusedWithin } from "./shared/dom.js";
import { CurrentDrawings } from "./shared/keyed_state.js";
import { joinLink } from "./shared/links.js";
import { gettext, marked } from "./shared/words.js";

/**
 * @import { BoxFractions, Component } from "./component.js"
 * @import { Light } from "./shared/links.js"
 *
 * @typedef {{ id: string, box: BoxFractions, label: string, known: boolean }} FaceBox
 * @typedef {object} PhotoData
 * @property {string} key
 * @property {string} src
 * @property {string} alt
 * @property {number} width pixels of the photo
 * @property {number} height
 * @property {FaceBox[]} boxes
 * @property {boolean} can_draw
 * @property {string | null} [chosen]
 * @property {string} [link]
 */

const DRAW = marked("Draw a face that is missing");
const STOP = marked("Draw around the face, or stop with Escape");
/** Where a label would leave the photo, it stands above the box or ends with it. */
const LOW = 0.9;
const FAR_RIGHT = 0.7;

const drawings = new CurrentDrawings();

/** @param {Component<PhotoData>} component */
export default function drawPhotoBoxes(component) {
  new PhotoBoxes(component, drawings.begin(component.data.key));
}

class PhotoBoxes {
  /**
   * @param {Component<PhotoData>} component
   * @param {AbortSignal} signal
   */
  constructor(component, signal) {
    this.component = component;
    this.data = component.data;
    const root = findElement(component.parentElement, ".photo", HTMLElement);
    const focusedId = focusedWithin(root)?.dataset.id;
    this.isDrawing = false;
    /** @type {[number, number] | null} */
    this.dragStart = null;
    /** @type {BoxFractions | null} */
    this.newBox = null;
    this.frames = this.data.boxes.map((face) => this.createFrame(face));
    /** @type {Light} */
    const light = (id) => this.lightUp(id);
    this.point = this.data.link ? joinLink(this.data.link, light, signal) : light;
    this.rubber = this.createRubber();
    this.drawButton = this.createDrawButton();
    this.stage = this.createStage();
    root.replaceChildren(this.stage, this.drawButton);
    this.markChosen(this.data.chosen ?? null);
    this.frames.find((frame) => frame.dataset.id === focusedId)?.focus({ preventScroll: true });
  }

  /** @param {FaceBox} face */
  createFrame(face) {
    const frame = createElement(
      "button",
      { type: "button", className: face.known ? "box" : "box unknown" },
      { "data-id": face.id, "aria-label": gettext("Face of {name}", { name: face.label }) },
    );
    placeBox(frame, face.box);
    const tag = createText("span", "tag", face.label);
    tag.classList.toggle("low", face.box[3] > LOW);
    tag.classList.toggle("right", face.box[0] > FAR_RIGHT);
    frame.append(tag);
    frame.onclick = () => this.isDrawing || this.choose(face.id);
    frame.onpointerenter = () => this.point(face.id);
    frame.onpointerleave = () => this.point(null);
    frame.onfocus = () => this.point(face.id);
    frame.onblur = () => this.point(null);
    return frame;
  }

  createRubber() {
    const rubber = createElement(
      "div",
      { className: "box rubber", hidden: true, tabIndex: 0 },
      { "aria-label": gettext("The new face: arrows move it, with shift they size it, Enter takes it") },
    );
    rubber.onkeydown = (event) => this.onRubberKey(event);
    return rubber;
  }

  createDrawButton() {
    const button = createElement("button", {
      type: "button",
      className: "draw",
      textContent: gettext(DRAW),
      hidden: !this.data.can_draw,
    });
    button.onclick = () => this.setDrawing(!this.isDrawing);
    return button;
  }

  createStage() {
    const picture = createElement("img", { src: this.data.src, alt: this.data.alt, draggable: false });
    const stage = createElement("div", { className: "stage" }, {}, picture, ...this.frames, this.rubber);
    stage.style.width = `min(100%, calc(62vh * ${this.data.width / this.data.height}))`;
    stage.onpointerdown = (event) => {
      if (!this.isDrawing) return;
      event.preventDefault();
      this.dragStart = this.pointOf(event);
      stage.setPointerCapture(event.pointerId);
    };
    stage.onpointermove = (event) => {
      if (this.dragStart) this.showNewBox(boxBetween(this.dragStart, this.pointOf(event)));
    };
    stage.onpointerup = () => {
      if (!this.dragStart) return;
      this.dragStart = null;
      if (this.newBox && isDrawn(this.newBox)) this.sendNewBox();
    };
    return stage;
  }

  /** @param {string} id */
  choose(id) {
    // The nonce tells two clicks on the same face apart.
    if (!this.data.link) return this.component.setTriggerValue("asked", { face: id, nonce: Date.now() });
    this.markChosen(id);
    return this.component.setStateValue("chosen", { id, when: Date.now() });
  }

  /** @param {string | null} id */
  markChosen(id) {
    if (!this.data.link) return;
    for (const frame of this.frames) frame.setAttribute("aria-pressed", String(frame.dataset.id === id));
  }

  /** @param {string | null} id */
  lightUp(id) {
    for (const frame of this.frames) frame.classList.toggle("lit", frame.dataset.id === id);
  }

  /**
   * Where the pointer is, in shares of the photo.
   * @param {PointerEvent} event
   * @returns {[number, number]}
   */
  pointOf(event) {
    const area = this.stage.getBoundingClientRect();
    const clamp = (/** @type {number} */ value) => Math.max(0, Math.min(1, value));
    return [clamp((event.clientX - area.left) / area.width), clamp((event.clientY - area.top) / area.height)];
  }

  /** @param {BoxFractions | null} box */
  showNewBox(box) {
    this.newBox = box;
    this.rubber.hidden = !box;
    if (box) placeBox(this.rubber, box);
  }

  /** @param {boolean} on */
  setDrawing(on) {
    this.isDrawing = on;
    this.stage.classList.toggle("drawing", on);
    this.drawButton.textContent = gettext(on ? STOP : DRAW);
    this.showNewBox(on ? startBox(this.data.width / this.data.height) : null);
    if (on) this.rubber.focus();
  }

  sendNewBox() {
    const drawn = this.newBox;
    this.setDrawing(false);
    this.component.setTriggerValue("asked", { drawn, nonce: Date.now() });
  }

  /** @param {KeyboardEvent} event */
  onRubberKey(event) {
    const next = this.newBox && boxAfterKey(this.newBox, event.key, event.shiftKey);
    if (next) this.showNewBox(next);
    else if (event.key === "Enter") this.sendNewBox();
    else if (event.key === "Escape") this.setDrawing(false);
    else return;
    consumeEvent(event);
  }
}

/**
 * @param {HTMLElement} element
 * @param {BoxFractions} box
 */
function placeBox(element, [left, top, right, bottom]) {
  Object.assign(element.style, {
    left: `${left * 100}%`,
    top: `${top * 100}%`,
    width: `${(right - left) * 100}%`,
    height: `${(bottom - top) * 100}%`,
  });
}
