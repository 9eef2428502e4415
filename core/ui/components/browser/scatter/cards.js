/** Brings pictures and neighbours of faces to a scatter of them, apart from its points: those need not travel again. */

import { scatters } from "./map.js";

/**
 * @import { Component } from "../component.js"
 * @import { Card, Near } from "./cloud.js"
 */

/** @param {Component<{ key: string, of: string, cards: Card[], near: Near | null }>} component */
export default function bringCards({ data }) {
  scatters.find(data.key)?.current?.takeCards(data.of, data.cards, data.near);
}
