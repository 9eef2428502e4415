/**
 * A camera, watched: the moving picture stays in the browser, one small still after the other goes to Face Atlas on this
 * computer, and the boxes that come back are drawn over it. The next still leaves when the last one was answered.
 */

import { createElement, findElement } from "../shared/dom.js";
import { KeyedState } from "../shared/keyed_state.js";
import { gettext, marked, ngettext } from "../shared/words.js";
import { drawFrames } from "./frames.js";

/**
 * @import { Cleanup, Component } from "../component.js"
 * @import { FaceInView } from "./frames.js"
 */

const WIDTH_PX = 640;
const JPEG_QUALITY = 0.85;
const JPEG_PREFIX = "data:image/jpeg;base64,";
/** A still that was not answered for so long is lost: the next one goes. */
const PATIENCE_MS = 3000;
/** The camera has no picture yet. */
const NO_PICTURE_MS = 50;
/** The rate is the mean over so many answers. */
const RATED_ANSWERS = 11;
/** @type {MediaStreamConstraints} */
const ASKED_OF_CAMERA = {
  audio: false,
  video: { width: WIDTH_PX, height: 480, frameRate: { max: 15 }, facingMode: "user" },
};
const WAITING = marked("Waiting for the camera");
const NOT_LENT = marked("Browsers lend the camera only to pages on this computer (127.0.0.1) or under https.");
/** @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: marked(
    "The browser does not let this page use the camera. Allow it by the camera symbol in the address bar, then start again.",
  ),
  NotFoundError: marked("No camera was found. Connect one, then start again; or upload a photo instead."),
  NotReadableError: marked("Another program is using the camera. Close it, then start again."),
};

class CameraState {
  /** @type {MediaStream | null} */
  stream = null;
  /** The number of the last still, which an answer has to name. */
  still = 0;
  answered = 0;
  /** @type {number[]} when the last answers came, in milliseconds */
  times = [];
  paper = createElement("canvas");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer;
  /** @type {Camera | null} the newest drawing: an older one may be gone from the page */
  current = null;
}

/** The cameras of the page; ``answer.js`` brings them what was seen. */
export const cameras = new KeyedState(() => new CameraState());

/**
 * @param {Component<{ key: string }>} component
 * @returns {Cleanup}
 */
export default function drawCamera(component) {
  const state = cameras.of(component.data.key);
  const camera = new Camera(component, state);
  return () => {
    if (state.current === camera) camera.stop();
  };
}

class Camera {
  /**
   * @param {Component<{ key: string }>} component
   * @param {CameraState} state
   */
  constructor({ parentElement, setTriggerValue }, state) {
    this.setTriggerValue = setTriggerValue;
    this.state = state;
    this.root = findElement(parentElement, ".live", HTMLElement);
    this.root.hidden = false; // until here nothing would have answered the button
    this.view = findElement(this.root, ".view", HTMLElement);
    this.video = findElement(this.root, "video", HTMLVideoElement);
    this.plane = findElement(this.root, "canvas", HTMLCanvasElement);
    this.button = findElement(this.root, "button", HTMLButtonElement);
    this.note = findElement(this.root, ".told", HTMLElement);
    this.list = findElement(this.root, "ul", HTMLElement);
    this.list.setAttribute("aria-label", gettext("In view"));
    this.button.onclick = () => (state.stream ? this.stop() : this.start());
    state.current = this;
    this.showState();
    if (state.stream && this.video.srcObject !== state.stream) this.play();
  }

  async start() {
    const { state, note } = this;
    note.textContent = gettext(WAITING);
    if (!navigator.mediaDevices) {
      note.textContent = gettext(NOT_LENT);
      return;
    }
    try {
      state.stream = await navigator.mediaDevices.getUserMedia(ASKED_OF_CAMERA);
    } catch (fault) {
      const name = fault instanceof Error ? fault.name : String(fault);
      note.textContent =
        name in REASONS
          ? gettext(REASONS[name])
          : gettext("The camera cannot be used ({name}). Upload a photo instead.", { name });
      return;
    }
    state.stream.getVideoTracks()[0].onended = () => this.stop();
    state.times = [];
    await this.play();
    this.showState();
    state.current?.sendStill();
  }

