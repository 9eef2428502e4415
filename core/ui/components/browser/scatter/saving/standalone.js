/** The map in a file of its own: it can be moved, zoomed and turned, and says who is under the pointer. */

import { findElement } from "../../shared/dom.js";
import { createLegend, hintOf } from "../drawing/captions.js";
import { paintScene } from "../drawing/paint.js";
import { Scene } from "../scene/scene.js";
import { wheelFactor } from "../scene/view.js";

/** @import { SavedMap } from "../cloud.js" */

const REACH_PX = 14;
/** A drag so long turns by one radian. */
const TURN_PX = 160;

/**
 * Begin: what ``page.js`` writes calls this with what it saved.
 * @param {SavedMap} saved
 */
export function showSavedMap(saved) {
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
    /** @type {[x: number, y: number] | null} */
    this.held = null;
    this.ring = -1;
    this.frame = 0;
    this.listen();
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
        isMoving: this.held !== null,
      };
      this.note.textContent = hintOf(paintScene(this.pen, this.scene, this.saved, this.saved.look, shown).rows.length);
    });
  }

  /** @param {PointerEvent} event */
  pointAt(event) {
    const { scene, saved, tip } = this;
    this.ring = scene.nearest([event.offsetX, event.offsetY], REACH_PX);
    tip.hidden = this.ring < 0;
    if (this.ring >= 0) {
      const mark = saved.marks[this.ring - scene.n];
      tip.textContent = mark ? `Face ${mark.number} of the new photo` : this.nameOf(this.ring);
      tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 4)}px`;
      tip.style.top = `${event.clientY + 14}px`;
    }
    this.redraw();
  }

  /** @param {number} row */
  nameOf(row) {
    const name = this.saved.people[this.saved.who[row]] ?? "no name";
    const group = this.scene.groups[this.scene.group[row]].name;
    return name === group || !group ? name : `${name} (${group})`;
  }

  /** @param {PointerEvent} event */
  dragTo(event) {
    if (!this.held) return;
    const [dx, dy] = [event.clientX - this.held[0], event.clientY - this.held[1]];
    this.held = [event.clientX, event.clientY];
    if (this.scene.isDeep && !event.shiftKey) this.scene.turnBy(dx / TURN_PX, -dy / TURN_PX);
    else this.scene.view.pan(dx, dy);
    this.redraw();
  }

  listen() {
    const { canvas, scene } = this;
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.held = [event.clientX, event.clientY];
    };
    canvas.onpointermove = (event) => (this.held ? this.dragTo(event) : this.pointAt(event));
    const release = () => {
      this.held = null;
      this.redraw();
    };
    canvas.onpointerup = release;
    canvas.onpointercancel = release;
    canvas.onpointerleave = () => {
      this.tip.hidden = true;
      this.ring = -1;
      this.redraw();
    };
    canvas.ondblclick = () => {
      scene.showWhole();
      this.redraw();
    };
    const zoom = (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      scene.view.zoom(wheelFactor(event), event.offsetX, event.offsetY);
      this.redraw();
    };
    canvas.addEventListener("wheel", zoom, { passive: false });
  }
}
