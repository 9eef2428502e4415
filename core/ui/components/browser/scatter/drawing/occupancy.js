/** Which parts of the picture are taken, so that names and faces do not lie on one another. */

/** @import { View } from "../scene/view.js" */

/** A rectangle is taken in whole cells: few enough to try thousands of names at each frame. */
const CELL_PX = 6;

export class Occupancy {
  /** @param {View} view of the picture; what lies beyond it is nobody's, and always free */
  constructor(view) {
    const { width, height } = view.area;
    // The cells move along with the map: what found room goes on finding it while somebody moves the map.
    this.shiftX = view.screenX(0) % CELL_PX;
    this.shiftY = view.screenY(0) % CELL_PX;
    this.columns = Math.ceil(width / CELL_PX) + 2;
    this.lines = Math.ceil(height / CELL_PX) + 2;
    this.cells = new Uint8Array(this.columns * this.lines);
  }

  /**
   * Take a rectangle, if nothing of it is taken.
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   * @returns {boolean} whether it was free
   */
  take(left, top, width, height) {
    const [x, y] = [left - this.shiftX + CELL_PX, top - this.shiftY + CELL_PX];
    const first = Math.max(0, Math.floor(x / CELL_PX));
    const last = Math.min(this.columns - 1, Math.floor((x + width) / CELL_PX));
    const upper = Math.max(0, Math.floor(y / CELL_PX));
    const lower = Math.min(this.lines - 1, Math.floor((y + height) / CELL_PX));
    for (let line = upper; line <= lower; line++)
      for (let column = first; column <= last; column++) if (this.cells[line * this.columns + column]) return false;
    for (let line = upper; line <= lower; line++)
      this.cells.fill(1, line * this.columns + first, line * this.columns + last + 1);
    return true;
  }
}
