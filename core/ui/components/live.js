// A camera, watched: the moving picture stays in the browser, one small still after the other goes to Face Atlas on this
// computer, and the boxes that come back are drawn over it. The next still leaves when the last one was answered.
const cameras = (window.faceCameras ??= new Map());
const WIDTH = 640;
const PATIENCE_MS = 3000; // a still that was not answered for so long is lost: the next one goes
const REASONS = {
  NotAllowedError: "The browser does not let this page use the camera. Allow it by the camera symbol in the address bar, then start again.",
  NotFoundError: "No camera was found. Connect one, then start again; or upload a photo instead.",
  NotReadableError: "Another program is using the camera. Close it, then start again.",
};

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".live");
  if (!cameras.has(data.key)) cameras.set(data.key, { stream: null, still: 0, faces: [], times: [] });
  const self = cameras.get(data.key);
  const [video, plane, press, told, list] = ["video", "canvas", "button", ".told", "ul"].map((each) => root.querySelector(each));
  const pen = plane.getContext("2d");
  const paper = (self.paper ??= document.createElement("canvas"));

  press.onclick = () => (self.stream ? stop() : start());
  self.send = send; // the newest drawing's: an older one may be gone from the page
  self.hear = hear;
  show();
  if (self.stream && video.srcObject !== self.stream) play();
  return () => {
    if (self.send === send) stop();
  };

  async function start() {
    told.textContent = "Waiting for the camera";
    if (!navigator.mediaDevices) {
      told.textContent = "Browsers lend the camera only to pages on this computer (127.0.0.1) or under https.";
      return;
    }
    try {
      self.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: WIDTH, height: 480, frameRate: { max: 15 }, facingMode: "user" } });
    } catch (fault) {
      told.textContent = REASONS[fault.name] ?? `The camera cannot be used (${fault.name}). Upload a photo instead.`;
      return;
    }
    self.stream.getVideoTracks()[0].onended = stop;
    self.times = [];
    await play();
    show();
    self.send();
  }

  async function play() {
    video.srcObject = self.stream;
    await video.play();
  }

  function stop() {
    clearTimeout(self.waiting);
    self.stream?.getTracks().forEach((track) => track.stop());
    self.stream = null;
    self.still += 1; // an answer to what was sent before comes too late
    video.srcObject = null;
    pen.clearRect(0, 0, plane.width, plane.height);
    list.replaceChildren();
    told.textContent = "";
    show();
  }

  function show() {
    press.textContent = self.stream ? "Stop" : "Start the camera";
    press.classList.toggle("on", !!self.stream);
    root.querySelector(".view").hidden = !self.stream;
  }

  function send() {
    clearTimeout(self.waiting);
    if (!self.stream) return;
    if (!root.isConnected) return stop();
    if (!video.videoWidth) {
      self.waiting = setTimeout(() => self.send(), 50);
      return;
    }
    paper.width = WIDTH;
    paper.height = Math.round((WIDTH * video.videoHeight) / video.videoWidth);
    paper.getContext("2d").drawImage(video, 0, 0, paper.width, paper.height);
    self.still += 1;
    setTriggerValue("still", { number: self.still, jpeg: paper.toDataURL("image/jpeg", 0.85).slice(23), at_s: performance.now() / 1000 });
    self.waiting = setTimeout(() => self.send(), PATIENCE_MS);
  }

  function hear(number, faces) {
    if (!self.stream || number !== self.still || number === self.heard) return;
    self.heard = number;
    self.faces = faces;
    self.times = [...self.times, performance.now()].slice(-11);
    draw();
    self.send();
  }

  function draw() {
    [plane.width, plane.height] = [paper.width, paper.height];
    pen.clearRect(0, 0, plane.width, plane.height);
    pen.font = `600 17px ${getComputedStyle(root).fontFamily}`;
    pen.lineWidth = 3;
    for (const face of self.faces) {
      const [left, top, right, bottom] = face.box.map((part, at) => part * (at % 2 ? plane.height : plane.width));
      const colour = face.known ? "#0b6e75" : "#444";
      pen.strokeStyle = "#fff";
      pen.setLineDash([]);
      pen.strokeRect(left, top, right - left, bottom - top);
      pen.strokeStyle = colour;
      pen.setLineDash(face.known ? [] : [9, 6]);
      pen.strokeRect(left - 2, top - 2, right - left + 4, bottom - top + 4);
      const wide = pen.measureText(face.label).width + 14;
      const x = Math.max(0, Math.min(left, plane.width - wide));
      const y = bottom + 28 > plane.height ? top - 28 : bottom + 4;
      pen.fillStyle = colour;
      pen.fillRect(x, y, wide, 25);
      pen.fillStyle = "#fff";
      pen.fillText(face.label, x + 7, y + 18);
    }
    const names = self.faces.map((face) => face.label);
    const listed = [...list.children].map((line) => line.textContent); // the list itself says what it shows: it is emptied at a stop
    if (listed.join("\n") !== names.join("\n")) {
      list.replaceChildren(...names.map((name) => Object.assign(document.createElement("li"), { textContent: name })));
    }
    const spent = self.times.length > 1 ? (self.times.at(-1) - self.times[0]) / (self.times.length - 1) : 0;
    self.rate = spent ? 1000 / spent : 0;
    told.textContent = spent ? `${self.rate.toFixed(0)} looks a second` : "";
  }
}
