"""Options: one meaning and one default each, and a wrong one stops before the work."""

from __future__ import annotations

from typing import Any, get_args

import jaxtyping
import pytest

from monomocap.errors import MonomocapError, OptionError
from monomocap.options import Device, Options, Smooth, no_progress


def test_the_defaults_are_fine() -> None:
    options = Options()
    assert options.max_frames is options.focal_px is options.fov_deg is None
    assert options.device == "auto"


@pytest.mark.parametrize("device", get_args(Device))
@pytest.mark.parametrize("smooth", get_args(Smooth))
def test_every_choice_is_taken(device: Device, smooth: Smooth) -> None:
    options = Options(device=device, smooth=smooth)
    assert (options.device, options.smooth) == (device, smooth)


def test_the_lens_can_be_given_one_way_or_the_other() -> None:
    assert Options(focal_px=800.0).focal_px == 800.0
    assert Options(fov_deg=60.0).fov_deg == 60.0


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "device": ({"device": "gpu"}, "auto, cpu, cuda"),
    "smooth": ({"smooth": "much"}, "none, light, medium, strong"),
    "no frames": ({"max_frames": 0}, "max_frames"),
    "fewer than none": ({"max_frames": -3}, "max_frames"),
    "two lenses": ({"focal_px": 800.0, "fov_deg": 60.0}, "not more"),
    "two cameras": ({"fov_deg": 60.0, "calibration": "a.toml"}, "not more"),
    "no focal length": ({"focal_px": 0.0}, "focal_px"),
    "nan focal length": ({"focal_px": float("nan")}, "focal_px"),
    "endless focal length": ({"focal_px": float("inf")}, "focal_px"),
    "no field of view": ({"fov_deg": 0.0}, "fov_deg"),
    "half a turn": ({"fov_deg": 180.0}, "fov_deg"),
    "nan field of view": ({"fov_deg": float("nan")}, "fov_deg"),
    "a giant": ({"height_m": 17.5}, "height_m"),
    "nobody's height": ({"height_m": float("nan")}, "height_m"),
    "endless filling": ({"fill_s": float("inf")}, "fill_s"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_is_named_on_one_line(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a user, for whom nobody checks types as the tests do."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    given, message = WRONG[case]
    with pytest.raises(OptionError, match=message) as caught:
        Options(**given)
    assert isinstance(caught.value, MonomocapError)
    assert "\n" not in str(caught.value)


def test_the_silent_callback_takes_what_any_callback_gets() -> None:
    no_progress("2D", 3, None)
    no_progress("2D", 3, 10)
