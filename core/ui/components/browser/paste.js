/** Pictures from the clipboard: pasted anywhere on the page, except into a field that takes text. */

import { findElement } from "./shared/dom.js";

/**
 * @import { Cleanup, Component } from "./component.js"
 *
 * @typedef {{ label: string, most_bytes: number, too_large: string }} PasteData
 */

const PICTURE = /^image\//;

/**
 * @param {Component<PasteData>} component
 * @returns {Cleanup}
 */
export default function watchClipboard({ data, parentElement, setTriggerValue }) {
  const note = findElement(parentElement, "p", HTMLElement);
  const closing = new AbortController();
  note.textContent = data.label;

  /** @param {ClipboardEvent} event */
  async function sendPictures(event) {
    const files = Array.from(event.clipboardData?.files ?? []).filter((file) => PICTURE.test(file.type));
    if (!files.length) return;
    event.preventDefault();
    if (files.some((file) => file.size > data.most_bytes)) {
      note.textContent = data.too_large;
      return;
    }
    const pictures = await Promise.all(
      files.map(async (file) => ({ name: file.name, content: await readBase64(file) })),
    );
    setTriggerValue("pasted", { pictures });
  }

  document.addEventListener("paste", sendPictures, { signal: closing.signal });
  return () => closing.abort();
}

/**
 * @param {File} file
 * @returns {Promise<string>} its content in base64
 */
function readBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      const address = String(reader.result); // data:TYPE;base64,CONTENT
      resolve(address.slice(address.indexOf(",") + 1));
    };
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
