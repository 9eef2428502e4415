/**
 * Where the points are: unpacked from what came, turned where there are three dimensions, and seen through a view.
 * All of x and y lie in 0..1 of a plane; depth is 1 in front and 0 behind.
 */

import { decodeBytes } from "../../shared/bytes.js";
import { GridIndex } from "./grid_index.js";
import { rowsInside } from "./lasso.js";
import { NO_TURN, turnFurther } from "./rotation.js";
import { Space } from "./space.js";
import { View } from "./view.js";

/**
 * @import { Cloud, ScreenPoint } from "../cloud.js"
 * @import { Motion } from "./motion.js"
 */

const FINEST = 65535;
/** A symbol whose middle is so far outside of the picture still shows. */
const EDGE_PX = 8;
const DEPTH_LEVELS = 256;

export class Scene {
  /**
   * @param {Cloud} cloud
   * @param {Scene | null} before the scene of the same canvas before; of the same faces, it hands on what is seen of them
   */
  constructor(cloud, before = null) {
    this.of = cloud.of;
    this.faces = cloud.faces;
    this.points = cloud.points;
    this.marks = cloud.marks;
    const points = unpackPoints(cloud.points);
    /** How many points there are; the marks have the rows after them. */
    this.n = points.length / cloud.dimensions;
    this.all = this.n + cloud.marks.length;
    this.isDeep = cloud.dimensions === 3;
    const { view, turn } = lookAt(cloud, before);
    this.view = view;
    this.turn = turn;
    this.space = this.isDeep ? new Space(points, cloud.marks) : null;
    this.x = new Float32Array(this.all);
    this.y = new Float32Array(this.all);
    this.depth = new Float32Array(this.isDeep ? this.all : 0);
    if (!this.isDeep) this.layFlat(points);
    this.groups = cloud.groups;
    this.group = new Uint8Array();
    /** Rows as they are drawn: what is later covers what is earlier. */
    this.order = new Uint32Array(this.n);
    this.rowsInView = new Uint32Array(this.n);
    /** @type {GridIndex | null} built when it is first asked for */
    this.index = null;
    /** @type {Motion | null} from an earlier map to this one */
    this.motion = null;
    /** @type {number[]} the clusters that had a badge when the map last lay still */
    this.badged = [];
    this.regroup(cloud);
  }

  /** @param {Float32Array} points */
  layFlat(points) {
    for (let row = 0; row < this.n; row++) {
      this.x[row] = points[2 * row];
      this.y[row] = points[2 * row + 1];
    }
    for (const [number, mark] of this.marks.entries()) [this.x[this.n + number], this.y[this.n + number]] = mark.at;
  }

  /**
   * The same points in other groups.
   * @param {Pick<Cloud, "groups" | "group_of">} cloud
   */
  regroup(cloud) {
    this.groups = cloud.groups;
    this.group = decodeBytes(cloud.group_of);
    if (this.isDeep) this.project();
    else this.sort();
    return this;
  }

  /**
   * @param {number} across radians
   * @param {number} down
   */
  turnBy(across, down) {
    this.motion = null; // everybody is where they belong as soon as they are turned
    this.turn = turnFurther(this.turn, across, down);
    this.project();
  }

  project() {
    this.space?.project(this.turn, this);
    this.sort();
    this.index = null;
  }

  /** Order what is drawn. A counting sort, as it runs at each turn: rows of a level follow each other. */
  sort() {
    const { n, order } = this;
    const starts = new Uint32Array(2 * DEPTH_LEVELS + 1);
    for (let row = 0; row < n; row++) starts[this.levelOf(row) + 1]++;
    for (let level = 0; level < 2 * DEPTH_LEVELS; level++) starts[level + 1] += starts[level];
    for (let row = 0; row < n; row++) order[starts[this.levelOf(row)]++] = row;
  }

  /**
   * How far in front a point is drawn: by its group, or by its depth; what is faded is always behind.
   * @param {number} row
   */
  levelOf(row) {
    const group = this.group[row];
    if (!this.isDeep) return group;
    const depth = Math.floor(Math.max(0, Math.min(DEPTH_LEVELS - 1, this.depth[row] * DEPTH_LEVELS)));
    return this.groups[group].faded ? depth : DEPTH_LEVELS + depth;
  }

  /**
   * Where on the plane something in the units of the points is, which is a name.
   * @param {number[]} place
   * @returns {[x: number, y: number]}
   */
  placeOf(place) {
    return this.space ? this.space.placeOf(place, this.turn) : [place[0], place[1]];
  }

  /**
   * Where on the canvas a point or mark is.
   * @param {number} row
   * @returns {ScreenPoint}
   */
  screenPoint(row) {
    return [this.view.screenX(this.x[row]), this.view.screenY(this.y[row])];
  }

