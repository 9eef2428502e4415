/** Words beside the map: the legend, and what is said of many points. */

import { createElement } from "../../shared/dom.js";
import { formatCount, isolateName, shortenName } from "../../shared/text.js";
import { gettext, ngettext } from "../../shared/words.js";
import { stampOf } from "./symbols.js";
import { SYMBOLS_MOST } from "./visibility.js";

/**
 * @import { Cloud, Look, MapData, PointGroup } from "../cloud.js"
 *
 * @typedef {(text: string) => number} Measure how wide a text is, in pixels
 *
 * @typedef {{ group: PointGroup, text: string, x: number, y: number }} PlacedGroup
 */

/** Colours for twelve people, and two groups without one. */
const LEGEND_MOST = 14;
const LEGEND_PX = { line: 20, margin: 6, symbol: 30, below: 8 };

export const SYMBOL_OF_LEGEND_PX = 10;

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
function groupLabelOf(group) {
  return `${isolateName(shortenName(group.name))} ${formatCount(group.count)}`;
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
    return createElement("span", {}, {}, symbol, groupLabelOf(group));
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
    const text = groupLabelOf(group);
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
  return ngettext(
    "{number} face in view: drawn as dots. Zoom in to see the symbols.",
    "{number} faces in view: drawn as dots. Zoom in to see the symbols.",
    count,
  );
}

/**
 * What the map is, for those who do not see it.
 * @param {Pick<MapData, "finding">} map
 */
export function titleOf(map) {
  return gettext("Map of faces. {finding}", { finding: map.finding });
}

/**
 * The same, with the keys that move on it.
 * @param {Pick<MapData, "finding">} map
 * @param {boolean} isDeep
 */
export function labelOf(map, isDeep) {
  const title = titleOf(map);
  return isDeep
    ? gettext("{map}. Arrows walk, Enter chooses, + and - zoom. Shift and arrows turn it.", { map: title })
    : gettext("{map}. Arrows walk, Enter chooses, + and - zoom.", { map: title });
}
