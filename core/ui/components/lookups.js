// Photos with the faces found on them. Every filter works on what is here already; Python is told what is shown, and
// asked for the pictures of the faces on the page.
const PER_PAGE = 24;
const ASK_DELAY_MS = 20;
const TELL_DELAY_MS = 400;
const BITS = { named: 1, uncertain: 4, twoNames: 8, again: 16 };
const all = (window.photoLookups ??= new Map());

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".lookup");
  const [chips, bar, rows, pages] = [".chips", ".bar", ".rows", ".pages"].map((each) => root.querySelector(each));
  if (!all.has(data.key)) all.set(data.key, { pictures: new Map() });
  const self = all.get(data.key);
  if (self.of !== data.of) Object.assign(self, { of: data.of, pictures: new Map(), view: null, page: 0, open: null });
  const first = [];
  data.photos.reduce((row, photo) => (first.push(row), row + photo[2]), 0);
  const photoOf = data.photos.flatMap(([, , count], photo) => Array(count).fill(photo));
  const marks = Object.fromEntries(
    Object.entries(data.marks).map(([name, { needed, faces, photos }]) => [name, { needed, faces: bytes(faces), photos: bytes(photos) }]),
  );
  self.deal = deal;
  if (self.dealt?.of === data.of) deal();

  function bytes(text) {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  }

  function deal() {
    const dealt = self.dealt;
    if (dealt.of !== data.of) return;
    self.view ??= { chip: dealt.first.chip || data.chips[0][0], person: dealt.first.person };
    for (const [row, src] of dealt.pictures) {
      self.pictures.set(row, src);
      for (const img of rows.querySelectorAll(`[data-row="${row}"] img`)) img.src = src;
    }
    const now = `${data.of} ${dealt.limit}`;
    if (root.drawn === now) return ask(); // what was asked before may have been lost with the run that it fell into
    root.drawn = now;
    draw();
  }

  // what is shown

  function nameOf(row) {
    return mark().faces[row] & BITS.named ? data.people[data.faces[row][0][0][0]] : "";
  }

  function mark() {
    return marks[self.dealt.limit];
  }

  function facesOf(photo) {
    return Array.from({ length: data.photos[photo][2] }, (_, place) => first[photo] + place);
  }

  function shows(photo, person) {
    return !person || facesOf(photo).some((row) => nameOf(row) === person);
  }

  function bit() {
    return data.chips.find(([id]) => id === self.view.chip)[2];
  }

  function found() {
    const wanted = bit();
    return data.photos
      .map((_, photo) => photo)
      .filter((photo) => (!wanted || mark().photos[photo] & wanted) && shows(photo, self.view.person));
  }

  function choose(view) {
    Object.assign(self.view, view);
    self.page = 0;
    draw();
    clearTimeout(self.telling);
    const said = { of: data.of, ...self.view };
    self.telling = setTimeout(() => setStateValue("view", said), TELL_DELAY_MS);
  }

  function draw() {
    drawChips();
    const shown = found();
    drawBar(shown.length);
    self.page = Math.min(self.page, Math.max(0, Math.ceil(shown.length / PER_PAGE) - 1));
    const part = shown.slice(self.page * PER_PAGE, (self.page + 1) * PER_PAGE);
    rows.replaceChildren(...part.map(photoRow));
    drawPages(Math.ceil(shown.length / PER_PAGE));
    self.shown = [part, shown.slice((self.page + 1) * PER_PAGE, (self.page + 2) * PER_PAGE)];
    ask();
  }

  // Pictures of this page first; those of the next one come along, so that turning the page shows them at once.
  function ask() {
    const [part, next] = self.shown;
    const missing = (photos) => photos.flatMap(facesOf).filter((row) => !self.pictures.has(row));
    const wanted = missing(part);
    clearTimeout(self.asking);
    if (!wanted.length) return;
    const said = { of: data.of, rows: [...wanted, ...missing(next)] };
    self.asking = setTimeout(() => setStateValue("asked", said), ASK_DELAY_MS);
  }

  // parts

  function make(tag, className, content = "") {
    return Object.assign(document.createElement(tag), { className, dir: "auto", textContent: content });
  }

  function count(number) {
    return number.toLocaleString("en").replaceAll(",", "\u202f");
  }

  function drawChips() {
    const counts = data.chips.map(([, , wanted]) => data.photos.filter((_, photo) => !wanted || mark().photos[photo] & wanted).length);
    const focused = chips.contains(active()) ? active().dataset.id : null;
    chips.replaceChildren(...data.chips.flatMap(([id, label, , hint], place) => {
      if (!counts[place] && id !== self.view.chip) return [];
      const made = make("button", "chip", `${label} `);
      Object.assign(made, { type: "button", title: hint });
      made.dataset.id = id;
      made.append(make("span", "count", count(counts[place])));
      made.setAttribute("aria-pressed", String(id === self.view.chip));
      made.onclick = () => choose({ chip: id });
      return [made];
    }));
    chips.querySelector(`[data-id="${focused}"]`)?.focus();
  }

  function active() {
    return root.getRootNode().activeElement;
  }

  function drawBar(shown) {
    const numbers = new Map();
    for (let photo = 0; photo < data.photos.length; photo++)
      for (const name of new Set(facesOf(photo).map(nameOf).filter(Boolean))) numbers.set(name, (numbers.get(name) ?? 0) + 1);
    const select = make("select", "person");
    select.setAttribute("aria-label", "Person");
    const names = [...numbers.keys()].sort((one, other) => one.localeCompare(other));
    if (self.view.person && !numbers.has(self.view.person)) names.push(self.view.person);
    const everybody = Object.assign(make("option", "", `Everybody (${count(numbers.size)})`), { value: "" });
    select.append(everybody, ...names.map((name) => Object.assign(make("option", "", `${said(name)} (${count(numbers.get(name) ?? 0)})`), { value: name })));
    select.value = self.view.person;
    select.onchange = () => choose({ person: select.value });
    select.hidden = names.length === 0;
    const focused = bar.contains(active());
    const told = make("p", "told", shown === 1 ? "1 photo" : `${count(shown)} photos`);
    told.setAttribute("role", "status");
    bar.replaceChildren(select, told);
    if (focused) select.focus();
  }

  function said(name) {
    return name.replaceAll("_", " ");
  }

  function photoRow(photo) {
    const [name, reason] = data.photos[photo];
    const made = make("li", "row");
    const about = make("div", "about");
    const title = make("div", "title", name.split("/").pop());
    title.title = name;
    about.append(title, ...notes(photo, reason).map((note) => make("div", "note", note)));
    const strip = make("div", "strip");
    const detail = make("div", "detail");
    strip.append(...facesOf(photo).map((row) => tile(row, detail)));
    made.append(about, strip);
    return made;
  }

  function notes(photo, reason) {
    const told = reason ? [reason] : [];
    const again = new Set(facesOf(photo).filter((row) => mark().faces[row] & BITS.again).map(nameOf));
    for (const name of again) told.push(`${said(name)} more than once`);
    for (const row of facesOf(photo)) {
      if (!(mark().faces[row] & BITS.twoNames)) continue;
      const rival = data.faces[row][3];
      const where = data.photos[photoOf[rival]][0].split("/").pop();
      told.push(`${said(nameOf(row))} here, ${said(nameOf(rival))} on ${where}`);
    }
    return told;
  }

  function tile(row, detail) {
    const [candidates, , , , isTrusted] = data.faces[row];
    const [[person, prob]] = candidates;
    const flags = mark().faces[row];
    const named = flags & BITS.named;
    const made = make("button", "face");
    made.type = "button";
    made.dataset.row = row;
    const wanted = bit();
    const other = (wanted && !(flags & wanted)) || (self.view.person && nameOf(row) !== self.view.person);
    if (other) made.classList.add("other");
    if (!named) made.classList.add("unknown");
    const picture = make("img", "");
    picture.alt = "";
    picture.src = self.pictures.get(row) ?? "data:image/gif;base64,R0lGODlhAQABAIAAAMLCwgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==";
    const name = make("span", "name", named ? said(data.people[person]) : isTrusted ? "Unknown" : "Too poor to tell");
    const sure = flags & BITS.uncertain ? "uncertain" : named ? percent(prob) : "";
    made.append(picture, name, make("span", "sure", sure));
    const [nearest] = candidates.reduce((near, each) => (each[2] < near[2] ? each : near)); // the most probable is not always it
    const unknown = isTrusted ? `Unknown; nearest is ${said(data.people[nearest])}` : "Too small, blurred or dark to tell who it is";
    made.title = named ? said(data.people[person]) : unknown;
    made.setAttribute("aria-expanded", "false");
    made.onclick = () => toggle(made, row, detail);
    return made;
  }

  function toggle(made, row, detail) {
    const opening = made.getAttribute("aria-expanded") === "false";
    for (const each of made.parentElement.querySelectorAll(".face")) each.setAttribute("aria-expanded", "false");
    made.setAttribute("aria-expanded", String(opening));
    if (!opening) return detail.remove();
    detail.replaceChildren(...candidatesOf(row));
    made.after(detail);
  }

  function candidatesOf(row) {
    const [candidates, score, prob, , isTrusted] = data.faces[row];
    if (!isTrusted) return [make("p", "", "Too small, blurred or dark to tell who it is: different people look alike so.")];
    const told = `Likeness ${score.toFixed(2)}; names are given above ${mark().needed.toFixed(2)}. A face: ${percent(prob)}. If it is one of them:`;
    const list = make("ol", "candidates");
    list.append(...candidates.map(([person, likely, distance]) => make("li", "", `${said(data.people[person])}: ${percent(likely)}, distance ${distance.toFixed(2)}`)));
    return [make("p", "", told), list];
  }

  function percent(prob) {
    return prob >= 0.99 ? "over 99 %" : prob < 0.01 ? "below 1 %" : `${Math.round(prob * 100)} %`;
  }

  function drawPages(total) {
    const focused = pages.contains(active()) ? active().dataset.to : null;
    const turn = (label, to, hint) => {
      const made = make("button", "turn", label);
      Object.assign(made, { type: "button", disabled: to < 0 || to >= total });
      made.dataset.to = label;
      made.setAttribute("aria-label", hint);
      made.onclick = () => {
        self.page = to;
        draw();
        root.scrollIntoView({ block: "start" });
      };
      return made;
    };
    pages.hidden = total < 2;
    const told = make("span", "", `Page ${count(self.page + 1)} of ${count(total)}`);
    pages.replaceChildren(turn("Before", self.page - 1, "The page before"), told, turn("Next", self.page + 1, "The next page"));
    const again = pages.querySelector(`[data-to="${focused}"]:not(:disabled)`);
    again?.focus({ preventScroll: true });
  }

  return () => {
    clearTimeout(self.asking);
    clearTimeout(self.telling);
  };
}
