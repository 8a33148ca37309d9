// The 3D stage: people on a floor, seen by a viewer who walks around them.
// World axes: X the picture's right, Y away from the camera, Z up. At azimuth 0 the viewer stands
// where the camera does.

const stageCanvas = document.getElementById("stage");
const home = extent();
const viewer = { azimuth: 0.6, elevation: 0.2, distance: home.distance, target: [...home.middle], follow: false };
const FIELD = 1.9; // focal length in half heights of the canvas

function extent() {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  let top = 1.0;
  for (const person of take.people)
    for (let at = 0; at < person.xyz.length; at += 3) {
      if (person.xyz[at] !== person.xyz[at]) continue;
      for (const axis of [0, 1]) {
        low[axis] = Math.min(low[axis], person.xyz[at + axis]);
        high[axis] = Math.max(high[axis], person.xyz[at + axis]);
      }
      top = Math.max(top, person.xyz[at + 2]);
    }
  if (!Number.isFinite(low[0])) return { middle: [0, 0, 0.9], distance: 5, reach: 2, top: 1.8 };
  const reach = Math.max(high[0] - low[0], high[1] - low[1]) / 2;
  const middle = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, 0.5 * Math.min(top, 2.2)];
  return { middle, distance: Math.min(40, 2.2 * Math.max(reach, 0.6 * top) + 1.2), reach, top };
}

// What the viewer sees: screen x, screen y, depth in metres.
function lens(width, height) {
  const { azimuth: a, elevation: e } = viewer;
  const right = [Math.cos(a), Math.sin(a), 0];
  const ahead = [-Math.sin(a) * Math.cos(e), Math.cos(a) * Math.cos(e), -Math.sin(e)];
  const up = [
    right[1] * ahead[2] - right[2] * ahead[1],
    right[2] * ahead[0] - right[0] * ahead[2],
    right[0] * ahead[1] - right[1] * ahead[0],
  ];
  const focal = (FIELD * Math.min(width, 1.25 * height)) / 2;
  const project = (point) => {
    const d = [0, 1, 2].map((axis) => point[axis] - viewer.target[axis]);
    const along = (axis) => d[0] * axis[0] + d[1] * axis[1] + d[2] * axis[2];
    const depth = along(ahead) + viewer.distance;
    if (depth < 0.15) return null;
    const scale = focal / depth;
    return { x: width / 2 + scale * along(right), y: height / 2 - scale * along(up), depth, scale };
  };
  return { project, right, up, ahead };
}

function drawStage(frame) {
  const { context, width, height } = sized(stageCanvas);
  if (viewer.follow) follow(frame);
  const { project } = lens(width, height);
  drawFloor(context, project);
  drawAxes(context, project);
  const shown = take.people.filter((person) => person.shown);
  for (const person of shown) drawShadow(context, project, person, frame);
  const bones = shown.flatMap((person) => bonesOf(person, frame, project));
  bones.sort((a, b) => b.depth - a.depth);
  for (const bone of bones) drawBone(context, bone);
}

function drawFloor(context, project) {
  const reach = Math.ceil(Math.max(2, home.reach + 1.5));
  const x0 = Math.round(home.middle[0]);
  const y0 = Math.round(home.middle[1]);
  const step = reach > 12 ? 2 : 0.5;
  context.lineWidth = 1;
  for (let at = -reach; at <= reach + 1e-9; at += step) {
    context.strokeStyle = Math.abs(at % 1) < 1e-9 ? "#39414d" : "#2a303a";
    floorLine(context, project, [x0 + at, y0 - reach, 0], [x0 + at, y0 + reach, 0]);
    floorLine(context, project, [x0 - reach, y0 + at, 0], [x0 + reach, y0 + at, 0]);
  }
}

// In pieces, so that a line that passes behind the viewer still shows where it can.
function floorLine(context, project, from, to) {
  const pieces = 12;
  let before = project(from);
  for (let piece = 1; piece <= pieces; piece++) {
    const share = piece / pieces;
    const point = project(from.map((value, axis) => value + share * (to[axis] - value)));
    if (before && point) stroke(context, before, point);
    before = point;
  }
}

function stroke(context, a, b) {
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.lineTo(b.x, b.y);
  context.stroke();
}

function drawAxes(context, project) {
  const origin = project([0, 0, 0]);
  if (!origin) return;
  context.lineWidth = 2;
  context.font = "11px system-ui, sans-serif";
  for (const [name, tip, colour] of [["X", [0.4, 0, 0], "#d66"], ["Y", [0, 0.4, 0], "#6b6"], ["Z", [0, 0, 0.4], "#69d"]]) {
    const end = project(tip);
    if (!end) continue;
    context.strokeStyle = context.fillStyle = colour;
    stroke(context, origin, end);
    context.fillText(name, end.x + 3, end.y - 3);
  }
}

