/**
 * Which cards are asked for: of the face that is pointed at, of those around it, and of the faces that are drawn. One
 * question is under way at a time; what is wanted meanwhile is in the next one.
 */

/** @import { Card } from "./cloud.js" */

/** A question that meets the end of a run of the page's script is lost: it is asked again. */
const ASK_AGAIN_MS = 900;
const ASKED_AT_ONCE = 64;
/** So many cards are remembered; a picture takes some kilobytes. */
const CARDS_MOST = 3000;

export class CardRequests {
  /** @param {(rows: number[]) => void} send */
  constructor(send) {
    this.send = send;
    /** @type {Map<number, Card>} by row */
    this.cards = new Map();
    /** @type {number[]} the face that is pointed at first */
    this.pointed = [];
    /** @type {number[]} faces that are drawn */
    this.drawn = [];
    /** @type {ReturnType<typeof setTimeout> | 0} */
    this.timer = 0;
    /** @type {Set<number>} what is asked for and has not come */
    this.awaited = new Set();
  }

  /**
   * @param {number[]} rows
   * @param {number} delay_ms
   */
  wantPointed(rows, delay_ms) {
    this.pointed = rows;
    this.askIn(delay_ms);
  }

  /**
   * @param {number[]} rows
   * @param {number} delay_ms
   */
  wantDrawn(rows, delay_ms) {
    this.drawn = rows;
    if (!this.timer && this.missing().length) this.askIn(delay_ms);
  }

  /** What is wanted and not here, the most urgent first. */
  missing() {
    const rows = [...this.pointed, ...this.drawn].filter((row) => !this.cards.has(row));
    return [...new Set(rows)].slice(0, ASKED_AT_ONCE);
  }

  /** @param {number} delay_ms */
  askIn(delay_ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), delay_ms);
  }

  ask() {
    this.timer = 0;
    const rows = this.missing();
    // While the answer to these is under way there is nothing new to ask.
    if (!rows.length) return;
    this.awaited = new Set(rows);
    this.send(rows);
    this.askIn(ASK_AGAIN_MS);
  }

  /** @param {Card[]} cards */
  take(cards) {
    for (const card of cards) {
      this.cards.set(card.row, card);
      this.awaited.delete(card.row);
    }
    for (const row of this.cards.keys()) {
      if (this.cards.size <= CARDS_MOST) break;
      this.cards.delete(row);
    }
    if (this.awaited.size) return;
    clearTimeout(this.timer);
    this.timer = 0;
    if (this.missing().length) this.askIn(0);
  }

  /** Nothing of other faces holds. */
  startOver() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.cards.clear();
    this.pointed = [];
    this.drawn = [];
    this.awaited.clear();
  }
}
