/** Two thumbs on a line of time: between them lies what is shown, all else pales. */

import { decodeBytes } from "../shared/bytes.js";
import { createElement } from "../shared/dom.js";
import { gettext, spokenWords } from "../shared/words.js";

/**
 * @import { Moments } from "./cloud.js"
 *
 * @typedef {[first: number, last: number]} Span steps of time that are shown
 */

export class TimeSlider {
  /**
   * @param {Moments} moments
   * @param {() => void} onChange
   */
  constructor(moments, onChange) {
    this.moments = moments;
    this.onChange = onChange;
    this.language = spokenWords().language;
    this.steps = new Uint16Array(decodeBytes(moments.steps).buffer);
    const last = moments.names.length - 1;
    /** @type {Span} */
    this.span = [0, last];
    this.thumbs = [gettext("From"), gettext("To")].map((label, end) => this.createThumb(label, end, last));
    this.words = createElement("output");
    this.line = createElement("span", { className: "line" }, {}, ...this.thumbs);
    this.tell();
  }

  /**
   * @param {string} label
   * @param {number} end 0 or 1
   * @param {number} last step
   */
  createThumb(label, end, last) {
    const thumb = createElement("input", { type: "range", min: "0", max: String(last) }, { "aria-label": label });
    thumb.value = String(this.span[end]);
    thumb.oninput = () => this.move(end, thumb);
    return thumb;
  }

  /**
   * @param {number} end
   * @param {HTMLInputElement} thumb
   */
  move(end, thumb) {
    const [first, last] = this.span;
    // A thumb pushes against the other one, and does not pass it.
    const step = end ? Math.max(first, Number(thumb.value)) : Math.min(last, Number(thumb.value));
    thumb.value = String(step);
    this.span[end] = step;
    this.tell();
    this.onChange();
  }

  tell() {
    const { names } = this.moments;
    const [first, last] = this.span;
    this.words.textContent =
      first === last ? names[first] : gettext("{first} to {last}", { first: names[first], last: names[last] });
    for (const [end, thumb] of this.thumbs.entries()) thumb.setAttribute("aria-valuetext", names[this.span[end]]);
    this.line.style.setProperty("--from", String(first / (names.length - 1)));
    this.line.style.setProperty("--to", String(last / (names.length - 1)));
  }

  /**
   * What is not pale.
   * @param {Uint8Array | null} chosen
   */
  clear(chosen) {
    return clearWithin(this.steps, this.span, this.moments.names.length - 1, chosen);
  }
}

/**
 * What is chosen and of a span of time; while all of time is shown, also what has no date.
 * @param {Uint16Array} steps of the points
 * @param {Span} span
 * @param {number} last step of all
 * @param {Uint8Array | null} chosen a byte for each point, or null for all
 */
export function clearWithin(steps, [first, end], last, chosen) {
  if (first === 0 && end === last) return chosen;
  const clear = new Uint8Array(steps.length);
  for (let row = 0; row < steps.length; row++)
    if (steps[row] >= first && steps[row] <= end && (chosen === null || chosen[row])) clear[row] = 1;
  return clear;
}
