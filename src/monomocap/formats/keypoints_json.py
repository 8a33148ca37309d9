"""What other programs' JSON says: people per frame, told apart by each program's own words.

COCO, Halpe     [{"image_id", "keypoints": [x, y, c, ...]}], or {"images", "annotations"}
OpenPose        {"people": [{"pose_keypoints_2d": [x, y, c, ...]}]}
MMPose          [{"frame_id", "instances": [{"keypoints": [[x, y]], "keypoint_scores"}]}], or
                the same under "instance_info"
MediaPipe       [[{"x", "y", "visibility"}] per frame], or {"frames": [{"landmarks": ...}]}
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

MOST_FRAMES_PER_PICTURE = 50
"""Numbers of pictures further apart than this on average are a data set's, not a video's."""


@dataclass(frozen=True)
class Sighting:
    """One person in one frame."""

    xy: Float[np.ndarray, "joint 2"]
    """Pixels, or shares of the picture; NaN where the joint is missing."""
    score: Float[np.ndarray, " joint"]
    """0 to 1; 0 where the joint is missing."""
    person: int | None = None
    """A number that is the same person in every frame, if the program tracks."""


@dataclass(frozen=True)
class Document:
    """What one file says."""

    kind: str
    frames: tuple[tuple[Sighting, ...], ...]
    size_px: tuple[int, int] | None = None
    time_s: Float[np.ndarray, " time"] | None = None


def parse(document: Any) -> Document:
    """Whose words these are, and what they say; raises `ValueError` and its like for others."""
    if isinstance(document, Mapping):
        if "people" in document:
            return Document("openpose", (tuple(_openpose(p) for p in document["people"]),))
        if "annotations" in document:
            return _coco_annotations(document)
        if "instance_info" in document:
            return _mmpose(document["instance_info"])
        for name in ("frames", "results"):
            if isinstance(document.get(name), list):
                return parse(document[name])
        if _landmarks_of(document) is not None:
            return _mediapipe([document])
        raise ValueError(f"it begins with the words {', '.join(map(str, list(document)[:4]))}")
    if not isinstance(document, list):
        raise ValueError("it is neither a list nor a mapping")
    return _list(document)


def _list(items: list[Any]) -> Document:
    first = next((item for item in items if item), None)
    if first is None:
        return Document("coco", ((),) * len(items))
    if isinstance(first, Mapping) and "instances" in first:
        return _mmpose(items)
    if isinstance(first, Mapping) and "image_id" in first:
        return _coco_results(items)
    if isinstance(first, Mapping) and "keypoint_scores" in first:
        return Document("mmpose", (tuple(_instance(one) for one in items),))
    if isinstance(first, list) and isinstance(first[0], Mapping) and "keypoint_scores" in first[0]:
        frames = tuple(tuple(_instance(one) for one in frame) for frame in items)
        return Document("mmpose", frames)
    return _mediapipe(items)


# --- COCO, Halpe, AlphaPose


def _coco_results(items: Sequence[Mapping[str, Any]]) -> Document:
    """Results name their picture by a number, or by a file's name with one."""
    frame_of = _frame_numbers(item["image_id"] for item in items)
    people = [(frame_of[str(item["image_id"])], _triples(item)) for item in items]
    return Document("coco", _by_frame(people))


def _coco_annotations(document: Mapping[str, Any]) -> Document:
    """Pictures in the order of their names (or numbers); everybody who is annotated in each."""
    pictures = list(document.get("images", ()))
    items = [a for a in document["annotations"] if a.get("keypoints")]
    if not pictures:
        return _coco_results(items)
    pictures.sort(key=lambda p: (_trailing(str(p.get("file_name", p["id"]))), p["id"]))
    row = {picture["id"]: number for number, picture in enumerate(pictures)}
    people = [(row[item["image_id"]], _triples(item)) for item in items]
    sizes = {(int(p["width"]), int(p["height"])) for p in pictures if "width" in p}
    size_px = sizes.pop() if len(sizes) == 1 else None
    return Document("coco", _by_frame(people, len(pictures)), size_px, _times(pictures))


def _triples(item: Mapping[str, Any]) -> Sighting:
    numbers = np.array(item["keypoints"], np.float64).reshape(-1, 3)
    who = next((item[word] for word in ("track_id", "idx") if word in item), None)
    return _sighting(numbers[:, :2], numbers[:, 2], who)


def _sighting(xy: np.ndarray, score: np.ndarray, who: Any = None) -> Sighting:
    """Missing is 0, 0 or a score of 0 in all of these programs; annotators say 0, 1 or 2."""
    if score.size and score.max() == 2 and np.isin(score, (0, 1, 2)).all():
        score = score / 2
    seen = np.isfinite(xy).all(axis=-1) & (np.nan_to_num(score) > 0) & (xy != 0).any(axis=-1)
    who = who[0] if isinstance(who, list) and who else who
    number = int(who) if isinstance(who, int | float) and who >= 0 else None
    return Sighting(
        np.where(seen[:, None], xy, np.nan), np.where(seen, np.clip(score, 0, 1), 0.0), number
    )


