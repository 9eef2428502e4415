/** How sure an answer is, as a bar: the likeness from 0 to 100 with the threshold on it; as `core/ui/certainty/bar.py`. */

/**
 * @typedef {object} Certainty
 * @property {string} word sure, likely, unsure or unknown
 * @property {number} likeness 0..100
 * @property {number} threshold 0..100
 */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT_PX = 12;
/** A bar says by its form what it says by its colour: broken where it is unsure, and thin where there is no name.
 *  @type {Record<string, Record<string, string>>} */
const FORMS = {
  unsure: { "stroke-dasharray": "6 3", stroke: "var(--certainty)" },
  unknown: { "stroke-width": "4", stroke: "currentColor", "stroke-opacity": "0.7" },
};

/** @param {Certainty} certainty */
export function createCertaintyBar({ word, likeness, threshold }) {
  const bar = document.createElementNS(SVG, "svg");
  bar.setAttribute("class", "certainty");
  bar.setAttribute("width", "100%");
  bar.setAttribute("height", String(HEIGHT_PX));
  bar.setAttribute("aria-hidden", "true");
  const middle = String(HEIGHT_PX / 2);
  const along = { x1: "0", y1: middle, y2: middle, "stroke-width": "7" };
  const form = FORMS[word] ?? { stroke: "var(--certainty)" };
  const mark = `${threshold}%`;
  bar.append(
    createLine({ ...along, x2: "100%", stroke: "currentColor", "stroke-opacity": "0.15" }),
    createLine({ ...along, x2: `${Math.max(1, likeness)}%`, ...form }),
    createLine({ x1: mark, x2: mark, y1: "0", y2: String(HEIGHT_PX), stroke: "currentColor", "stroke-width": "2" }),
  );
  return bar;
}

/** @param {Record<string, string>} attributes */
function createLine(attributes) {
  const line = document.createElementNS(SVG, "line");
  // As styles where a variable is meant: an attribute of SVG knows none.
  for (const [name, value] of Object.entries(attributes)) {
    if (value.startsWith("var(")) line.style.setProperty(name, value);
    else line.setAttribute(name, value);
  }
  return line;
}
