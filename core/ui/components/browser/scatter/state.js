/** What a map of faces remembers from one drawing to the next. */

import { spokenWords } from "../shared/words.js";
import { CardRequests } from "./card_requests.js";
import { FacePictures } from "./drawing/pictures.js";
import { Motion } from "./scene/motion.js";
import { Scene } from "./scene/scene.js";
import { TimeSlider } from "./time_slider.js";

/**
 * @import { Mode } from "./bar.js"
 * @import { MapData, Moments, Near } from "./cloud.js"
 * @import { Sprite } from "./drawing/sprites.js"
 * @import { ScatterMap } from "./map.js"
 *
 * @typedef {{ turn: number[], corners: [x: number, y: number][] }} Lasso of the plane, as it was turned
 */

export class ScatterState {
  /** @type {Mode} */
  mode = "lasso";
  requests = new CardRequests((rows) => this.current?.askForCards(rows));
  pictures = new FacePictures(
    (row) => this.requests.cards.get(row),
    () => this.current?.redraw(),
  );
  /** @type {Sprite[]} the faces that are drawn, from back to front */
  faces = [];
  /** The face that is pointed at or was last, or -1. */
  focused = -1;
  /** Whether it is pointed at now. */
  isResting = false;
  /** @type {Uint8Array | null} a byte for each point */
  chosen = null;
  /** How many are chosen. */
  count = 0;
  /** @type {Lasso[]} the lines around them */
  lassos = [];
  /** @type {Near | null} */
  near = null;
  /** @type {TimeSlider | null} */
  time = null;
  /** How many were in view, and how many times the map was drawn. */
  inView = 0;
  frames = 0;
  /** @type {Scene | null} */
  scene = null;
  marks = "";
  /** @type {boolean | null} */
  isDeep = null;
  /** @type {ScatterMap | null} the newest drawing: what an older one asks is not heard any more */
  current = null;
  frame = 0;
  /** @type {ReturnType<typeof setTimeout> | 0} */
  moveTimer = 0;

  /**
   * Take what came, of which the scene before goes on where only the groups changed. Of other faces, nothing that was
   * remembered of the last ones holds.
   * @param {MapData} data
   */
  takeScene(data) {
    const before = this.scene;
    const isSame = before?.of === data.of;
    const areSameFaces = before?.faces === data.faces;
    if (!isSame) this.startOver(data.dimensions === 3, areSameFaces);
    const marks = JSON.stringify(data.marks);
    const isKept = isSame && before.points === data.points && this.marks === marks;
    if (!isKept) this.forgetRowsFrom(before?.n ?? 0); // those of the marks, which may be others now
    const scene = isKept ? before.regroup(data) : new Scene(data, before);
    if (before && areSameFaces && !isSame && before.view.isSet && !wantsStillness())
      scene.motion = new Motion(scene, before);
    this.takeMoments(data.moments);
    this.scene = scene;
    this.marks = marks;
    for (const [number, mark] of data.marks.entries()) this.requests.cards.set(scene.n + number, mark.card);
    return scene;
  }

  /** @param {Moments | null} moments */
  takeMoments(moments) {
    // What somebody set stays as long as it is about the same steps of the same points, and is read in one language.
    const isSpoken = !this.time || this.time.language === spokenWords().language;
    if (isSpoken && JSON.stringify(moments) === JSON.stringify(this.time?.moments ?? null)) return;
    this.time = moments && new TimeSlider(moments, () => this.current?.redraw());
  }

  /** What is not pale, or null. */
  get clear() {
    return this.time ? this.time.clear(this.chosen) : this.chosen;
  }

  /**
   * @param {boolean} isDeep
   * @param {boolean} areSameFaces the faces are the same and only elsewhere, so that their cards hold
   */
  startOver(isDeep, areSameFaces = false) {
    this.chosen = null;
    this.count = 0;
    this.lassos = [];
    this.near = null;
    if (!areSameFaces) this.requests.startOver();
    this.focused = -1;
    if (this.isDeep !== isDeep) this.mode = isDeep ? "move" : "lasso";
    this.isDeep = isDeep;
  }

  /** @param {number} first row */
  forgetRowsFrom(first) {
    const { cards } = this.requests;
    for (const row of cards.keys()) if (row >= first) cards.delete(row);
    if (this.focused >= first) this.focused = -1;
  }
}

/** Whether somebody asked their system for less motion. */
function wantsStillness() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
