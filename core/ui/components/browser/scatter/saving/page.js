/** The map as a page of its own, which can be explored without Face Atlas. No photographs go into it. */

import { decodeBytes } from "../../shared/bytes.js";
import { escapeMarkup } from "../../shared/text.js";
import { gettext, spokenWords } from "../../shared/words.js";
import { titleOf } from "../drawing/captions.js";

/**
 * @import { Look, MapData, SavedMap } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 */

/**
 * @param {Scene} scene
 * @param {MapData} map
 * @param {Look} look
 * @param {string} script an expression that gives the exports of ``standalone.js``
 */
export function createPage(scene, map, look, script) {
  return `<!doctype html>
<html lang="${spokenWords().language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeMarkup(gettext("Map of faces"))}</title><style>
body { margin: 0; padding: 8px; box-sizing: border-box; height: 100vh; display: flex; flex-direction: column; background: ${look.paper}; color: ${look.ink}; font-family: ${look.font}; }
canvas.plane { flex: 1; min-height: 0; width: 100%; touch-action: none; cursor: grab; }
.legend { display: flex; flex-wrap: wrap; gap: 3px 14px; font-size: 0.8rem; }
.legend span { display: inline-flex; align-items: center; gap: 5px; }
.told { margin: 4px 0 0; font-size: 0.78rem; }
.tip { position: fixed; padding: 3px 8px; border-radius: 6px; font-size: 0.85rem; pointer-events: none; background: ${look.ink}; color: ${look.paper}; }
.tip[hidden] { display: none; }
</style></head><body><canvas class="plane" role="img" aria-label="${escapeMarkup(titleOf(map))}"></canvas><div class="legend"></div><p class="told"></p><div class="tip" hidden></div>
<script>
${script.replaceAll("</script", "<\\/script")}.showSavedMap(${JSON.stringify(savedMap(scene, map, look)).replaceAll("<", "\\u003c")});
</script></body></html>`;
}

/**
 * @param {Scene} scene
 * @param {MapData} map
 * @param {Look} look
 * @returns {SavedMap}
 */
export function savedMap(scene, map, look) {
  const { of, points, dimensions, group_of, groups, clusters, people, faces } = map;
  const { x, y, scale, area } = scene.view;
  return {
    of,
    points,
    dimensions,
    group_of,
    groups,
    clusters,
    people,
    faces,
    look,
    who: Array.from(whoOf(map, scene.n)),
    marks: map.marks.map(({ number, at, lines }) => ({ number, at, lines })), // without their pictures
    view: { x, y, scale },
    turn: scene.turn,
    seen_px: area.width,
    words: spokenWords(),
  };
}

/**
 * The index among the people of each point; what is beyond the last has no name.
 * @param {MapData} map
 * @param {number} n
 */
function whoOf(map, n) {
  const { buffer } = decodeBytes(map.who);
  return buffer.byteLength === 2 * n ? new Uint16Array(buffer) : new Uint32Array(buffer);
}
