"""Everything that a training run depends on, in one place that its receipt can hold."""

from dataclasses import dataclass, field

from monomocap.datasets.mocap import HELD_OUT_SUBJECTS
from monomocap.datasets.synthetic import Noise, Viewpoints
from monomocap.errors import UnknownName


@dataclass(frozen=True)
class TrainConfig:
    """A recipe. The defaults are `open`: HDFormer on free mocap, seen by synthetic cameras."""

    recipe: str = "open"
    steps: int = 8_000
    frames: int = 32
    """Frames per clip, and of the lifter's windows; a multiple of 16."""
    batch: int = 24
    """Clips per step: few, since at the beginning more steps teach more than better ones."""
    fps: float = 15.0
    """The one frame rate that the network knows."""
    learning_rate: float = 4e-3
    """Highest; reached after `warm_up`, then down a cosine to 1 % of it."""
    warm_up: int = 300
    weight_decay: float = 0.01
    dropout: float = 0.0
    clip_gradient: float = 1.0
    average: float = 0.998
    """Decay of the exponential moving average of the weights, which is what ships."""
    velocity_weight: float = 0.3
    """Weight of the error of frame-to-frame motion beside that of positions."""
    speed: tuple[float, float] = (0.7, 1.4)
    """Clips are played this much slower or faster."""
    bones_sd: float = 0.07
    noise: Noise = Noise()
    views: Viewpoints = Viewpoints(
        pitch_sd_rad=0.3, roll_sd_rad=0.25, nearest_m=1.8, farthest_m=9.0, any_tilt_share=0.04
    )
    source_weight: dict[str, float] = field(
        default_factory=lambda: {"o3de": 0.4, "m2m": 3.0, "fair_mit": 2.0, "accad": 1.3}
    )
    """How often a minute of a source is drawn, against 1 for the others."""
    held_out: tuple[str, ...] = HELD_OUT_SUBJECTS
    seed: int = 0
    evaluate_every: int = 500
    device: str = "auto"
    bf16: bool = True
    threads: int = 2
    """CPU threads; ignored on a GPU. Does not change the recipe."""


RECIPES = {"open": TrainConfig()}


def recipe_named(name: str) -> TrainConfig:
    """The recipe of this name; raises `UnknownName` with the list of choices."""
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    return RECIPES[name]
