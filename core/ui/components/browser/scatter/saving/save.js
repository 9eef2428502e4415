/** The picture as it is seen, saved as PNG, SVG, or a page that can be explored. No photographs go into any of them. */

import { createElement } from "../../shared/dom.js";
import { marked } from "../../shared/words.js";
import { placeLegend, SYMBOL_OF_LEGEND_PX } from "../drawing/captions.js";
import { paintScene } from "../drawing/paint.js";
import { stampOf } from "../drawing/symbols.js";
import { bundleModules } from "./bundle.js";
import { createPage } from "./page.js";
import { createSvg } from "./svg.js";

/**
 * @import { Measure } from "../drawing/captions.js"
 * @import { Look, MapData } from "../cloud.js"
 * @import { Scene } from "../scene/scene.js"
 *
 * @typedef {object} Picture what is saved
 * @property {Scene} scene
 * @property {MapData} map
 * @property {Look} look
 * @property {Uint8Array | null} chosen
 */

/** The kinds, by the ending of their files. */
export const KINDS = {
  png: marked("Picture (PNG)"),
  svg: marked("Drawing (SVG)"),
  html: marked("Page to explore (HTML)"),
};
/** A browser may still be reading what it saves. */
const RELEASE_MS = 60_000;

/**
 * @param {keyof typeof KINDS} kind
 * @param {Picture} picture
 * @throws {NoAnswer} when Face Atlas does not give the modules that a page needs
 */
export async function savePicture(kind, picture) {
  const href = await addressOf(kind, picture);
  createElement("a", { href, download: `map-of-faces.${kind}` }).click();
  if (href.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(href), RELEASE_MS);
}

/**
 * @param {keyof typeof KINDS} kind
 * @param {Picture} picture
 */
async function addressOf(kind, picture) {
  const { scene, map, look, chosen } = picture;
  if (kind === "png") return createPng(picture).toDataURL("image/png");
  if (kind === "svg") {
    const measures = { plain: measureIn(`400 13px ${look.font}`), name: measureIn(`600 13px ${look.font}`) };
    return blobAddress(createSvg(scene, map, look, chosen, measures), "image/svg+xml");
  }
  const script = await bundleModules(new URL("./standalone.js", import.meta.url), readModule);
  return blobAddress(createPage(scene, map, look, script), "text/html");
}

/**
 * @param {string} content
 * @param {string} type
 */
function blobAddress(content, type) {
  return URL.createObjectURL(new Blob([content], { type }));
}

/** Face Atlas was stopped, or is another one since this page was opened. */
export class NoAnswer extends Error {}

/** @param {URL} address */
async function readModule(address) {
  const answer = await fetch(address).catch((cause) => {
    throw new NoAnswer(`${address} cannot be reached`, { cause });
  });
  if (!answer.ok) throw new NoAnswer(`${address} answers with ${answer.status}`);
  return answer.text();
}

/**
 * @param {string} font
 * @returns {Measure}
 */
function measureIn(font) {
  const pen = createElement("canvas").getContext("2d");
  if (!pen) throw new TypeError("The browser draws no canvas");
  pen.font = font;
  return (text) => pen.measureText(text).width;
}

/** @param {Picture} picture */
function createPng({ scene, map, look, chosen }) {
  const { width, height, ratio } = scene.view.area;
  const legend = placeLegend(map, width, measureIn(`400 13px ${look.font}`));
  const plane = createElement("canvas", { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const sheet = createElement("canvas", {
    width: plane.width,
    height: Math.round((height + legend.height) * ratio),
  });
  const [planePen, pen] = [plane.getContext("2d"), sheet.getContext("2d")];
  if (!planePen || !pen) return sheet;
  paintScene(planePen, scene, map, look, {
    pictures: null,
    chosen: null,
    clear: chosen,
    ring: -1,
    near: null,
    strokes: [],
    isMoving: false,
  });
  pen.fillStyle = look.paper;
  pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.drawImage(plane, 0, 0);
  pen.scale(ratio, ratio);
  pen.font = `400 13px ${look.font}`;
  pen.fillStyle = look.ink;
  for (const { group, text, x, y } of legend.places) {
    pen.drawImage(stampOf(group, SYMBOL_OF_LEGEND_PX, ratio, look), x, height + y - 11, 14, 14);
    pen.fillText(text, x + 18, height + y);
  }
  return sheet;
}
