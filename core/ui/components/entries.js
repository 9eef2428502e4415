// Entries with faces, one below the other, each with buttons and perhaps a field for a name. Arrows walk from entry to
// entry; a name and Enter goes on to the next one, so that many are dealt with without a hand leaving the keys.
const memory = (window.faceEntries ??= new Map());

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".entries");
  if (!memory.has(data.key)) memory.set(data.key, { place: 0, at: null, selected: new Set(), epoch: null, inField: false, active: false, outbox: [], drafts: new Map() });
  const self = memory.get(data.key);
  self.focusing?.abort(); // what listened before, perhaps to elements that are gone, knows the faces of before
  self.focusing = new AbortController();
  const { signal } = self.focusing;

  self.outbox = self.outbox.filter((sent) => sent.n > data.seen);
  if (self.outbox.length) setTriggerValue("commands", self.outbox); // asked while the page was busy
  if (self.epoch !== data.epoch) {
    self.selected.clear();
    self.epoch = data.epoch;
  }
  draw();
  mark();

  // What waits in the outbox and settles its entries is as good as done: they come back only if it is refused.
  function draw() {
    const settled = new Set(self.outbox.filter((sent) => data.settling.includes(sent.name)).flatMap((sent) => sent.ids));
    const shown = data.entries.filter((entry) => !settled.has(entry.id));
    const signature = JSON.stringify([data.names.length, shown.map(({ strips, ...rest }) => rest)]);
    if (signature === root.drawn) return;
    const names = document.createElement("datalist");
    names.id = "known-names";
    names.append(...data.names.map((name) => Object.assign(document.createElement("option"), { value: name })));
    root.replaceChildren(names, ...shown.map(row));
    root.drawn = signature;
    const still = ids().indexOf(self.at); // somebody may be typing in it, and another came or went above it
    if (self.active) focus(still < 0 ? self.place : still, self.inField);
  }

  function rows() {
    return [...root.querySelectorAll(".row")];
  }

  function ids() {
    return rows().map((each) => each.dataset.id);
  }

  function row(entry) {
    const made = document.createElement("div");
    made.className = "row";
    made.dataset.id = entry.id;
    made.setAttribute("role", "listitem");
    made.setAttribute("aria-label", `${entry.title}. ${entry.note}`);
    const strips = document.createElement("div");
    strips.className = "strips";
    strips.append(...entry.strips.map(strip));
    const about = document.createElement("div");
    about.className = "about";
    about.append(said(entry.title, "title"), said(entry.note, "note"));
    if (entry.field) {
      const field = Object.assign(document.createElement("input"), { type: "text", dir: "auto", placeholder: entry.field, maxLength: 80 });
      field.setAttribute("list", "known-names");
      field.setAttribute("aria-label", `${entry.field} ${entry.title}`);
      field.autocomplete = "off";
      field.value = self.drafts.get(entry.id) ?? "";
      field.oninput = () => self.drafts.set(entry.id, field.value);
      about.append(field);
    }
    const actions = document.createElement("div");
    actions.className = "actions";
    if (entry.question) actions.append(said(entry.question));
    actions.append(...entry.buttons.map(([label, name]) => button(label, name, entry.id)));
    about.append(actions);
    made.append(strips, about);
    return made;
  }

  function strip({ label, faces }) {
    const made = document.createElement("div");
    const pictures = document.createElement("div");
    pictures.className = "strip";
    pictures.append(...faces.map((src) => Object.assign(document.createElement("img"), { src, alt: "", draggable: false })));
    if (label) made.append(said(label, "label"));
    made.append(pictures);
    return made;
  }

  function said(content, className = "said") {
    return Object.assign(document.createElement("span"), { className, dir: "auto", textContent: content });
  }

  function button(label, name, id) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: label, tabIndex: -1 });
    made.onclick = (event) => {
      event.stopPropagation();
      self.place = ids().indexOf(id);
      self.inField = false;
      command(name, [id]);
    };
    return made;
  }

  function mark() {
    rows().forEach((each, place) => {
      each.tabIndex = place === self.place ? 0 : -1;
      each.toggleAttribute("data-chosen", self.selected.has(each.dataset.id));
    });
  }

  function focus(place, inField) {
    self.place = Math.max(0, Math.min(ids().length - 1, place));
    self.inField = inField;
    const wanted = rows()[self.place];
    self.at = wanted?.dataset.id ?? null;
    mark();
    ((inField && wanted?.querySelector("input")) || wanted || root).focus();
  }

  function command(name, about, text = "") {
    self.last = Math.max(Date.now(), (self.last ?? 0) + 1);
    self.outbox.push({ n: self.last, name, ids: about, text });
    setTriggerValue("commands", self.outbox);
    for (const id of about) self.drafts.delete(id);
    draw();
  }

  function chosen(id) {
    return self.selected.has(id) ? ids().filter((each) => self.selected.has(each)) : [id];
  }

  root.tabIndex = -1; // takes the focus when the last entry is dealt with: undo is still a key away
  root.onclick = (event) => {
    const hit = event.target.closest(".row");
    if (hit && event.target.tagName !== "INPUT") {
      const id = hit.dataset.id;
      if (event.ctrlKey || event.metaKey || event.shiftKey) self.selected.has(id) ? self.selected.delete(id) : self.selected.add(id);
      focus(ids().indexOf(id), false);
    }
  };
  root.addEventListener("focusin", (event) => {
    self.active = true;
    const hit = event.target.closest(".row");
    if (hit) {
      self.place = ids().indexOf(hit.dataset.id);
      self.at = hit.dataset.id;
      self.inField = event.target.tagName === "INPUT";
      mark();
    }
  }, { signal });
  root.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !root.contains(event.relatedTarget)) self.active = false;
  }, { signal });
  root.onkeydown = (event) => {
    if (event.altKey) return;
    const id = event.target.closest(".row")?.dataset.id;
    if (event.target.tagName === "INPUT") {
      const name = event.target.value.trim();
      if (event.key === "Enter" && name) command("name", chosen(id), name);
      else if (event.key === "Escape") focus(self.place, false);
      else if (event.key === "ArrowDown" && !name) focus(self.place + 1, true);
      else if (event.key === "ArrowUp" && !name) focus(self.place - 1, true);
      else return;
    } else if (event.ctrlKey || event.metaKey) return;
    else if (event.key === "ArrowDown") focus(self.place + 1, false);
    else if (event.key === "ArrowUp") focus(self.place - 1, false);
    else if (event.key === "Home") focus(0, false);
    else if (event.key === "End") focus(ids().length - 1, false);
    else if (id && (event.key === "Enter" || event.key === "m")) focus(self.place, true);
    else if (id && event.key === " ") {
      self.selected.has(id) ? self.selected.delete(id) : self.selected.add(id);
      mark();
    } else if (event.key in data.keys) command(data.keys[event.key], id ? chosen(id) : []);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
