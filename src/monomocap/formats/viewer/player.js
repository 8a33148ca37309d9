// The clock, the controls and the people: everything is drawn for one time.

const element = (id) => document.getElementById(id);
const player = { time: firstTime, playing: false, speed: 1, stamp: 0, asked: false };

function redraw() {
  if (player.asked) return;
  player.asked = true;
  requestAnimationFrame(() => { player.asked = false; draw(); });
}

function draw() {
  if (!frames) return;
  const frame = frameAt(player.time);
  drawStage(frame);
  drawPicture(frame);
  drawCharts(frame);
  element("scrub").value = frame;
  element("clock").textContent = `${take.time[frame].toFixed(2)} s · frame ${frame * take.every}`;
}

function seek(time) {
  player.time = Math.min(lastTime, Math.max(firstTime, time));
  if (!filmFailed) film.currentTime = filmTime(player.time) + 1e-4;
  redraw();
}

function step(by) {
  pause();
  seek(take.time[Math.min(frames - 1, Math.max(0, frameAt(player.time) + by))]);
}

function pause() {
  player.playing = false;
  if (!filmFailed) film.pause();
  showState();
}

function play() {
  if (player.time >= lastTime - 1e-6) seek(firstTime);
  player.playing = true;
  player.stamp = performance.now();
  if (!filmFailed) {
    film.playbackRate = player.speed;
    film.play().catch(() => { filmFailed = true; });
  }
  showState();
  requestAnimationFrame(tick);
}

function showState() {
  element("play").innerHTML = player.playing ? "&#10074;&#10074;" : "&#9654;";
  element("play").setAttribute("aria-label", player.playing ? "Pause" : "Play");
}

// The film leads where there is one: then both are in step whatever the machine can do.
function tick(now) {
  if (!player.playing) return;
  if (!filmFailed && !film.ended) player.time = Math.max(firstTime, film.currentTime + Math.min(0, firstTime));
  else player.time += (player.speed * (now - player.stamp)) / 1000;
  player.stamp = now;
  if (player.time >= lastTime || (!filmFailed && film.ended)) {
    player.time = lastTime;
    pause();
  }
  draw();
  if (player.playing) requestAnimationFrame(tick);
}

function buildPeople() {
  for (const person of take.people) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => { person.shown = box.checked; redraw(); });
    label.append(box, ` person ${person.id} (${Math.round(100 * person.coverage)} %)`);
    element("people").append(label);
  }
}

function listen() {
  element("scrub").max = Math.max(0, frames - 1);
  element("scrub").addEventListener("input", (event) => { pause(); seek(take.time[+event.target.value]); });
  element("play").addEventListener("click", () => (player.playing ? pause() : play()));
  element("back").addEventListener("click", () => step(-1));
  element("next").addEventListener("click", () => step(1));
  element("speed").addEventListener("change", (event) => {
    player.speed = +event.target.value;
    if (film) film.playbackRate = player.speed;
  });
  window.addEventListener("keydown", (event) => {
    if (["SELECT", "INPUT", "BUTTON"].includes(event.target.tagName)) return;
    const act = { " ": () => (player.playing ? pause() : play()), ArrowLeft: () => step(-1), ArrowRight: () => step(1) }[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  new ResizeObserver(redraw).observe(document.body);
}

document.title = `${take.title} – monomocap`;
element("title").textContent = take.title;
element("facts").textContent = take.facts;
element("stage-note").textContent = take.note;
buildPeople();
buildCharts(redraw, seek);
listenToStage(redraw);
openFilm(redraw);
listen();
seek(firstTime);
