"""RTMPose by preset: RTMDet's boxes and a SimCC network, from the folder of weights.

rtmpose-lightweight   RTMDet-nano, RTMPose-s on 192 x 256
rtmpose               RTMDet-m, RTMPose-m on 192 x 256
rtmpose-performance   RTMDet-m, RTMPose-x on 288 x 384
"""

import os

from monomocap.detect.boxes import BOXES_VARIABLE
from monomocap.detect.hrnet import load_hrnet
from monomocap.detect.protocol import Detector
from monomocap.errors import WeightsError
from monomocap.options import Device
from monomocap.weights.catalogue import GROUPS
from monomocap.weights.store import find, need, weights_folder


def load_rtmpose(preset: str, device: Device = "auto", *, boxes: str | None = None) -> Detector:
    """The preset's two networks; `boxes` or `MONOMOCAP_BOXES` put another box finder in place.

    Raises `WeightsError`, which names the command that brings what is missing.
    """
    finder, joints = GROUPS[preset]
    chosen = boxes or os.environ.get(BOXES_VARIABLE)
    missing = [n for n in ((joints,) if chosen else (finder, joints)) if find(n) is None]
    if missing:
        raise WeightsError(
            f"the detector {preset} needs {' and '.join(missing)}, not in {weights_folder()}; "
            f"run: monomocap weights pull {preset}"
        )
    return load_hrnet(need(joints), device, boxes=chosen or finder)
