/** Faces on their way from where one map has them to where another one does. */

/** @import { Scene } from "./scene.js" */

const DURATION_MS = 900;

export class Motion {
  /**
   * @param {Scene} scene as it is to be
   * @param {Scene} before of the same faces, on the same canvas
   */
  constructor(scene, before) {
    this.scene = scene;
    this.begun_ms = 0;
    const { n } = scene;
    // In pixels, for the two maps have nothing else in common.
    this.fromX = Float32Array.from(before.x.subarray(0, n), (x) => before.view.screenX(x));
    this.fromY = Float32Array.from(before.y.subarray(0, n), (y) => before.view.screenY(y));
    this.toX = scene.x.slice(0, n);
    this.toY = scene.y.slice(0, n);
  }

  /**
   * Put everybody where they are at a time.
   * @param {number} now_ms
   * @returns {boolean} whether they are still on their way
   */
  step(now_ms) {
    const { scene, fromX, fromY, toX, toY } = this;
    if (!this.begun_ms) {
      this.begun_ms = now_ms;
      for (let row = 0; row < fromX.length; row++) {
        fromX[row] = scene.view.planeX(fromX[row]);
        fromY[row] = scene.view.planeY(fromY[row]);
      }
    }
    const share = Math.min(1, (now_ms - this.begun_ms) / DURATION_MS);
    const way = share * share * (3 - 2 * share); // slow at both ends
    for (let row = 0; row < toX.length; row++) {
      scene.x[row] = fromX[row] + (toX[row] - fromX[row]) * way;
      scene.y[row] = fromY[row] + (toY[row] - fromY[row]) * way;
    }
    scene.index = null;
    return share < 1;
  }
}
