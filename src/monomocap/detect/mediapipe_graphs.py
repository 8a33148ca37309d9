"""MediaPipe's two networks, one by one: who is in a picture, and the joints of one of them.

MediaPipe's own solution joins them so that one person is followed. Here each stands alone, in a
graph of MediaPipe's own parts, and what to look at next is ours to decide. For the same picture and
region the answers are MediaPipe's, to hundredths of a pixel. The models lie in the wheel of
0.10.21, the last one that carries any (full model; Bazarevsky et al., 2020), unless another
landmark network is given.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.detect.mediapipe_import import solution_base
from monomocap.types import Person2D

Picture = UInt8[np.ndarray, "height width 3"]

_FIND = """
input_stream: "image"
output_stream: "detections"
node {
  calculator: "PoseDetectionCpu"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:detections"
}
"""
_LOOK = """
input_stream: "image"
input_stream: "region"
input_side_packet: "model_complexity"
input_side_packet: "enable_segmentation"
output_stream: "landmarks"
output_stream: "world_landmarks"
output_stream: "next_region"
node {
  calculator: "PoseLandmarkByRoiCpu"
  input_side_packet: "MODEL_COMPLEXITY:model_complexity"
  input_side_packet: "ENABLE_SEGMENTATION:enable_segmentation"
  input_stream: "IMAGE:image"
  input_stream: "ROI:region"
  output_stream: "LANDMARKS:landmarks"
  output_stream: "WORLD_LANDMARKS:world_landmarks"
  output_stream: "AUXILIARY_LANDMARKS:anchors"
}
node {
  calculator: "ImagePropertiesCalculator"
  input_stream: "IMAGE:image"
  output_stream: "SIZE:size"
}
node {
  calculator: "PoseLandmarksToRoi"
  input_stream: "LANDMARKS:anchors"
  input_stream: "IMAGE_SIZE:size"
  output_stream: "ROI:next_region"
}
"""
_FIND_SCORE = "posedetectioncpu__TensorsToDetectionsCalculator.min_score_thresh"
_LOOK_SCORE = (
    "poselandmarkbyroicpu__tensorstoposelandmarksandsegmentation__ThresholdingCalculator.threshold"
)
_FULL_MODEL = (
    "poselandmarkbyroicpu__poselandmarkmodelloader__switchcontainer__ConstantSidePacketCalculator_2"
    ".packet"
)
"""Where the graph has the full model's path, which may be another's."""
REGION_MARGIN = 1.25
"""How much larger than the circle around a person their region is: MediaPipe's own figure."""


@dataclass(frozen=True)
class Region:
    """A turned square of the picture, for the landmarks' network to look at."""

    x_px: float
    y_px: float
    """Its middle: between the hips."""
    side_px: float
    angle_rad: float = 0.0
    """How far the person leans, clockwise."""
    score: float = 1.0
    """How sure it is that somebody is there, 0 to 1."""

    @classmethod
    def around(cls, box_px: Float[np.ndarray, "4"], score: float = 1.0) -> "Region":
        """Of somebody upright in a box (x1, y1, x2, y2)."""
        x, y = (box_px[:2] + box_px[2:]) / 2
        side = REGION_MARGIN * float((box_px[2:] - box_px[:2]).max())
        return cls(float(x), float(y), side, 0.0, score)


@dataclass(frozen=True)
class Look:
    """Who is in a region, and where to look for them in the next picture."""

    person: Person2D
    next_region: Region