  async play() {
    this.video.srcObject = this.state.stream;
    await this.video.play();
  }

  stop() {
    const { state } = this;
    clearTimeout(state.timer);
    for (const track of state.stream?.getTracks() ?? []) track.stop();
    state.stream = null;
    state.still += 1; // an answer to what was sent before comes too late
    this.video.srcObject = null;
    this.plane.getContext("2d")?.clearRect(0, 0, this.plane.width, this.plane.height);
    this.list.replaceChildren();
    this.note.textContent = "";
    this.showState();
  }

  showState() {
    const isOn = this.state.stream !== null;
    this.button.textContent = isOn ? gettext("Stop") : gettext("Start the camera");
    this.button.classList.toggle("on", isOn);
    this.view.hidden = !isOn;
  }

  sendStill() {
    const { state, video } = this;
    clearTimeout(state.timer);
    if (!state.stream) return;
    if (!this.root.isConnected) {
      this.stop();
      return;
    }
    if (!video.videoWidth) {
      state.timer = setTimeout(() => state.current?.sendStill(), NO_PICTURE_MS);
      return;
    }
    const { paper } = state;
    paper.width = WIDTH_PX;
    paper.height = Math.round((WIDTH_PX * video.videoHeight) / video.videoWidth);
    paper.getContext("2d")?.drawImage(video, 0, 0, paper.width, paper.height);
    state.still += 1;
    const jpeg = paper.toDataURL("image/jpeg", JPEG_QUALITY).slice(JPEG_PREFIX.length);
    this.setTriggerValue("still", { number: state.still, jpeg, at_s: performance.now() / 1000 });
    state.timer = setTimeout(() => state.current?.sendStill(), PATIENCE_MS);
  }

  /**
   * What was seen on a still; the next one goes. An answer that comes twice, or late, is passed over.
   * @param {number} number of the still
   * @param {FaceInView[]} faces
   */
  receiveAnswer(number, faces) {
    const { state } = this;
    if (!state.stream || number !== state.still || number === state.answered) return;
    state.answered = number;
    state.times = [...state.times, performance.now()].slice(-RATED_ANSWERS);
    this.drawFaces(faces);
    this.listNames(faces.map((face) => face.label));
    const rate = ratePerSecond(state.times);
    this.note.textContent = rate ? ngettext("{number} look a second", "{number} looks a second", Math.round(rate)) : "";
    state.current?.sendStill();
  }

  /** @param {FaceInView[]} faces */
  drawFaces(faces) {
    const pen = this.plane.getContext("2d");
    if (!pen) return;
    const style = getComputedStyle(this.root);
    [this.plane.width, this.plane.height] = [this.state.paper.width, this.state.paper.height];
    pen.font = `600 17px ${style.fontFamily}`;
    drawFrames(pen, faces, {
      known: style.getPropertyValue("--known"),
      unknown: style.getPropertyValue("--unknown"),
      text: style.getPropertyValue("--on-mark"),
    });
  }

  /**
   * The list is read aloud when it changes, so that it is left alone while it says the same.
   * @param {string[]} names
   */
  listNames(names) {
    const listed = [...this.list.children].map((line) => line.textContent);
    if (listed.join("\n") === names.join("\n")) return;
    this.list.replaceChildren(...names.map((textContent) => createElement("li", { textContent })));
  }
}

/**
 * @param {number[]} times milliseconds, in order
 * @returns {number} 0 for fewer than two
 */
export function ratePerSecond(times) {
  const spent_ms = times.length > 1 ? times[times.length - 1] - times[0] : 0;
  return spent_ms ? (1000 * (times.length - 1)) / spent_ms : 0;
}
