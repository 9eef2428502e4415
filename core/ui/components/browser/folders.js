/**
 * Folders that are dropped keep their structure, and a file that is too large is told by name: the uploader says so on a
 * chip that goes as soon as what was given beside it has come.
 */

import { findElement } from "./shared/dom.js";
import { isolateName } from "./shared/text.js";

/** @import { Cleanup, Component } from "./component.js" */

/**
 * @param {Component<{ most_bytes: number, too_large: string }>} component
 * @returns {Cleanup}
 */
export default function watchUploads({ data, parentElement }) {
  keepFolderPaths();
  const note = findElement(parentElement, "p", HTMLElement);
  const closing = new AbortController();
  const options = { signal: closing.signal, capture: true };

  /** @param {Iterable<File>} files */
  function nameLargeFiles(files) {
    const large = Array.from(files).filter((file) => file.size > data.most_bytes);
    const names = large.map((file) => isolateName(file.name)).join(", ");
    note.hidden = !large.length;
    note.textContent = large.length ? `${names}: ${data.too_large}` : "";
  }

  document.addEventListener(
    "change",
    ({ target }) => {
      if (target instanceof HTMLInputElement && target.type === "file") nameLargeFiles(target.files ?? []);
    },
    options,
  );
  document.addEventListener("drop", (event) => nameLargeFiles(event.dataTransfer?.files ?? []), options);
  return () => closing.abort();
}

/** Marks our own way of reading a path, which is put in once. */
const OF_DROPPED = Symbol.for("face-atlas-path-of-dropped-file");

/**
 * For a folder that is chosen, the browser says where each file lay, and the uploader sends that along; for one that is
 * dropped, the uploader finds it out by itself, as `path`, and forgets to send it. It reads `webkitRelativePath`, so
 * that is where it has to find it.
 */
function keepFolderPaths() {
  const native = Object.getOwnPropertyDescriptor(File.prototype, "webkitRelativePath");
  const read = native?.get;
  if (!read || OF_DROPPED in read) return;

  /** @this {File & { path?: unknown }} */
  function pathOfFile() {
    const dropped = typeof this.path === "string" ? this.path.replace(/^(\.?\/)+/, "") : "";
    return read?.call(this) || (dropped.includes("/") ? dropped : "");
  }

  const get = Object.assign(pathOfFile, { [OF_DROPPED]: true });
  Object.defineProperty(File.prototype, "webkitRelativePath", { ...native, get });
}