  /** Show all points. */
  showWhole() {
    const { n, x, y } = this;
    let [left, right, low, high] = n ? [Infinity, -Infinity, Infinity, -Infinity] : [0, 1, 0, 1];
    for (let row = 0; row < n; row++) {
      if (x[row] < left) left = x[row];
      if (x[row] > right) right = x[row];
      if (y[row] < low) low = y[row];
      if (y[row] > high) high = y[row];
    }
    this.view.showBounds({ left, right, low, high });
  }

  /**
   * The rows that are in view, in the order in which they are drawn; they hold until the next call.
   * @returns {Uint32Array}
   */
  inView() {
    const { view, x, y, rowsInView } = this;
    const [left, right] = [view.planeX(-EDGE_PX), view.planeX(view.area.width + EDGE_PX)];
    const [low, high] = [view.planeY(view.area.height + EDGE_PX), view.planeY(-EDGE_PX)];
    const count = collectInside(this.order, x, y, { left, right, low, high }, rowsInView);
    return rowsInView.subarray(0, count);
  }

  indexed() {
    this.index ??= new GridIndex(this.x, this.y, this.n);
    return this.index;
  }

  /**
   * The point nearest to a pixel and nearer than the reach, or -1; marks lie above all points.
   * @param {ScreenPoint} pixel
   * @param {number} reach_px
   */
  nearest([px, py], reach_px) {
    const { view } = this;
    const reach = reach_px / view.scale;
    const [x, y] = [view.planeX(px), view.planeY(py)];
    const mark = this.nearestOf(this.n, this.all, x, y, reach * reach);
    return mark >= 0 ? mark : this.indexed().nearest(x, y, reach);
  }

  /** The point or mark nearest to the middle of the view. */
  middle() {
    return this.nearestOf(0, this.all, this.view.x, this.view.y, Infinity);
  }

  /**
   * @param {number} first row
   * @param {number} end row after the last
   * @param {number} x
   * @param {number} y
   * @param {number} within the square of the distance that it has to be nearer than
   */
  nearestOf(first, end, x, y, within) {
    let nearest = -1;
    let least = within;
    for (let row = first; row < end; row++) {
      const away = (this.x[row] - x) ** 2 + (this.y[row] - y) ** 2;
      if (away < least) [nearest, least] = [row, away];
    }
    return nearest;
  }

  /**
   * Points around a place of the plane, those of the nearest cells first.
   * @param {[x: number, y: number]} place
   * @param {number} most
   * @param {(row: number) => boolean} isWanted
   */
  around([x, y], most, isWanted) {
    return this.indexed().around(x, y, most, isWanted);
  }

  /**
   * Points within a line that was drawn on the canvas.
   * @param {ScreenPoint[]} stroke
   */
  within(stroke) {
    const { view } = this;
    /** @type {[x: number, y: number][]} */
    const corners = stroke.map(([px, py]) => [view.planeX(px), view.planeY(py)]);
    return rowsInside(corners, this.x, this.y, this.n);
  }

  /**
   * The nearest point in a direction, what is aside counting more than what is ahead.
   * @param {number} from row
   * @param {number} dx
   * @param {number} dy
   */
  beyond(from, dx, dy) {
    const { x, y } = this;
    let nearest = from;
    let least = Infinity;
    for (let row = 0; row < this.all; row++) {
      const ahead = (x[row] - x[from]) * dx + (y[row] - y[from]) * dy;
      if (ahead <= 0) continue;
      const cost = ahead + 2 * (Math.abs((x[row] - x[from]) * dy) + Math.abs((y[row] - y[from]) * dx));
      if (cost < least) [nearest, least] = [row, cost];
    }
    return nearest;
  }
}

/**
 * The rows of points within a rectangle. A function of its own, with nothing but arrays: browsers compile such a loop
 * well and once, while one in the midst of other things was compiled and thrown away again at each frame.
 * @param {Uint32Array} order
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @param {{ left: number, right: number, low: number, high: number }} bounds
 * @param {Uint32Array} inside is written to
 * @returns {number} how many there are
 */
function collectInside(order, x, y, { left, right, low, high }, inside) {
  let count = 0;
  for (let at = 0; at < order.length; at++) {
    const row = order[at];
    if (x[row] >= left && x[row] <= right && y[row] >= low && y[row] <= high) inside[count++] = row;
  }
  return count;
}

/**
 * How a cloud is looked at: as before when it is of the same faces, or from the front.
 * @param {Cloud} cloud
 * @param {Scene | null} before
 * @returns {{ view: View, turn: number[] }}
 */
function lookAt(cloud, before) {
  return before?.of === cloud.of ? before : { view: new View(before?.view.area), turn: NO_TURN };
}

/**
 * @param {string} packed
 * @returns {Float32Array} coordinates in 0..1, those of a point after each other
 */
function unpackPoints(packed) {
  const steps = new Uint16Array(decodeBytes(packed).buffer);
  const points = new Float32Array(steps.length);
  for (let at = 0; at < steps.length; at++) points[at] = steps[at] / FINEST;
  return points;
}