def _frame_numbers(names: Iterable[Any]) -> dict[str, int]:
    """Each picture's frame: its number, counted from 0 or from 1; or else its place in order."""
    numbers = {str(name): _trailing(str(name)) for name in names}
    values = sorted(set(numbers.values()))
    one_to_one = len(values) == len(numbers)
    first = 1 if values and values[0] == 1 else 0
    if one_to_one and values and values[-1] - first < MOST_FRAMES_PER_PICTURE * len(values):
        return {name: number - first for name, number in numbers.items()}
    ordered = sorted(numbers, key=lambda name: (numbers[name], name))
    return {name: place for place, name in enumerate(ordered)}


def _trailing(name: str) -> int:
    """The last number in a name, its ending left out: frame_0012.jpg is 12."""
    found = re.findall(r"\d+", re.sub(r"\.[A-Za-z]\w*$", "", name))
    return int(found[-1]) if found else 0


def _by_frame(
    people: Iterable[tuple[int, Sighting]], frames: int = 0
) -> tuple[tuple[Sighting, ...], ...]:
    rows: dict[int, list[Sighting]] = defaultdict(list)
    for row, person in people:
        rows[row].append(person)
    return tuple(tuple(rows[row]) for row in range(max(frames, max(rows, default=-1) + 1)))


# --- OpenPose


def _openpose(person: Mapping[str, Any]) -> Sighting:
    numbers = person.get("pose_keypoints_2d", person.get("pose_keypoints"))
    triples = np.array(numbers, np.float64).reshape(-1, 3)
    return _sighting(triples[:, :2], triples[:, 2], person.get("person_id"))


# --- MMPose


def _mmpose(items: Sequence[Mapping[str, Any]]) -> Document:
    """Frames by their `frame_id`, which counts from 0 or from 1."""
    numbers = [int(item.get("frame_id", place)) for place, item in enumerate(items)]
    first = min(numbers, default=0)
    first = first if first in (0, 1) else 0
    people = [
        (number - first, _instance(one))
        for number, item in zip(numbers, items, strict=True)
        for one in item["instances"]
    ]
    return Document("mmpose", _by_frame(people, max(numbers, default=-1) + 1 - first))


def _instance(one: Mapping[str, Any]) -> Sighting:
    xy = np.array(one["keypoints"], np.float64).reshape(-1, 2)
    score = np.array(one["keypoint_scores"], np.float64).reshape(-1)
    if len(xy) != len(score):
        raise ValueError(f"{len(xy)} keypoints and {len(score)} scores")
    who = next((one[word] for word in ("track_id", "instance_id") if word in one), None)
    return _sighting(xy, score, who)


# --- MediaPipe

_LANDMARKS = ("pose_landmarks", "poseLandmarks", "landmarks", "landmark")
_SECONDS = {"time_s": 1.0, "timestamp_s": 1.0, "timestamp_ms": 1e-3, "timestampMs": 1e-3}
"""Words for a frame's time -> their unit; our own COCO files have the first."""


def _mediapipe(items: Sequence[Any]) -> Document:
    """Landmarks of each frame, of one person or of several; shares of the picture."""
    frames = tuple(_people(_landmarks_of(item)) for item in items)
    return Document("mediapipe", frames, time_s=_times(items))


def _landmarks_of(item: Any) -> Any:
    """The landmarks in a frame's mapping; what is no mapping is them."""
    if not isinstance(item, Mapping):
        return item
    return next((item[name] for name in _LANDMARKS if name in item), None)


def _people(said: Any) -> tuple[Sighting, ...]:
    said = _landmarks_of(said)
    if not said:
        return ()
    if not isinstance(said, list):
        raise ValueError("landmarks are not a list")
    if isinstance(said[0], Mapping) and "x" in said[0]:
        return (_landmarks(said),)
    return tuple(one for person in said for one in _people(person))


def _landmarks(points: Sequence[Mapping[str, Any]]) -> Sighting:
    xy = np.array([(p["x"], p["y"]) for p in points], np.float64)
    score = np.array([p.get("visibility", p.get("score", 1.0)) for p in points], np.float64)
    return _sighting(xy, score)


def _times(items: Sequence[Any]) -> np.ndarray | None:
    """Seconds, where every frame says when it was."""
    for word, unit in _SECONDS.items():
        if items and all(isinstance(item, Mapping) and word in item for item in items):
            return np.array([float(item[word]) * unit for item in items])
    return None
