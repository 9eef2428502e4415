// Brings the limit for names and the pictures of faces to the photos of a lookup, which need not travel again.
export default function ({ data }) {
  const all = (window.photoLookups ??= new Map());
  if (!all.has(data.key)) all.set(data.key, { pictures: new Map() });
  const self = all.get(data.key);
  self.dealt = data;
  self.deal?.();
}
