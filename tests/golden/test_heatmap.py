"""From box to network to picture: as published where it says so, right where it does not."""

from __future__ import annotations

import numpy as np
import pytest

from monomocap.detect import heatmap
from tests.golden import vectors as golden


@pytest.fixture(scope="module")
def recorded() -> golden.Vectors:
    return golden.vectors("modelscope_2d_post")


def boxes(recorded: golden.Vectors) -> np.ndarray:
    height, width = recorded["image_bgr"].shape[:2]
    return heatmap.with_margin(recorded["boxes_xyxy"], width_px=width, height_px=height)


def placed(recorded: golden.Vectors, person: int) -> tuple[np.ndarray, heatmap.Letterbox]:
    height, width = recorded["net_input"].shape[2:]
    rgb = recorded["image_bgr"][..., ::-1]
    return heatmap.letterbox(rgb, boxes(recorded)[person], width_px=width, height_px=height)


def people(recorded: golden.Vectors) -> range:
    assert len(recorded["boxes_xyxy"]) > 0
    return range(len(recorded["boxes_xyxy"]))


def test_boxes_grow_as_published(recorded: golden.Vectors) -> None:
    np.testing.assert_allclose(boxes(recorded).reshape(-1, 2, 2), recorded["human_box"], rtol=1e-12)


def test_inputs_are_the_published_ones(recorded: golden.Vectors) -> None:
    spread = heatmap.IMAGENET_STD_RGB[:, None, None]
    for person in people(recorded):
        piece, _ = placed(recorded, person)
        error = (heatmap.standardise(piece) - recorded["net_input"][person]) * spread * 255
        # OpenCV rounds its weights to 11 bits: one grey level, in some places.
        assert np.abs(error).max() < 1.01
        assert (np.abs(error) > 0.5).mean() < 0.25


def test_joints_are_the_published_ones(recorded: golden.Vectors) -> None:
    height, width = recorded["net_input"].shape[2:]
    xy_input, score = heatmap.decode_as_published(recorded["heatmaps"])
    np.testing.assert_array_equal(score, recorded["scores"])
    for person in people(recorded):
        box, (_, place) = boxes(recorded)[person], placed(recorded, person)
        xy = heatmap.to_picture_as_published(
            xy_input[person], box, place, width_px=width, height_px=height
        )
        np.testing.assert_allclose(xy, recorded["poses"][person], rtol=1e-12)


def test_ours_stay_within_the_published_roundings(recorded: golden.Vectors) -> None:
    xy_input, score = heatmap.decode(recorded["heatmaps"])
    known = score > 0
    for person in people(recorded):
        _, place = placed(recorded, person)
        scale = place.fitted_px[0] / place.piece_px[0]
        error = place.to_picture(xy_input[person]) - recorded["poses"][person]
        # 1 px from the box's corner, half of one from where a pixel's middle lies; 2.5 pixels of
        # the input from sizes cut to whole pixels, steps at edges and middles again.
        assert np.abs(error[known[person]]).max() < 1.5 + 2.5 / scale


def test_the_way_back_is_the_way_there(recorded: golden.Vectors) -> None:
    xy = np.random.default_rng(0).uniform(0, 128, size=(50, 2))
    for person in people(recorded):
        _, place = placed(recorded, person)
        np.testing.assert_allclose(place.to_input(place.to_picture(xy)), xy, atol=1e-9)


@pytest.mark.parametrize("box", [(40, 10, 90, 200), (3, 100, 150, 180), (0, 0, 160, 240)])
def test_a_bright_spot_is_found_where_it_is(box: tuple[int, ...]) -> None:
    """A network that answers with the brightness of its input finds a spot within half a cell."""
    y, x = np.mgrid[:240, :160]
    spot = np.array([box[0] + 0.4 * (box[2] - box[0]), box[1] + 0.7 * (box[3] - box[1])])
    light = 255 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / 200)
    rgb = np.repeat(light.astype(np.uint8)[..., None], 3, axis=-1)
    piece, place = heatmap.letterbox(rgb, np.array(box, dtype=float), width_px=192, height_px=256)
    cells = piece[:: heatmap.CELL_PX, :: heatmap.CELL_PX, 0].astype(float) / 255
    xy_input, score = heatmap.decode(cells[None])
    half_a_cell = 0.5 * heatmap.CELL_PX * place.piece_px[0] / place.fitted_px[0]
    assert np.abs(place.to_picture(xy_input)[0] - spot).max() < half_a_cell
    assert score[0] > 0.8


def test_decoding_steps_towards_the_higher_neighbour() -> None:
    peak = np.zeros((1, 5, 6))
    peak[0, 2, 3], peak[0, 2, 2], peak[0, 3, 3] = 1, 0.5, 0.25
    xy_input, score = heatmap.decode(peak)
    assert xy_input.tolist() == [[4 * 2.75, 4 * 2.25]]
    assert score.tolist() == [1]


def test_at_an_edge_only_the_other_axis_steps() -> None:
    peak = np.zeros((1, 5, 6))
    peak[0, 2, 0], peak[0, 1, 0], peak[0, 2, 1] = 1, 0.5, 0.5
    assert heatmap.decode(peak)[0].tolist() == [[0, 4 * 1.75]]
    assert heatmap.decode_as_published(peak)[0].tolist() == [[0, 8]]


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_a_heatmap_without_a_peak_knows_no_place(value: float) -> None:
    xy_input, score = heatmap.decode(np.full((3, 8, 8), value))
    assert np.isnan(xy_input).all()
    assert score.tolist() == [0, 0, 0]


def test_nobody_is_an_answer() -> None:
    xy_input, score = heatmap.decode(np.zeros((0, 17, 64, 48), dtype=np.float32))
    assert xy_input.shape == (0, 17, 2)
    assert score.shape == (0, 17)


def test_a_box_beside_the_picture_is_refused() -> None:
    rgb = np.zeros((20, 30, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="holds no pixel"):
        heatmap.letterbox(rgb, np.array([40.0, 0, 50, 10]), width_px=32, height_px=32)


def test_one_pixel_is_enough() -> None:
    rgb = np.full((20, 30, 3), 7, dtype=np.uint8)
    piece, place = heatmap.letterbox(rgb, np.array([3.0, 4, 4, 5]), width_px=32, height_px=64)
    assert place.fitted_px == (32, 32)
    assert (piece[16:48] == 7).all()
