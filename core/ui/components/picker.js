// A grid of faces that is chosen from by mouse or keyboard. The whole of it is one list box: arrows walk, space
// chooses, letters and digits are commands about what is chosen (or about the face in focus when nothing is).
const FOCUS_DELAY_MS = 180;
// What is chosen in each grid outlives its elements and this module: new data load both anew.
const memory = (window.facePickers ??= new Map());

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const root = parentElement.querySelector(".picker");
  if (!memory.has(data.key)) memory.set(data.key, { selected: new Set(), focused: null, epoch: null, anchor: null, outbox: [] });
  const self = memory.get(data.key);
  self.focusing?.abort(); // what listened before, perhaps to elements that are gone, knows the faces of before
  self.focusing = new AbortController();
  const { signal } = self.focusing;
  const ids = data.faces.map((face) => face.id);

  self.outbox = self.outbox.filter((sent) => sent.n > data.seen);
  if (self.outbox.length) setTriggerValue("commands", self.outbox); // pressed while the page was busy
  if (self.epoch !== data.epoch) {
    self.selected.clear();
    self.epoch = data.epoch;
  }
  for (const id of [...self.selected]) if (!ids.includes(id)) self.selected.delete(id);
  if (!ids.includes(self.focused)) self.focused = ids[Math.min(self.place ?? 0, ids.length - 1)] ?? null;

  const signature = JSON.stringify(data.faces.map(({ src, ...rest }) => [rest, src.length, src.slice(-24)]));
  const redrawn = signature !== root.drawn;
  if (redrawn) {
    root.replaceChildren(...data.faces.map(tile));
    root.drawn = signature;
  }
  root.setAttribute("aria-label", data.label);
  root.setAttribute("aria-multiselectable", String(!data.click));
  root.style.setProperty("--tile", `${data.tile_px}px`);
  mark();
  const called = data.grab !== self.grab; // something was named in the field beside the grid: back to the faces
  self.grab = data.grab;
  if ((redrawn && self.active) || (called && data.grab > 0)) element(self.focused)?.focus({ preventScroll: true });

  function tile(face) {
    const made = document.createElement("div");
    made.className = "tile";
    made.id = `face-${face.id}`;
    made.dataset.id = face.id;
    made.setAttribute("role", "option");
    made.setAttribute("aria-label", [face.alt, face.note, ...face.badges.map((badge) => badge[1])].filter(Boolean).join(", "));
    const picture = document.createElement("img");
    picture.src = face.src;
    picture.alt = "";
    picture.draggable = false;
    const tick = text("tick", "\u2713");
    const badges = document.createElement("div");
    badges.className = "badges";
    for (const [symbol, meaning] of face.badges) {
      const badge = text("badge", symbol);
      badge.title = meaning;
      badges.append(badge);
    }
    made.append(picture, tick, badges, text("name", face.name), text("note", face.note));
    return made;
  }

  function text(className, content) {
    const made = document.createElement("div");
    made.className = className;
    made.dir = "auto"; // a name that is read from the right is cut at its end, too
    made.textContent = content;
    made.title = content;
    return made;
  }

  function element(id) {
    return id === null ? null : root.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  function mark() {
    for (const each of root.children) {
      const id = each.dataset.id;
      each.setAttribute("aria-selected", self.selected.has(id));
      each.tabIndex = id === self.focused ? 0 : -1;
    }
  }

  function tell(delay) {
    clearTimeout(self.timer);
    const said = { epoch: self.epoch, selected: ids.filter((id) => self.selected.has(id)), focused: self.focused };
    self.timer = setTimeout(() => setStateValue("picked", said), delay);
  }

  function focus(place) {
    const inside = Math.max(0, Math.min(ids.length - 1, place));
    self.focused = ids[inside];
    self.place = inside;
    mark();
    element(self.focused)?.focus();
  }

  function toggle(id, whole) {
    const place = ids.indexOf(id);
    if (whole && self.anchor !== null && ids.includes(self.anchor)) {
      const [from, to] = [ids.indexOf(self.anchor), place].sort((a, b) => a - b);
      for (const between of ids.slice(from, to + 1)) self.selected.add(between);
    } else {
      self.selected.has(id) ? self.selected.delete(id) : self.selected.add(id);
      self.anchor = id;
    }
    focus(place);
    tell(0);
  }

  function command(name) {
    const about = self.selected.size ? ids.filter((id) => self.selected.has(id)) : self.focused === null ? [] : [self.focused];
    clearTimeout(self.timer);
    self.last = Math.max(Date.now(), (self.last ?? 0) + 1);
    self.outbox.push({ n: self.last, name, ids: about });
    setTriggerValue("commands", self.outbox);
  }

  function order(id) {
    focus(ids.indexOf(id));
    command(data.click);
  }

  function columns() {
    const [first] = root.children;
    return first ? [...root.children].filter((each) => each.offsetTop === first.offsetTop).length : 1;
  }

  root.onclick = (event) => {
    const chosen = event.target.closest(".tile");
    if (!chosen) return;
    if (data.click) order(chosen.dataset.id);
    else toggle(chosen.dataset.id, event.shiftKey);
  };
  root.ondblclick = (event) => {
    const chosen = event.target.closest(".tile");
    if (chosen && !data.click) command("open");
  };
  root.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !root.contains(event.relatedTarget)) self.active = false;
  }, { signal });
  root.addEventListener("focusin", (event) => {
    self.active = true;
    const chosen = event.target.closest(".tile");
    if (chosen && chosen.dataset.id !== self.focused) {
      self.focused = chosen.dataset.id;
      mark();
    }
  }, { signal });
  root.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const place = ids.indexOf(self.focused);
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns(), Home: -ids.length, End: ids.length,
    };
    if (event.key in steps) {
      const next = place + steps[event.key];
      const extending = event.shiftKey && !data.click;
      if (extending) self.selected.add(self.focused);
      focus(event.key === "ArrowUp" && next < 0 ? place : event.key === "ArrowDown" && next >= ids.length ? place : next);
      if (extending) self.selected.add(self.focused);
      mark();
      if (!data.click) tell(FOCUS_DELAY_MS);
    } else if (event.key === " " && data.click) {
      order(self.focused);
    } else if (event.key === " ") {
      toggle(self.focused, event.shiftKey);
    } else if (event.key === "Escape") {
      self.selected.clear();
      mark();
      tell(0);
    } else if (event.key === "a" && !data.click) {
      const all = self.selected.size === ids.length;
      self.selected = new Set(all ? [] : ids);
      mark();
      tell(0);
    } else if (data.keys[event.key] === "name" && document.querySelector(data.name_field)) {
      document.querySelector(data.name_field).focus();
    } else if (event.key in data.keys) {
      command(data.keys[event.key]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return () => clearTimeout(self.timer);
}
