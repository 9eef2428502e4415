/** Brings what was seen on a still to the camera that took it. */

import { cameras } from "./camera.js";

/**
 * @import { Component } from "../component.js"
 * @import { FaceInView } from "./frames.js"
 */

/** @param {Component<{ key: string, number: number, faces: FaceInView[] }>} component */
export default function bringAnswer({ data }) {
  cameras.find(data.key)?.current?.receiveAnswer(data.number, data.faces);
}
