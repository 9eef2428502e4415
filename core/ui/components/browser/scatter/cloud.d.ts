/** The points as they travel from Python, and what is drawn with them. */

import type { Words } from "../shared/words.js";
import type { FacePictures } from "./drawing/pictures.js";

export interface PointGroup {
  /** Empty where several people share a colour and a symbol. */
  name: string;
  /** "#rrggbb" */
  colour: string;
  symbol: string;
  /** Drawn behind the others, and paler. */
  faded: boolean;
  count: number;
}

export interface Card {
  row: number;
  src: string;
  alt: string;
  /** The first stands out. */
  lines: string[];
}

/** A face of a new photo. */
export interface Mark {
  number: string;
  /** In the units of the points. */
  at: number[];
  /** Rows of the points that it has lines to, the most important first. */
  lines: number[];
}

/** The faces most like one, in all values of the embedding. */
export interface Near {
  row: number;
  rows: number[];
  /** Of each of them to it, 0 to 100. */
  likenesses: number[];
}

export interface Cloud {
  /** Tells these faces at these places from others. */
  of: string;
  dimensions: 2 | 3;
  /** Base64 of uint16, a point's coordinates after each other; 65535 is 1. */
  points: string;
  /** Base64 of a byte for each point. */
  group_of: string;
  groups: PointGroup[];
  /** Who lies where, and the face that stands for them; the first find room on the map first. */
  clusters: [name: string, row: number, ...at: number[]][];
  people: string[];
  marks: Mark[];
  /** Tells the faces and their order from others, wherever they lie. */
  faces: string;
}

/** When photos were taken. */
export interface Moments {
  /** Of the steps of time, from the earliest on. */
  names: string[];
  /** Base64 of uint16, the step of each point; 65535 without a date. */
  steps: string;
}

export interface MapData extends Cloud {
  key: string;
  /** What the map shows, in words. */
  finding: string;
  moments: Moments | null;
  marks: (Mark & { card: Card })[];
  /** Base64 of uint16, or of uint32 where that is too small: an index into the people, beyond the last for no name. */
  who: string;
}

/** What the saved page holds. */
export interface SavedMap extends Cloud {
  look: Look;
  who: number[];
  view: { x: number; y: number; scale: number };
  turn: number[];
  /** How wide the map was when it was saved. */
  seen_px: number;
  /** Its texts, in the language of who saved it. */
  words: Words;
}

/** Colours and font of the theme. */
export interface Look {
  ink: string;
  paper: string;
  /** Around filled symbols, so that they stand out of each other. */
  edge: string;
  font: string;
}

/** What is shown of a scene besides its points. */
export interface Shown {
  /** The faces' pictures, where they are shown. */
  pictures: FacePictures | null;
  /** A byte for each point, or null while nothing is chosen. */
  chosen: Uint8Array | null;
  /** What is not pale: what is chosen, of the stretch of time that is shown; null where nothing is pale. */
  clear: Uint8Array | null;
  /** The point with a ring around it, or -1. */
  ring: number;
  /** The face that is chosen, with lines to those most like it. */
  near: Near | null;
  /** The lines around what is chosen, and the one that is being drawn. */
  strokes: ScreenPoint[][];
  isMoving: boolean;
}

/** Pixels of the canvas from its upper left corner. */
export type ScreenPoint = [x: number, y: number];
