// Draws a plane: symbols while few are in view, dots beyond; lines and marks of a new photo, names, what is chosen.
const SYMBOLS_MOST = 6000;
const SYMBOLS_MOVING = 1200; // while the map moves: each symbol costs far more than a dot
const MARK_PX = 11;
const LEVELS = 8; // of depth, for dots

// ``look`` is the theme: ink, paper, accent, font. ``shown`` is what is chosen (a byte for each face, or null), the
// point with a ring around it (or -1), the stroke that is being drawn, and whether the map is moving. Gives how many
// points are in view.
function paint(pen, plane, given, look, shown) {
  const { area } = plane;
  pen.setTransform(area.ratio, 0, 0, area.ratio, 0, 0);
  pen.clearRect(0, 0, area.width, area.height);
  const seen = plane.inView();
  if (seen.length <= (shown.moving ? SYMBOLS_MOVING : SYMBOLS_MOST)) paintSymbols(pen, plane, given, seen, shown.chosen);
  else paintDots(pen, plane, given, seen, shown.chosen);
  paintMarks(pen, plane, look);
  paintNames(pen, plane, given, look);
  if (shown.stroke?.length > 1) paintStroke(pen, shown.stroke, look);
  if (shown.ring >= 0) paintRing(pen, plane, shown.ring, look);
  return seen.length;
}

function sizePx(count) {
  return count <= 300 ? 10 : count <= 2000 ? 8 : 6;
}

// How much of a point is seen: what is not chosen pales while something is, and so does what is far behind.
function opacity(plane, group, row, chosen) {
  const plain = chosen && !chosen[row] ? 0.14 : group.faded && !chosen ? 0.32 : 0.92;
  return plane.deep ? plain * (0.35 + 0.65 * plane.depth[row]) : plain;
}

function nearness(plane, row) {
  return plane.deep ? 0.65 + 0.6 * plane.depth[row] : 1;
}

function paintSymbols(pen, plane, given, seen, chosen) {
  for (const row of seen) {
    const group = given.groups[plane.group[row]];
    const made = stamp(group, sizePx(seen.length) - (group.faded ? 2 : 0), plane.area.ratio);
    const half = (made.width / plane.area.ratio / 2) * nearness(plane, row);
    pen.globalAlpha = opacity(plane, group, row, chosen);
    pen.drawImage(made, plane.screenX(plane.x[row]) - half, plane.screenY(plane.y[row]) - half, 2 * half, 2 * half);
  }
  pen.globalAlpha = 1;
}

function dotPx(count) {
  return count > 40000 ? 2 : 3;
}

function paintDots(pen, plane, given, seen, chosen) {
  const { area, group, depth, x, y } = plane;
  const width = Math.round(area.width * area.ratio), height = Math.round(area.height * area.ratio);
  const picture = pen.createImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  const side = Math.round(dotPx(seen.length) * area.ratio), shift = side >> 1;
  const strong = given.groups.map((each) => shades(each.colour, each.faded && !chosen ? 0.4 : 0.95, plane.deep));
  const weak = given.groups.map((each) => shades(each.colour, 0.16, plane.deep));
  const { view } = plane, scale = view.scale * area.ratio;
  const across = (area.width / 2) * area.ratio - view.x * scale, down = (area.height / 2) * area.ratio + view.y * scale;
  for (const front of chosen ? [0, 1] : [-1])
    for (const row of seen) {
      if (front >= 0 && chosen[row] !== front) continue;
      const level = depth ? Math.max(0, Math.min(LEVELS - 1, (depth[row] * LEVELS) | 0)) : 0;
      const colour = (front === 0 ? weak : strong)[group[row]][level];
      const left = Math.round(x[row] * scale + across) - shift, top = Math.round(down - y[row] * scale) - shift;
      const right = Math.min(width, left + side), bottom = Math.min(height, top + side);
      for (let line = Math.max(0, top); line < bottom; line++)
        for (let at = Math.max(0, left); at < right; at++) pixels[line * width + at] = colour;
    }
  pen.putImageData(picture, 0, 0);
}

function shades(hex, alpha, deep) {
  if (!deep) return [pixel(hex, alpha)];
  return Array.from({ length: LEVELS }, (_, level) => pixel(hex, alpha * (0.35 + (0.65 * (level + 0.5)) / LEVELS)));
}

