/** The map in a file of its own: it can be moved, zoomed and turned, and says who is under the pointer. */

import { findElement } from "../../shared/dom.js";
import { gettext, speak } from "../../shared/words.js";
import { createLegend, hintOf } from "../drawing/captions.js";
import { paintScene } from "../drawing/paint.js";
import { Hands } from "../hands.js";
import { Scene } from "../scene/scene.js";

/**
 * @import { Mode } from "../bar.js"
 * @import { SavedMap, ScreenPoint } from "../cloud.js"
 */

const REACH_PX = 14;

/**
 * Begin: what ``page.js`` writes calls this with what it saved.
 * @param {SavedMap} saved
 */
export function showSavedMap(saved) {
  speak(saved.words);
  new StandaloneMap(saved);
}

class StandaloneMap {
  /** @param {SavedMap} saved */
  constructor(saved) {
    this.saved = saved;
    this.canvas = findElement(document, "canvas", HTMLCanvasElement);
    this.legend = findElement(document, ".legend", HTMLElement);
    this.note = findElement(document, ".told", HTMLElement);
    this.tip = findElement(document, ".tip", HTMLElement);
    this.pen = this.canvas.getContext("2d");
    this.scene = new Scene(saved);
    Object.assign(this.scene.view, saved.view);
    this.scene.turn = saved.turn;
    this.scene.regroup(saved);
    this.ring = -1;
    this.frame = 0;
    /** @type {{ mode: Mode }} */
    this.state = { mode: "move" };
    this.canvas.style.cursor = "grab";
    this.hands = new Hands(this, new AbortController().signal);
    new ResizeObserver(() => this.fit()).observe(this.canvas);
  }

  fit() {
    const { canvas, scene, saved } = this;
    const { area } = scene.view;
    const before = area.width || saved.seen_px;
    area.width = canvas.clientWidth;
    area.height = canvas.clientHeight;
    area.ratio = devicePixelRatio || 1;
    canvas.width = Math.round(area.width * area.ratio);
    canvas.height = Math.round(area.height * area.ratio);
    scene.view.scale *= area.width / before;
    this.legend.replaceChildren(...createLegend(saved, area.ratio, saved.look));
    this.redraw();
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.pen) return;
      const shown = {
        pictures: null,
        chosen: null,
        clear: null,
        ring: this.ring,
        near: null,
        strokes: [],
        isMoving: this.hands.pointers.size > 0,
      };
      this.note.textContent = hintOf(paintScene(this.pen, this.scene, this.saved, this.saved.look, shown).rows.length);
    });
  }

  /** @param {ScreenPoint} point */
  rowAt(point) {
    return this.scene.nearest(point, REACH_PX);
  }

  /**
   * @param {number} row or -1
   * @param {ScreenPoint} point of the canvas
   */
  pointAt(row, [x, y]) {
    const { scene, saved, tip } = this;
    this.rest(row);
    if (row < 0) return;
    const mark = saved.marks[row - scene.n];
    tip.textContent = mark ? gettext("Face {which} of the new photo", { which: mark.number }) : this.nameOf(row);
    const edge = this.canvas.getBoundingClientRect();
    tip.style.left = `${Math.min(edge.left + x + 14, innerWidth - tip.offsetWidth - 4)}px`;
    tip.style.top = `${edge.top + y + 14}px`;
  }

  /** @param {number} row that is pointed at, or -1 */
  rest(row) {
    this.ring = row;
    this.tip.hidden = row < 0;
    this.redraw();
  }

  // Nothing is chosen on a saved map.
  tap() {}
  chooseWithin() {}

  /** @param {number} row */
  nameOf(row) {
    const name = this.saved.people[this.saved.who[row]] ?? gettext("no name");
    const group = this.scene.groups[this.scene.group[row]].name;
    return name === group || !group ? name : `${name} (${group})`;
  }

  keepMoving() {
    this.redraw();
  }

  showWhole() {
    this.scene.showWhole();
    this.redraw();
  }

  /**
   * @param {number} factor
   * @param {ScreenPoint | []} point
   */
  zoom(factor, point = []) {
    this.scene.view.zoom(factor, ...point);
    this.redraw();
  }
}
