// The map in a file of its own: it can be moved, zoomed and turned, and says who is under the pointer.
function standalone(given) {
  const [canvas, legend, told, tip] = ["canvas", ".legend", ".told", ".tip"].map((each) => document.querySelector(each));
  const pen = canvas.getContext("2d"), plane = makePlane(given);
  plane.view = given.view;
  plane.turn = given.turn;
  plane.regroup(given);
  let held = null, ring = -1, waiting = 0;

  function fit() {
    const first = !plane.area.width, before = plane.area.width;
    plane.area.width = canvas.clientWidth;
    plane.area.height = canvas.clientHeight;
    plane.area.ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(plane.area.width * plane.area.ratio);
    canvas.height = Math.round(plane.area.height * plane.area.ratio);
    plane.view.scale *= plane.area.width / (first ? given.seen_px : before);
    legend.replaceChildren(...legendOf(given, plane.area.ratio));
    redraw();
  }

  function redraw() {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      told.textContent = hintOf(paint(pen, plane, given, given.look, { chosen: null, ring, stroke: null, moving: held !== null }));
    });
  }

  function point(event) {
    ring = plane.nearest(event.offsetX, event.offsetY, 14);
    tip.hidden = ring < 0;
    if (ring >= 0) {
      tip.textContent = ring < plane.n ? nameOf(ring) : `Face ${given.marks[ring - plane.n].number} of the new photo`;
      tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 4)}px`;
      tip.style.top = `${event.clientY + 14}px`;
    }
    redraw();
  }

  function nameOf(row) {
    const who = given.who[row], group = given.groups[plane.group[row]].name;
    const name = who < given.people.length ? given.people[who] : "no name";
    return name === group ? name : `${name} (${group})`;
  }

  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    held = [event.clientX, event.clientY];
  };
  canvas.onpointermove = (event) => {
    if (!held) return point(event);
    const [dx, dy] = [event.clientX - held[0], event.clientY - held[1]];
    held = [event.clientX, event.clientY];
    if (plane.deep && !event.shiftKey) plane.turnBy(dx / 160, -dy / 160);
    else plane.pan(dx, dy);
    redraw();
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    held = null;
    redraw();
  };
  canvas.onpointerleave = () => {
    tip.hidden = true;
    ring = -1;
    redraw();
  };
  canvas.ondblclick = () => {
    plane.whole();
    redraw();
  };
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    plane.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), event.offsetX, event.offsetY);
    redraw();
  }, { passive: false });
  new ResizeObserver(fit).observe(canvas);
}
