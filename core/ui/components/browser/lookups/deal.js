/** Brings the limit for names and the pictures of faces to the photos of a lookup, which need not travel again. */

import { lookups } from "./lookups.js";

/**
 * @import { Component } from "../component.js"
 * @import { Deal } from "./lookups.js"
 */

/** @param {Component<Deal & { key: string }>} component */
export default function bringPictures({ data }) {
  const state = lookups.of(data.key); // it may come before the photos do
  state.dealt = data;
  state.current?.takeDeal();
}
