// What is pointed at in one component lights up in all of the same link: a face on the photo, and its line in the list.
function linked(link, light, signal) {
  const links = (window.faceLinks ??= new Map());
  if (!links.has(link)) links.set(link, new Set());
  const lights = links.get(link);
  lights.add(light);
  signal.addEventListener("abort", () => lights.delete(light));
  return (id) => lights.forEach((each) => each(id));
}
