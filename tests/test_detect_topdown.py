"""From boxes to people: whatever is bright in a box is where it is in the picture."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Literal

import numpy as np
import pytest

from monomocap.detect import people as people_module
from monomocap.detect import topdown
from monomocap.detect.people import collect_tracks
from monomocap.detect.protocol import Detector, DetectsBatches
from monomocap.detect.topdown import TopDown
from monomocap.skeleton import COCO17
from monomocap.types import Frame

WIDTH, HEIGHT = 320, 240
Spot = tuple[float, float]


class BoxesAroundSpots:
    """Knows where the spots of each picture are, and boxes them off their middle."""

    name, device = "script", "cpu"
    weights = {"boxes.onnx": "b"}

    def __init__(self, spots: dict[int, list[Spot]]) -> None:
        self._spots = spots
        self.calls: list[int] = []
        self.closed = False

    def __call__(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        self.calls.append(len(pictures))
        return [
            np.array(
                [[x - 25, y - 30, x + 15, y + 50, 0.9] for x, y in self._spots[int(p[0, 0, 0])]],
                np.float32,
            ).reshape(-1, 5)
            for p in pictures
        ]

    def close(self) -> None:
        self.closed = True


class Brightness:
    """Heatmaps that are the input's brightness at every fourth pixel, 0 to `most`."""

    device = "cpu"

    def __init__(self, most: float = 1.0) -> None:
        self.runs: list[int] = []
        self.closed = False
        self._most = most

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.runs.append(len(images))
        cells = images[:, :, ::4, ::4].mean(axis=1)
        bright = (cells + 2.1) / 4.5 * self._most
        return np.repeat(bright[:, None], 17, axis=1).astype(np.float32)

    def close(self) -> None:
        self.closed = True


