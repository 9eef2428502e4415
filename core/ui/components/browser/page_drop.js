/** Files and folders that are dropped anywhere on the page go to its first uploader, as if they had been dropped there. */

import { findElement } from "./shared/dom.js";

/** @import { Cleanup, Component } from "./component.js" */

const UPLOADER = "[data-testid=stFileUploaderDropzone]";

/**
 * @param {Component<{ invitation: string }>} component
 * @returns {Cleanup}
 */
export default function watchDrops({ data, parentElement }) {
  const sheet = findElement(parentElement, ".sheet", HTMLElement);
  findElement(sheet, "p", HTMLElement).textContent = data.invitation;
  const closing = new AbortController();
  const { signal } = closing;

  /** @param {DragEvent} event */
  function allowDrop(event) {
    if (!carriesFiles(event)) return;
    // Without this the browser would open the file in place of the page.
    event.preventDefault();
    sheet.hidden = isOverUploader(event);
  }

  /** @param {DragEvent} event */
  function hideWhenLeft(event) {
    // Between two elements of the page the event says where to; out of the window it does not.
    if (event.relatedTarget === null) sheet.hidden = true;
  }

  /** @param {DragEvent} event */
  function forwardDrop(event) {
    sheet.hidden = true;
    const uploader = document.querySelector(UPLOADER);
    if (!uploader || !carriesFiles(event) || isOverUploader(event)) return;
    event.preventDefault();
    // At once: what was dropped can be read while its own event is dealt with, and no later.
    uploader.dispatchEvent(
      new DragEvent("drop", { dataTransfer: event.dataTransfer, bubbles: true, cancelable: true }),
    );
  }

  document.addEventListener("dragover", allowDrop, { signal });
  document.addEventListener("dragleave", hideWhenLeft, { signal });
  document.addEventListener("drop", forwardDrop, { signal });
  return () => closing.abort();
}

/** @param {DragEvent} event */
function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** @param {DragEvent} event */
function isOverUploader(event) {
  return event.target instanceof Element && event.target.closest(UPLOADER) !== null;
}
