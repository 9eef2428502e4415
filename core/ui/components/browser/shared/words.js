/**
 * The texts that modules say themselves, in the language of who reads; as `core/language/texts.py`.
 *
 * A text is written in English where it is used, whole, with names in braces for what it is about. Python sends with
 * every component what its texts are in another language (`core/ui/components/browser_words.py`), and `speak` takes
 * that up before the component is drawn. All components of a page speak one language.
 */

import { formatCount } from "./text.js";

/**
 * @typedef {object} Words
 * @property {string} language as ISO 639-1 has it
 * @property {string} decimal_sign
 * @property {Record<string, string | Record<string, string>>} texts by the English one; of a number of things by its
 *   English plural, a form for each category of plurals
 */

/** What is spoken now; before any component was drawn, English. */
const voice = { words: /** @type {Words} */ ({ language: "en", decimal_sign: ".", texts: {} }) };

/**
 * Say everything in this language from now on. Components know their own texts alone, so those of one language add up.
 * @param {Words} words
 */
export function speak(words) {
  const texts = words.language === voice.words.language ? voice.words.texts : {};
  voice.words = { ...words, texts: { ...texts, ...words.texts } };
}

/** What is spoken now, for a page that is saved. */
export function spokenWords() {
  return voice.words;
}

/**
 * A text that is said later; it stays as it is.
 * @param {string} message
 */
export function marked(message) {
  return message;
}

/**
 * A text; the values stand for the names in its braces, as they are.
 * @param {string} message
 * @param {Record<string, string>} values
 */
export function gettext(message, values = {}) {
  const said = voice.words.texts[message];
  return fill(typeof said === "string" ? said : message, values);
}

/**
 * A text about a number of things, which is written at `{number}`.
 * @param {string} singular
 * @param {string} plural
 * @param {number} number
 */
export function ngettext(singular, plural, number) {
  const { language, texts } = voice.words;
  const forms = texts[plural];
  const inEnglish = number === 1 ? singular : plural;
  const said =
    typeof forms === "object" ? (forms[new Intl.PluralRules(language).select(number)] ?? forms.other) : undefined;
  return fill(said ?? inEnglish, { number: formatCount(number) });
}

/**
 * A number with so many digits after the sign that the language writes before them.
 * @param {number} number
 * @param {number} digits
 */
export function formatDecimal(number, digits) {
  return number.toFixed(digits).replace(".", voice.words.decimal_sign);
}

/**
 * @param {string} text
 * @param {Record<string, string>} values
 */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (name, key) => values[key] ?? name);
}
