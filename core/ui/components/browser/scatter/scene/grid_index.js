/** Points of the plane in cells of a grid, so that those near a place are found without looking at all of them. */

/** Cells a side: at a hundred thousand points, a cell holds one or two. */
const CELLS = 256;
/** So many cells around a place are searched for company. */
const WIDEST_RING = 12;

export class GridIndex {
  /**
   * @param {Float32Array} x 0..1; what lies outside counts to the cells at the edge
   * @param {Float32Array} y
   * @param {number} n how many of them are indexed
   */
  constructor(x, y, n) {
    this.x = x;
    this.y = y;
    // A counting sort: starts[cell] is where the rows of a cell begin.
    const cells = new Uint16Array(n);
    this.starts = new Uint32Array(CELLS * CELLS + 1);
    for (let row = 0; row < n; row++) {
      cells[row] = cellOf(x[row]) + CELLS * cellOf(y[row]);
      this.starts[cells[row] + 1]++;
    }
    for (let cell = 0; cell < CELLS * CELLS; cell++) this.starts[cell + 1] += this.starts[cell];
    this.rows = new Uint32Array(n);
    const next = this.starts.slice();
    for (let row = 0; row < n; row++) this.rows[next[cells[row]]++] = row;
  }

  /**
   * The point nearest to a place and nearer than the reach, or -1.
   * @param {number} px
   * @param {number} py
   * @param {number} reach
   */
  nearest(px, py, reach) {
    const { x, y, starts, rows } = this;
    let nearest = -1;
    let least = reach * reach;
    for (let line = cellOf(py - reach); line <= cellOf(py + reach); line++)
      for (let column = cellOf(px - reach); column <= cellOf(px + reach); column++) {
        const cell = column + CELLS * line;
        for (let at = starts[cell]; at < starts[cell + 1]; at++) {
          const row = rows[at];
          const away = (x[row] - px) ** 2 + (y[row] - py) ** 2;
          if (away < least) [nearest, least] = [row, away];
        }
      }
    return nearest;
  }

  /**
   * Points around a place, those of the nearest cells first.
   * @param {number} px
   * @param {number} py
   * @param {number} most
   * @param {(row: number) => boolean} isWanted
   */
  around(px, py, most, isWanted) {
    const { starts, rows } = this;
    /** @type {number[]} */
    const near = [];
    for (const cell of cellsAround(cellOf(px), cellOf(py))) {
      for (let at = starts[cell]; at < starts[cell + 1] && near.length < most; at++)
        if (isWanted(rows[at])) near.push(rows[at]);
      if (near.length >= most) break;
    }
    return near;
  }
}

/** @param {number} value */
function cellOf(value) {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(value * CELLS)));
}

/**
 * Cells in rings around one.
 * @param {number} column
 * @param {number} line
 */
function* cellsAround(column, line) {
  for (let ring = 0; ring <= WIDEST_RING; ring++)
    for (let down = Math.max(0, line - ring); down <= Math.min(CELLS - 1, line + ring); down++)
      for (let across = Math.max(0, column - ring); across <= Math.min(CELLS - 1, column + ring); across++)
        if (Math.max(Math.abs(down - line), Math.abs(across - column)) === ring) yield across + CELLS * down;
}
