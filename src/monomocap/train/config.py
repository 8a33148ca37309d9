"""Everything that a training run depends on, in one place that its receipt can hold."""

from dataclasses import dataclass, field
from typing import Literal

from monomocap.datasets.mocap import HELD_OUT_SUBJECTS
from monomocap.datasets.synthetic import Noise, Viewpoints
from monomocap.errors import UnknownName


@dataclass(frozen=True)
class Schedule:
    """How the learning rate falls after the warm-up."""

    kind: Literal["cosine", "decay", "milestones"] = "cosine"
    """cosine and decay (exponential) go down to `last`; milestones divide by ten."""
    last: float = 0.01
    """The last rate, as a share of the highest."""
    milestones: tuple[float, ...] = ()
    """Shares of the run at which the rate falls to a tenth."""


@dataclass(frozen=True)
class TrainConfig:
    """A recipe. The defaults are `open`: HDFormer on free mocap, seen by synthetic cameras."""

    recipe: str = "open"
    network: str = "hdformer"
    size: dict[str, int | float] = field(default_factory=dict)
    """Numbers of the network's constructor that differ from the published ones."""
    steps: int = 8_000
    frames: int = 32
    """Frames per clip, and of the lifter's windows; a multiple of 16."""
    batch: int = 24
    """Clips per step: few, since at the beginning more steps teach more than better ones."""
    fps: float = 15.0
    """The one frame rate that the network knows."""
    init: str = ""
    """SHA-256 of the weights that the run begins with; empty for fresh ones."""
    optimizer: str = "adamw"
    learning_rate: float = 4e-3
    """The highest, reached after `warm_up` steps."""
    schedule: Schedule = Schedule()
    warm_up: int = 300
    weight_decay: float = 0.01
    dropout: float = 0.0
    clip_gradient: float = 1.0
    average: float = 0.998
    """Decay of the exponential moving average of the weights, which is what ships."""
    losses: dict[str, float] = field(default_factory=lambda: {"mpjpe": 1.0, "velocity": 0.3})
    """Name (`train.losses.LOSSES`) -> share of the sum; poses are in metres."""
    joint_weights: str = "limbs"
    speed: tuple[float, float] = (0.7, 1.4)
    """Clips are played this much slower or faster."""
    bones_sd: float = 0.07
    recombined_share: float = 0.5
    """Share of clips whose limbs may come from other clips (`train.augment`)."""
    rarity_power: float = 0.5
    """0 draws every second of mocap as often, 1 every kind of pose (`train.augment.rarity`)."""
    noise: Noise = Noise()
    matched_share: float = 0.4
    """Share of clips whose 2D is as a measured detector's (`datasets.matched`), not as `noise`."""
    views: Viewpoints = Viewpoints(
        pitch_sd_rad=0.3, roll_sd_rad=0.25, nearest_m=1.8, farthest_m=9.0, any_tilt_share=0.08
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
    compile: str | None = None
    """torch.compile's backend, such as inductor; None for none."""
    dataset: str | None = None
    """A data set with its own cameras (`train.dataset.DATASETS`); None for motion capture."""
    seen: str | None = None
    """A data set's 2D: gt, detections or detections:FILE; None for motion capture."""
    epochs: int | None = None
    """How often a paper goes through its data set: says `steps` there."""


RECIPES = {
    # First the draft, then with its weights (`--init`) what refines it.
    "draft": TrainConfig(
        recipe="draft",
        network="draft",
        size={"channels": 1024},
        steps=40_000,
        frames=9,
        batch=512,
        fps=7.5,
        learning_rate=5e-3,
        average=0.999,
        losses={"mpjpe": 1.0},
        evaluate_every=1_000,
    ),
    "open": TrainConfig(network="drafted-hdformer", size={"channels": 1024}, steps=6_000),
    # The papers' losses, optimisers and schedules (epochs as shares of the run), on our data.
    "hdformer": TrainConfig(
        recipe="hdformer",
        epochs=110,
        frames=96,
        batch=256,
        dropout=0.3,
        optimizer="adamod",
        learning_rate=5e-3,
        weight_decay=1e-5,
        schedule=Schedule("milestones", milestones=(80 / 110, 90 / 110, 100 / 110)),
        warm_up=0,
        # MPJPE + 0.1 of the trajectory loss, in mm and mm2: in metres the second counts 1,000 fold.
        losses={"mpjpe": 1.0, "trajectory": 100.0},
        joint_weights="equal",
    ),
    "u-conddgcn": TrainConfig(
        recipe="u-conddgcn",
        epochs=110,
        network="u-conddgcn",
        frames=96,
        batch=256,
        dropout=0.3,
        optimizer="adam",
        learning_rate=5e-3,
        weight_decay=1e-5,
        schedule=Schedule("milestones", milestones=(80 / 110, 90 / 110, 100 / 110)),
        warm_up=0,
        losses={"mpjpe": 1.0, "trajectory_l1": 0.1},
        joint_weights="equal",
    ),
    "mixste": TrainConfig(
        recipe="mixste",
        epochs=120,
        network="mixste",
        frames=81,
        batch=12,
        dropout=0.1,
        learning_rate=4e-5,
        weight_decay=0.1,
        schedule=Schedule("decay", last=0.99**120),
        warm_up=0,
        losses={"mpjpe": 1.0, "consistency": 0.5, "velocity_unweighted": 2.0},
        joint_weights="mixste",
    ),
    "canonical-pose": TrainConfig(
        recipe="canonical-pose",
        epochs=80,
        network="canonical-pose",
        frames=27,
        batch=38,
        dropout=0.25,
        optimizer="adam-amsgrad",
        learning_rate=1e-3,
        weight_decay=0.0,
        schedule=Schedule("decay", last=0.95**80),
        warm_up=0,
        losses={"mpjpe": 1.0},
        joint_weights="equal",
    ),
}


def recipe_named(name: str) -> TrainConfig:
    """The recipe of this name; raises `UnknownName` with the list of choices."""
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    return RECIPES[name]
