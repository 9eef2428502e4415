/**
 * Badges: the name of somebody who lies on the map, and from far away one face of theirs, beside their points. Each
 * stands where there is room for it. Coming nearer pulls places apart and badges not, so that everybody gets one.
 */

import { shortenName } from "../../shared/text.js";
import { Occupancy } from "./occupancy.js";

/**
 * @import { Cloud } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 * @import { Measure } from "./captions.js"
 *
 * @typedef {object} Badge pixels of the canvas
 * @property {number} index among the clusters
 * @property {string} name
 * @property {number} row of the face that stands for them
 * @property {number} left of the name
 * @property {number} width of the name
 * @property {number} baseline of the name
 * @property {[x: number, y: number]} face its middle
 *
 * @typedef {{ left: number, top: number }} Corner
 */

const NAME_PX = { line: 17, descent: 4, above: 3, aside: 12, below: 12, room: 4 };
/** Places nearer than this are one. */
const SAME_PX = 3;
/** What stands above the map: its finding on the left and the bar on the right. */
const HEAD_PX = 42;
/** So many badges fill any screen. */
const MOST = 100;

/**
 * The badges that find room, those of bigger groups first.
 * @param {Scene} scene
 * @param {Pick<Cloud, "clusters">} cloud
 * @param {Measure} measure
 * @param {number} face_px the diameter of the faces, or 0 for names alone
 * @param {Occupancy} taken what is taken already; the badges are added to it
 * @param {Iterable<number>} among the clusters that are tried
 * @returns {Badge[]}
 */
export function placeBadges(
  scene,
  cloud,
  measure,
  face_px,
  taken = new Occupancy(scene.view),
  among = cloud.clusters.keys(),
) {
  const { view } = scene;
  const { width, height } = view.area;
  taken.take(0, 0, width, HEAD_PX);
  /** Places that have a badge, in steps of a few pixels. */
  const owned = new Set();
  /** @type {Badge[]} */
  const placed = [];
  for (const index of among) {
    const [whole, row, ...at] = cloud.clusters[index];
    const name = shortenName(whole);
    const [planeX, planeY] = scene.placeOf(at);
    const [x, y] = [view.screenX(planeX), view.screenY(planeY)];
    if (x < 0 || x > width || y < 0 || y > height) continue;
    const own = measure(name);
    const badge = { width: Math.max(own, face_px) + 2 * NAME_PX.room, height: face_px + NAME_PX.line };
    const place = Math.round(x / SAME_PX) * height + Math.round(y / SAME_PX);
    const corner = cornersAround(x, y, badge, owned.has(place)).find(
      ({ left, top }) =>
        // A badge is seen whole or not at all.
        left >= 0 &&
        left + badge.width <= width &&
        top + badge.height <= height &&
        taken.take(left, top, badge.width, badge.height),
    );
    if (!corner) continue;
    owned.add(place);
    const middle = corner.left + badge.width / 2;
    placed.push({
      index,
      name,
      row,
      left: middle - own / 2,
      width: own,
      baseline: corner.top + badge.height - NAME_PX.descent,
      face: [middle, corner.top + face_px / 2],
    });
    if (placed.length === MOST) break;
  }
  return placed;
}

/**
 * Where a badge may stand, the best first: above its place, beside it, below.
 * @param {number} x
 * @param {number} y
 * @param {{ width: number, height: number }} badge
 * @param {boolean} isShared at a place that has a badge already, they stand in storeys: nobody could come nearer to it
 * @returns {Corner[]}
 */
function cornersAround(x, y, badge, isShared) {
  const centred = x - badge.width / 2;
  const beside = y - badge.height / 2;
  const [above, below] = [y - NAME_PX.above - badge.height, y + NAME_PX.below];
  const corners = [
    { left: centred, top: above },
    { left: x + NAME_PX.aside, top: beside },
    { left: x - NAME_PX.aside - badge.width, top: beside },
    { left: centred, top: below },
  ];
  if (!isShared) return corners;
  const storey = badge.height + NAME_PX.aside;
  return [...corners, { left: centred, top: above - storey }, { left: centred, top: below + storey }];
}
