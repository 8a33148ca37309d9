"""2D keypoints as COCO's annotations of people, for the tools that read those.

The seventeen keypoints of COCO where the detector has them, else the detector's own joints. One
annotation per person and frame in which they were seen; `track_id` is the person.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from monomocap.formats.files import whole_or_nothing
from monomocap.formats.format import Format
from monomocap.skeleton import COCO17, Skeleton, convert, convert_score
from monomocap.types import Take, Track2D

PIXEL_DECIMALS = 3
SCORE_DECIMALS = 4
SEEN = 2
"""COCO's flag of a keypoint that is labelled; a missing one is 0, 0 with the flag 0."""


class Coco(Format):
    """Annotations of people in 2D."""

    about = "COCO-style JSON (2D)"

    def write(self, take: Take, path: Path) -> None:
        """Write everybody's 2D."""
        with whole_or_nothing(path) as temporary:
            temporary.write_text(json.dumps(document(take)), encoding="utf-8")


def document(take: Take) -> dict[str, Any]:
    """The annotations as plain data."""
    skeleton = _skeleton(take)
    annotations = [
        annotation for track in take.tracks for annotation in _annotations(track, skeleton)
    ]
    for number, annotation in enumerate(annotations, start=1):
        annotation["id"] = number
    return {
        "info": {
            "description": f"2D keypoints of {take.info.path}",
            "version": "1",
            "units": "pixels; (0, 0) is the middle of the upper left pixel",
            "detector": take.provenance.detector,
        },
        "images": [_image(take, frame) for frame in range(len(take.time_s))],
        "categories": [_category(skeleton)],
        "annotations": annotations,
    }


def _skeleton(take: Take) -> Skeleton:
    """COCO's where every track has its joints, else the first track's."""
    have_all = all(set(COCO17.joints) <= set(track.skeleton.joints) for track in take.tracks)
    return COCO17 if have_all else take.tracks[0].skeleton


def _image(take: Take, frame: int) -> dict[str, Any]:
    return {
        "id": frame,
        "file_name": f"{Path(take.info.path).stem}_{frame:06d}.jpg",
        "width": take.info.width_px,
        "height": take.info.height_px,
        "frame": frame,
        "time_s": float(take.time_s[frame]),
    }


def _category(skeleton: Skeleton) -> dict[str, Any]:
    return {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(skeleton.joints),
        "skeleton": [[parent + 1, child + 1] for parent, child in skeleton.bones],
    }


def _annotations(track: Track2D, skeleton: Skeleton) -> list[dict[str, Any]]:
    xy_px = convert(track.xy_px, track.skeleton, skeleton).astype(np.float64).round(PIXEL_DECIMALS)
    score = convert_score(track.score, track.skeleton, skeleton).astype(np.float64)
    seen = np.isfinite(xy_px).all(axis=-1)
    return [
        _annotation(track.person, int(frame), xy_px[frame], score[frame].round(SCORE_DECIMALS))
        for frame in np.flatnonzero(seen.any(axis=1))
    ]


def _annotation(person: int, frame: int, xy_px: np.ndarray, score: np.ndarray) -> dict[str, Any]:
    seen = np.isfinite(xy_px).all(axis=-1)
    flagged = np.concatenate([np.nan_to_num(xy_px), SEEN * seen[:, None]], axis=-1)
    low, high = xy_px[seen].min(axis=0), xy_px[seen].max(axis=0)
    width, height = (high - low).tolist()
    return {
        "image_id": frame,
        "category_id": 1,
        "track_id": person,
        "keypoints": flagged.ravel().tolist(),
        "num_keypoints": int(seen.sum()),
        "keypoint_scores": score.tolist(),
        "score": float(score[seen].mean().round(SCORE_DECIMALS)),
        "bbox": [*low.tolist(), width, height],
        "area": width * height,
        "iscrowd": 0,
    }
