/** Words on and beside the map: the names that find room, the legend, and what is said of many points. */

import { createElement } from "../../shared/dom.js";
import { formatCount } from "../../shared/text.js";
import { stampOf } from "./symbols.js";
import { SYMBOLS_MOST } from "./visibility.js";

/**
 * @import { Cloud, Look, MapData, PointGroup } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 *
 * @typedef {(text: string) => number} Measure how wide a text is, in pixels
 *
 * @typedef {{ name: string, left: number, width: number, y: number }} PlacedName
 *
 * @typedef {{ group: PointGroup, text: string, x: number, y: number }} PlacedGroup
 */

/** A name stands so far above its place, and keeps so much room around itself. */
const NAME_PX = { above: 9, aside: 6, line: 18, margin: 3 };
/** Names of places that lie so far outside are left out. */
const OUTSIDE_PX = { across: 40, down: 20 };
/** Colours for twelve people, and two groups without one. */
const LEGEND_MOST = 14;
const LEGEND_PX = { line: 20, margin: 6, symbol: 30, below: 8 };

export const SYMBOL_OF_LEGEND_PX = 10;

/**
 * The names that find room, those of bigger groups first.
 * @param {Scene} scene
 * @param {Pick<Cloud, "clusters">} cloud
 * @param {Measure} measure
 * @returns {PlacedName[]}
 */
export function placeNames(scene, cloud, measure) {
  const { view } = scene;
  const { width, height } = view.area;
  /** @type {PlacedName[]} */
  const placed = [];
  for (const [name, , ...at] of cloud.clusters) {
    const [planeX, planeY] = scene.placeOf(at);
    const x = view.screenX(planeX);
    const y = view.screenY(planeY) - NAME_PX.above;
    if (x < -OUTSIDE_PX.across || x > width + OUTSIDE_PX.across || y < 0 || y > height + OUTSIDE_PX.down) continue;
    const own = measure(name);
    const left = Math.min(Math.max(x - own / 2, NAME_PX.margin), width - own - NAME_PX.margin);
    const candidate = { name, left, width: own, y };
    if (!placed.some((other) => isInTheWay(other, candidate))) placed.push(candidate);
  }
  return placed;
}

/**
 * @param {PlacedName} one
 * @param {PlacedName} other
 */
function isInTheWay(one, other) {
  const isBeside =
    other.left >= one.left + one.width + NAME_PX.aside || one.left >= other.left + other.width + NAME_PX.aside;
  return !isBeside && Math.abs(one.y - other.y) < NAME_PX.line;
}

/**
 * The groups of the legend: where there are so many that their colours repeat, only those without a colour.
 * @param {Pick<Cloud, "groups">} cloud
 */
function groupsToName({ groups }) {
  return groups.length > LEGEND_MOST ? groups.filter((group) => group.faded) : groups;
}

/**
 * A group as the legend names it.
 * @param {PointGroup} group
 */
function labelOf(group) {
  return `${group.name} ${formatCount(group.count)}`;
}

/**
 * The legend beside a canvas.
 * @param {Pick<Cloud, "groups">} cloud
 * @param {number} ratio device pixels by pixels
 * @param {Look} look
 */
export function createLegend(cloud, ratio, look) {
  return groupsToName(cloud).map((group) => {
    const stamp = stampOf(group, SYMBOL_OF_LEGEND_PX, ratio, look);
    const symbol = createElement("canvas", { width: stamp.width, height: stamp.height });
    symbol.style.width = `${stamp.width / ratio}px`;
    symbol.getContext("2d")?.drawImage(stamp, 0, 0);
    return createElement("span", {}, {}, symbol, labelOf(group));
  });
}

/**
 * The legend within a picture as wide as the map: where each group stands, and how high all of it is.
 * @param {Pick<Cloud, "groups">} cloud
 * @param {number} width of the picture
 * @param {Measure} measure
 * @returns {{ places: PlacedGroup[], height: number }}
 */
export function placeLegend(cloud, width, measure) {
  let [x, y] = [LEGEND_PX.margin, LEGEND_PX.line];
  const places = groupsToName(cloud).map((group) => {
    const text = labelOf(group);
    const room = LEGEND_PX.symbol + measure(text);
    if (x > LEGEND_PX.margin && x + room > width) [x, y] = [LEGEND_PX.margin, y + LEGEND_PX.line];
    const place = { group, text, x, y };
    x += room;
    return place;
  });
  return { places, height: places.length ? y + LEGEND_PX.below : 0 };
}

/**
 * What is said below the map while its points are dots.
 * @param {number} count of points in view
 */
export function hintOf(count) {
  if (count <= SYMBOLS_MOST) return "";
  return `${formatCount(count)} faces in view: drawn as dots. Zoom in to see the symbols.`;
}

/**
 * What the map is, for those who do not see it.
 * @param {Pick<MapData, "finding">} map
 */
export function titleOf(map) {
  return `Map of faces. ${map.finding}`;
}
