/** The boxes and names that are drawn over the camera's picture. */

/**
 * @import { BoxFractions } from "../component.js"
 *
 * @typedef {{ box: BoxFractions, label: string, known: boolean }} FaceInView
 *
 * @typedef {object} FrameColours
 * @property {string} known
 * @property {string} unknown
 * @property {string} text also around every box, so that it stands out of any picture
 */

const LINE_PX = 3;
const DASH_PX = [9, 6];
const TAG_PX = { height: 25, padding: 7, gap: 4, baseline: 18, room: 28 };

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {FaceInView[]} faces
 * @param {FrameColours} colours
 */
export function drawFrames(pen, faces, colours) {
  const { width, height } = pen.canvas;
  pen.clearRect(0, 0, width, height);
  pen.lineWidth = LINE_PX;
  for (const face of faces) {
    const [left, top, right, bottom] = toPixels(face.box, width, height);
    const colour = face.known ? colours.known : colours.unknown;
    pen.strokeStyle = colours.text;
    pen.setLineDash([]);
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.strokeStyle = colour;
    pen.setLineDash(face.known ? [] : DASH_PX);
    pen.strokeRect(left - 2, top - 2, right - left + 4, bottom - top + 4);
    const tagWidth = pen.measureText(face.label).width + 2 * TAG_PX.padding;
    const [x, y] = placeTag([left, top, right, bottom], tagWidth, width, height);
    pen.fillStyle = colour;
    pen.fillRect(x, y, tagWidth, TAG_PX.height);
    pen.fillStyle = colours.text;
    pen.fillText(face.label, x + TAG_PX.padding, y + TAG_PX.baseline);
  }
}

/**
 * @param {BoxFractions} box
 * @param {number} width
 * @param {number} height
 * @returns {BoxFractions} in pixels
 */
export function toPixels([left, top, right, bottom], width, height) {
  return [left * width, top * height, right * width, bottom * height];
}

/**
 * Where a name stands: below its box, or above it where it would leave the picture; never beside the picture.
 * @param {BoxFractions} box in pixels
 * @param {number} tagWidth
 * @param {number} width
 * @param {number} height
 * @returns {[x: number, y: number]}
 */
export function placeTag([left, top, , bottom], tagWidth, width, height) {
  const x = Math.max(0, Math.min(left, width - tagWidth));
  return [x, bottom + TAG_PX.room > height ? top - TAG_PX.room : bottom + TAG_PX.gap];
}
