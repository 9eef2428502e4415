/**
 * The map of faces: what is on the screen, and what Python hears. Everything that moves happens here; Python is told
 * what was chosen, and is asked for the pictures of the faces near the pointer.
 */

import { consumeEvent, findElement } from "../shared/dom.js";
import { CurrentDrawings, KeyedState } from "../shared/keyed_state.js";
import { gettext, marked } from "../shared/words.js";
import { drawBar } from "./bar.js";
import { CardBox } from "./card_box.js";
import { createLegend, hintOf, labelOf } from "./drawing/captions.js";
import { paintScene } from "./drawing/paint.js";
import { FETCHED_MOST, rowsCircled, SPRITES_MOST } from "./drawing/sprites.js";
import { Hands } from "./hands.js";
import { heightFor } from "./room.js";
import { ScatterState } from "./state.js";

/**
 * @import { Component } from "../component.js"
 * @import { Card, Look, MapData, Near, ScreenPoint } from "./cloud.js"
 */

/** Cards of the face that is pointed at are asked for almost at once; those around the pointer when it slows down. */
const ASK_DELAY_MS = 15;
const NEAR_DELAY_MS = 120;
/** Faces that are drawn are asked for when the map has come to rest, or nearly. */
const DRAWN_DELAY_MS = 10;
const NEAR_MOST = 16;
/** A face is pointed at from so far. */
const REACH_PX = 14;
const SETTLED_MS = 140;
const ZOOM = 1.5;
const TURN_STEP = 0.12;
/** Somebody who walks to a face so near to the edge is shown what lies beyond. */
const EDGE_PX = 20;
const NOT_SAVED = marked("Not saved, as Face Atlas did not answer. See that it still runs, then reload this page.");
/** @type {Record<string, [dx: number, dy: number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** The scatters of the page; ``cards.js`` brings them pictures. */
export const scatters = new KeyedState(() => new ScatterState());
const drawings = new CurrentDrawings();

/** @param {Component<MapData>} component */
export default function drawScatter(component) {
  new ScatterMap(component, scatters.of(component.data.key), drawings.begin(component.data.key));
}

export class ScatterMap {
  /**
   * @param {Component<MapData>} component
   * @param {ScatterState} state
   * @param {AbortSignal} signal
   */
  constructor({ data, parentElement, setStateValue, setTriggerValue }, state, signal) {
    this.data = data;
    this.state = state;
    this.setStateValue = setStateValue;
    this.setTriggerValue = setTriggerValue;
    this.root = findElement(parentElement, ".scatter", HTMLElement);
    this.root.hidden = false; // until here nothing would have answered the keys
    this.canvas = findElement(this.root, "canvas", HTMLCanvasElement);
    this.note = findElement(this.root, ".told", HTMLElement);
    this.cardBox = new CardBox(findElement(this.root, ".card", HTMLElement));
    this.pen = this.canvas.getContext("2d");
    this.scene = state.takeScene(data);
    state.current = this;
    this.canvas.setAttribute("aria-label", labelOf(data, this.scene.isDeep));
    findElement(this.root, ".finding", HTMLElement).textContent = data.finding;
    const legend = findElement(this.root, ".legend", HTMLElement);
    legend.replaceChildren(...createLegend(data, devicePixelRatio || 1, this.look()));
    this.showTime(findElement(this.root, ".time", HTMLElement));
    drawBar(findElement(this.root, ".bar", HTMLElement), this);
    this.hands = new Hands(this, signal);
    this.listen(signal);
    this.fit();
  }

  // drawing

  /** @param {HTMLElement} element */
  showTime(element) {
    const { time } = this.state;
    element.hidden = !time;
    element.setAttribute("aria-label", gettext("When photos were taken"));
    // Its thumbs stay the elements that they are while somebody drags one.
    if (time && !element.contains(time.line)) element.replaceChildren(time.line, time.words);
  }

  /** @returns {Look} */
  look() {
    const style = getComputedStyle(this.root);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    return {
      ink: colour("--ink"),
      paper: colour("--paper"),
      edge: colour("--symbol-edge"),
      font: style.fontFamily.replaceAll('"', "'"),
    };
  }

  fit() {
    const { canvas, scene } = this;
    const { area } = scene.view;
    const width = this.root.clientWidth;
    if (!width) return;
    const height = heightFor(this.root, canvas, area.height);
    area.ratio = devicePixelRatio || 1;
    const inner = [Math.round(width * area.ratio), Math.round(height * area.ratio)];
    const isFitting = area.width === width && area.height === height;
    if (!isFitting || canvas.width !== inner[0] || canvas.height !== inner[1]) {
      [area.width, area.height] = [width, height];
      [canvas.width, canvas.height] = inner;
      canvas.style.height = `${height}px`;
    }
    // What was seen whole stays whole where the canvas became narrower, as beside a chosen face.
    if (!scene.view.isSet || (!isFitting && scene.view.isWhole)) scene.showWhole();
    this.redraw();
  }

