/** What is chosen in a grid and which face has the focus; it outlives the grid's drawings. */

import { Outbox } from "./shared/outbox.js";

export class PickerState {
  /** @type {Set<string>} */
  selected = new Set();
  /** @type {string | null} */
  focused = null;
  /** Where the face in focus stands: when it goes, the one that moves up takes the focus. */
  index = 0;
  /** @type {string | null} where a choice with shift begins */
  anchor = null;
  /** @type {number | null} */
  epoch = null;
  /** @type {number | undefined} */
  grab;
  /** Whether the focus is in the grid. */
  isActive = false;
  outbox = new Outbox();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;

  /**
   * Fit to the faces that are shown now: a new epoch lets go of all that was chosen, faces that are gone are not chosen.
   * @param {string[]} ids
   * @param {number} epoch
   */
  fitTo(ids, epoch) {
    if (this.epoch !== epoch) {
      this.selected.clear();
      this.epoch = epoch;
    }
    for (const id of [...this.selected]) if (!ids.includes(id)) this.selected.delete(id);
    if (this.focused === null || !ids.includes(this.focused))
      this.focused = ids[Math.min(this.index, ids.length - 1)] ?? null;
  }

  /**
   * Move the focus; beyond the ends it stays at them.
   * @param {string[]} ids
   * @param {number} index
   */
  moveFocus(ids, index) {
    this.index = Math.max(0, Math.min(ids.length - 1, index));
    this.focused = ids[this.index] ?? null;
  }

  selectFocused() {
    if (this.focused !== null) this.selected.add(this.focused);
  }

  /**
   * Choose a face or let go of it; with shift, choose all from the one before to it.
   * @param {string[]} ids
   * @param {string} id
   * @param {boolean} isRange
   */
  toggle(ids, id, isRange) {
    const index = ids.indexOf(id);
    const anchor = isRange && this.anchor !== null ? ids.indexOf(this.anchor) : -1;
    if (anchor >= 0) {
      const between = ids.slice(Math.min(anchor, index), Math.max(anchor, index) + 1);
      for (const each of between) this.selected.add(each);
    } else {
      if (!this.selected.delete(id)) this.selected.add(id);
      this.anchor = id;
    }
  }

  /**
   * Choose all, or none when all are chosen.
   * @param {string[]} ids
   */
  toggleAll(ids) {
    this.selected = new Set(this.selected.size === ids.length ? [] : ids);
  }

  /**
   * The chosen faces, in the order of the grid.
   * @param {string[]} ids
   */
  selectedOf(ids) {
    return ids.filter((id) => this.selected.has(id));
  }

  /**
   * What a command is about: the chosen faces, or the one in focus when none is chosen.
   * @param {string[]} ids
   */
  commandedOf(ids) {
    if (this.selected.size) return this.selectedOf(ids);
    return this.focused === null ? [] : [this.focused];
  }
}
