// Groups of faces, one below the other, each with a field for its name. Arrows walk from group to group; typing a name and
// Enter goes on to the next group, so that many are named without a hand leaving the keys.
const memory = (window.faceGroups ??= new Map());

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".groups");
  root.focusing?.abort(); // what listened before knows the faces of before
  root.focusing = new AbortController();
  const { signal } = root.focusing;
  if (!memory.has(component.key)) memory.set(component.key, { place: 0, selected: new Set(), epoch: null, inField: false, active: false });
  const self = memory.get(component.key);
  const ids = data.groups.map((group) => group.id);

  if (self.epoch !== data.epoch) {
    self.selected.clear();
    self.epoch = data.epoch;
  }
  self.place = Math.max(0, Math.min(self.place, ids.length - 1));
  const signature = JSON.stringify([data.names.length, data.groups.map(({ faces, ...rest }) => rest)]);
  const redrawn = signature !== root.drawn;
  if (redrawn) {
    const names = document.createElement("datalist");
    names.id = "known-names";
    names.append(...data.names.map((name) => Object.assign(document.createElement("option"), { value: name })));
    root.replaceChildren(names, ...data.groups.map(row));
    root.drawn = signature;
  }
  mark();
  if (redrawn && self.active) focus(self.place, self.inField);

  function rows() {
    return [...root.querySelectorAll(".row")];
  }

  function row(group) {
    const made = document.createElement("div");
    made.className = "row";
    made.dataset.id = group.id;
    made.setAttribute("role", "listitem");
    made.setAttribute("aria-label", `${group.title}. ${group.note}`);
    const strip = document.createElement("div");
    strip.className = "strip";
    for (const src of group.faces) strip.append(Object.assign(document.createElement("img"), { src, alt: "", draggable: false }));
    const about = document.createElement("div");
    about.className = "about";
    const field = Object.assign(document.createElement("input"), { type: "text", placeholder: "Who is this?", maxLength: 80 });
    field.setAttribute("list", "known-names");
    field.setAttribute("aria-label", `Name of the group of ${group.title}`);
    field.autocomplete = "off";
    const actions = document.createElement("div");
    actions.className = "actions";
    if (group.guess) {
      actions.append(
        said(`Is this ${group.guess}?`), button("Yes", "yes", group.id), button("No", "no", group.id)
      );
    }
    actions.append(button("Look closer", "open", group.id), button("Nobody to name", "nobody", group.id));
    about.append(said(group.title, "title"), said(group.note, "note"), field, actions);
    made.append(strip, about);
    return made;
  }

  function said(content, className = "said") {
    return Object.assign(document.createElement("span"), { className, textContent: content });
  }

  function button(label, name, id) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: label, tabIndex: -1 });
    made.onclick = (event) => {
      event.stopPropagation();
      self.place = ids.indexOf(id);
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
    self.place = Math.max(0, Math.min(ids.length - 1, place));
    self.inField = inField;
    mark();
    const wanted = rows()[self.place];
    (inField ? wanted?.querySelector("input") : wanted)?.focus();
  }

  function command(name, about, text = "") {
    setTriggerValue("command", { name, ids: about, text, epoch: self.epoch });
  }

  function chosen(id) {
    return self.selected.has(id) ? ids.filter((each) => self.selected.has(each)) : [id];
  }

  root.onclick = (event) => {
    const hit = event.target.closest(".row");
    if (hit && event.target.tagName !== "INPUT") {
      const id = hit.dataset.id;
      if (event.ctrlKey || event.metaKey || event.shiftKey) self.selected.has(id) ? self.selected.delete(id) : self.selected.add(id);
      focus(ids.indexOf(id), false);
    }
  };
  root.addEventListener("focusin", (event) => {
    self.active = true;
    const hit = event.target.closest(".row");
    if (hit) {
      self.place = ids.indexOf(hit.dataset.id);
      self.inField = event.target.tagName === "INPUT";
      mark();
    }
  }, { signal });
  root.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !root.contains(event.relatedTarget)) self.active = false;
  }, { signal });
  root.onkeydown = (event) => {
    const hit = event.target.closest(".row");
    if (!hit || event.altKey) return;
    const id = hit.dataset.id;
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
    else if (event.key === "End") focus(ids.length - 1, false);
    else if (event.key === "Enter" || event.key === "m") focus(self.place, true);
    else if (event.key === " ") {
      self.selected.has(id) ? self.selected.delete(id) : self.selected.add(id);
      mark();
    } else if (event.key in data.keys) command(data.keys[event.key], chosen(id));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
