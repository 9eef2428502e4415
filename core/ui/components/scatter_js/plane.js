// Where the points are: unpacked from what came, turned where there are three dimensions, and seen through a view.
// All of x and y lie in 0 .. 1 of a plane; depth is 1 in front and 0 behind.
const CELLS = 256;
const BAR_PX = 44;
const EDGE_PX = 8; // a symbol whose middle is so far outside of the picture still shows

function makePlane(given, before) {
  const deep = given.dimensions === 3, same = before !== undefined && before.of === given.of;
  const raw = new Uint16Array(bytes(given.points).buffer);
  const n = raw.length / given.dimensions, all = n + given.marks.length;
  const plane = {
    of: given.of, points: given.points, marks: given.marks, n, all, deep,
    x: new Float32Array(all), y: new Float32Array(all), depth: deep ? new Float32Array(all) : null,
    group: null, order: new Uint32Array(n),
    area: before?.area ?? { width: 0, height: 0, ratio: 1 },
    view: same ? before.view : null, // which point is in the middle, and how many pixels a side of the plane has
    turn: deep ? (same && before.turn) || [1, 0, 0, 0, 1, 0, 0, 0, 1] : null, // a rotation, row by row
  };
  const { x, y, depth, area } = plane;
  const seen = new Uint32Array(n);
  const space = deep ? aroundMiddle() : null;
  let index = null;
  if (!deep) for (let row = 0; row < all; row++) [x[row], y[row]] = given2d(row);

  function given2d(row) {
    return row < n ? [raw[2 * row] / 65535, raw[2 * row + 1] / 65535] : given.marks[row - n].at;
  }

  // Around their middle and so small that nothing leaves the plane however it is turned.
  function aroundMiddle() {
    const places = new Float32Array(3 * all);
    for (let at = 0; at < 3 * n; at++) places[at] = raw[at] / 65535;
    given.marks.forEach((mark, number) => places.set(mark.at, 3 * (n + number)));
    const middle = [0, 1, 2].map((axis) => {
      let low = Infinity, high = -Infinity;
      for (let at = axis; at < 3 * n; at += 3) [low, high] = [Math.min(low, places[at]), Math.max(high, places[at])];
      return (low + high) / 2;
    });
    let radius = 1e-9;
    for (let at = 0; at < 3 * n; at += 3)
      radius = Math.max(radius, Math.hypot(places[at] - middle[0], places[at + 1] - middle[1], places[at + 2] - middle[2]));
    for (let at = 0; at < 3 * all; at++) places[at] = (places[at] - middle[at % 3]) / (2 * radius);
    return { places, into: (at) => at.map((value, axis) => (value - middle[axis]) / (2 * radius)) };
  }

  function project() {
    const [a, b, c, d, e, f, g, h, i] = plane.turn, { places } = space;
    for (let row = 0, at = 0; row < all; row++, at += 3) {
      const px = places[at], py = places[at + 1], pz = places[at + 2];
      x[row] = a * px + b * py + c * pz + 0.5;
      y[row] = d * px + e * py + f * pz + 0.5;
      depth[row] = g * px + h * py + i * pz + 0.5;
    }
    sort();
    index = null;
  }

  // What is drawn later covers what is drawn earlier: by group, or by depth; what is faded is always behind.
  function sort() {
    const level = deep
      ? (row) => (given.groups[plane.group[row]].faded ? 0 : 256) + Math.max(0, Math.min(255, depth[row] * 256)) | 0
      : (row) => plane.group[row];
    const starts = new Uint32Array(514);
    for (let row = 0; row < n; row++) starts[level(row) + 1]++;
    for (let at = 0; at < 513; at++) starts[at + 1] += starts[at];
    for (let row = 0; row < n; row++) plane.order[starts[level(row)]++] = row;
  }

  plane.regroup = (wanted) => {
    given = wanted;
    plane.group = bytes(wanted.group_of);
    if (deep) project();
    else sort();
    return plane;
  };

  plane.turnBy = (dx, dy) => {
    const [cx, sx, cy, sy] = [Math.cos(dx), Math.sin(dx), Math.cos(dy), Math.sin(dy)];
    plane.turn = upright(times([1, 0, 0, 0, cy, -sy, 0, sy, cy], times([cx, 0, sx, 0, 1, 0, -sx, 0, cx], plane.turn)));
    project();
  };

  plane.placeOf = (at) => { // of a name, which came in the same units as the points
    if (!deep) return at;
    const [px, py, pz] = space.into(at), turn = plane.turn;
    return [turn[0] * px + turn[1] * py + turn[2] * pz + 0.5, turn[3] * px + turn[4] * py + turn[5] * pz + 0.5];
  };

  // the view

  plane.whole = () => {
    let [left, right, low, high] = n ? [Infinity, -Infinity, Infinity, -Infinity] : [0, 1, 0, 1];
    for (let row = 0; row < n; row++) {
      if (x[row] < left) left = x[row];
      if (x[row] > right) right = x[row];
      if (y[row] < low) low = y[row];
      if (y[row] > high) high = y[row];
    }
    const wide = (area.width - 36) / Math.max(right - left, 0.02);
    const high_px = (area.height - BAR_PX - 40) / Math.max(high - low, 0.02);
    const scale = Math.max(40, Math.min(wide, high_px));
    plane.view = { x: (left + right) / 2, y: (low + high) / 2 + BAR_PX / 2 / scale, scale };
  };
  plane.screenX = (at) => (at - plane.view.x) * plane.view.scale + area.width / 2;
  plane.screenY = (at) => area.height / 2 - (at - plane.view.y) * plane.view.scale;
  plane.planeX = (px) => (px - area.width / 2) / plane.view.scale + plane.view.x;
  plane.planeY = (py) => (area.height / 2 - py) / plane.view.scale + plane.view.y;
  plane.zoom = (factor, px = area.width / 2, py = area.height / 2) => {
    const there = [plane.planeX(px), plane.planeY(py)], view = plane.view;
    view.scale = Math.min(2e6, Math.max(60, view.scale * factor));
    view.x += there[0] - plane.planeX(px);
    view.y += there[1] - plane.planeY(py);
  };
  plane.pan = (dx, dy) => {
    plane.view.x -= dx / plane.view.scale;
    plane.view.y += dy / plane.view.scale;
  };
  plane.inView = () => {
    const left = plane.planeX(-EDGE_PX), right = plane.planeX(area.width + EDGE_PX);
    const low = plane.planeY(area.height + EDGE_PX), high = plane.planeY(-EDGE_PX);
    let count = 0;
    for (const row of plane.order)
      if (x[row] >= left && x[row] <= right && y[row] >= low && y[row] <= high) seen[count++] = row;
    return seen.subarray(0, count);
  };

  // finding

  function cellOf(at) {
    return Math.min(CELLS - 1, Math.max(0, Math.floor(at * CELLS)));
  }

  function cells() {
    if (index) return index;
    const cell = new Uint16Array(n), starts = new Uint32Array(CELLS * CELLS + 1), rows = new Uint32Array(n);
    for (let row = 0; row < n; row++) {
      cell[row] = cellOf(x[row]) + CELLS * cellOf(y[row]);
      starts[cell[row] + 1]++;
    }
    for (let at = 0; at < CELLS * CELLS; at++) starts[at + 1] += starts[at];
    const next = starts.slice();
    for (let row = 0; row < n; row++) rows[next[cell[row]]++] = row;
    return (index = { starts, rows });
  }

  // The point nearest to a place of the picture and at most so far from it, or -1; marks lie above all others.
  plane.nearest = (px, py, reach_px) => {
    const reach = reach_px / plane.view.scale, at = [plane.planeX(px), plane.planeY(py)];
    let best = -1, least = reach * reach;
    const compare = (row) => {
      const away = (x[row] - at[0]) ** 2 + (y[row] - at[1]) ** 2;
      if (away < least) [best, least] = [row, away];
    };
    for (let row = n; row < all; row++) compare(row);
    if (best >= 0) return best;
    const { starts, rows } = cells();
    for (let down = cellOf(at[1] - reach); down <= cellOf(at[1] + reach); down++)
      for (let across = cellOf(at[0] - reach); across <= cellOf(at[0] + reach); across++) {
        const cell = across + CELLS * down;
        for (let place = starts[cell]; place < starts[cell + 1]; place++) compare(rows[place]);
      }
    return best;
  };

  // Faces around a place of the plane, the nearest cells first.
  plane.around = (at, most, wanted) => {
    const near = [], column = cellOf(at[0]), line = cellOf(at[1]), { starts, rows } = cells();
    for (let ring = 0; ring <= 12 && near.length < most; ring++)
      for (let down = Math.max(0, line - ring); down <= Math.min(CELLS - 1, line + ring); down++)
        for (let across = Math.max(0, column - ring); across <= Math.min(CELLS - 1, column + ring); across++) {
          if (Math.max(Math.abs(down - line), Math.abs(across - column)) !== ring) continue;
          const cell = across + CELLS * down;
          for (let place = starts[cell]; place < starts[cell + 1] && near.length < most; place++)
            if (wanted(rows[place])) near.push(rows[place]);
        }
    return near;
  };

  plane.within = (corners) => {
    const xs = corners.map(([px]) => plane.planeX(px)), ys = corners.map(([, py]) => plane.planeY(py));
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const found = [];
    for (let row = 0; row < n; row++) {
      const px = x[row], py = y[row];
      if (px < left || px > right || py < low || py > high) continue;
      let inside = false;
      for (let at = 0, last = xs.length - 1; at < xs.length; last = at++)
        if (ys[at] > py !== ys[last] > py && px < ((xs[last] - xs[at]) * (py - ys[at])) / (ys[last] - ys[at]) + xs[at]) inside = !inside;
      if (inside) found.push(row);
    }
    return found;
  };

  plane.middle = () => {
    let best = -1, least = Infinity;
    for (let row = 0; row < all; row++) {
      const away = (x[row] - plane.view.x) ** 2 + (y[row] - plane.view.y) ** 2;
      if (away < least) [best, least] = [row, away];
    }
    return best;
  };

  // The nearest point in a direction, what is aside counting more than what is ahead.
  plane.beyond = (from, dx, dy) => {
    let best = from, least = Infinity;
    for (let row = 0; row < all; row++) {
      const ahead = (x[row] - x[from]) * dx + (y[row] - y[from]) * dy;
      if (ahead <= 0) continue;
      const cost = ahead + 2 * (Math.abs((x[row] - x[from]) * dy) + Math.abs((y[row] - y[from]) * dx));
      if (cost < least) [best, least] = [row, cost];
    }
    return best;
  };

  return plane.regroup(given);
}

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function times(a, b) {
  return a.map((_, at) => [0, 1, 2].reduce((sum, k) => sum + a[3 * Math.floor(at / 3) + k] * b[3 * k + (at % 3)], 0));
}

// A rotation again, after roundings: rows of length 1 at right angles.
function upright(m) {
  const [a, b] = [m.slice(0, 3), m.slice(3, 6)];
  const long = Math.hypot(...a), first = a.map((value) => value / long);
  const along = first.reduce((sum, value, axis) => sum + value * b[axis], 0);
  const off = b.map((value, axis) => value - along * first[axis]), off_long = Math.hypot(...off);
  const second = off.map((value) => value / off_long);
  const third = [0, 1, 2].map((axis) => first[(axis + 1) % 3] * second[(axis + 2) % 3] - first[(axis + 2) % 3] * second[(axis + 1) % 3]);
  return [...first, ...second, ...third];
}
