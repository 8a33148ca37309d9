"""Where a detector puts each joint and where it truly is: `python benchmarks/joint_definitions.py`.

Mannequins walk in a bend, so that they are seen from every side; MediaPipe looks at them, and its
landmarks are converted to H36M-17. Printed per joint, in mm at the person's distance: the median
distance, and the medians of its parts up along the trunk and outward from the other side's joint.
A part that stays away from 0 is a difference of definition; the rest is error.
"""

import argparse
import sys
from dataclasses import replace

import numpy as np

from monomocap.detect.catalogue import load_detector
from monomocap.render.mannequin import Mannequin, truth
from monomocap.render.motions import walk
from monomocap.render.sample import sample_camera
from monomocap.skeleton import H36M17, convert
from monomocap.types import Motion3D


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--every", type=int, default=6, help="look at one frame in so many")
    parser.add_argument("--detector", default="mediapipe")
    words = parser.parse_args()
    off, up, out = (np.concatenate(part) for part in zip(*measured(words), strict=True))
    lines = [f"joint           distance      up outward   (mm, medians over {len(off)} sightings)"]
    for joint, name in enumerate(H36M17.joints):
        middle = H36M17.side(joint) == "middle"
        outward = "" if middle else f"{np.nanmedian(out[:, joint]):8.0f}"
        distance, along = np.nanmedian(off[:, joint]), np.nanmedian(up[:, joint])
        lines.append(f"{name:16}{distance:8.0f}{along:8.0f}{outward}")
    sys.stdout.write("\n".join(lines) + "\n")


def measured(words: argparse.Namespace) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Per person: distance, upward and outward part, (sighting, joint) in mm."""
    parts = []
    for seed in range(words.people):
        motion = walk(8.0, 30.0, speed_m_s=0.6, turn_rad_s=0.79, heading=1.6 * seed)
        parts.append(sightings(motion, seed, words.every, words.detector))
    return parts


def sightings(
    motion: Motion3D, seed: int, every: int, name: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the detector is off by, in the frames in which it sees somebody."""
    thinned = replace(
        motion,
        time_s=motion.time_s[::every],
        xyz_m=motion.xyz_m[::every],
        confidence=motion.confidence[::every],
    )
    camera = sample_camera()
    true_px, true_m = truth(thinned, camera)
    seen_px = np.full_like(true_px, np.nan)
    with load_detector(name) as detector:
        for frame in Mannequin(seed).render_frames(thinned, camera):
            people = detector(frame)
            if people:
                seen_px[frame.index] = convert(people[0].xy_px, detector.skeleton, H36M17)
    mm_per_px = 1000 * true_m[:, :1, 2] / camera.focal_px[0]
    off_mm = (seen_px - true_px) * mm_per_px[..., None]
    return np.linalg.norm(off_mm, axis=-1), upward(off_mm, true_px), outward(off_mm, true_px)


def upward(off_mm: np.ndarray, true_px: np.ndarray) -> np.ndarray:
    """The part along the trunk, from the pelvis to the thorax."""
    trunk = true_px[:, H36M17.index("thorax")] - true_px[:, H36M17.index("pelvis")]
    trunk = trunk / np.linalg.norm(trunk, axis=-1, keepdims=True)
    along: np.ndarray = (off_mm * trunk[:, None]).sum(axis=-1)
    return along


def outward(off_mm: np.ndarray, true_px: np.ndarray) -> np.ndarray:
    """The part away from the other side's joint, where the two are seen well apart."""
    across = true_px - true_px[:, list(H36M17.mirror)]
    width = np.linalg.norm(across, axis=-1, keepdims=True)
    well = width > 0.7 * np.nanmax(width, axis=0)
    axis = np.where(well, across / np.maximum(width, 1e-6), np.nan)
    along: np.ndarray = (off_mm * axis).sum(axis=-1)
    return along


if __name__ == "__main__":
    main()
