// Faces as points on a plane, drawn on a canvas: fluid at a hundred thousand. Wheel and pinch zoom, a circle or a box
// chooses, pointing at a face shows it. Everything that moves happens here; Python hears of what was chosen, and is
// asked for the pictures of the faces near the pointer.
const memory = (window.faceScatters ??= new Map());
const SYMBOLS_MOST = 6000; // points in view up to which each has its symbol; beyond they are small squares
const REACH_PX = 14;
const CELLS = 256;
const ASK_DELAY_MS = 15;
const NEAR_DELAY_MS = 120;
const ASK_AT_ONCE = 16;
const TAP_PX = 4;
const BAR_PX = 44;

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const root = parentElement.querySelector(".scatter");
  if (!memory.has(data.key)) memory.set(data.key, { mode: "lasso", picked: new Set(), cards: new Map(), focused: -1, frames: 0 });
  const self = memory.get(data.key);
  self.closing?.abort(); // what listened before, perhaps to elements that are gone, knows the points of before
  self.closing = new AbortController();
  const { signal } = self.closing;
  const [canvas, card, bar, legend, told] = ["canvas", ".card", ".bar", ".legend", ".told"].map((each) => root.querySelector(each));
  const pen = canvas.getContext("2d");
  const cloud = unpack();
  if (self.of !== data.of) {
    self.picked.clear();
    self.cards.clear();
    self.focused = -1;
    self.view = null;
    self.of = data.of;
  }
  self.resting ??= false;
  const area = { width: 0, height: data.height_px, ratio: 1 };
  const pointers = new Map();
  let stroke = null, moved = 0;

  canvas.setAttribute("aria-label", data.label);
  drawLegend();
  drawBar();
  fit();
  self.place = (row) => ({ x: screenX(cloud.x[row]), y: screenY(cloud.y[row]) }); // where a face is, in the canvas

  // points

  function unpack() {
    if (self.packed === data.points && self.cloud) return regroup(self.cloud);
    const places = new Uint16Array(bytes(data.points).buffer);
    const n = places.length / 2;
    const made = { n, x: new Float32Array(n), y: new Float32Array(n) };
    for (let row = 0; row < n; row++) {
      made.x[row] = places[2 * row] / 65535;
      made.y[row] = places[2 * row + 1] / 65535;
    }
    const cell = new Uint16Array(n);
    made.starts = new Uint32Array(CELLS * CELLS + 1);
    for (let row = 0; row < n; row++) {
      cell[row] = cellOf(made.x[row]) + CELLS * cellOf(made.y[row]);
      made.starts[cell[row] + 1]++;
    }
    for (let at = 0; at < CELLS * CELLS; at++) made.starts[at + 1] += made.starts[at];
    made.byCell = new Uint32Array(n);
    const next = made.starts.slice();
    for (let row = 0; row < n; row++) made.byCell[next[cell[row]]++] = row;
    self.packed = data.points;
    self.cloud = made;
    return regroup(made);
  }

  function regroup(made) {
    made.group = bytes(data.group_of);
    const members = data.groups.map(() => []);
    for (let row = 0; row < made.n; row++) members[made.group[row]].push(row);
    made.members = members.map((rows) => Uint32Array.from(rows));
    return made;
  }

  function bytes(text) {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  }

  function cellOf(at) {
    return Math.min(CELLS - 1, Math.max(0, Math.floor(at * CELLS)));
  }

  // the view: which point of the plane is in the middle, and how many pixels one side of the plane has

  function whole() {
    const wide = (area.width - 36) / Math.max(data.width_share, 0.02);
    const high = (area.height - BAR_PX - 40) / Math.max(data.height_share, 0.02);
    const scale = Math.max(40, Math.min(wide, high));
    self.view = { x: data.width_share / 2, y: data.height_share / 2 + BAR_PX / 2 / scale, scale };
  }

  function screenX(x) {
    return (x - self.view.x) * self.view.scale + area.width / 2;
  }

  function screenY(y) {
    return area.height / 2 - (y - self.view.y) * self.view.scale;
  }

  function planeX(px) {
    return (px - area.width / 2) / self.view.scale + self.view.x;
  }

  function planeY(py) {
    return (area.height / 2 - py) / self.view.scale + self.view.y;
  }

  function zoom(factor, px = area.width / 2, py = area.height / 2) {
    const [x, y] = [planeX(px), planeY(py)];
    self.view.scale = Math.min(2e6, Math.max(60, self.view.scale * factor));
    self.view.x += x - planeX(px);
    self.view.y += y - planeY(py);
    redraw();
  }

  function pan(dx, dy) {
    self.view.x -= dx / self.view.scale;
    self.view.y += dy / self.view.scale;
    redraw();
  }

  // drawing

  function fit() {
    const width = root.clientWidth;
    if (!width) return;
    const first = !self.view;
    area.ratio = window.devicePixelRatio || 1;
    if (area.width !== width || canvas.height !== Math.round(area.height * area.ratio)) {
      area.width = width;
      canvas.width = Math.round(width * area.ratio);
      canvas.height = Math.round(area.height * area.ratio);
      canvas.style.height = `${area.height}px`;
    }
    if (first) whole();
    redraw();
  }

  function redraw() {
    if (self.waiting) return;
    self.waiting = requestAnimationFrame(() => {
      self.waiting = 0;
      draw();
    });
  }

  function draw() {
    if (!root.isConnected || !self.view) return;
    const began = performance.now();
    pen.setTransform(area.ratio, 0, 0, area.ratio, 0, 0);
    pen.clearRect(0, 0, area.width, area.height);
    const seen = inView();
    const ink = getComputedStyle(root).getPropertyValue("--st-text-color") || "#222";
    if (seen.count <= SYMBOLS_MOST) drawSymbols(seen.rows, ink);
    else drawSquares(seen);
    drawNames(ink);
    drawStroke(ink);
    drawFocus(ink);
    hint(seen.count);
    placeCard();
    self.frames++;
    self.frame_ms = performance.now() - began;
    self.in_view = seen.count;
  }

  function inView() {
    const [left, right] = [planeX(-8), planeX(area.width + 8)];
    const [low, high] = [planeY(area.height + 8), planeY(-8)];
    const rows = cloud.members.map(() => []);
    let count = 0;
    for (let group = 0; group < cloud.members.length; group++)
      for (const row of cloud.members[group])
        if (cloud.x[row] >= left && cloud.x[row] <= right && cloud.y[row] >= low && cloud.y[row] <= high) {
          rows[group].push(row);
          count++;
        }
    return { rows, count };
  }

  function sizePx(count) {
    return count <= 300 ? 10 : count <= 2000 ? 8 : 6;
  }

  function drawSymbols(rows, ink) {
    const count = rows.reduce((sum, each) => sum + each.length, 0);
    const picking = self.picked.size > 0;
    rows.forEach((members, number) => {
      const group = data.groups[number];
      const size = sizePx(count) - (group.faded ? 2 : 0);
      const stamp = symbol(group, size);
      const half = stamp.width / area.ratio / 2;
      for (const row of members) {
        pen.globalAlpha = picking && !self.picked.has(row) ? 0.14 : group.faded && !picking ? 0.32 : 0.92;
        pen.drawImage(stamp, screenX(cloud.x[row]) - half, screenY(cloud.y[row]) - half, 2 * half, 2 * half);
      }
    });
    pen.globalAlpha = 1;
  }

  function symbol(group, size) {
    const name = `${group.symbol} ${group.colour} ${size} ${area.ratio}`;
    self.stamps ??= new Map();
    if (!self.stamps.has(name)) {
      const made = document.createElement("canvas");
      const room = size + 4;
      made.width = made.height = Math.ceil(room * area.ratio);
      const ctx = made.getContext("2d");
      ctx.scale(area.ratio, area.ratio);
      ctx.translate(room / 2, room / 2);
      shape(ctx, group.symbol, size / 2);
      ctx.lineJoin = "round";
      if (group.symbol === "x" || group.symbol.endsWith("-open")) {
        ctx.lineWidth = group.symbol === "x" ? 2.4 : 1.2;
        ctx.strokeStyle = group.colour;
        ctx.stroke();
      } else {
        ctx.fillStyle = group.colour;
        ctx.fill();
        ctx.lineWidth = 0.6;
        ctx.strokeStyle = "rgba(255,255,255,0.7)";
        ctx.stroke();
      }
      self.stamps.set(name, made);
    }
    return self.stamps.get(name);
  }

  function shape(ctx, name, r) {
    const corners = {
      square: [4, 45, 1.2], diamond: [4, 0, 1.25], "triangle-up": [3, -90, 1.3], "triangle-down": [3, 90, 1.3],
      "triangle-left": [3, 180, 1.3], "triangle-right": [3, 0, 1.3], pentagon: [5, -90, 1.1], hexagon: [6, 0, 1.1],
    }[name];
    ctx.beginPath();
    if (corners) polygon(ctx, corners[0], corners[1], () => r * corners[2]);
    else if (name === "star") polygon(ctx, 10, -90, (at) => r * (at % 2 ? 0.55 : 1.35));
    else if (name === "star-diamond") polygon(ctx, 8, -90, (at) => r * (at % 2 ? 0.6 : 1.4));
    else if (name === "cross") for (const [x, y, w, h] of [[-r * 1.2, -r * 0.42, r * 2.4, r * 0.84], [-r * 0.42, -r * 1.2, r * 0.84, r * 2.4]]) ctx.rect(x, y, w, h);
    else if (name === "x") for (const side of [1, -1]) { ctx.moveTo(-r, -r * side); ctx.lineTo(r, r * side); }
    else ctx.arc(0, 0, r, 0, 2 * Math.PI);
  }

  function polygon(ctx, corners, start, radius) {
    for (let at = 0; at < corners; at++) {
      const angle = ((start + (360 * at) / corners) * Math.PI) / 180;
      ctx.lineTo(radius(at) * Math.cos(angle), radius(at) * Math.sin(angle));
    }
    ctx.closePath();
  }

  function drawSquares({ rows, count }) {
    const { width, height } = canvas;
    const picture = pen.createImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    const side = Math.round((count > 40000 ? 2 : 3) * area.ratio);
    const picking = self.picked.size > 0;
    for (const front of picking ? [false, true] : [null])
      rows.forEach((members, number) => {
        const group = data.groups[number];
        const strong = pixel(group.colour, group.faded && !picking ? 0.4 : 0.95), weak = pixel(group.colour, 0.16);
        for (const row of members) {
          const chosen = picking && self.picked.has(row);
          if (front !== null && chosen !== front) continue;
          const colour = picking && !chosen ? weak : strong;
          const left = Math.round(screenX(cloud.x[row]) * area.ratio) - (side >> 1);
          const top = Math.round(screenY(cloud.y[row]) * area.ratio) - (side >> 1);
          for (let y = Math.max(0, top); y < Math.min(height, top + side); y++)
            for (let x = Math.max(0, left); x < Math.min(width, left + side); x++) pixels[y * width + x] = colour;
        }
      });
    pen.putImageData(picture, 0, 0);
  }

  function pixel(hex, alpha) {
    const value = parseInt(hex.slice(1, 7), 16);
    return ((Math.round(255 * alpha) << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
  }

  function drawNames(ink) {
    const paper = getComputedStyle(root).getPropertyValue("--st-background-color") || "#fff";
    pen.font = `600 13px ${getComputedStyle(root).fontFamily}`;
    pen.lineJoin = "round";
    for (const [name, x, y] of data.names) {
      const px = screenX(x), py = screenY(y) - 9;
      if (px < -40 || px > area.width + 40 || py < 0 || py > area.height + 20) continue;
      const half = pen.measureText(name).width / 2;
      const left = Math.min(Math.max(px - half, 3), area.width - 2 * half - 3);
      pen.lineWidth = 4;
      pen.strokeStyle = paper;
      pen.strokeText(name, left, py);
      pen.fillStyle = ink;
      pen.fillText(name, left, py);
    }
  }

  function drawStroke(ink) {
    if (!stroke || stroke.length < 2) return;
    pen.beginPath();
    for (const [x, y] of stroke) pen.lineTo(x, y);
    pen.closePath();
    pen.setLineDash([5, 4]);
    pen.lineWidth = 1.5;
    pen.strokeStyle = ink;
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 0.08;
    pen.fillStyle = ink;
    pen.fill();
    pen.globalAlpha = 1;
  }

  function drawFocus(ink) {
    for (const [from, others] of data.lines) {
      pen.lineWidth = 1.2;
      pen.strokeStyle = ink;
      for (const other of others) {
        pen.beginPath();
        pen.moveTo(screenX(cloud.x[from]), screenY(cloud.y[from]));
        pen.lineTo(screenX(cloud.x[other]), screenY(cloud.y[other]));
        pen.stroke();
      }
    }
    if (self.focused < 0 || !self.resting) return;
    pen.beginPath();
    pen.arc(screenX(cloud.x[self.focused]), screenY(cloud.y[self.focused]), 9, 0, 2 * Math.PI);
    pen.lineWidth = 2.5;
    pen.strokeStyle = ink;
    pen.stroke();
  }

  function hint(count) {
    const text = count > SYMBOLS_MOST ? `${count.toLocaleString("en").replaceAll(",", "\u202f")} faces in view: drawn as dots. Zoom in to see the symbols.` : "";
    if (told.textContent !== text) told.textContent = text;
  }

  // pointing

  function nearest(px, py) {
    const reach = REACH_PX / self.view.scale;
    const [x, y] = [planeX(px), planeY(py)];
    let best = -1, least = reach * reach;
    for (let down = cellOf(y - reach); down <= cellOf(y + reach); down++)
      for (let across = cellOf(x - reach); across <= cellOf(x + reach); across++) {
        const cell = across + CELLS * down;
        for (let at = cloud.starts[cell]; at < cloud.starts[cell + 1]; at++) {
          const row = cloud.byCell[at];
          const away = (cloud.x[row] - x) ** 2 + (cloud.y[row] - y) ** 2;
          if (away < least) [best, least] = [row, away];
        }
      }
    return best;
  }

  function rest(row) {
    const changed = row !== self.focused || self.resting !== row >= 0;
    if (row >= 0) self.focused = row;
    self.resting = row >= 0;
    if (!changed) return;
    if (self.resting && !self.cards.has(row)) wish(cloud.x[row], cloud.y[row], ASK_DELAY_MS, row);
    redraw();
  }

  // Ask for the cards of the faces around a place: those next to the pointer are there when it comes to them.
  function wish(x, y, delay, row = -1) {
    clearTimeout(self.asking);
    self.asking = setTimeout(() => {
      const rows = around(x, y, row);
      if (rows.length) setTriggerValue("asked", { of: data.of, rows });
    }, delay);
  }

  function around(x, y, row) {
    const near = row < 0 ? [] : [row];
    const [column, line] = [cellOf(x), cellOf(y)];
    for (let ring = 0; ring <= 12 && near.length < ASK_AT_ONCE; ring++)
      for (let down = Math.max(0, line - ring); down <= Math.min(CELLS - 1, line + ring); down++)
        for (let across = Math.max(0, column - ring); across <= Math.min(CELLS - 1, column + ring); across++) {
          if (Math.max(Math.abs(down - line), Math.abs(across - column)) !== ring) continue;
          const cell = across + CELLS * down;
          for (let at = cloud.starts[cell]; at < cloud.starts[cell + 1] && near.length < ASK_AT_ONCE; at++) {
            const other = cloud.byCell[at];
            if (other !== row && !self.cards.has(other)) near.push(other);
          }
        }
    return near;
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
      shown.lines.forEach((line, at) => text.append(Object.assign(document.createElement(at ? "span" : "strong"), { textContent: line })));
      card.replaceChildren(picture, text);
    }
    const px = screenX(cloud.x[self.focused]), py = screenY(cloud.y[self.focused]);
    card.style.left = `${Math.max(4, Math.min(px + 14, area.width - card.offsetWidth - 4))}px`;
    card.style.top = `${Math.max(4, py + 14 + card.offsetHeight > area.height ? py - card.offsetHeight - 14 : py + 14)}px`;
  }

  self.deal = (of, cards) => { // called by the component that brings the pictures
    if (of !== self.of) return;
    for (const each of cards) self.cards.set(each.row, each);
    redraw();
  };

  // choosing

  function choose(rows, adding) {
    if (!adding) self.picked.clear();
    for (const row of rows) adding && rows.length === 1 && self.picked.has(row) ? self.picked.delete(row) : self.picked.add(row);
    redraw();
    setStateValue("picked", { of: data.of, rows: [...self.picked] });
  }

  function within(outline) {
    const xs = outline.map(([x]) => planeX(x)), ys = outline.map(([, y]) => planeY(y));
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const found = [];
    for (let row = 0; row < cloud.n; row++) {
      const x = cloud.x[row], y = cloud.y[row];
      if (x < left || x > right || y < low || y > high) continue;
      let inside = false;
      for (let at = 0, before = xs.length - 1; at < xs.length; before = at++)
        if (ys[at] > y !== ys[before] > y && x < ((xs[before] - xs[at]) * (y - ys[at])) / (ys[before] - ys[at]) + xs[at]) inside = !inside;
      if (inside) found.push(row);
    }
    return found;
  }

  // the bar and the legend

  function drawBar() {
    const modes = [["lasso", "Circle faces"], ["box", "Choose by a box"], ["move", "Move the map"]];
    const deeds = [["+", "Zoom in", () => zoom(1.5)], ["\u2212", "Zoom out", () => zoom(1 / 1.5)], ["\u2922", "The whole map", () => { whole(); redraw(); }], ["\u2913", "Save the picture", save]];
    bar.replaceChildren(
      ...modes.map(([mode, title]) => {
        const made = tool({ lasso: "\u25cc", box: "\u25a2", move: "\u2725" }[mode], title, () => {
          self.mode = mode;
          drawBar();
        });
        made.setAttribute("aria-pressed", String(self.mode === mode));
        return made;
      }),
      ...deeds.map(([sign, title, act]) => tool(sign, title, act)),
    );
    canvas.style.cursor = self.mode === "move" ? "grab" : "crosshair";
  }

  function tool(sign, title, act) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: sign, title });
    made.setAttribute("aria-label", title);
    made.onclick = act;
    return made;
  }

  function save() {
    const sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [canvas.width, canvas.height];
    const ctx = sheet.getContext("2d");
    ctx.fillStyle = getComputedStyle(root).getPropertyValue("--st-background-color") || "#fff";
    ctx.fillRect(0, 0, sheet.width, sheet.height);
    ctx.drawImage(canvas, 0, 0);
    Object.assign(document.createElement("a"), { href: sheet.toDataURL("image/png"), download: "map-of-faces.png" }).click();
  }

  function drawLegend() {
    area.ratio = window.devicePixelRatio || 1;
    legend.replaceChildren(
      ...data.groups.map((group) => {
        const made = document.createElement("span");
        const stamp = symbol(group, 10);
        const sign = document.createElement("canvas");
        [sign.width, sign.height] = [stamp.width, stamp.height];
        sign.style.width = `${stamp.width / area.ratio}px`;
        sign.getContext("2d").drawImage(stamp, 0, 0);
        made.append(sign, `${group.name} ${group.count}`);
        return made;
      }),
    );
  }

  // hands and keys

  function at(event) {
    const edge = canvas.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  function listen(name, act, options = {}) {
    canvas.addEventListener(name, act, { signal, ...options });
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
      const row = nearest(...here);
      rest(row);
      if (row < 0) wish(planeX(here[0]), planeY(here[1]), NEAR_DELAY_MS);
      return;
    }
    moved += Math.abs(here[0] - before[0]) + Math.abs(here[1] - before[1]);
    if (pointers.size === 2) pinch(event.pointerId, here);
    else if (!stroke) pan(here[0] - before[0], here[1] - before[1]);
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
      const row = nearest(...here);
      rest(row);
      if (row >= 0) choose([row], adding);
      else if (self.picked.size && !adding) choose([], false);
    } else if (drawn && drawn.length > 2) choose(within(drawn), adding);
    redraw();
  });
  listen("pointercancel", (event) => {
    pointers.delete(event.pointerId);
    stroke = null;
    redraw();
  });
  listen("pointerleave", () => rest(-1));
  listen("dblclick", () => {
    whole();
    redraw();
  });
  listen("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
  }, { passive: false });
  listen("focus", () => {
    if (canvas.matches(":focus-visible")) rest(self.focused >= 0 ? self.focused : middle());
  });
  listen("blur", () => rest(-1));
  listen("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key in ways) walk(...ways[event.key]);
    else if (event.key === "+" || event.key === "=") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") { whole(); redraw(); }
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
    zoom(grown, (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
    pan((here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
  }

  function middle() {
    let best = -1, least = Infinity;
    for (let row = 0; row < cloud.n; row++) {
      const away = (cloud.x[row] - self.view.x) ** 2 + (cloud.y[row] - self.view.y) ** 2;
      if (away < least) [best, least] = [row, away];
    }
    return best;
  }

  // The nearest face that lies in the arrow's direction, what is aside counting more than what is ahead.
  function walk(dx, dy) {
    if (self.focused < 0) return rest(middle());
    const [x, y] = [cloud.x[self.focused], cloud.y[self.focused]];
    let best = self.focused, least = Infinity;
    for (let row = 0; row < cloud.n; row++) {
      const ahead = (cloud.x[row] - x) * dx + (cloud.y[row] - y) * dy;
      if (ahead <= 0) continue;
      const aside = Math.abs((cloud.x[row] - x) * dy) + Math.abs((cloud.y[row] - y) * dx);
      const cost = ahead + 2 * aside;
      if (cost < least) [best, least] = [row, cost];
    }
    const [px, py] = [screenX(cloud.x[best]), screenY(cloud.y[best])];
    if (px < 20 || py < 20 || px > area.width - 20 || py > area.height - 20) [self.view.x, self.view.y] = [cloud.x[best], cloud.y[best]];
    rest(best);
  }
}
