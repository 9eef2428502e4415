/** @typedef {(id: string | null) => void} Light lights up the element of an id, or none */

/** @type {Map<string, Set<Light>>} */
const lightsOf = new Map();

/**
 * What is pointed at in one component lights up in all of the same link: a face on the photo, and its line in the list.
 * @param {string} link
 * @param {Light} light
 * @param {AbortSignal} signal ends the tie
 * @returns {Light} lights up an id everywhere
 */
export function joinLink(link, light, signal) {
  const lights = lightsOf.get(link) ?? new Set();
  lightsOf.set(link, lights);
  lights.add(light);
  signal.addEventListener("abort", () => lights.delete(light));
  return (id) => {
    for (const each of lights) each(id);
  };
}
