/** One photo of a lookup: its name, what has to be said of it, and its faces, each of which unfolds. */

import { createCertaintyBar } from "../shared/certainty.js";
import { describeCertainty, formatProbability, surenessWord } from "../shared/certainty_words.js";
import { createElement, createText } from "../shared/dom.js";
import { fileName, spokenName } from "../shared/text.js";
import { formatDecimal, gettext, marked } from "../shared/words.js";

/**
 * @import { LookupTable, View } from "./table.js"
 *
 * @typedef {object} Show
 * @property {string} limit
 * @property {View} view
 * @property {Map<number, string>} pictures by the row of the face
 */

/** A grey dot, until the picture has come. */
const NO_PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAMLCwgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==";
const POOR = marked("Too poor to tell");
const POOR_HINT = marked("Too small, blurred or dark to tell who it is");
const POOR_REASON = marked("Too small, blurred or dark to tell who it is: different people look alike so.");

/**
 * @param {LookupTable} table
 * @param {number} photo
 * @param {Show} show
 */
export function createPhotoRow(table, photo, show) {
  const [name] = table.data.photos[photo];
  const title = createText("div", "title", fileName(name));
  title.title = name;
  const notes = table.notesOf(show.limit, photo).map((note) => createText("div", "note", note));
  const detail = createElement("div", { className: "detail", dir: "auto" });
  const faces = table.facesOf(photo).map((row) => createFace(table, row, show, detail));
  return createElement(
    "li",
    { className: "row", dir: "auto" },
    {},
    createElement("div", { className: "about", dir: "auto" }, {}, title, ...notes),
    createElement("div", { className: "strip", dir: "auto" }, {}, ...faces),
  );
}

/**
 * @param {LookupTable} table
 * @param {number} row
 * @param {Show} show
 * @param {HTMLElement} detail what the photo's faces unfold into, one at a time
 */
function createFace(table, row, { limit, view, pictures }, detail) {
  const [, , , , isTrusted] = table.data.faces[row];
  const { word } = table.certaintyOf(limit, row);
  const person = table.nameOf(limit, row);
  const unknownName = isTrusted ? gettext("Unknown") : gettext(POOR);
  const unknownHint = isTrusted
    ? gettext("Unknown; nearest is {name}", { name: spokenName(table.nearestPerson(row)) })
    : gettext(POOR_HINT);
  const face = createElement(
    "button",
    { type: "button", className: "face", dir: "auto", title: person ? spokenName(person) : unknownHint },
    { "data-row": String(row), "aria-expanded": "false" },
    createElement("img", { alt: "", src: pictures.get(row) ?? NO_PICTURE }),
    createText("span", "name", person ? spokenName(person) : unknownName),
    createText("span", "sure", word === "unknown" ? "" : surenessWord(word)),
  );
  face.classList.toggle("other", !table.standsOut(limit, view, row));
  face.classList.toggle("unknown", !person);
  face.onclick = () => toggleFace(face, detail, () => candidatesOf(table, row, limit));
  return face;
}

/**
 * @param {HTMLElement} face
 * @param {HTMLElement} detail
 * @param {() => HTMLElement[]} createContent
 */
function toggleFace(face, detail, createContent) {
  const isOpening = face.getAttribute("aria-expanded") === "false";
  for (const each of face.parentElement?.querySelectorAll(".face") ?? []) each.setAttribute("aria-expanded", "false");
  face.setAttribute("aria-expanded", String(isOpening));
  if (isOpening) {
    detail.replaceChildren(...createContent());
    face.after(detail);
  } else detail.remove();
}

/**
 * Who a face may be, and how near each of them is.
 * @param {LookupTable} table
 * @param {number} row
 * @param {string} limit
 */
function candidatesOf(table, row, limit) {
  const [candidates, , margin, , isTrusted] = table.data.faces[row];
  if (!isTrusted) return [createText("p", "", gettext(POOR_REASON))];
  const certainty = table.certaintyOf(limit, row);
  const lines = candidates.map(([person, likely, distance]) => {
    const words = gettext("{name}: {probability}, distance {distance}", {
      name: spokenName(table.data.people[person]),
      probability: formatProbability(likely),
      distance: formatDecimal(distance, 2),
    });
    return createText("li", "", words);
  });
  return [
    createText("p", "", describeCertainty(certainty)),
    createElement("p", {}, {}, createCertaintyBar(certainty)),
    createText(
      "p",
      "",
      gettext("Margin of the classifier: {margin}. If it is one of them, how probable each is:", {
        margin: formatDecimal(margin, 2),
      }),
    ),
    createElement("ol", { className: "candidates", dir: "auto" }, {}, ...lines),
  ];
}
