/** How sure an answer is, in words; as `core/ui/certainty/bar.py` and `core/base/words.py` say it. */

import { gettext, marked } from "./words.js";

/** @import { Certainty } from "./certainty.js" */

/** @type {Record<string, string>} */
const SURENESS_WORDS = {
  unknown: marked("unknown"),
  unsure: marked("unsure"),
  likely: marked("likely"),
  sure: marked("sure"),
};

/**
 * The word inside of a sentence: "sure".
 * @param {string} word in English
 */
export function surenessWord(word) {
  return gettext(SURENESS_WORDS[word]);
}

/** @param {Certainty} certainty */
export function describeCertainty({ word, likeness, threshold }) {
  const said = surenessWord(word);
  return gettext("{word}: likeness {likeness} of 100, and the threshold is {threshold}.", {
    word: said.charAt(0).toUpperCase() + said.slice(1),
    likeness: likeness.toFixed(0),
    threshold: threshold.toFixed(0),
  });
}

/**
 * A probability, which is never said to be certain.
 * @param {number} probability 0..1
 */
export function formatProbability(probability) {
  if (probability >= 0.99) return gettext("over {percentage}", { percentage: "99\u00a0%" });
  if (probability < 0.01) return gettext("below {percentage}", { percentage: "1\u00a0%" });
  return `${Math.round(probability * 100)}\u00a0%`;
}
