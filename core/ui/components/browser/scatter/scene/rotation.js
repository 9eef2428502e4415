/** Rotations of space, as nine numbers, row by row. */

export const NO_TURN = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/**
 * A rotation after another one, by two angles more.
 * @param {number[]} turn
 * @param {number} across radians around the upright axis of the screen
 * @param {number} down radians around its level axis
 */
export function turnFurther(turn, across, down) {
  const [cosX, sinX] = [Math.cos(across), Math.sin(across)];
  const [cosY, sinY] = [Math.cos(down), Math.sin(down)];
  const aroundUpright = [cosX, 0, sinX, 0, 1, 0, -sinX, 0, cosX];
  const aroundLevel = [1, 0, 0, 0, cosY, -sinY, 0, sinY, cosY];
  return orthonormalise(multiply(aroundLevel, multiply(aroundUpright, turn)));
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
export function multiply(a, b) {
  return a.map((_, cell) => {
    const row = 3 * Math.floor(cell / 3);
    const column = cell % 3;
    return a[row] * b[column] + a[row + 1] * b[3 + column] + a[row + 2] * b[6 + column];
  });
}

/**
 * A rotation again, after the roundings of many turns: rows of length 1 at right angles (Gram and Schmidt).
 * @param {number[]} matrix
 */
export function orthonormalise(matrix) {
  const first = normalise(matrix.slice(0, 3));
  const row = matrix.slice(3, 6);
  const along = dot(first, row);
  const second = normalise(row.map((value, axis) => value - along * first[axis]));
  return [...first, ...second, ...cross(first, second)];
}

/** @param {number[]} vector */
function normalise(vector) {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function dot(a, b) {
  return a.reduce((sum, value, axis) => sum + value * b[axis], 0);
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function cross(a, b) {
  return [0, 1, 2].map((axis) => {
    const [next, last] = [(axis + 1) % 3, (axis + 2) % 3];
    return a[next] * b[last] - a[last] * b[next];
  });
}
