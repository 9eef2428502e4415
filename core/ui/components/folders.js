// Folders that are dropped keep their structure. For a folder that is chosen, the browser says where each file lay, and the
// uploader sends that along; for one that is dropped, the uploader finds it out by itself and forgets to send it.
export default function () {
  const native = Object.getOwnPropertyDescriptor(File.prototype, "webkitRelativePath");
  if (native.get.ofDropped) return;
  const get = function () {
    const lay = typeof this.path === "string" ? this.path.replace(/^(\.?\/)+/, "") : "";
    return native.get.call(this) || (lay.includes("/") ? lay : "");
  };
  get.ofDropped = true;
  Object.defineProperty(File.prototype, "webkitRelativePath", { ...native, get });
}
