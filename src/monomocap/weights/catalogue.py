"""Networks that others publish, by name: where their files lie and on whose terms.

Only facts: addresses and licences as the publishers state them. MediaPipe's files are those of a
numbered release, so their SHA-256 is here. OpenMMLab and Megvii state none: the first download's is
recorded, and later ones must have it.
"""

from dataclasses import dataclass

_OPENMMLAB = "https://download.openmmlab.com/mmpose/v1/projects/rtmposev1/onnx_sdk/"
_MIRROR = (
    "https://huggingface.co/datasets/DavidPagnon/rtmlib_models/resolve/main/"
    "mmpose/rtmposev1/onnx_sdk/"
)
"""The same files unzipped, by the maker of Pose2Sim."""
_MEGVII = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/"

_MEDIAPIPE = "@mediapipe/pose@0.5.1675469404/"
_NPM_MIRRORS = ("https://cdn.jsdelivr.net/npm/", "https://unpkg.com/")
"""Both hand out single files of what is published on npm."""

BODY7 = "Body7: AI Challenger, COCO, CrowdPose, MPII, sub-JHMDB, Halpe, PoseTrack18"
HUMAN_ART = "COCO and Human-Art"
_COCO = "COCO: annotations CC-BY-4.0, pictures on their Flickr owners' terms"
_BODY7_TERMS = f"{_COCO}; the others for research, or without a stated licence"
_OBJECTS365_TERMS = f"{_COCO}; Objects365: see objects365.org"
_HUMAN_ART_TERMS = f"{_COCO}; Human-Art: its form of registration says research only"


@dataclass(frozen=True)
class Published:
    """One network that can be pulled by name."""

    name: str
    about: str
    sources: tuple[str, ...]
    """Tried in this order; an address that ends in .zip holds one ONNX file."""
    code: str
    """Licence that the publisher puts on code and weights."""
    data: str
    """What it was trained on."""
    data_licence: str
    """On whose terms that data is: between you and its makers."""
    sha256: str | None = None
    """Of the file of weights, where it is known."""
    suffix: str = ".onnx"

    @property
    def file(self) -> str:
        """What it is called in the folder of weights."""
        return f"{self.name}{self.suffix}"


def _rtmpose(name: str, about: str, stem: str) -> Published:
    sources = (f"{_OPENMMLAB}{stem}.zip", f"{_MIRROR}{stem}.onnx")
    return Published(name, about, sources, "Apache-2.0", BODY7, _BODY7_TERMS)


def _rtmdet(name: str, about: str, stem: str) -> Published:
    sources = (f"{_OPENMMLAB}{stem}.zip",)
    data = "COCO and Objects365"
    return Published(name, about, sources, "Apache-2.0", data, _OBJECTS365_TERMS)


def _humanart(name: str, about: str, stem: str) -> Published:
    sources = (f"{_OPENMMLAB}{stem}.zip", f"{_MIRROR}{stem}.onnx")
    return Published(name, about, sources, "Apache-2.0", HUMAN_ART, _HUMAN_ART_TERMS)


def _megvii(name: str, about: str, stem: str) -> Published:
    return Published(name, about, (f"{_MEGVII}{stem}.onnx",), "Apache-2.0", "COCO", _COCO)


def _mediapipe(size: str, sha256: str) -> Published:
    name, about = f"mediapipe-{size}", "joints, 33, input 256 x 256"
    sources = tuple(f"{shop}{_MEDIAPIPE}pose_landmark_{size}.tflite" for shop in _NPM_MIRRORS)
    data = "Google's own pictures (MediaPipe's model card)"
    terms = "not published"
    return Published(name, about, sources, "Apache-2.0", data, terms, sha256, ".tflite")


_ROWS = (
    _mediapipe("lite", "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61"),
    _mediapipe("heavy", "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"),
    _rtmpose(
        "rtmpose-s",
        "joints, 26 (Halpe), input 192 x 256",
        "rtmpose-s_simcc-body7_pt-body7-halpe26_700e-256x192-7f134165_20230605",
    ),
    _rtmpose(
        "rtmpose-m",
        "joints, 26 (Halpe), input 192 x 256",
        "rtmpose-m_simcc-body7_pt-body7-halpe26_700e-256x192-4d3e73dd_20230605",
    ),
    _rtmpose(
        "rtmpose-x",
        "joints, 26 (Halpe), input 288 x 384",
        "rtmpose-x_simcc-body7_pt-body7-halpe26_700e-384x288-7fb6e239_20230606",
    ),
    _rtmdet("rtmdet-nano", "boxes", "rtmdet_nano_8xb32-100e_coco-obj365-person-05d8511e"),
    _rtmdet("rtmdet-m", "boxes", "rtmdet_m_8xb32-100e_coco-obj365-person-235e8209"),
    _humanart("yolox-tiny-humanart", "boxes", "yolox_tiny_8xb8-300e_humanart-6f3252f9"),
    _humanart("yolox-m-humanart", "boxes", "yolox_m_8xb8-300e_humanart-c2c7a14a"),
    _humanart("yolox-x-humanart", "boxes", "yolox_x_8xb8-300e_humanart-a39d44ed"),
    _megvii("yolox-s", "boxes", "yolox_s"),
    _megvii("yolox-m", "boxes", "yolox_m"),
)
PUBLISHED: dict[str, Published] = {row.name: row for row in _ROWS}

GROUPS: dict[str, tuple[str, ...]] = {
    "rtmpose-lightweight": ("rtmdet-nano", "rtmpose-s"),
    "rtmpose": ("rtmdet-m", "rtmpose-m"),
    "rtmpose-performance": ("rtmdet-m", "rtmpose-x"),
}
"""A detector's name -> its box finder and its joint network."""
