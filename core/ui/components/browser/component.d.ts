/** What Streamlit hands to a component's module, and the parts of the payloads that several components share. */

export interface Component<Data> {
  data: Data;
  /** Holds the component's html; it stays the same element while the page is only drawn anew. */
  parentElement: ParentNode;
  /** A value that lasts: Python reads it with every run. */
  setStateValue(name: string, value: unknown): void;
  /** A value that Python reads once, in the run that it starts. */
  setTriggerValue(name: string, value: unknown): void;
}

/** Undoes what a drawing left running; called when the component leaves the page. */
export type Cleanup = () => void;

/** A command for Python: numbered, so that one that is sent twice is obeyed once. */
export interface Command {
  n: number;
  name: string;
  ids: string[];
  /** A name that was typed. */
  text?: string;
}

/** What a component with an outbox gets besides its own data. */
export interface OutboxData {
  key: string;
  /** The last command that Python obeyed. */
  seen: number;
  /** Differs with every drawing, so that each one looks at the outbox. */
  drawing: number;
}

/** Left, top, right and bottom in shares of the picture. */
export type BoxFractions = [number, number, number, number];