  redraw() {
    const { state } = this;
    state.frame ||= requestAnimationFrame(() => {
      state.frame = 0;
      state.current?.draw();
    });
  }

  /** Draw what moves: for as long as it does and a little longer, most symbols are dots. */
  keepMoving() {
    const { state } = this;
    clearTimeout(state.moveTimer);
    state.moveTimer = setTimeout(() => {
      state.moveTimer = 0;
      this.redraw();
    }, SETTLED_MS);
    this.redraw();
  }

  draw() {
    const { state, scene, pen } = this;
    if (!pen || !this.root.isConnected || !scene.view.isSet) return;
    if (scene.motion) {
      if (!scene.motion.step(performance.now())) scene.motion = null;
      this.keepMoving();
    }
    const painted = paintScene(pen, scene, this.data, this.look(), {
      pictures: state.pictures,
      chosen: state.chosen,
      clear: state.clear,
      ring: state.isResting ? state.focused : -1,
      near: state.near,
      strokes: this.strokes(),
      isMoving: state.moveTimer !== 0,
    });
    state.inView = painted.rows.length;
    state.faces = painted.faces;
    const drawn = painted.faces.map(({ row }) => row);
    state.requests.wantDrawn(state.inView > FETCHED_MOST ? drawn : [...drawn, ...painted.rows], DRAWN_DELAY_MS);
    const hint = hintOf(state.inView);
    if (this.note.textContent !== hint) this.note.textContent = hint;
    const card = state.isResting ? state.requests.cards.get(state.focused) : undefined;
    if (card) this.cardBox.show(state.focused, card, scene);
    else this.cardBox.hide();
    state.frames++;
  }

  /** What is saved. */
  picture() {
    return { scene: this.scene, map: this.data, look: this.look(), chosen: this.state.clear };
  }

  tellNotSaved() {
    this.note.textContent = gettext(NOT_SAVED);
  }

  // pointing

  /**
   * The face at a point of the canvas, or -1: a star there, a face that is drawn there, or the nearest point.
   * @param {ScreenPoint} point
   */
  rowAt([x, y]) {
    const nearest = this.scene.nearest([x, y], REACH_PX);
    if (nearest >= this.scene.n) return nearest;
    const face = this.state.faces.findLast((sprite) => Math.hypot(sprite.x - x, sprite.y - y) <= sprite.size / 2);
    return face ? face.row : nearest;
  }

  /**
   * What a line encloses, as it is seen.
   * @param {ScreenPoint[]} stroke
   */
  rowsWithin(stroke) {
    const { faces, inView } = this.state;
    return rowsCircled(this.scene, stroke, inView > SPRITES_MOST ? [] : faces);
  }

  /**
   * Somebody points at a face, or beside all.
   * @param {number} row or -1
   * @param {ScreenPoint} point
   */
  pointAt(row, [x, y]) {
    const { view } = this.scene;
    this.rest(row);
    if (row < 0) this.wantCardsAround([view.planeX(x), view.planeY(y)], NEAR_DELAY_MS);
  }

  /**
   * Show the card of a face, and ask for it where it has not come.
   * @param {number} row -1 for none; the last one goes on having the focus
   */
  rest(row) {
    const { state, scene } = this;
    const isChanged = row !== state.focused || state.isResting !== row >= 0;
    if (row >= 0) state.focused = row;
    state.isResting = row >= 0;
    if (!isChanged) return;
    const isWanted = state.isResting && !state.requests.cards.has(row);
    if (isWanted) this.wantCardsAround([scene.x[row], scene.y[row]], ASK_DELAY_MS, row);
    this.redraw();
  }

  /**
   * Ask for the cards of the faces around a place: those next to the pointer are there when it comes to them.
   * @param {[x: number, y: number]} place of the plane
   * @param {number} delay_ms
   * @param {number} row of the face whose card is waited for, or -1
   */
  wantCardsAround(place, delay_ms, row = -1) {
    const { requests } = this.state;
    const near = this.scene.around(place, NEAR_MOST, (other) => other !== row && !requests.cards.has(other));
    requests.wantPointed(row < 0 ? near : [row, ...near], delay_ms);
  }

  /** @param {number[]} rows */
  askForCards(rows) {
    this.setTriggerValue("asked", { of: this.data.of, rows });
  }

  /**
   * Cards that were asked for have come.
   * @param {string} of the faces that they belong to
   * @param {Card[]} cards
   * @param {Near | null} near
   */
  takeCards(of, cards, near) {
    const { state } = this;
    if (of !== this.scene.of) return;
    state.requests.take(cards);
    if (near && state.count === 1 && state.chosen?.[near.row]) state.near = near;
    this.redraw();
  }