function pixel(hex, alpha) {
  const value = parseInt(hex.slice(1, 7), 16);
  return ((Math.round(255 * alpha) << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

// The faces of a new photo: a numbered star each, with lines to the faces most like it.
function paintMarks(pen, plane, look) {
  plane.marks.forEach((mark, number) => {
    const px = plane.screenX(plane.x[plane.n + number]), py = plane.screenY(plane.y[plane.n + number]);
    pen.strokeStyle = look.ink;
    mark.lines.forEach((row, place) => {
      pen.globalAlpha = place ? 0.45 : 0.9;
      pen.lineWidth = place ? 1.2 : 2;
      pen.beginPath();
      pen.moveTo(px, py);
      pen.lineTo(plane.screenX(plane.x[row]), plane.screenY(plane.y[row]));
      pen.stroke();
    });
    pen.globalAlpha = 1;
  });
  plane.marks.forEach((mark, number) => {
    pen.save();
    pen.translate(plane.screenX(plane.x[plane.n + number]), plane.screenY(plane.y[plane.n + number]));
    outline(pen, "star", MARK_PX);
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    pen.strokeStyle = look.paper;
    pen.stroke();
    pen.fillStyle = look.ink;
    pen.fill();
    pen.font = `700 11px ${look.font}`;
    pen.textAlign = "center";
    pen.fillStyle = look.paper;
    pen.fillText(mark.number, 0, 4);
    pen.restore();
  });
}

// The names that find room, those of bigger groups first.
function roomForNames(plane, given, widthOf) {
  const taken = [], { area } = plane;
  for (const [name, ...at] of given.names) {
    const [x, y] = plane.placeOf(at);
    const px = plane.screenX(x), py = plane.screenY(y) - 9;
    if (px < -40 || px > area.width + 40 || py < 0 || py > area.height + 20) continue;
    const wide = widthOf(name);
    const left = Math.min(Math.max(px - wide / 2, 3), area.width - wide - 3);
    if (taken.some((other) => left < other.left + other.wide + 6 && other.left < left + wide + 6 && Math.abs(other.y - py) < 18)) continue;
    taken.push({ name, left, wide, y: py });
  }
  return taken;
}

function paintNames(pen, plane, given, look) {
  pen.font = `600 13px ${look.font}`;
  pen.lineJoin = "round";
  for (const { name, left, y } of roomForNames(plane, given, (text) => pen.measureText(text).width)) {
    pen.lineWidth = 4;
    pen.strokeStyle = look.paper;
    pen.strokeText(name, left, y);
    pen.fillStyle = look.ink;
    pen.fillText(name, left, y);
  }
}

function paintStroke(pen, stroke, look) {
  pen.beginPath();
  for (const [x, y] of stroke) pen.lineTo(x, y);
  pen.closePath();
  pen.setLineDash([5, 4]);
  pen.lineWidth = 1.5;
  pen.strokeStyle = look.ink;
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 0.08;
  pen.fillStyle = look.ink;
  pen.fill();
  pen.globalAlpha = 1;
}

function paintRing(pen, plane, row, look) {
  pen.beginPath();
  pen.arc(plane.screenX(plane.x[row]), plane.screenY(plane.y[row]), row < plane.n ? 9 : MARK_PX + 6, 0, 2 * Math.PI);
  pen.lineWidth = 2.5;
  pen.strokeStyle = look.ink;
  pen.stroke();
}

function grouped(number) {
  return number.toLocaleString("en").replaceAll(",", "\u202f");
}

function hintOf(count) {
  return count > SYMBOLS_MOST ? `${grouped(count)} faces in view: drawn as dots. Zoom in to see the symbols.` : "";
}

function legendOf(given, ratio) {
  return given.groups.map((group) => {
    const made = document.createElement("span"), sign = document.createElement("canvas"), from = stamp(group, 10, ratio);
    [sign.width, sign.height] = [from.width, from.height];
    sign.style.width = `${from.width / ratio}px`;
    sign.getContext("2d").drawImage(from, 0, 0);
    made.append(sign, `${group.name} ${grouped(group.count)}`);
    return made;
  });
}