class PersonFinder:
    """The first network: a region for everybody in a picture who is large enough to be seen."""

    def __init__(self, min_score: float) -> None:
        self._graph: Any = _graph(_FIND, {_FIND_SCORE: min_score}, {})

    def __call__(self, rgb: Picture) -> list[Region]:
        """Everybody, surest first."""
        height, width, _ = rgb.shape
        found = self._graph.process({"image": _in_place(rgb)}).detections or []
        regions = [_region_of(d, width_px=width, height_px=height) for d in found]
        return sorted(regions, key=lambda region: -region.score)

    def close(self) -> None:
        """Let go of the network; closing twice is fine."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None


class Landmarker:
    """The second network: 33 landmarks of the person in a region, if somebody is there."""

    def __init__(self, min_score: float, model: Path | None = None) -> None:
        """`model` is a .tflite file in place of the full network in MediaPipe's wheel."""
        sides = {"model_complexity": 1, "enable_segmentation": False}
        parameters: dict[str, Any] = {_LOOK_SCORE: min_score}
        if model is not None:
            parameters[_FULL_MODEL] = [_side_packet(str(model.absolute()))]
        self._graph: Any = _graph(_LOOK, parameters, sides)

    def __call__(self, rgb: Picture, region: Region) -> Look | None:
        """Joints in the picture's pixels, or None when nobody is there."""
        height, width, _ = rgb.shape
        rect = _rect(region, width_px=width, height_px=height)
        answer = self._graph.process({"image": _in_place(rgb), "region": rect})
        if answer.landmarks is None or answer.world_landmarks is None:
            return None
        person = _person(
            answer.landmarks.landmark,
            answer.world_landmarks.landmark,
            width_px=width,
            height_px=height,
        )
        following = answer.next_region
        return Look(
            person,
            Region(
                following.x_center * width,
                following.y_center * height,
                following.width * width,
                following.rotation,
            ),
        )

    def close(self) -> None:
        """Let go of the network; closing twice is fine."""
        if self._graph is not None:
            self._graph.close()
            self._graph = None


def _side_packet(text: str) -> Any:
    solution_base()
    from mediapipe.calculators.core import constant_side_packet_calculator_pb2

    options = constant_side_packet_calculator_pb2.ConstantSidePacketCalculatorOptions
    return options.ConstantSidePacket(string_value=text)


def _graph(text: str, parameters: dict[str, Any], sides: dict[str, Any]) -> Any:
    base = solution_base()
    # These come with MediaPipe, and only work once it is in place.
    from google.protobuf import text_format
    from mediapipe.framework import calculator_pb2

    config = text_format.Parse(text, calculator_pb2.CalculatorGraphConfig())
    return base(graph_config=config, calculator_params=parameters, side_inputs=sides)


def _in_place(rgb: Picture) -> Picture:
    """The picture as MediaPipe reads it without a copy: one that cannot be written."""
    picture = np.ascontiguousarray(rgb).view()
    picture.flags.writeable = False
    return picture


def _region_of(detection: Any, *, width_px: int, height_px: int) -> Region:
    """From the two points that the finder gives: between the hips, and on the body's circle."""
    middle, rim = (
        (point.x * width_px, point.y * height_px)
        for point in detection.location_data.relative_keypoints[:2]
    )
    right, down = rim[0] - middle[0], rim[1] - middle[1]
    side = 2 * REGION_MARGIN * math.hypot(right, down)
    lean = math.pi / 2 - math.atan2(-down, right)
    score = float(detection.score[0])
    return Region(*middle, side, math.remainder(lean, 2 * math.pi), score)


def _rect(region: Region, *, width_px: int, height_px: int) -> Any:
    from mediapipe.framework.formats import rect_pb2

    return rect_pb2.NormalizedRect(
        x_center=region.x_px / width_px,
        y_center=region.y_px / height_px,
        width=region.side_px / width_px,
        height=region.side_px / height_px,
        rotation=region.angle_rad,
    )


def _person(landmarks: Any, world: Any, *, width_px: int, height_px: int) -> Person2D:
    """MediaPipe's messages as arrays."""
    share = np.array([(m.x, m.y) for m in landmarks], np.float32)
    # No half pixel to add: MediaPipe cuts its square out as OpenCV counts, from pixel middles.
    xy_px = share * np.array([width_px, height_px], np.float32)
    return Person2D(
        xy_px=xy_px,
        score=np.array([m.visibility for m in landmarks], np.float32),
        box_px=np.concatenate([xy_px.min(axis=0), xy_px.max(axis=0)]),
        world_m=np.array([(m.x, m.y, m.z) for m in world], np.float32),
    )
