/** @import { Command } from "../component.js" */

/**
 * Commands that wait until Python has obeyed them: what is pressed while the page is busy is not lost. All that wait
 * are sent each time; their numbers tell Python which it has obeyed already.
 */
export class Outbox {
  constructor() {
    /** @type {Command[]} */
    this.waiting = [];
    this.last = 0;
  }

  /**
   * Let go of what was obeyed.
   * @param {number} seen the last number that Python obeyed
   */
  acknowledge(seen) {
    this.waiting = this.waiting.filter((command) => command.n > seen);
  }

  /**
   * @param {Omit<Command, "n">} command
   * @param {number} now Milliseconds by the clock: they grow from one page load to the next, when all else is forgotten.
   */
  add(command, now = Date.now()) {
    // Two commands within a millisecond must not share a number.
    this.last = Math.max(now, this.last + 1);
    this.waiting.push({ n: this.last, ...command });
  }
}
