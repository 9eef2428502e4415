// The symbols of the points, as outlines: stamped on a canvas, or written into an SVG as paths.
const CORNERS = {
  square: [4, 45, 1.2], diamond: [4, 0, 1.25], "triangle-up": [3, -90, 1.3], "triangle-down": [3, 90, 1.3],
  "triangle-left": [3, 180, 1.3], "triangle-right": [3, 0, 1.3], pentagon: [5, -90, 1.1], hexagon: [6, 0, 1.1],
};

function outline(pen, name, r) {
  pen.beginPath();
  if (name in CORNERS) polygon(pen, CORNERS[name][0], CORNERS[name][1], () => r * CORNERS[name][2]);
  else if (name === "star") polygon(pen, 10, -90, (at) => r * (at % 2 ? 0.55 : 1.35));
  else if (name === "star-diamond") polygon(pen, 8, -90, (at) => r * (at % 2 ? 0.6 : 1.4));
  else if (name === "cross") {
    pen.rect(-r * 1.2, -r * 0.42, r * 2.4, r * 0.84);
    pen.rect(-r * 0.42, -r * 1.2, r * 0.84, r * 2.4);
  } else if (name === "x") for (const side of [1, -1]) { pen.moveTo(-r, -r * side); pen.lineTo(r, r * side); }
  else pen.arc(0, 0, r, 0, 2 * Math.PI);
}

function polygon(pen, corners, start, radius) {
  for (let at = 0; at < corners; at++) {
    const angle = ((start + (360 * at) / corners) * Math.PI) / 180;
    pen[at ? "lineTo" : "moveTo"](radius(at) * Math.cos(angle), radius(at) * Math.sin(angle));
  }
  pen.closePath();
}

// How a group's symbol is inked: open ones and crosses are lines, the others are filled and have a light edge.
function inked(group) {
  if (group.symbol === "x") return { stroke: group.colour, width: 2.4 };
  if (group.symbol.endsWith("-open")) return { stroke: group.colour, width: 1.2 };
  return { fill: group.colour, stroke: "rgba(255,255,255,0.7)", width: 0.6 };
}

const stamps = new Map();

function stamp(group, size, ratio) {
  const name = `${group.symbol} ${group.colour} ${size} ${ratio}`;
  if (!stamps.has(name)) {
    const made = document.createElement("canvas");
    const room = size + 4;
    made.width = made.height = Math.ceil(room * ratio);
    const pen = made.getContext("2d");
    pen.scale(ratio, ratio);
    pen.translate(room / 2, room / 2);
    pen.lineJoin = "round";
    const { fill, stroke, width } = inked(group);
    outline(pen, group.symbol, size / 2);
    if (fill) {
      pen.fillStyle = fill;
      pen.fill();
    }
    pen.lineWidth = width;
    pen.strokeStyle = stroke;
    pen.stroke();
    stamps.set(name, made);
  }
  return stamps.get(name);
}

// The outline as the text of an SVG path.
function pathOf(name, r) {
  const parts = [];
  const short = (value) => +value.toFixed(2);
  const pen = {
    beginPath() {},
    closePath: () => parts.push("Z"),
    moveTo: (x, y) => parts.push(`M${short(x)} ${short(y)}`),
    lineTo: (x, y) => parts.push(`L${short(x)} ${short(y)}`),
    rect: (x, y, w, h) => parts.push(`M${short(x)} ${short(y)}h${short(w)}v${short(h)}h${short(-w)}Z`),
    arc: () => parts.push(`M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`),
  };
  outline(pen, name, r);
  return parts.join("");
}
