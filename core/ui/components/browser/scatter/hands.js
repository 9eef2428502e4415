/** Pointers and wheel on the map: they point at faces, draw around them, move and turn the map, and pinch it. */

import { wheelFactor } from "./scene/view.js";

/**
 * @import { ScreenPoint } from "./cloud.js"
 * @import { ScatterMap } from "./map.js"
 * @import { ScatterState } from "./state.js"
 *
 * @typedef {"canvas" | "scene" | "rowAt" | "pointAt" | "rest" | "tap" | "chooseWithin"} Parts
 * @typedef {Pick<ScatterMap, Parts | "zoom" | "showWhole" | "keepMoving" | "redraw">} MovableMap
 */

/** Up to so much movement, a press is a tap. */
const TAP_PX = 4;
/** A drag so long turns by one radian. */
const TURN_PX = 160;
/** Fingers closer together than this are taken to be so far apart: a pinch of none is no zoom without end. */
const LEAST_PINCH_PX = 8;

export class Hands {
  /**
   * @param {MovableMap & { state: Pick<ScatterState, "mode"> }} map
   * @param {AbortSignal} signal
   */
  constructor(map, signal) {
    this.map = map;
    this.canvas = map.canvas;
    /** @type {Map<number, ScreenPoint>} where each pointer that presses is */
    this.pointers = new Map();
    /** @type {ScreenPoint[] | null} the line that is being drawn around faces */
    this.stroke = null;
    this.moved_px = 0;
    const { canvas } = this;
    const options = { signal };
    canvas.addEventListener("pointerdown", (event) => this.press(event), options);
    canvas.addEventListener("pointermove", (event) => this.move(event), options);
    canvas.addEventListener("pointerup", (event) => this.release(event), options);
    canvas.addEventListener("pointercancel", (event) => this.forget(event), options);
    canvas.addEventListener("pointerleave", () => map.rest(-1), options);
    canvas.addEventListener("dblclick", () => map.showWhole(), options);
    canvas.addEventListener("wheel", (event) => this.turnWheel(event), { signal, passive: false });
  }

  /**
   * Where an event is on the canvas.
   * @param {MouseEvent} event
   * @returns {ScreenPoint}
   */
  pointOf(event) {
    const edge = this.canvas.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  /** @param {PointerEvent} event */
  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.pointOf(event));
    this.moved_px = 0;
    const isDrawing = this.pointers.size === 1 && this.map.state.mode !== "move" && event.button === 0;
    this.stroke = isDrawing ? [this.pointOf(event)] : null;
  }

  /** @param {PointerEvent} event */
  move(event) {
    const point = this.pointOf(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.map.pointAt(this.map.rowAt(point), point);
      return;
    }
    const [dx, dy] = [point[0] - before[0], point[1] - before[1]];
    this.moved_px += Math.abs(dx) + Math.abs(dy);
    if (this.pointers.size === 2) this.pinch(event.pointerId, before, point);
    else if (!this.stroke) this.drag(dx, dy, event.shiftKey);
    else if (this.map.state.mode === "box") this.stroke = boxStroke(this.stroke[0], point);
    else this.stroke.push(point);
    this.pointers.set(event.pointerId, point);
    this.map.redraw();
  }

  /** @param {PointerEvent} event */
  release(event) {
    const point = this.pointOf(event);
    const isAdding = event.shiftKey || event.ctrlKey || event.metaKey;
    const { stroke } = this;
    const { map } = this;
    this.forget(event);
    if (this.moved_px <= TAP_PX) map.tap(map.rowAt(point), isAdding);
    else if (stroke && stroke.length > 2) map.chooseWithin(stroke, isAdding);
  }

  /** @param {PointerEvent} event */
  forget(event) {
    this.pointers.delete(event.pointerId);
    this.stroke = null;
    this.map.redraw();
  }

  /** @param {WheelEvent} event */
  turnWheel(event) {
    event.preventDefault();
    this.map.zoom(wheelFactor(event), this.pointOf(event));
  }

  /**
   * @param {number} dx
   * @param {number} dy
   * @param {boolean} isSideways
   */
  drag(dx, dy, isSideways) {
    const { scene } = this.map;
    if (scene.isDeep && !isSideways) scene.turnBy(dx / TURN_PX, -dy / TURN_PX);
    else scene.view.pan(dx, dy);
    this.map.keepMoving();
  }

  /**
   * Two fingers: the map grows with the distance between them and moves with their middle.
   * @param {number} pointerId of the one that moved
   * @param {ScreenPoint} before
   * @param {ScreenPoint} point
   */
  pinch(pointerId, before, point) {
    const { view } = this.map.scene;
    const resting = [...this.pointers].find(([id]) => id !== pointerId)?.[1] ?? point;
    const distance = Math.hypot(point[0] - resting[0], point[1] - resting[1]);
    const distanceBefore = Math.hypot(before[0] - resting[0], before[1] - resting[1]);
    this.stroke = null;
    view.zoom(
      distance / Math.max(LEAST_PINCH_PX, distanceBefore),
      (point[0] + resting[0]) / 2,
      (point[1] + resting[1]) / 2,
    );
    view.pan((point[0] - before[0]) / 2, (point[1] - before[1]) / 2);
    this.map.keepMoving();
  }
}

/**
 * @param {ScreenPoint} from
 * @param {ScreenPoint} to
 * @returns {ScreenPoint[]}
 */
function boxStroke(from, to) {
  return [from, [to[0], from[1]], to, [from[0], to[1]]];
}
