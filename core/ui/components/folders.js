// Folders that are dropped keep their structure, and a file that is too large is told by name: the uploader says so on a
// chip that goes as soon as what was given beside it has come.
export default function (component) {
  keepPaths();
  const { data, parentElement } = component;
  const note = parentElement.querySelector("p");
  const closing = new AbortController();
  const listen = { signal: closing.signal, capture: true };
  document.addEventListener("change", (event) => event.target.type === "file" && look(event.target.files), listen);
  document.addEventListener("drop", (event) => look(event.dataTransfer?.files ?? []), listen);
  return () => closing.abort();

  function look(files) {
    const large = [...files].filter((file) => file.size > data.most_bytes);
    note.hidden = !large.length;
    note.textContent = large.length ? `${large.map((file) => `\u2068${file.name}\u2069`).join(", ")}: ${data.too_large}` : "";
  }
}

// For a folder that is chosen, the browser says where each file lay, and the uploader sends that along; for one that is
// dropped, the uploader finds it out by itself and forgets to send it.
function keepPaths() {
  const native = Object.getOwnPropertyDescriptor(File.prototype, "webkitRelativePath");
  if (native.get.ofDropped) return;
  const get = function () {
    const lay = typeof this.path === "string" ? this.path.replace(/^(\.?\/)+/, "") : "";
    return native.get.call(this) || (lay.includes("/") ? lay : "");
  };
  get.ofDropped = true;
  Object.defineProperty(File.prototype, "webkitRelativePath", { ...native, get });
}
