/** Brings the pictures of faces to a scatter of them, apart from its points: those need not travel again. */

import { scatters } from "./map.js";

/**
 * @import { Component } from "../component.js"
 * @import { Card } from "./cloud.js"
 */

/** @param {Component<{ key: string, of: string, cards: Card[] }>} component */
export default function bringCards({ data }) {
  scatters.find(data.key)?.current?.takeCards(data.of, data.cards);
}
