// Joint angles over time: one chart per kind, left and right in one.

const kinds = [...new Set(take.angles.map((name) => name.replace(/^(left|right)_/, "")))];
const plotted = new Set(["knee_flexion", "elbow_flexion", "trunk_flexion"].filter((kind) => kinds.includes(kind)));
const whose = document.getElementById("whose");
const MARGIN = { left: 40, right: 8, top: 18, bottom: 6 };
let charts = [];

function buildCharts(redraw, seek) {
  for (const person of take.people) whose.add(new Option(`person ${person.id}`, person.id));
  whose.addEventListener("change", () => { layOut(seek); redraw(); });
  for (const kind of kinds) {
    const chip = document.createElement("button");
    chip.textContent = kind.replaceAll("_", " ");
    chip.dataset.kind = kind;
    chip.setAttribute("aria-pressed", plotted.has(kind));
    chip.addEventListener("click", () => {
      if (!plotted.delete(kind)) plotted.add(kind);
      chip.setAttribute("aria-pressed", plotted.has(kind));
      layOut(seek);
      redraw();
    });
    document.getElementById("chips").append(chip);
  }
  layOut(seek);
}

function layOut(seek) {
  const person = take.people[Math.max(0, whose.selectedIndex)];
  const box = document.getElementById("charts");
  box.replaceChildren();
  charts = person ? kinds.filter((kind) => plotted.has(kind)).map((kind) => chartOf(kind, person)) : [];
  for (const chart of charts) {
    box.append(chart.canvas);
    const scrub = (event) => {
      if (event.buttons !== 1) return;
      const share = (event.offsetX - MARGIN.left) / (chart.canvas.clientWidth - MARGIN.left - MARGIN.right);
      seek(firstTime + Math.min(1, Math.max(0, share)) * (lastTime - firstTime));
    };
    chart.canvas.addEventListener("pointerdown", scrub);
    chart.canvas.addEventListener("pointermove", scrub);
  }
}

function chartOf(kind, person) {
  const curves = ["left", "right", "middle"].flatMap((side) => {
    const number = take.angles.indexOf(side === "middle" ? kind : `${side}_${kind}`);
    return number < 0 ? [] : [{ side, value: (frame) => person.angles[frame * take.angles.length + number] }];
  });
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-label", `${kind} over time`);
  return { kind, curves, canvas, range: rangeOf(curves) };
}

function rangeOf(curves) {
  let [low, high] = [Infinity, -Infinity];
  for (const { value } of curves)
    for (let frame = 0; frame < frames; frame++) {
      const angle = value(frame);
      if (angle !== angle) continue;
      low = Math.min(low, angle);
      high = Math.max(high, angle);
    }
  if (!Number.isFinite(low)) return null;
  const spare = Math.max(2.5, 0.08 * (high - low));
  return [low - spare, high + spare];
}

function drawCharts(frame) {
  for (const chart of charts) drawChart(chart, frame);
}

function drawChart({ kind, curves, canvas, range }, frame) {
  const { context, width, height } = sized(canvas);
  const span = Math.max(1e-9, lastTime - firstTime);
  const x = (time) => MARGIN.left + ((time - firstTime) / span) * (width - MARGIN.left - MARGIN.right);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = "#97a1ae";
  context.fillText(kind.replaceAll("_", " "), MARGIN.left, 11);
  if (!range) return context.fillText("cannot be told from this take", MARGIN.left + 110, 11);
  const y = (angle) => MARGIN.top + ((range[1] - angle) / (range[1] - range[0])) * (height - MARGIN.top - MARGIN.bottom);
  drawGrid(context, range, y, width);
  for (const curve of curves) drawCurve(context, curve, x, y, width);
  context.strokeStyle = "#e8ecf1";
  context.lineWidth = 1;
  stroke(context, { x: x(take.time[frame]), y: MARGIN.top }, { x: x(take.time[frame]), y: height - MARGIN.bottom });
  drawValues(context, curves, frame, width);
}

function drawGrid(context, range, y, width) {
  const step = [1, 2, 5, 10, 20, 30, 45, 90].find((each) => (range[1] - range[0]) / each <= 5) || 180;
  context.strokeStyle = "#2c323c";
  context.lineWidth = 1;
  context.textAlign = "right";
  for (let angle = Math.ceil(range[0] / step) * step; angle <= range[1]; angle += step) {
    stroke(context, { x: MARGIN.left, y: y(angle) }, { x: width - MARGIN.right, y: y(angle) });
    context.fillText(`${angle}°`, MARGIN.left - 5, y(angle) + 4);
  }
  context.textAlign = "left";
}

// At most a few points per pixel: a long take has more frames than the chart has pixels.
function drawCurve(context, { side, value }, x, y, width) {
  const every = Math.max(1, Math.floor(frames / (3 * width)));
  context.strokeStyle = colourOf(side);
  context.lineWidth = 1.6;
  context.beginPath();
  let drawing = false;
  for (let frame = 0; frame < frames; frame += every) {
    const angle = value(frame);
    if (angle !== angle) drawing = false;
    else if (drawing) context.lineTo(x(take.time[frame]), y(angle));
    else {
      context.moveTo(x(take.time[frame]), y(angle));
      drawing = true;
    }
  }
  context.stroke();
}

function drawValues(context, curves, frame, width) {
  context.textAlign = "right";
  let right = width - MARGIN.right;
  for (const { side, value } of [...curves].reverse()) {
    const angle = value(frame);
    context.fillStyle = colourOf(side);
    context.fillText(angle === angle ? `${angle.toFixed(0)}°` : "–", right, 11);
    right -= 44;
  }
  context.textAlign = "left";
}
