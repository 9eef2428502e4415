// A list or a strip of pictures of which one is chosen: arrows walk, Enter or a click chooses. What is pointed at lights
// up in the components of the same link.
const choosing = (window.faceChoices ??= new Map());

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  choosing.get(data.key)?.abort();
  const closing = new AbortController();
  choosing.set(data.key, closing);
  const root = parentElement.querySelector(".choices");
  const focused = root.contains(root.getRootNode().activeElement) ? root.getRootNode().activeElement.dataset.id : null;
  const lines = data.lines.map(line);
  const point = data.link ? linked(data.link, light, closing.signal) : light;
  let chosen = data.chosen;

  root.className = `choices ${data.layout}`;
  root.setAttribute("role", "listbox");
  root.setAttribute("aria-label", data.label);
  root.style.maxHeight = data.height_px ? `${data.height_px}px` : "";
  root.replaceChildren(...lines);
  mark();
  const before = lines.find((each) => each.dataset.id === focused);
  if (before) before.focus({ preventScroll: true });
  else show(lines.find((each) => each.dataset.id === chosen));

  function line(given) {
    const made = document.createElement("div");
    made.dataset.id = given.id;
    made.className = given.known ? "line" : "line unknown";
    made.setAttribute("role", "option");
    const picture = given.src ? Object.assign(document.createElement("img"), { src: given.src, alt: "" }) : document.createElement("span");
    if (!given.src) picture.className = "blank";
    const text = document.createElement("div");
    text.append(Object.assign(document.createElement("strong"), { dir: "auto", textContent: given.title }));
    if (given.share !== null) text.append(bar(given.share));
    if (given.note) text.append(Object.assign(document.createElement("span"), { dir: "auto", textContent: given.note }));
    made.append(picture, text);
    made.setAttribute("aria-label", [given.title, given.note].filter(Boolean).join(", "));
    made.title = given.title;
    made.onclick = () => choose(made);
    made.onpointerenter = () => point(given.id);
    made.onpointerleave = () => point(null);
    made.onfocus = () => point(given.id);
    made.onblur = () => point(null);
    made.onkeydown = keys;
    return made;
  }

  function bar(share) {
    const made = Object.assign(document.createElement("span"), { className: "share" });
    const part = document.createElement("i");
    part.style.width = `${Math.max(1, 100 * share)}%`;
    made.append(part);
    return made;
  }

  function choose(made) {
    chosen = made.dataset.id;
    mark();
    made.focus({ preventScroll: true });
    setStateValue("chosen", { id: chosen, when: Date.now() });
  }

  function mark() {
    const open = lines.find((each) => each.dataset.id === chosen) ?? lines[0];
    lines.forEach((each) => {
      each.setAttribute("aria-selected", String(each.dataset.id === chosen));
      each.tabIndex = each === open ? 0 : -1;
    });
  }

  function keys(event) {
    const at = lines.indexOf(event.currentTarget);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const to = step ? at + step : { Home: 0, End: lines.length - 1 }[event.key];
    if (to !== undefined) {
      const next = lines[Math.max(0, Math.min(lines.length - 1, to))];
      next.focus({ preventScroll: true });
      show(next);
    } else if (event.key === "Enter" || event.key === " ") choose(event.currentTarget);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Into view within the list, not by moving the page.
  function show(made) {
    if (!made) return;
    const down = made.offsetTop - root.offsetTop, right = made.offsetLeft - root.offsetLeft;
    if (down < root.scrollTop || down + made.offsetHeight > root.scrollTop + root.clientHeight) root.scrollTop = down - 8;
    if (right < root.scrollLeft || right + made.offsetWidth > root.scrollLeft + root.clientWidth) root.scrollLeft = right - 8;
  }

  function light(id) {
    lines.forEach((each) => {
      const lit = each.dataset.id === id;
      each.classList.toggle("lit", lit);
      if (lit && !root.contains(root.getRootNode().activeElement)) show(each);
    });
  }
}
