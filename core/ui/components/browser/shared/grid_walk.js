/** Walking over elements that are laid out in rows, or one below the other, by the arrow keys. */

/** @typedef {Pick<HTMLElement, "offsetLeft" | "offsetTop" | "offsetWidth" | "offsetHeight">} Laid */

/**
 * Where a key leads from one of the elements. Up and down lead to the nearest element of the next row, by the middles;
 * where there is none, one stays. In a single column left and right lead nowhere new: they go on as up and down do.
 * @param {Laid[]} elements in reading order
 * @param {number} index
 * @param {string} key
 * @returns {number | null} null for keys that do not walk
 */
export function indexBeyond(elements, index, key) {
  const last = elements.length - 1;
  switch (key) {
    case "Home":
      return 0;
    case "End":
      return last;
    case "ArrowLeft":
      return Math.max(0, index - 1);
    case "ArrowRight":
      return Math.min(last, index + 1);
    case "ArrowDown":
      return nearestInRow(elements, index, 1);
    case "ArrowUp":
      return nearestInRow(elements, index, -1);
    default:
      return null;
  }
}

/**
 * @param {Laid[]} elements
 * @param {number} index
 * @param {1 | -1} step downwards or upwards
 */
function nearestInRow(elements, index, step) {
  const from = elements[index];
  if (!from) return index;
  /** @param {Laid} element */
  const middle = (element) => element.offsetLeft + element.offsetWidth / 2;
  /** @param {Laid} element */
  const isBeyond = (element) =>
    step > 0
      ? element.offsetTop >= from.offsetTop + from.offsetHeight
      : element.offsetTop + element.offsetHeight <= from.offsetTop;
  const beyond = elements.map((element, each) => ({ element, each })).filter(({ element }) => isBeyond(element));
  if (!beyond.length) return index;
  // Elements of a row may differ in height: they share their upper edge.
  const edge = Math[step > 0 ? "min" : "max"](...beyond.map(({ element }) => element.offsetTop));
  const row = beyond.filter(({ element }) => element.offsetTop === edge);
  const distances = row.map(({ element }) => Math.abs(middle(element) - middle(from)));
  return row[distances.indexOf(Math.min(...distances))].each;
}
