// A photo with a box on every face: Tab walks through them, Enter asks about one; a new box is drawn with the mouse, or
// with the arrows after "Draw a face" (arrows move it, with shift they size it, Enter takes it).
const STEP = 0.01;
const photos = (window.facePhotos ??= new Map());

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  photos.get(data.key)?.abort();
  const closing = new AbortController();
  photos.set(data.key, closing);
  const root = parentElement.querySelector(".photo");
  const picture = Object.assign(document.createElement("img"), { src: data.src, alt: data.alt, draggable: false });
  const root_node = root.getRootNode();
  const focused = root.contains(root_node.activeElement) ? root_node.activeElement.dataset.id : null;
  const point = data.link ? linked(data.link, light, closing.signal) : light;
  const frames = data.boxes.map(frame);
  const rubber = Object.assign(document.createElement("div"), { className: "box rubber", hidden: true, tabIndex: 0 });
  rubber.setAttribute("aria-label", "The new face: arrows move it, with shift they size it, Enter takes it");
  const draw = Object.assign(document.createElement("button"), {
    type: "button", className: "draw", textContent: "Draw a face that is missing", hidden: !data.can_draw,
  });
  let drawing = false;
  let from = null;
  let box = null;
  const stage = Object.assign(document.createElement("div"), { className: "stage" });
  stage.style.width = `min(100%, calc(62vh * ${data.width / data.height}))`;
  stage.append(picture, ...frames, rubber);
  root.replaceChildren(stage, draw);
  mark(data.chosen);
  frames.find((each) => each.dataset.id === focused)?.focus({ preventScroll: true });

  function frame(face) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: face.known ? "box" : "box unknown" });
    made.dataset.id = face.id;
    put(made, face.box);
    made.setAttribute("aria-label", `Face of ${face.label}`);
    const tag = Object.assign(document.createElement("span"), { className: "tag", dir: "auto", textContent: face.label });
    if (face.box[3] > 0.9) tag.classList.add("low");
    if (face.box[0] > 0.7) tag.classList.add("right");
    made.append(tag);
    made.onclick = () => drawing || choose(face.id);
    made.onpointerenter = () => point(face.id);
    made.onpointerleave = () => point(null);
    made.onfocus = () => point(face.id);
    made.onblur = () => point(null);
    return made;
  }

  function choose(id) {
    if (!data.link) return setTriggerValue("asked", { face: id, nonce: Date.now() });
    mark(id);
    setStateValue("chosen", { id, when: Date.now() });
  }

  function mark(id) {
    if (!data.link) return;
    frames.forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.id === id)));
  }

  function light(id) {
    frames.forEach((each) => each.classList.toggle("lit", each.dataset.id === id));
  }

  function put(element, [left, top, right, bottom]) {
    Object.assign(element.style, {
      left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%`,
    });
  }

  function at(event) {
    const area = stage.getBoundingClientRect();
    const inside = (value) => Math.max(0, Math.min(1, value));
    return [inside((event.clientX - area.left) / area.width), inside((event.clientY - area.top) / area.height)];
  }

  function show(next) {
    box = next;
    rubber.hidden = !box;
    if (box) put(rubber, box);
  }

  function set(on) {
    drawing = on;
    stage.classList.toggle("drawing", on);
    draw.textContent = on ? "Draw around the face, or stop with Escape" : "Draw a face that is missing";
    show(on ? [0.42, 0.42, 0.58, 0.42 + 0.16 * (data.width / data.height)] : null);
    if (on) rubber.focus();
  }

  function take() {
    const taken = box;
    set(false);
    setTriggerValue("asked", { drawn: taken, nonce: Date.now() });
  }

  draw.onclick = () => set(!drawing);
  stage.onpointerdown = (event) => {
    if (!drawing) return;
    event.preventDefault();
    from = at(event);
    stage.setPointerCapture(event.pointerId);
  };
  stage.onpointermove = (event) => {
    if (!from) return;
    const to = at(event);
    show([Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])]);
  };
  stage.onpointerup = () => {
    if (!from) return;
    from = null;
    if (box && box[2] - box[0] > STEP && box[3] - box[1] > STEP) take();
  };
  rubber.onkeydown = (event) => {
    const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (move) {
      const [x, y] = move;
      const [left, top, right, bottom] = box;
      const next = event.shiftKey ? [left, top, right + x, bottom + y] : [left + x, top + y, right + x, bottom + y];
      if (next[0] >= 0 && next[1] >= 0 && next[2] <= 1 && next[3] <= 1 && next[2] > next[0] && next[3] > next[1]) show(next);
    } else if (event.key === "Enter") take();
    else if (event.key === "Escape") set(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}
