/** Which part of the plane is seen, and how large: between places of the plane (0..1, y upwards) and pixels. */

/** Above the points, as much room as the bar takes; around them, a margin, in which half of the largest face has room. */
const BAR_PX = 44;
const MARGIN_PX = { across: 62, down: 62 };
/** A plane of one point, or of points that lie on one another, is not blown up beyond this extent. */
const SMALLEST_EXTENT = 0.02;
const SMALLEST_WHOLE_PX = 40;
const SCALE_PX = { least: 60, most: 2e6 };

/** @typedef {{ width: number, height: number, ratio: number }} Area of the canvas; ratio is device pixels by pixels */

export class View {
  /** @param {Area} area is kept, so that all views of a canvas have the same */
  constructor(area = { width: 0, height: 0, ratio: 1 }) {
    this.area = area;
    /** The place of the plane in the middle of the canvas. */
    this.x = 0;
    this.y = 0;
    /** How many pixels a side of the plane has; 0 until it was decided what is seen. */
    this.scale = 0;
    /** Whether all is in view, as nobody zoomed or moved since. */
    this.isWhole = false;
  }

  /** Whether it was decided what is seen. */
  get isSet() {
    return this.scale > 0;
  }

  /** @param {number} x */
  screenX(x) {
    return (x - this.x) * this.scale + this.area.width / 2;
  }

  /** @param {number} y */
  screenY(y) {
    return this.area.height / 2 - (y - this.y) * this.scale;
  }

  /** @param {number} px */
  planeX(px) {
    return (px - this.area.width / 2) / this.scale + this.x;
  }

  /** @param {number} py */
  planeY(py) {
    return (this.area.height / 2 - py) / this.scale + this.y;
  }

  /**
   * Show a rectangle of the plane, and room around it.
   * @param {{ left: number, right: number, low: number, high: number }} bounds
   */
  showBounds({ left, right, low, high }) {
    const across = (this.area.width - MARGIN_PX.across) / Math.max(right - left, SMALLEST_EXTENT);
    const down = (this.area.height - BAR_PX - MARGIN_PX.down) / Math.max(high - low, SMALLEST_EXTENT);
    this.scale = Math.max(SMALLEST_WHOLE_PX, Math.min(across, down));
    this.x = (left + right) / 2;
    this.y = (low + high) / 2 + BAR_PX / 2 / this.scale;
    this.isWhole = true;
  }

  /**
   * Zoom around a pixel, which goes on showing the same place.
   * @param {number} factor
   * @param {number} px the middle when it is left out
   * @param {number} py
   */
  zoom(factor, px = this.area.width / 2, py = this.area.height / 2) {
    const [x, y] = [this.planeX(px), this.planeY(py)];
    this.scale = Math.min(SCALE_PX.most, Math.max(SCALE_PX.least, this.scale * factor));
    this.x += x - this.planeX(px);
    this.y += y - this.planeY(py);
    this.isWhole = false;
  }

  /**
   * Move what is seen along with the pointer.
   * @param {number} dx pixels
   * @param {number} dy
   */
  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
    this.isWhole = false;
  }
}

/**
 * How much a turn of the wheel zooms.
 * @param {WheelEvent} event
 */
export function wheelFactor({ deltaY, deltaMode }) {
  return Math.exp(-deltaY * (deltaMode ? 0.05 : 0.0016)); // in lines, or in pixels
}
