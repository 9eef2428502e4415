/**
 * What a component remembers from one drawing to the next, by its key.
 *
 * Every run of the page hands a component new data and calls its function anew; what was chosen, and which faces had
 * come already, has to outlive that. A second component that brings something to the first finds it here, too.
 * @template State
 */
export class KeyedState {
  /** @param {() => State} create what there is before the first drawing */
  constructor(create) {
    this.create = create;
    /** @type {Map<string, State>} */
    this.states = new Map();
  }

  /**
   * The state of a key, which is created when there is none.
   * @param {string} key
   * @returns {State}
   */
  of(key) {
    let state = this.states.get(key);
    if (state === undefined) {
      state = this.create();
      this.states.set(key, state);
    }
    return state;
  }

  /**
   * The state of a key that was drawn before.
   * @param {string} key
   */
  find(key) {
    return this.states.get(key);
  }
}

/** The drawing of each key that counts: what an older one listened to, perhaps on elements that are gone, ends. */
export class CurrentDrawings {
  constructor() {
    /** @type {Map<string, AbortController>} */
    this.drawings = new Map();
  }

  /**
   * Begin a drawing.
   * @param {string} key
   * @returns {AbortSignal} aborted as soon as the next one of the key begins
   */
  begin(key) {
    this.drawings.get(key)?.abort();
    const drawing = new AbortController();
    this.drawings.set(key, drawing);
    return drawing.signal;
  }
}
