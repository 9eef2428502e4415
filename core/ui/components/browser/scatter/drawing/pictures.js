/** Round pictures of faces, ready to be stamped on the canvas; each is decoded once. */

import { createElement } from "../../shared/dom.js";

/** @import { Card } from "../cloud.js" */

/** The side of a picture: that of the largest face. */
const SIDE_PX = 58;
/** So many are remembered: beyond, the longest unused are made again. */
const MOST = 600;

export class FacePictures {
  /**
   * @param {(row: number) => Card | undefined} cardOf
   * @param {() => void} onReady
   */
  constructor(cardOf, onReady) {
    this.cardOf = cardOf;
    this.onReady = onReady;
    /** @type {Map<string, HTMLCanvasElement | null>} by address of the picture; null until it is decoded */
    this.pictures = new Map();
  }

  /**
   * The picture of a face; null while it has not come.
   * @param {number} row
   */
  pictureOf(row) {
    const src = this.cardOf(row)?.src;
    if (!src) return null;
    const picture = this.pictures.get(src);
    if (picture === undefined) this.decode(src);
    else if (picture) {
      this.pictures.delete(src); // to the end, as the one used last
      this.pictures.set(src, picture);
    }
    return picture ?? null;
  }

  /** @param {string} src */
  decode(src) {
    this.pictures.set(src, null);
    const image = createElement("img", { src });
    // A picture that cannot be decoded stays an empty ring.
    image.decode().then(
      () => {
        this.pictures.set(src, cutRound(image));
        for (const oldest of this.pictures.keys()) {
          if (this.pictures.size <= MOST) break;
          this.pictures.delete(oldest);
        }
        this.onReady();
      },
      () => {},
    );
  }
}

/** @param {HTMLImageElement} image */
function cutRound(image) {
  const whole = Math.round(SIDE_PX * (devicePixelRatio || 1));
  const canvas = createElement("canvas", { width: whole, height: whole });
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  pen.arc(whole / 2, whole / 2, whole / 2, 0, 2 * Math.PI);
  pen.clip();
  // The middle of a picture that is not square.
  const side = Math.min(image.naturalWidth, image.naturalHeight);
  const [left, top] = [(image.naturalWidth - side) / 2, (image.naturalHeight - side) / 2];
  pen.drawImage(image, left, top, side, side, 0, 0, whole, whole);
  return canvas;
}
