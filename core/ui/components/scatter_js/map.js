// The component: what is on the screen, the hands and the keys, and what Python hears. Everything that moves happens
// here; Python is told what was chosen, and is asked for the pictures of the faces near the pointer.
const memory = (window.faceScatters ??= new Map());
const REACH_PX = 14;
const ASK_DELAY_MS = 15;
const NEAR_DELAY_MS = 120;
const ASK_AGAIN_MS = 900;
const ASK_AT_ONCE = 16;
const TAP_PX = 4;
const SETTLED_MS = 140;
const TURN_PX = 160; // a drag so long turns by one radian
const TURN_STEP = 0.12;

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const root = parentElement.querySelector(".scatter");
  if (!memory.has(data.key)) memory.set(data.key, { mode: "lasso", cards: new Map(), focused: -1, resting: false, moving: 0, frames: 0 });
  const self = memory.get(data.key);
  self.closing?.abort(); // what listened before, perhaps to elements that are gone, knows the points of before
  self.closing = new AbortController();
  const { signal } = self.closing;
  const [canvas, card, bar, legend, told] = ["canvas", ".card", ".bar", ".legend", ".told"].map((each) => root.querySelector(each));
  const pen = canvas.getContext("2d");
  const pointers = new Map();
  let stroke = null, moved = 0;
  const plane = unpacked();
  self.cloud = plane;
  self.place = (row) => ({ x: plane.screenX(plane.x[row]), y: plane.screenY(plane.y[row]) }); // in the canvas

  const turning = plane.deep ? " Shift and arrows turn it." : "";
  canvas.setAttribute("aria-label", `${titleOf(data)}. Arrows walk, Enter chooses, + and - zoom.${turning}`);
  legend.replaceChildren(...legendOf(data, window.devicePixelRatio || 1));
  drawBar();
  fit();

  function unpacked() {
    const before = self.cloud, marks = JSON.stringify(data.marks);
    if (self.of !== data.of) {
      self.chosen = null;
      self.count = 0;
      self.cards.clear();
      self.focused = -1;
      if (self.deep !== (data.dimensions === 3)) self.mode = data.dimensions === 3 ? "move" : "lasso";
      self.deep = data.dimensions === 3;
    }
    const kept = self.of === data.of && before?.points === data.points && self.marks === marks;
    if (!kept) {
      for (const row of self.cards.keys()) if (row >= (before?.n ?? 0)) self.cards.delete(row);
      if (self.focused >= (before?.n ?? 0)) self.focused = -1;
    }
    [self.of, self.marks] = [data.of, marks];
    const made = kept ? before.regroup(data) : makePlane(data, before);
    data.marks.forEach((mark, number) => self.cards.set(made.n + number, mark.card));
    return made;
  }

  // drawing

  function look() {
    const style = getComputedStyle(root), theme = (name, other) => style.getPropertyValue(name).trim() || other;
    return { ink: theme("--st-text-color", "#222"), paper: theme("--st-background-color", "#fff"), font: style.fontFamily.replaceAll('"', "'") };
  }

  function fit() {
    const width = root.clientWidth, { area } = plane;
    if (!width) return;
    area.ratio = window.devicePixelRatio || 1;
    if (area.width !== width || area.height !== data.height_px || canvas.height !== Math.round(data.height_px * area.ratio) || canvas.width !== Math.round(width * area.ratio)) {
      [area.width, area.height] = [width, data.height_px];
      canvas.width = Math.round(width * area.ratio);
      canvas.height = Math.round(area.height * area.ratio);
      canvas.style.height = `${area.height}px`;
    }
    if (!plane.view) plane.whole();
    redraw();
  }

  function redraw() {
    if (self.waiting) return;
    self.waiting = requestAnimationFrame(() => {
      self.waiting = 0;
      draw();
    });
  }

  // For as long as it moves and a little longer, most symbols are dots.
  function move() {
    clearTimeout(self.moving);
    self.moving = setTimeout(() => {
      self.moving = 0;
      redraw();
    }, SETTLED_MS);
    redraw();
  }

  function draw() {
    if (!root.isConnected || !plane.view) return;
    const began = performance.now();
    const ring = self.resting ? self.focused : -1;
    self.in_view = paint(pen, plane, data, look(), { chosen: self.chosen, ring, stroke, moving: self.moving > 0 });
    const text = hintOf(self.in_view);
    if (told.textContent !== text) told.textContent = text;
    placeCard();
    self.frames++;
    self.frame_ms = performance.now() - began;
  }

  function placeCard() {
    const shown = self.resting && self.focused >= 0 ? self.cards.get(self.focused) : null;
    card.hidden = !shown;
    if (!shown) return;
    if (card.dataset.row !== String(self.focused) || card.dataset.of !== data.of) {
      card.dataset.row = String(self.focused);
      card.dataset.of = data.of;
      const picture = Object.assign(document.createElement("img"), { src: shown.src, alt: shown.alt });
      const text = document.createElement("div");
      shown.lines.forEach((line, at) => text.append(Object.assign(document.createElement(at ? "span" : "strong"), { dir: "auto", textContent: line })));
      card.replaceChildren(picture, text);
    }
    const { x, y } = self.place(self.focused), { area } = plane;
    card.style.left = `${Math.max(4, Math.min(x + 14, area.width - card.offsetWidth - 4))}px`;
    card.style.top = `${Math.max(4, y + 14 + card.offsetHeight > area.height ? y - card.offsetHeight - 14 : y + 14)}px`;
  }

  // pointing

  function rest(row) {
    const changed = row !== self.focused || self.resting !== row >= 0;
    if (row >= 0) self.focused = row;
    self.resting = row >= 0;
    if (!changed) return;
    if (self.resting && !self.cards.has(row)) wish([plane.x[row], plane.y[row]], ASK_DELAY_MS, row);
    redraw();
  }

  // Ask for the cards of the faces around a place: those next to the pointer are there when it comes to them.
  function wish(at, delay, row = -1) {
    clearTimeout(self.asking);
    self.asking = setTimeout(() => {
      const near = plane.around(at, ASK_AT_ONCE, (other) => other !== row && !self.cards.has(other));
      const rows = row < 0 ? near : [row, ...near].slice(0, ASK_AT_ONCE);
      if (rows.length) setTriggerValue("asked", { of: data.of, rows });
      // A question that meets the end of a run is lost: it is asked again while somebody waits for the answer.
      const waits = () => self.resting && self.focused === row && !self.cards.has(row);
      if (row >= 0) self.asking = setTimeout(() => waits() && self.wish(at, 0, row), ASK_AGAIN_MS);
    }, delay);
  }
  self.wish = wish; // the newest drawing's: that of an older one is not heard any more

  self.deal = (of, cards) => { // called by the component that brings the pictures
    if (of !== self.of) return;
    for (const each of cards) self.cards.set(each.row, each);
    redraw();
  };

  // choosing

  function choose(rows, adding) {
    const before = adding ? self.chosen : null, made = before ?? new Uint8Array(plane.n);
    for (const row of rows) if (row < plane.n) made[row] = before && rows.length === 1 ? 1 - made[row] : 1;
    const picked = [];
    made.forEach((chosen, row) => chosen && picked.push(row));
    self.count = picked.length;
    self.chosen = picked.length ? made : null;
    redraw();
    setStateValue("picked", { of: data.of, rows: picked });
  }

  // the bar

  function drawBar() {
    const modes = { lasso: ["\u25cc", "Circle faces"], box: ["\u25a2", "Choose by a box"], move: ["\u2725", plane.deep ? "Turn the map, with Shift move it" : "Move the map"] };
    const chooser = Object.entries(modes).map(([mode, [sign, title]]) => {
      const made = tool(sign, title, () => {
        self.mode = mode;
        drawBar();
        bar.querySelector("[aria-pressed=true]").focus();
      });
      made.setAttribute("aria-pressed", String(self.mode === mode));
      return made;
    });
    bar.replaceChildren(
      ...chooser,
      tool("+", "Zoom in", () => zoom(1.5)),
      tool("\u2212", "Zoom out", () => zoom(1 / 1.5)),
      tool("\u2922", "The whole map", whole),
      saver(),
    );
    canvas.style.cursor = self.mode === "move" ? "grab" : "crosshair";
  }

  function tool(sign, title, act) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: sign, title });
    made.setAttribute("aria-label", title);
    made.onclick = act;
    return made;
  }

  // A button with a menu: arrows walk in it, Escape closes it.
  function saver() {
    const kinds = { png: "Picture (PNG)", svg: "Drawing (SVG)", html: "Page to explore (HTML)" };
    const holder = Object.assign(document.createElement("div"), { className: "saver" });
    const menu = Object.assign(document.createElement("div"), { className: "menu", hidden: true });
    menu.setAttribute("role", "menu");
    menu.setAttribute("aria-label", "Save the picture");
    const items = Object.entries(kinds).map(([kind, title]) => {
      const made = Object.assign(document.createElement("button"), { type: "button", textContent: title, tabIndex: -1 });
      made.setAttribute("role", "menuitem");
      made.onclick = () => {
        savePicture(kind, plane, data, look(), self.chosen);
        open(false);
        opener.focus();
      };
      return made;
    });
    const opener = tool("\u2913", "Save the picture", () => open(menu.hidden));
    opener.setAttribute("aria-haspopup", "menu");
    opener.setAttribute("aria-expanded", "false");
    const open = (on) => {
      menu.hidden = !on;
      opener.setAttribute("aria-expanded", String(on));
      if (on) items[0].focus();
    };
    holder.onkeydown = (event) => {
      const at = items.indexOf(root.getRootNode().activeElement), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && menu.hidden) open(true);
      else if (step) items.at((at + step) % items.length).focus();
      else if (event.key === "Escape" && !menu.hidden) {
        open(false);
        opener.focus();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    };
    holder.addEventListener("focusout", (event) => holder.contains(event.relatedTarget) || open(false));
    menu.append(...items);
    holder.append(opener, menu);
    return holder;
  }

  function zoom(factor, px, py) {
    plane.zoom(factor, px, py);
    move();
  }

  function whole() {
    plane.whole();
    redraw();
  }

  // hands and keys

  function at(event) {
    const edge = canvas.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  function listen(name, act, options = {}) {
    canvas.addEventListener(name, act, { signal, ...options });
  }

  function drag(dx, dy, sideways) {
    if (plane.deep && !sideways) plane.turnBy(dx / TURN_PX, -dy / TURN_PX);
    else plane.pan(dx, dy);
    move();
  }

  listen("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    moved = 0;
    stroke = pointers.size === 1 && self.mode !== "move" && event.button === 0 ? [at(event)] : null;
  });
  listen("pointermove", (event) => {
    const here = at(event), before = pointers.get(event.pointerId);
    if (!before) {
      const row = plane.nearest(...here, REACH_PX);
      rest(row);
      if (row < 0) wish([plane.planeX(here[0]), plane.planeY(here[1])], NEAR_DELAY_MS);
      return;
    }
    moved += Math.abs(here[0] - before[0]) + Math.abs(here[1] - before[1]);
    if (pointers.size === 2) pinch(event.pointerId, here);
    else if (!stroke) drag(here[0] - before[0], here[1] - before[1], event.shiftKey);
    else if (self.mode === "box") stroke = [stroke[0], [here[0], stroke[0][1]], here, [stroke[0][0], here[1]]];
    else stroke.push(here);
    pointers.set(event.pointerId, here);
    redraw();
  });
  listen("pointerup", (event) => {
    const here = at(event), adding = event.shiftKey || event.ctrlKey || event.metaKey;
    const drawn = stroke;
    stroke = null;
    pointers.delete(event.pointerId);
    if (moved <= TAP_PX) {
      const row = plane.nearest(...here, REACH_PX);
      rest(row);
      if (row >= 0 && row < plane.n) choose([row], adding);
      else if (row < 0 && self.count && !adding) choose([], false);
    } else if (drawn && drawn.length > 2) choose(plane.within(drawn), adding);
    redraw();
  });
  listen("pointercancel", (event) => {
    pointers.delete(event.pointerId);
    stroke = null;
    redraw();
  });
  listen("pointerleave", () => rest(-1));
  listen("dblclick", whole);
  listen("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
  }, { passive: false });
  listen("focus", () => {
    if (canvas.matches(":focus-visible")) rest(self.focused >= 0 ? self.focused : plane.middle());
  });
  listen("blur", () => rest(-1));
  listen("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key in ways && event.shiftKey && plane.deep) turn(...ways[event.key]);
    else if (event.key in ways) walk(...ways[event.key]);
    else if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") whole();
    else if ((event.key === "Enter" || event.key === " ") && self.focused >= 0) choose([self.focused], event.shiftKey || event.key === " ");
    else if (event.key === "Escape") choose([], false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  new ResizeObserver(() => root.isConnected && !signal.aborted && fit()).observe(root);

  function pinch(moving, here) {
    const [other] = [...pointers].filter(([id]) => id !== moving).map(([, place]) => place);
    const before = pointers.get(moving);
    const grown = Math.hypot(here[0] - other[0], here[1] - other[1]) / Math.max(8, Math.hypot(before[0] - other[0], before[1] - other[1]));
    stroke = null;
    plane.zoom(grown, (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
    plane.pan((here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
    move();
  }

  function turn(dx, dy) {
    plane.turnBy(dx * TURN_STEP, dy * TURN_STEP);
    move();
  }

  function walk(dx, dy) {
    if (self.focused < 0) return rest(plane.middle());
    const row = plane.beyond(self.focused, dx, dy), { x, y } = self.place(row), { area, view } = plane;
    if (x < 20 || y < 20 || x > area.width - 20 || y > area.height - 20) [view.x, view.y] = [plane.x[row], plane.y[row]];
    rest(row);
  }
}