  // choosing

  /**
   * A press on a face chooses it; one beside all lets go of what is chosen.
   * @param {number} row or -1
   * @param {boolean} isAdding
   */
  tap(row, isAdding) {
    this.rest(row);
    if (row >= 0 && row < this.scene.n) this.choose([row], isAdding);
    else if (row < 0 && this.state.count && !isAdding) this.choose([], false);
  }

  /**
   * Choose what a line encloses; the line stays, as long as the map is not turned.
   * @param {ScreenPoint[]} stroke
   * @param {boolean} isAdding
   */
  chooseWithin(stroke, isAdding) {
    const { state, scene } = this;
    const before = isAdding ? state.lassos : [];
    this.choose(this.rowsWithin(stroke), isAdding);
    const corners = stroke.map(([x, y]) => /** @type {ScreenPoint} */ ([scene.view.planeX(x), scene.view.planeY(y)]));
    state.lassos = state.count ? [...before, { turn: scene.turn, corners }] : [];
  }

  /** @returns {ScreenPoint[][]} the lines that are seen: around what is chosen, and the one that is being drawn */
  strokes() {
    const { turn, view } = this.scene;
    const seen = this.state.lassos.filter((lasso) => lasso.turn === turn);
    const lines = seen.map(({ corners }) =>
      corners.map(([x, y]) => /** @type {ScreenPoint} */ ([view.screenX(x), view.screenY(y)])),
    );
    const { stroke } = this.hands;
    return stroke && stroke.length > 1 ? [...lines, stroke] : lines;
  }

  /**
   * @param {number[]} rows
   * @param {boolean} isAdding to what is chosen; a single face that is chosen already is let go of
   */
  choose(rows, isAdding) {
    const { state, scene } = this;
    const before = isAdding ? state.chosen : null;
    const chosen = before ?? new Uint8Array(scene.n);
    for (const row of rows) if (row < scene.n) chosen[row] = before && rows.length === 1 ? 1 - chosen[row] : 1;
    /** @type {number[]} */
    const picked = [];
    for (let row = 0; row < chosen.length; row++) if (chosen[row]) picked.push(row);
    state.count = picked.length;
    state.lassos = isAdding ? state.lassos : [];
    if (picked.length !== 1 || picked[0] !== state.near?.row) state.near = null;
    state.chosen = picked.length ? chosen : null;
    this.redraw();
    this.setStateValue("picked", { of: this.data.of, rows: picked });
  }

  // keys and buttons

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { canvas, root, scene, state } = this;
    const onFocus = () => {
      if (canvas.matches(":focus-visible")) this.rest(state.focused >= 0 ? state.focused : scene.middle());
    };
    canvas.addEventListener("focus", onFocus, { signal });
    canvas.addEventListener("blur", () => this.rest(-1), { signal });
    canvas.addEventListener("keydown", (event) => this.onKey(event), { signal });
    const observer = new ResizeObserver(() => root.isConnected && this.fit());
    observer.observe(root);
    addEventListener("resize", () => root.isConnected && this.fit(), { signal });
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const { key, shiftKey } = event;
    const { scene, state } = this;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (key in ARROWS && shiftKey && scene.isDeep) this.turn(...ARROWS[key]);
    else if (key in ARROWS) this.walk(...ARROWS[key]);
    else if (key === "+" || key === "=") this.zoom(ZOOM);
    else if (key === "-") this.zoom(1 / ZOOM);
    else if (key === "0") this.showWhole();
    else if ((key === "Enter" || key === " ") && state.focused >= 0)
      this.choose([state.focused], shiftKey || key === " ");
    else if (key === "Escape") this.choose([], false);
    else return;
    consumeEvent(event);
  }

  /**
   * @param {number} factor
   * @param {ScreenPoint | []} point that stays where it is; the middle without one
   */
  zoom(factor, point = []) {
    this.scene.view.zoom(factor, ...point);
    this.keepMoving();
  }

  showWhole() {
    this.scene.showWhole();
    this.redraw();
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  turn(dx, dy) {
    this.scene.turnBy(dx * TURN_STEP, dy * TURN_STEP);
    this.keepMoving();
  }

  /**
   * Go on to the next face in a direction.
   * @param {number} dx
   * @param {number} dy
   */
  walk(dx, dy) {
    const { scene, state } = this;
    if (state.focused < 0) {
      this.rest(scene.middle());
      return;
    }
    const row = scene.beyond(state.focused, dx, dy);
    const [x, y] = scene.screenPoint(row);
    const { area } = scene.view;
    const isNearEdge = x < EDGE_PX || y < EDGE_PX || x > area.width - EDGE_PX || y > area.height - EDGE_PX;
    if (isNearEdge) [scene.view.x, scene.view.y] = [scene.x[row], scene.y[row]];
    this.rest(row);
  }
}
