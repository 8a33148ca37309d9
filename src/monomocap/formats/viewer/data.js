// The take: what the file carries, decoded. Missing numbers are NaN.

const MISSING = -32768;
const take = decoded(JSON.parse(document.getElementById("take").textContent));

function bytes(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;
}

function numbers(packed) {
  const whole = new Int16Array(bytes(packed.int16));
  return Float32Array.from(whole, (n) => (n === MISSING ? NaN : n * packed.scale));
}

function decoded(raw) {
  const people = raw.people.map((person) => ({
    ...person,
    shown: true,
    xyz: numbers(person.xyz),
    xy: numbers(person.xy),
    angles: numbers(person.angles),
  }));
  return { ...raw, people, time: new Float64Array(bytes(raw.time)) };
}

const frames = take.time.length;
const firstTime = frames ? take.time[0] : 0;
const lastTime = frames ? take.time[frames - 1] : 0;

// The frame on show at a time: the last one that is not after it.
function frameAt(time) {
  let low = 0;
  let high = frames - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (take.time[middle] <= time + 1e-6) low = middle;
    else high = middle - 1;
  }
  return low;
}

// A joint of a person: [x, y, z] in metres, or null where it is missing.
function joint(person, frame, number) {
  const at = 3 * (frame * person.joints.length + number);
  const x = person.xyz[at];
  return x === x ? [x, person.xyz[at + 1], person.xyz[at + 2]] : null;
}

function colourOf(side) {
  return { left: "#ff9633", right: "#4aa3ff", middle: "#c9d1da" }[side];
}

// Canvas sized to its element in real pixels; returns its context, drawn in CSS pixels.
function sized(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.max(1, canvas.clientWidth);
  const height = Math.max(1, canvas.clientHeight);
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}
