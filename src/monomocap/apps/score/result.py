"""What scoring answers with."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Fault:
    """One thing to correct."""

    joint: str
    """"left knee", "trunk" ..."""
    direction: str
    """What it is: "too straight", "too far out", "too low" ..."""
    degrees: float
    start_s: float
    """When, on the attempt's clock."""
    end_s: float
    says: str
    """In plain words, with the time."""


@dataclass(frozen=True)
class Score:
    """How an attempt compares with its reference."""

    score: float
    """0 to 100: form x (its weight + weight of tempo x tempo / 100 + the same of delay)."""
    form: float
    """0 to 100: the poses, brought in step; size, place, heading and tempo have no part in it."""
    tempo: float
    """0 to 100: how alike the speeds are."""
    delay: float
    """0 to 100: how soon after the reference's start the attempt starts."""
    weights: dict[str, float]
    """How much of the form's points hangs on what; they sum to 1."""
    speed: float
    """Of the attempt, as a multiple of the reference's."""
    delay_s: float
    """How much later than in the reference it begins."""
    mirrored: bool
    """Whether the attempt was compared as its mirror image; the joints named are the attempt's."""
    joint_deg: dict[str, float]
    """Joint -> mean difference."""
    phase_deg: dict[str, tuple[float, ...]]
    """Joint -> mean difference in each phase."""
    phases_s: tuple[tuple[float, float], ...]
    """Begin and end of the phases on the reference's clock: parts with as much movement each."""
    faults: tuple[Fault, ...]
    """The worst first."""
    left_out_s: tuple[tuple[float, float], ...]
    """What the attempt does not do, on the reference's clock."""
    added_s: tuple[tuple[float, float], ...]
    """What it does besides, on its own clock."""
    reference_s: Float[np.ndarray, " step"]
    attempt_s: Float[np.ndarray, " step"]
    """What is shown side by side: moments that belong together."""
    off_deg: dict[str, Float[np.ndarray, " step"]]
    """Joint -> difference at each of these moments."""
