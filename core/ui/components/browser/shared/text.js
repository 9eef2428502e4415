/** Numbers and names as they stand on the page; the same as those that Python writes. */

const THIN_SPACE = "\u202f";

/**
 * A number with its thousands apart.
 * @param {number} number
 */
export function formatCount(number) {
  return number.toLocaleString("en").replaceAll(",", THIN_SPACE);
}

/**
 * A person's name as it is spoken; in folders it has underscores.
 * @param {string} name
 */
export function spokenName(name) {
  return name.replaceAll("_", " ");
}

/** As many letters of a name as a label has room for. */
const LABEL_MOST = 32;

/**
 * A name as a label beside others: without the end of a very long one.
 * @param {string} name
 */
export function shortenName(name) {
  const letters = [...name];
  return letters.length <= LABEL_MOST
    ? name
    : `${letters
        .slice(0, LABEL_MOST - 1)
        .join("")
        .trimEnd()}…`;
}

/**
 * The last part of a path.
 * @param {string} path
 */
export function fileName(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * A name of others within a sentence: the marks around it keep one that is read from the right from turning the rest.
 * @param {string} name
 */
export function isolateName(name) {
  return `\u2068${name}\u2069`;
}

/**
 * Text as it may stand in XML and HTML, between tags and within quotation marks.
 * @param {string} text
 */
export function escapeMarkup(text) {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
