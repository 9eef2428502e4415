/** Which points lie within a line that somebody drew around them. */

/**
 * By the rule of even and odd: a point is inside when a ray from it crosses the line an odd number of times.
 * @param {[x: number, y: number][]} corners of the line, which closes itself
 * @param {Float32Array} x
 * @param {Float32Array} y
 * @param {number} n how many of the points are looked at
 * @returns {number[]} rows
 */
export function rowsInside(corners, x, y, n) {
  const xs = corners.map(([px]) => px);
  const ys = corners.map(([, py]) => py);
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const rows = [];
  for (let row = 0; row < n; row++) {
    const px = x[row];
    const py = y[row];
    // Most points are outside of the line's rectangle, and few have to be compared with each of its sides.
    if (px < left || px > right || py < low || py > high) continue;
    let isInside = false;
    for (let at = 0, last = xs.length - 1; at < xs.length; last = at++) {
      const isCrossed = ys[at] > py !== ys[last] > py;
      if (isCrossed && px < ((xs[last] - xs[at]) * (py - ys[at])) / (ys[last] - ys[at]) + xs[at]) isInside = !isInside;
    }
    if (isInside) rows.push(row);
  }
  return rows;
}
