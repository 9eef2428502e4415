/** How high the map is: what the window has left for it, so that it is seen whole without scrolling. */

/** Between the last line below the map and the end of the window. */
const BELOW_PX = 14;
const LEAST_PX = 340;
/** On a phone a part of the screen stays free: a finger on the map moves the map, and could not scroll the page. */
const NARROW_PX = 560;
const NARROW_SHARE = 0.66;
/** Where the map begins too far down, it has this share of a window of its own. */
const LEAST_SHARE = 0.5;
/** Lines above the map come and go by a few pixels, with which it should not tremble. */
const STEADY_PX = 10;

/**
 * The height of the canvas in pixels.
 * @param {HTMLElement} root
 * @param {HTMLCanvasElement} canvas
 * @param {number} before the height until now, or 0
 */
export function heightFor(root, canvas, before) {
  const edge = canvas.getBoundingClientRect();
  const below = root.getBoundingClientRect().bottom - edge.bottom + BELOW_PX;
  const height = roomFor(edge.top + scrolledBy(root), Math.max(0, below), root.clientWidth, innerHeight);
  return Math.abs(height - before) < STEADY_PX ? before : height;
}

/**
 * @param {number} top of the canvas, when nothing is scrolled
 * @param {number} below what stands under it
 * @param {number} width
 * @param {number} windowHeight
 */
export function roomFor(top, below, width, windowHeight) {
  const left = Math.max(windowHeight - top - below, LEAST_SHARE * windowHeight, LEAST_PX);
  return Math.round(width < NARROW_PX ? Math.min(left, NARROW_SHARE * windowHeight) : left);
}

/**
 * How far the page is scrolled, whichever elements do the scrolling.
 * @param {Element} root
 */
function scrolledBy(root) {
  let scrolled = 0;
  /** @type {Element | null} */
  let element = root;
  while (element) {
    scrolled += element.scrollTop;
    const tree = element.getRootNode();
    element = element.parentElement ?? (tree instanceof ShadowRoot ? tree.host : null);
  }
  return scrolled;
}
