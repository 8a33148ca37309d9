// The video beside the stage: the rendered film's left part, where the video's picture is; without a
// film, the 2D skeletons on an empty picture.

const pictureCanvas = document.getElementById("picture");
const film = take.film ? document.createElement("video") : null;
let filmFailed = !film;

function openFilm(redraw) {
  if (!film) return note("No video was rendered: these are the 2D keypoints alone.");
  film.muted = true;
  film.playsInline = true;
  film.preload = "auto";
  film.addEventListener("error", () => {
    filmFailed = true;
    note(`${take.film} cannot be played: keep it beside this page. These are the 2D keypoints alone.`);
    redraw();
  });
  for (const event of ["loadeddata", "seeked"]) film.addEventListener(event, redraw);
  film.src = take.film;
}

function note(text) {
  document.getElementById("picture-note").textContent = text;
}

// A film starts at 0 where the take's clock begins before that.
function filmTime(time) {
  return time - Math.min(0, firstTime);
}

function drawPicture(frame) {
  const { context, width, height } = sized(pictureCanvas);
  const scale = Math.min(width / take.width, height / take.height);
  const [w, h] = [scale * take.width, scale * take.height];
  const [x, y] = [(width - w) / 2, (height - h) / 2];
  context.fillStyle = "#0d0f13";
  context.fillRect(x, y, w, h);
  if (!filmFailed && film.readyState >= 2) {
    const part = Math.min(film.videoWidth, (film.videoHeight * take.width) / take.height);
    context.drawImage(film, 0, 0, part, film.videoHeight, x, y, w, h);
  } else if (filmFailed) {
    context.save();
    context.translate(x + 0.5 * scale, y + 0.5 * scale);
    for (const person of take.people) if (person.shown) drawKeypoints(context, person, frame, scale);
    context.restore();
  }
}

function drawKeypoints(context, person, frame, scale) {
  const count = person.joints2d.length;
  const at = (number) => {
    const start = 2 * (frame * count + number);
    const x = person.xy[start];
    return x === x ? { x: scale * x, y: scale * person.xy[start + 1] } : null;
  };
  context.lineWidth = 2.5;
  context.lineCap = "round";
  person.parents2d.forEach((parent, child) => {
    const [a, b] = [parent < 0 ? null : at(parent), at(child)];
    if (!a || !b) return;
    context.strokeStyle = colourOf(person.sides2d[child]);
    stroke(context, a, b);
  });
}
