"""The three fields that the model card of body-3d-keypoints pipelines names.

Here they keep their promises: a pose and a timestamp per frame, metres, a video that exists.
"""

from typing import Any

import numpy as np

from monomocap.skeleton import H36M17, convert
from monomocap.types import Take


def model_card_output(take: Take, person: int | None = None) -> dict[str, Any]:
    """The dict of the model card: `keypoints`, `timestamps` and `output_video`.

    keypoints: array (frames, 17, 3) of H36M joints, metres, NaN where missing; the person asked
    for, or the one who was seen in most frames; all NaN when there is no such person.
    timestamps: one "HH:MM:SS.mmm" per frame. output_video: path of the rendered video, or None.
    """
    motion = take.motion(person)
    if motion is None:
        keypoints = np.full((len(take.time_s), len(H36M17), 3), np.nan)
    else:
        keypoints = convert(motion.xyz_m, motion.skeleton, H36M17)
    return {
        "keypoints": keypoints,
        "timestamps": [timestamp(float(t)) for t in take.time_s],
        "output_video": take.output_video,
    }


def timestamp(seconds: float) -> str:
    """Seconds as "HH:MM:SS.mmm": 59.9996 s is 00:01:00.000; a time before 0 gets a minus sign."""
    milliseconds = round(abs(seconds) * 1000)
    whole_seconds, ms = divmod(milliseconds, 1000)
    whole_minutes, s = divmod(whole_seconds, 60)
    hours, minutes = divmod(whole_minutes, 60)
    sign = "-" if seconds < 0 and milliseconds else ""
    return f"{sign}{hours:02d}:{minutes:02d}:{s:02d}.{ms:03d}"
