/** The map's tools: what dragging does, how near one looks, and saving. */

import { consumeEvent, createElement, focusedWithin } from "../shared/dom.js";
import { gettext } from "../shared/words.js";
import { KINDS, NoAnswer, savePicture } from "./saving/save.js";

/** @import { ScatterMap } from "./map.js" */

/** @typedef {"lasso" | "box" | "move"} Mode what dragging does */

const ZOOM = 1.5;

/**
 * Draw the bar, anew whenever another mode is chosen.
 * @param {HTMLElement} bar
 * @param {ScatterMap} map
 */
export function drawBar(bar, map) {
  /** @type {[Mode, string, string][]} */
  const modes = [
    ["lasso", "\u25cc", gettext("Circle faces")],
    ["box", "\u25a2", gettext("Choose by a box")],
    ["move", "\u2725", map.scene.isDeep ? gettext("Turn the map, with Shift move it") : gettext("Move the map")],
  ];
  const choosers = modes.map(([mode, sign, title]) => {
    const chooser = createTool(sign, title, () => {
      map.state.mode = mode;
      drawBar(bar, map);
      const pressed = bar.querySelector("[aria-pressed=true]");
      if (pressed instanceof HTMLElement) pressed.focus();
    });
    chooser.setAttribute("aria-pressed", String(map.state.mode === mode));
    return chooser;
  });
  bar.setAttribute("aria-label", gettext("The map's tools"));
  bar.replaceChildren(
    ...choosers,
    createTool("+", gettext("Zoom in"), () => map.zoom(ZOOM)),
    createTool("\u2212", gettext("Zoom out"), () => map.zoom(1 / ZOOM)),
    createTool("\u2922", gettext("The whole map"), () => map.showWhole()),
    createSaver(bar, map),
  );
  map.canvas.style.cursor = map.state.mode === "move" ? "grab" : "crosshair";
}

/**
 * @param {string} sign
 * @param {string} title
 * @param {() => void} act
 */
function createTool(sign, title, act) {
  return createElement("button", { type: "button", textContent: sign, title, onclick: act }, { "aria-label": title });
}

/**
 * A button with a menu: arrows walk in it, Escape closes it.
 * @param {HTMLElement} bar
 * @param {ScatterMap} map
 */
function createSaver(bar, map) {
  const menu = createElement(
    "div",
    { className: "menu", hidden: true },
    { role: "menu", "aria-label": gettext("Save the picture") },
  );
  const opener = createTool("\u2913", gettext("Save the picture"), () => open(menu.hidden === true));
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-expanded", "false");
  const items = kinds().map(([kind, title]) => {
    const item = createElement("button", { type: "button", textContent: title, tabIndex: -1 }, { role: "menuitem" });
    item.onclick = () => {
      savePicture(kind, map.picture()).catch((fault) => {
        if (!(fault instanceof NoAnswer)) throw fault;
        map.tellNotSaved();
      });
      close();
    };
    return item;
  });
  menu.append(...items);

  /** @param {boolean} on */
  function open(on) {
    menu.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
    if (on) items[0].focus();
  }

  function close() {
    open(false);
    opener.focus();
  }

  const saver = createElement("div", { className: "saver" }, {}, opener, menu);
  saver.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    const focused = focusedWithin(bar);
    const index = focused instanceof HTMLButtonElement ? items.indexOf(focused) : -1;
    if (step && menu.hidden) open(true);
    else if (step) items.at((index + step) % items.length)?.focus();
    else if (event.key === "Escape" && !menu.hidden) close();
    else return;
    consumeEvent(event);
  };
  saver.addEventListener("focusout", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node) || !saver.contains(relatedTarget)) open(false);
  });
  return saver;
}

/** @returns {[keyof typeof KINDS, string][]} */
function kinds() {
  return [
    ["png", gettext(KINDS.png)],
    ["svg", gettext(KINDS.svg)],
    ["html", gettext(KINDS.html)],
  ];
}
