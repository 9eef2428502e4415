/** Arrays as they travel: little-endian bytes in base64. */

/**
 * @param {string} base64
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function decodeBytes(base64) {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  // A loop: calling a function for each of hundreds of thousands of bytes takes several times as long.
  for (let at = 0; at < bytes.length; at++) bytes[at] = letters.charCodeAt(at);
  return bytes;
}
