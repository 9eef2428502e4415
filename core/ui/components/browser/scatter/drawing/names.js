/** Names as small pictures with a light line around them, which keeps them legible on points. */

import { createElement } from "../../shared/dom.js";

/** @import { Look } from "../cloud.js" */

const FONT = "600 13px";
const HALO_PX = 4;
const LINE_PX = { above: 15, below: 7 };
/** So many names are remembered; beyond, they are drawn anew. */
const WIDTHS_MOST = 20_000;
const STAMPS_MOST = 800;

/** @type {Map<string, number>} */
const widths = new Map();
/** @type {Map<string, HTMLCanvasElement>} */
const stamps = new Map();

/**
 * How wide names are. Thousands are tried at each frame, and measured once.
 * @param {CanvasRenderingContext2D} pen
 * @param {Look} look
 */
export function nameWidths(pen, look) {
  pen.font = `${FONT} ${look.font}`;
  return (/** @type {string} */ name) => {
    const before = widths.get(name);
    if (before !== undefined) return before;
    if (widths.size >= WIDTHS_MOST) widths.clear();
    const width = pen.measureText(name).width;
    widths.set(name, width);
    return width;
  };
}

/**
 * Copying a picture is far quicker than drawing a line around each letter.
 * @param {CanvasRenderingContext2D} pen
 * @param {{ name: string, left: number, width: number, baseline: number }} place
 * @param {Look} look
 * @param {number} ratio device pixels by pixels
 */
export function stampName(pen, { name, left, width, baseline }, look, ratio) {
  const key = `${look.ink} ${look.paper} ${ratio} ${name}`;
  const stamp = stamps.get(key) ?? drawName(name, width, look, ratio);
  if (stamps.size >= STAMPS_MOST) stamps.clear();
  stamps.set(key, stamp);
  pen.drawImage(stamp, left - HALO_PX, baseline - LINE_PX.above, stamp.width / ratio, stamp.height / ratio);
}

/**
 * @param {string} name
 * @param {number} width
 * @param {Look} look
 * @param {number} ratio
 */
function drawName(name, width, look, ratio) {
  const canvas = createElement("canvas", {
    width: Math.ceil((width + 2 * HALO_PX) * ratio),
    height: Math.ceil((LINE_PX.above + LINE_PX.below) * ratio),
  });
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  pen.scale(ratio, ratio);
  pen.font = `${FONT} ${look.font}`;
  pen.lineJoin = "round";
  pen.lineWidth = HALO_PX;
  pen.strokeStyle = look.paper;
  pen.fillStyle = look.ink;
  pen.strokeText(name, HALO_PX, LINE_PX.above);
  pen.fillText(name, HALO_PX, LINE_PX.above);
  return canvas;
}