def frame(index: int, spots: list[Spot]) -> Frame:
    """A dark picture with soft bright spots; its first pixel says which one it is."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    light = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / 60) for a, b in spots) + 0 * x
    rgb = np.repeat((255 * np.clip(light, 0, 1)).astype(np.uint8)[..., None], 3, axis=-1)
    rgb[0, 0] = index
    return Frame(index, index / 25, rgb)


def detector(
    spots: dict[int, list[Spot]],
    *,
    crop: Literal["letterbox", "window"] = "letterbox",
    most: float = 1.0,
) -> tuple[TopDown, SimpleNamespace]:
    parts = SimpleNamespace(boxes=BoxesAroundSpots(spots), network=Brightness(most))
    made = TopDown(
        "bright",
        parts.network,
        parts.boxes,
        skeleton=COCO17,
        input_px=(96, 128),
        crop=crop,
        weights={"net.onnx": "n"},
    )
    return made, parts


SPOTS: dict[int, list[Spot]] = {
    0: [(60, 70), (200, 110)],
    1: [],
    2: [(62, 72), (150, 180), (198, 108)],
    3: [(64.5, 74.5)],
}


@pytest.mark.parametrize("crop", ["letterbox", "window"])
def test_people_are_where_they_are(crop: Literal["letterbox", "window"]) -> None:
    made, _ = detector(SPOTS, crop=crop)
    for index, spots in SPOTS.items():
        found = made(frame(index, spots))
        assert len(found) == len(spots)
        for person, spot in zip(found, spots, strict=True):
            np.testing.assert_allclose(person.xy_px, [spot] * 17, atol=1.6)  # half a cell
            assert person.xy_px.dtype == person.score.dtype == np.float32
            assert 0.8 < person.score.min() <= person.score.max() <= 1


@pytest.mark.parametrize("crop", ["letterbox", "window"])
def test_a_box_over_the_picture_s_edge_is_no_trouble(crop: Literal["letterbox", "window"]) -> None:
    spots: dict[int, list[Spot]] = {0: [(6, 8), (WIDTH - 5, HEIGHT - 6)]}
    made, parts = detector(spots, crop=crop)
    inside = parts.boxes([frame(0, spots[0]).rgb])[0]
    inside[:, :4] = np.clip(inside[:, :4], 0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
    made._boxes = lambda pictures: [inside]  # type: ignore[assignment]
    for person, spot in zip(made(frame(0, spots[0])), spots[0], strict=True):
        np.testing.assert_allclose(person.xy_px[0], spot, atol=1.6)


def test_frames_together_are_as_frames_alone() -> None:
    made, _ = detector(SPOTS)
    all_frames = [frame(index, spots) for index, spots in SPOTS.items()]
    together = made.detect_batch(all_frames)
    for alone, people in zip(map(made, all_frames), together, strict=True):
        assert len(alone) == len(people)
        for a, b in zip(alone, people, strict=True):
            np.testing.assert_array_equal(a.xy_px, b.xy_px)
            np.testing.assert_array_equal(a.score, b.score)
            np.testing.assert_array_equal(a.box_px, b.box_px)


def test_the_network_gets_many_people_at_once_but_not_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(topdown, "PEOPLE_AT_ONCE", 4)
    made, parts = detector(SPOTS)
    made.detect_batch([frame(index, spots) for index, spots in SPOTS.items()])
    assert parts.network.runs == [4, 2]
    assert parts.boxes.calls == [4]


def test_nobody_costs_nothing() -> None:
    made, parts = detector(SPOTS)
    assert made(frame(1, [])) == []
    assert made.detect_batch([]) == []
    assert parts.network.runs == []


def test_scores_above_1_are_1() -> None:
    made, _ = detector(SPOTS, most=3)
    assert all((p.score == 1).all() for p in made(frame(0, SPOTS[0])))


def test_it_says_who_found_people_and_with_what() -> None:
    made, parts = detector(SPOTS)
    assert (made.name, made.device) == ("bright+script", "cpu")
    assert made.weights == {"net.onnx": "n", "boxes.onnx": "b"}
    assert isinstance(made, Detector)
    assert isinstance(made, DetectsBatches)
    with made:
        pass
    made.close()
    assert parts.network.closed
    assert parts.boxes.closed


def test_two_devices_are_both_named() -> None:
    parts = SimpleNamespace(boxes=BoxesAroundSpots({}), network=Brightness())
    parts.network.device = "cuda"
    made = TopDown(
        "x", parts.network, parts.boxes, skeleton=COCO17, input_px=(96, 128), crop="window",
        weights={},
    )  # fmt: skip
    assert made.device == "cuda+cpu"


# --- in collect_tracks


def moving(count: int) -> dict[int, list[Spot]]:
    """Two people who walk; the second is unseen in every fifth frame, nobody in every ninth."""
    spots: dict[int, list[Spot]] = {}
    for i in range(count):
        both: list[Spot] = [(60.0 + i, 70.0), (240.0 - i, 150.0)]
        spots[i] = [] if i % 9 == 8 else both[: 1 if i % 5 == 4 else 2]
    return spots


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 27])
def test_tracks_in_batches_have_one_row_per_frame_in_order(count: int) -> None:
    spots = moving(count)
    made, parts = detector(spots)
    time_s, tracks = collect_tracks((frame(i, s) for i, s in spots.items()), made)
    np.testing.assert_allclose(time_s, np.arange(count) / 25)
    assert sum(parts.boxes.calls) == count
    assert all(call <= topdown.FRAMES_AT_ONCE for call in parts.boxes.calls)
    assert len(parts.boxes.calls) == -(-count // topdown.FRAMES_AT_ONCE)
    for track in tracks:
        nose = track.xy_px[:, 0]
        for i, where in enumerate(nose):
            want = spots[i][track.person] if len(spots[i]) > track.person else (np.nan, np.nan)
            np.testing.assert_allclose(where, want, atol=1.6)


def test_large_pictures_are_held_in_smaller_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no more than one group is held at a time."""
    one = WIDTH * HEIGHT * 3
    monkeypatch.setattr(people_module, "BATCH_BYTES", 3 * one)
    made, parts = detector(moving(7))
    handed_out: list[int] = []

    def frames() -> Iterator[Frame]:
        for i, spots in moving(7).items():
            handed_out.append(sum(parts.boxes.calls))
            yield frame(i, spots)

    collect_tracks(frames(), made)
    assert parts.boxes.calls == [3, 3, 1]
    assert handed_out == [0, 0, 0, 3, 3, 3, 6]
    monkeypatch.setattr(people_module, "BATCH_BYTES", one - 1)
    made, parts = detector(moving(3))
    collect_tracks((frame(i, s) for i, s in moving(3).items()), made)
    assert parts.boxes.calls == [1, 1, 1]