// One path for the whole body: where bones cross, the shadow is no darker.
function drawShadow(context, project, person, frame) {
  let scale = 0;
  context.beginPath();
  person.parents.forEach((parent, child) => {
    const ends = parent < 0 ? [null, null] : [joint(person, frame, parent), joint(person, frame, child)];
    if (!ends[0] || !ends[1]) return;
    const [a, b] = ends.map(([x, y]) => project([x, y, 0]));
    if (!a || !b) return;
    context.moveTo(a.x, a.y);
    context.lineTo(b.x, b.y);
    scale = a.scale;
  });
  context.strokeStyle = "rgba(0, 0, 0, 0.45)";
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = 0.07 * scale;
  context.stroke();
}

function bonesOf(person, frame, project) {
  const seen = person.joints.map((_, number) => {
    const point = joint(person, frame, number);
    return point && project(point);
  });
  return person.parents.flatMap((parent, child) => {
    if (parent < 0 || !seen[parent] || !seen[child]) return [];
    const side = person.sides[child] === "middle" ? person.sides[parent] : person.sides[child];
    const isHead = person.joints[child] === "head";
    return [{ a: seen[parent], b: seen[child], side, isHead, depth: (seen[parent].depth + seen[child].depth) / 2 }];
  });
}

function drawBone(context, { a, b, side, isHead }) {
  const width = 0.05 * ((a.scale + b.scale) / 2);
  context.lineCap = "round";
  context.strokeStyle = "#101318";
  context.lineWidth = width + 3;
  stroke(context, a, b);
  context.strokeStyle = colourOf(side);
  context.lineWidth = width;
  stroke(context, a, b);
  context.strokeStyle = "rgba(255, 255, 255, 0.28)";
  context.lineWidth = 0.35 * width;
  stroke(context, { x: a.x - 0.18 * width, y: a.y - 0.18 * width }, { x: b.x - 0.18 * width, y: b.y - 0.18 * width });
  disc(context, b, 0.6 * width, "#f2f4f7");
  if (isHead) disc(context, b, 0.1 * b.scale, colourOf(side));
}

function disc(context, at, radius, colour) {
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = "#101318";
  context.stroke();
}

function follow(frame) {
  const person = take.people.find((each) => each.shown && joint(each, frame, 0));
  if (person) joint(person, frame, 0).slice(0, 2).forEach((value, axis) => (viewer.target[axis] = value));
}

function orbit(dx, dy) {
  viewer.azimuth -= 0.008 * dx;
  viewer.elevation = Math.min(1.55, Math.max(-0.3, viewer.elevation + 0.008 * dy));
}

function zoom(factor) {
  viewer.distance = Math.min(80, Math.max(0.8, viewer.distance * factor));
}

function pan(dx, dy) {
  const { right, up } = lens(stageCanvas.clientWidth, stageCanvas.clientHeight);
  const metres = viewer.distance / (FIELD * 0.5 * stageCanvas.clientHeight);
  for (const axis of [0, 1, 2]) viewer.target[axis] -= metres * (dx * right[axis] - dy * up[axis]);
}

function reset() {
  Object.assign(viewer, { azimuth: 0.6, elevation: 0.2, distance: home.distance, target: [...home.middle] });
}

const VIEWS = { front: [0, 0.05], side: [Math.PI / 2, 0.05], back: [Math.PI, 0.05], top: [0, 1.55] };

function listenToStage(redraw) {
  const fingers = new Map();
  const changed = (act) => (event) => { act(event); redraw(); };
  stageCanvas.addEventListener("pointerdown", (event) => {
    stageCanvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
  });
  stageCanvas.addEventListener("pointermove", changed((event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    if (fingers.size === 2) {
      const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
      const apart = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
      zoom(apart(before) / Math.max(1, apart(event)));
    } else if (event.shiftKey || event.buttons === 2) pan(dx, dy);
    else orbit(dx, dy);
    fingers.set(event.pointerId, event);
  }));
  for (const end of ["pointerup", "pointercancel"])
    stageCanvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
  stageCanvas.addEventListener("contextmenu", (event) => event.preventDefault());
  stageCanvas.addEventListener("wheel", changed((event) => { event.preventDefault(); zoom(Math.exp(0.001 * event.deltaY)); }), { passive: false });
  stageCanvas.addEventListener("dblclick", changed(reset));
  for (const button of document.querySelectorAll("[data-view]"))
    button.addEventListener("click", changed(() => ([viewer.azimuth, viewer.elevation] = VIEWS[button.dataset.view])));
  const toggle = document.getElementById("follow");
  toggle.addEventListener("click", changed(() => {
    viewer.follow = !viewer.follow;
    if (!viewer.follow) viewer.target = [...home.middle];
    toggle.setAttribute("aria-pressed", viewer.follow);
  }));
}
