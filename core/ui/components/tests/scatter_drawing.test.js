import { expect, test } from "vitest";
import { hintOf, placeLegend } from "../browser/scatter/drawing/captions.js";
import { shadesOf } from "../browser/scatter/drawing/paint.js";
import { inkOf, svgPathOf } from "../browser/scatter/drawing/symbols.js";
import { dotSizePx, nearnessOf, opacityOf, symbolSizePx } from "../browser/scatter/drawing/visibility.js";
import { savedMap } from "../browser/scatter/saving/page.js";
import { createSvg } from "../browser/scatter/saving/svg.js";
import { Scene } from "../browser/scatter/scene/scene.js";
import { cloudOf, LOOK, spreadPoints } from "./clouds.js";

const MARK = {
  number: "1",
  at: [0.5, 0.5],
  lines: [2, 0],
  card: { row: -1, src: "data:image/jpeg;base64,AAAA", alt: "A face", lines: ["Ann"] },
};
const measure = (/** @type {string} */ text) => 7 * text.length;
const measures = { plain: measure, name: measure };

/** @param {ReturnType<typeof cloudOf>} cloud */
function sceneOf(cloud) {
  const scene = new Scene(cloud);
  Object.assign(scene.view.area, { width: 800, height: 500, ratio: 1 });
  scene.showWhole();
  return scene;
}

test.each([
  ["square", 4],
  ["triangle-up", 3],
  ["hexagon", 6],
  ["star", 10],
  ["star-diamond", 8],
])("a %s is an outline of %i corners that closes", (name, corners) => {
  const path = svgPathOf(name, 5);
  expect(path.match(/[ML]/g)).toHaveLength(corners);
  expect(path).toMatch(/^M.*Z$/);
});

test("crosses are two bars or two lines, and what is not known is a circle", () => {
  expect(svgPathOf("cross", 5).match(/h/g)).toHaveLength(4);
  expect(svgPathOf("x", 5)).toBe("M-5 -5L5 5M-5 5L5 -5");
  expect(svgPathOf("circle", 5)).toBe("M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z");
  expect(svgPathOf("no symbol", 5)).toBe(svgPathOf("circle", 5));
});

test("open symbols and crosses are lines of their colour, others have an edge of the theme", () => {
  const group = { name: "", colour: "#0072b2", symbol: "square", faded: false, count: 1 };
  expect(inkOf(group, LOOK)).toEqual({ fill: "#0072b2", stroke: LOOK.edge, width: 0.6 });
  expect(inkOf({ ...group, symbol: "square-open" }, LOOK)).toMatchObject({ fill: null, stroke: "#0072b2" });
  expect(inkOf({ ...group, symbol: "x" }, LOOK)).toMatchObject({ fill: null, stroke: "#0072b2" });
});

test("symbols and dots become smaller the more there are", () => {
  expect([300, 301, 2000, 2001].map(symbolSizePx)).toEqual([10, 8, 8, 6]);
  expect([40000, 40001].map(dotSizePx)).toEqual([3, 2]);
  expect([6000, 6001].map(hintOf)).toEqual([
    "",
    "6\u202f001 faces in view: drawn as dots. Zoom in to see the symbols.",
  ]);
});

test("what is not chosen pales, and so does what is faded or far behind", () => {
  const flat = sceneOf(cloudOf(spreadPoints(4)));
  const [faded, clear] = flat.groups;
  expect([opacityOf(flat, clear, 0, null), opacityOf(flat, faded, 1, null)]).toEqual([0.92, 0.32]);
  const chosen = Uint8Array.of(1, 1, 0, 0);
  expect([0, 2].map((row) => opacityOf(flat, clear, row, chosen))).toEqual([0.92, 0.14]);
  expect(opacityOf(flat, faded, 1, chosen)).toBe(0.92);
  const deep = sceneOf(cloudOf(spreadPoints(9, 3)));
  const [behind, front] = [...deep.order.keys()]
    .sort((a, b) => deep.depth[a] - deep.depth[b])
    .filter((_, at) => at % 8 === 0);
  expect(opacityOf(deep, clear, behind, null)).toBeLessThan(opacityOf(deep, clear, front, null));
  expect(nearnessOf(deep, behind)).toBeLessThan(nearnessOf(deep, front));
  expect(nearnessOf(flat, 0)).toBe(1);
});

test("a colour is a canvas pixel: red in the lowest byte, alpha in the highest", () => {
  expect(shadesOf("#0a14ff", 1, false)).toEqual([0xffff140a]);
  expect(shadesOf("#0a14ff", 1, true)).toHaveLength(8);
});

test("a legend goes on in the next line where it would leave the picture", () => {
  const { groups } = cloudOf(spreadPoints(4));
  expect(placeLegend({ groups }, 800, measure).places.map(({ x, y }) => [x, y])).toEqual([
    [6, 20],
    [155, 20],
  ]);
  expect(placeLegend({ groups }, 100, measure).places.map(({ x, y }) => [x, y])).toEqual([
    [6, 20],
    [6, 40],
  ]);
  expect(placeLegend({ groups }, 100, measure).height).toBe(48);
  expect(placeLegend({ groups: [] }, 100, measure).height).toBe(0);
  const many = [groups[0], ...Array.from({ length: 20 }, () => groups[1])]; // names and colours would fill the page
  expect(placeLegend({ groups: many }, 800, measure).places.map(({ text }) => text)).toEqual([
    "\u2068everyone else\u2069 2",
  ]);
  const [long] = placeLegend({ groups: [{ ...groups[0], name: "x".repeat(120) }] }, 400, measure).places;
  expect(measure(long.text)).toBeLessThan(400);
});

test("a drawing has every point once, as a symbol, with names as text", () => {
  const cloud = cloudOf(spreadPoints(118), { marks: [MARK] });
  const drawing = createSvg(sceneOf(cloud), cloud, LOOK, null, measures);
  expect(drawing.match(/<use /g)).toHaveLength(118);
  expect(drawing.match(/<line /g)).toHaveLength(2);
  expect(drawing).toContain(">Ann &#60;3</text>");
  expect(drawing).toContain("<title>Map of faces. 118 faces of 5 people</title>");
  expect(drawing).not.toContain("data:image");
  expect(drawing).not.toMatch(/undefined|NaN/);
});

test("a drawing of thousands has dots, those of one ink in one path, and what is chosen above the rest", () => {
  const cloud = cloudOf(spreadPoints(7000));
  const chosen = Uint8Array.from({ length: 7000 }, (_, row) => Number(row < 100));
  const drawing = createSvg(sceneOf(cloud), cloud, LOOK, chosen, measures);
  const dots = [...drawing.matchAll(/<path fill="(#\w+)" fill-opacity="([\d.]+)" d="([^"]+)"/g)];
  expect(dots.map(([, colour, opacity, path]) => [colour, opacity, path.split("M").length - 1])).toEqual([
    ["#9aa5a8", "0.1", 3450],
    ["#0072b2", "0.1", 3450],
    ["#9aa5a8", "0.9", 50],
    ["#0072b2", "0.9", 50],
  ]);
});

test("what a page holds of the map are places and names, and no picture", () => {
  const cloud = cloudOf(spreadPoints(6), { marks: [MARK] });
  const saved = savedMap(sceneOf(cloud), cloud, LOOK);
  expect(saved.who).toEqual([0, 1, 0, 1, 0, 1]);
  expect(saved.marks).toEqual([{ number: "1", at: [0.5, 0.5], lines: [2, 0] }]);
  expect(saved.seen_px).toBe(800);
  expect(JSON.stringify(saved)).not.toContain("data:image");
});
