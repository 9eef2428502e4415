/**
 * Where the focus is while entries come, go, and change their order: remembered by the entry's identity and by what
 * stood around it, never by its number, which another entry has a moment later.
 */

/**
 * The present entry that stands in for one: itself while it is there, or else the next after it in the order of before;
 * where none of those is left, the nearest before it.
 * @param {string | null} id
 * @param {string[]} formerIds in the order of before, the id among them
 * @param {string[]} ids those that are there now, and fit
 * @returns {string | null} null where nothing of before is left
 */
export function successorOf(id, formerIds, ids) {
  const present = new Set(ids);
  if (id === null || present.has(id)) return id;
  const former = formerIds.indexOf(id);
  if (former < 0) return null;
  /** @param {string} each */
  const isPresent = (each) => present.has(each);
  return formerIds.slice(former + 1).find(isPresent) ?? formerIds.slice(0, former).findLast(isPresent) ?? null;
}

/**
 * The entries, and among them still the one in which somebody types: what is typed on would be another's otherwise.
 * @template {{ id: string }} Item
 * @param {Item[]} entries
 * @param {Item[]} formerEntries as they were shown last
 * @param {string | null} typedId
 * @returns {Item[]}
 */
export function holdTyped(entries, formerEntries, typedId) {
  const former = formerEntries.findIndex(({ id }) => id === typedId);
  if (former < 0 || entries.some(({ id }) => id === typedId)) return entries;
  const index = entries.findIndex(({ id }) => id === successorOf(typedId, idsOf(formerEntries), idsOf(entries)));
  return entries.toSpliced(index < 0 ? entries.length : index, 0, formerEntries[former]);
}

/** @param {{ id: string }[]} entries */
export function idsOf(entries) {
  return entries.map(({ id }) => id);
}
