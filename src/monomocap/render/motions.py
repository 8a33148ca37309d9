"""Motions made by rule: a walk, a squat, a jumping jack, an arm raise, a lunge.

Legs follow the feet by two-bone inverse kinematics, so that planted feet stay planted; trunk, head
and arms follow joint angles. Bone lengths are constant by construction. World frame: metres,
right-handed, Z up, floor at z = 0; a person of heading 0 faces +x with the left hand towards +y.
"""

from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from monomocap.errors import OptionError
from monomocap.skeleton import H36M17
from monomocap.types import Motion3D

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
Times = Float[np.ndarray, " time"]
Points = Float[np.ndarray, "time 3"]


@dataclass(frozen=True)
class Body:
    """Bone lengths of a person, metres.

    Shares of stature after Drillis and Contini (1966), as in Winter, Biomechanics and Motor Control
    of Human Movement (2009), figure 4.1: hip at 0.530, knee 0.285, ankle 0.039, shoulder 0.818, ear
    0.930; upper arm 0.186, forearm 0.146. Their breadths are of the body; between the joints'
    centres it is less: hips 0.100, shoulders 0.215.
    """

    height_m: float

    def __post_init__(self) -> None:
        if not 0.5 <= self.height_m <= 2.5:
            raise OptionError(f"height_m must lie between 0.5 and 2.5, not {self.height_m}")

    def share(self, share: float) -> float:
        """A length given as a share of stature."""
        return share * self.height_m

    @property
    def thigh_m(self) -> float:
        return self.share(0.245)

    @property
    def shank_m(self) -> float:
        return self.share(0.246)

    @property
    def ankle_m(self) -> float:
        """The ankle's height over the floor when the foot is flat."""
        return self.share(0.039)

    @property
    def trunk_m(self) -> float:
        return self.share(0.818 - 0.530)

    @property
    def head_m(self) -> float:
        """From the middle of the shoulders to the middle of the ears."""
        return self.share(0.930 - 0.818)

    @property
    def upper_arm_m(self) -> float:
        return self.share(0.186)

    @property
    def forearm_m(self) -> float:
        return self.share(0.146)

    @property
    def hip_m(self) -> float:
        """From the pelvis's middle to a hip."""
        return self.share(0.050)

    @property
    def shoulder_m(self) -> float:
        """From the thorax to a shoulder."""
        return self.share(0.1075)


@dataclass
class Arm:
    """Angles of one arm, radians; all 0 hangs straight down, thumb forward."""

    flex: Times
    """Raised to the front."""
    abduct: Times
    """Raised to its own side."""
    elbow: Times


@dataclass
class Script:
    """What a body does over time, radians and metres; angles are about the body's own axes."""

    time_s: Times
    heading: Times
    pelvis_m: Points
    left_ankle_m: Points
    right_ankle_m: Points
    left_arm: Arm
    right_arm: Arm
    pelvis_turn: Times = field(default_factory=lambda: np.zeros(1))
    pelvis_drop: Times = field(default_factory=lambda: np.zeros(1))
    """To the right."""
    lean: Times = field(default_factory=lambda: np.zeros(1))
    """Trunk, forward."""
    chest_turn: Times = field(default_factory=lambda: np.zeros(1))
    """To the left."""
    nod: Times = field(default_factory=lambda: np.zeros(1))
    """Head, forward, against the trunk."""
    toes_out: float = 0.12
    knees: Points | None = None
    """Which way knees bend; None for the way that toes point."""
    left_wrist_m: Points | None = None
    """Where a hand is held, instead of the arm's angles."""
    right_wrist_m: Points | None = None
    elbows: Points | None = None
    """Which way the left elbow bends when a hand is held, about the body's own axes; the right one
    mirrors it. None for backward."""

    def ankle(self, side: Side) -> Points:
        return self.left_ankle_m if side == "left" else self.right_ankle_m

    def arm(self, side: Side) -> Arm:
        return self.left_arm if side == "left" else self.right_arm

    def hand(self, side: Side) -> Points | None:
        return self.left_wrist_m if side == "left" else self.right_wrist_m

    def spread(self) -> "Script":
        """Angles given once hold for every frame."""
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, np.ndarray) and value.shape == (1,):
                setattr(self, each.name, np.broadcast_to(value, self.time_s.shape))
        return self


def walk(
    seconds: float = 4.0,
    fps: float = 30.0,
    *,
    height_m: float = 1.75,
    seed: int = 0,
    speed_m_s: float = 1.0,
    turn_rad_s: float = 0.9,
    heading: float = 0.0,
    person: int = 0,
) -> Motion3D:
    """Walking in a curve (`turn_rad_s` 0: straight ahead), its middle at the origin.

    Cadence, stance share (0.62) and heel rise are those of ordinary level gait (Winter, 2009).
    """
    rng, body = np.random.default_rng(seed), Body(height_m)
    time_s = clock(seconds, fps)
    path = _Path(speed_m_s, turn_rad_s, heading)
    cycle_s = 1.12 / max(speed_m_s, 0.3) ** 0.4 * rng.uniform(0.96, 1.04)
    phase = 2 * np.pi * time_s / cycle_s
    left, right = (_steps(time_s, path, cycle_s, start, side, body) for side, start in _GAIT_START)
    middle = path.point(time_s) + path.left(time_s) * (0.012 * np.sin(phase + 0.9))[:, None]
    arm_swing = rng.uniform(0.32, 0.45)
    script = Script(
        time_s,
        path.heading(time_s),
        _reachable(middle, (left, right), body, time_s),
        left,
        right,
        left_arm=_swinging(-np.cos(phase - 0.1), arm_swing),
        right_arm=_swinging(np.cos(phase - 0.1), arm_swing),
        pelvis_turn=-0.10 * np.cos(phase),
        pelvis_drop=0.06 * np.sin(phase - 0.3),
        lean=0.05 + 0.015 * np.cos(2 * phase),
        chest_turn=0.20 * np.cos(phase),
        nod=np.full_like(time_s, 0.03),
    )
    return centred(act(script, body, person))


_GAIT_START: tuple[tuple[Side, float], ...] = (("left", 0.0), ("right", 0.5))
_STANCE = 0.62


@dataclass(frozen=True)
class _Path:
    """A circle, or a line, walked at constant speed."""

    speed_m_s: float
    turn_rad_s: float
    start: float

    def heading(self, time_s: Times) -> Times:
        return self.start + self.turn_rad_s * time_s

    def point(self, time_s: Times) -> Points:
        half = self.turn_rad_s * time_s / 2
        chord = self.speed_m_s * time_s * np.sinc(half / np.pi)
        return chord[:, None] * _ahead(self.start + half)

    def left(self, time_s: Times) -> Points:
        return _ahead(self.heading(time_s) + np.pi / 2)


def _ahead(heading: Times) -> Points:
    """The unit vector of a heading, on the floor."""
    return np.stack([np.cos(heading), np.sin(heading), np.zeros_like(heading)], axis=-1)


def _steps(
    time_s: Times, path: _Path, cycle_s: float, start: float, side: Side, body: Body
) -> Points:
    """One ankle's way: planted, heel rising over the toe, swung to the next step."""
    cycles = time_s / cycle_s + start
    whole = np.floor(cycles)
    part = cycles - whole
    swing = np.clip((part - _STANCE) / (1 - _STANCE), 0, 1)
    here = _planted(whole, part, path, cycle_s, start, side, body)
    there = _planted(whole + 1, 0 * part, path, cycle_s, start, side, body)
    blend = swing**3 * (10 - 15 * swing + 6 * swing**2)  # least jerk (Flash and Hogan, 1985)
    ankle = here + (there - here) * blend[:, None]
    ankle[:, 2] += body.share(0.016) * np.sin(np.pi * swing) ** 2
    return ankle


def _planted(
    cycle: Times, part: Times, path: _Path, cycle_s: float, start: float, side: Side, body: Body
) -> Points:
    """The ankle of a foot that stands from `part` 0 to the stance's end, its heel rising late."""
    middle_s = (cycle - start + _STANCE / 2) * cycle_s
    out = 1 if side == "left" else -1
    foot = path.point(middle_s) + path.left(middle_s) * out * body.share(0.033)
    ahead = _ahead(path.heading(middle_s))
    rise = 0.95 * _smoothstep((part - 0.36) / (_STANCE - 0.36))
    to_toe, up = body.share(0.075), body.ankle_m  # from ankle to the ball of the foot
    along = to_toe - (to_toe * np.cos(rise) - up * np.sin(rise))
    height = to_toe * np.sin(rise) + up * np.cos(rise)
    return foot + along[:, None] * ahead + height[:, None] * [0.0, 0.0, 1.0]


def _reachable(middle: Points, ankles: tuple[Points, Points], body: Body, time_s: Times) -> Points:
    """The pelvis as high as both legs allow, softened in time."""
    leg = 0.992 * (body.thigh_m + body.shank_m)
    heights = []
    for ankle in ankles:
        flat = np.linalg.norm((ankle - middle)[:, :2], axis=-1)
        heights.append(ankle[:, 2] + np.sqrt(np.maximum(leg**2 - flat**2, 0.01)))
    step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    low = np.minimum(*heights)
    height = gaussian_filter1d(low, 0.07 / step_s, mode="nearest")
    return np.concatenate([middle[:, :2], height[:, None]], axis=-1)


def _swinging(wave: Times, swing: float) -> Arm:
    return Arm(
        flex=0.06 + swing * wave,
        abduct=np.full_like(wave, 0.13),
        elbow=0.32 + 0.18 * (1 + wave) / 2,
    )


def squat(
    seconds: float = 4.0,
    fps: float = 30.0,
    *,
    height_m: float = 1.75,
    seed: int = 0,
    heading: float = 0.0,
    period_s: float = 2.4,
    person: int = 0,
) -> Motion3D:
    """Deep knee bends with the arms coming forward for balance."""
    rng, body = np.random.default_rng(seed), Body(height_m)
    time_s = clock(seconds, fps)
    down = (1 - np.cos(2 * np.pi * time_s / period_s)) / 2
    depth = rng.uniform(0.85, 1.0) * down
    feet = body.share(rng.uniform(0.065, 0.085))
    height = _standing_height(body) - depth * body.share(0.215)
    pelvis = _somewhere(-0.10 * depth, height)
    arm = Arm(flex=1.35 * down, abduct=0.12 + 0.05 * down, elbow=0.25 - 0.1 * down)
    script = Script(
        time_s,
        np.full_like(time_s, heading),
        _turned(pelvis, heading),
        *_feet_apart(body, feet + 0 * time_s, heading),
        left_arm=arm,
        right_arm=arm,
        lean=0.65 * depth,
        nod=-0.45 * depth,
        toes_out=0.3,
    )
    return act(script, body, person)


def jumping_jack(
    seconds: float = 4.0,
    fps: float = 30.0,
    *,
    height_m: float = 1.75,
    seed: int = 0,
    heading: float = 0.0,
    period_s: float = 1.3,
    person: int = 0,
) -> Motion3D:
    """Feet jump apart while the arms rise overhead, and back."""
    rng, body = np.random.default_rng(seed), Body(height_m)
    time_s = clock(seconds, fps)
    phase = 2 * np.pi * time_s / period_s
    wide = _smoothstep((1 - 1.25 * np.cos(phase)) / 2)
    hop = rng.uniform(0.05, 0.09) * np.maximum(np.sin(2 * (phase - 0.55)), 0) ** 2
    feet = body.share(0.055) + body.share(0.13) * wide
    ankles = _feet_apart(body, feet, heading, hop)
    leg = 0.985 * (body.thigh_m + body.shank_m)
    height = body.ankle_m + hop + np.sqrt(leg**2 - (feet - body.hip_m) ** 2)
    arm = Arm(flex=0.05 + 0 * wide, abduct=0.15 + 2.5 * wide, elbow=0.2 + 0.15 * wide)
    script = Script(
        time_s,
        np.full_like(time_s, heading),
        _turned(_somewhere(0 * wide, height), heading),
        *ankles,
        left_arm=arm,
        right_arm=arm,
        lean=0.03 + 0 * wide,
    )
    return act(script, body, person)


def arm_raise(
    seconds: float = 4.0,
    fps: float = 30.0,
    *,
    height_m: float = 1.75,
    seed: int = 0,
    heading: float = 0.0,
    period_s: float = 3.0,
    person: int = 0,
) -> Motion3D:
    """Standing; the left arm rises to the side, then the right one to the front."""
    rng, body = np.random.default_rng(seed), Body(height_m)
    time_s = clock(seconds, fps)
    part = (time_s / period_s) % 1
    left_up = np.sin(np.pi * np.clip(2 * part, 0, 1)) ** 2
    right_up = np.sin(np.pi * np.clip(2 * part - 1, 0, 1)) ** 2
    sway = 0.01 * np.sin(2 * np.pi * time_s / 3.1 + rng.uniform(0, 6))
    still = np.zeros_like(time_s)
    script = Script(
        time_s,
        np.full_like(time_s, heading),
        _turned(_somewhere(sway, _standing_height(body) - 0.004 + still), heading),
        *_feet_apart(body, body.share(0.06) + still, heading),
        left_arm=Arm(flex=still + 0.05, abduct=0.12 + 1.9 * left_up, elbow=still + 0.2),
        right_arm=Arm(flex=0.05 + 2.3 * right_up, abduct=still + 0.12, elbow=still + 0.2),
    )
    return act(script, body, person)


def lunge(
    seconds: float = 4.0,
    fps: float = 30.0,
    *,
    height_m: float = 1.75,
    seed: int = 0,
    heading: float = 0.0,
    period_s: float = 2.6,
    person: int = 0,
) -> Motion3D:
    """Long steps forward, left and right in turn, hands on the hips."""
    rng, body = np.random.default_rng(seed), Body(height_m)
    time_s = clock(seconds, fps)
    cycle = time_s / period_s
    part, left_turn = cycle % 1, (np.floor(cycle) % 2 == 0)
    out = _smoothstep(part / 0.3) * _smoothstep((1 - part) / 0.3)
    lift = sum(np.sin(np.pi * np.clip(share / 0.3, 0, 1)) for share in (part, 1 - part))
    stride = body.share(rng.uniform(0.36, 0.42))
    ankles = _feet_apart(body, body.share(0.055) + 0 * out, heading)
    ahead = _ahead(np.full_like(time_s, heading))
    for ankle, mine in zip(ankles, (left_turn, ~left_turn), strict=True):
        ankle += ahead * (mine * stride * out)[:, None]
        ankle[:, 2] += np.where(mine, 0.05 * lift, body.share(0.05) * out)
    middle = (ankles[0] + ankles[1]) / 2 - ahead * (0.02 * out)[:, None]
    pelvis = _reachable(middle, ankles, body, time_s)
    pelvis[:, 2] -= body.share(0.10) * _smoothstep(2 * out - 1)
    arm = Arm(flex=-0.35 + 0 * out, abduct=0.75 + 0 * out, elbow=1.9 + 0 * out)
    script = Script(
        time_s, np.full_like(time_s, heading), pelvis, *ankles, arm, arm, lean=0.05 + 0.06 * out
    )
    return act(script, body, person)


def clock(seconds: float, fps: float) -> Times:
    """Times of the frames, from 0; at least one frame."""
    if not (np.isfinite(seconds) and seconds > 0 and np.isfinite(fps) and fps > 0):
        raise OptionError(f"seconds and fps must be above 0, not {seconds} and {fps}")
    return np.arange(max(1, round(seconds * fps))) / fps


def act(script: Script, body: Body, person: int = 0) -> Motion3D:
    """A script played by a body: 17 joints per frame, world frame."""
    script = script.spread()
    pelvis = _rotation(script.heading + script.pelvis_turn, 0 * script.lean, script.pelvis_drop)
    chest = _rotation(script.heading + script.chest_turn, script.lean, 0 * script.lean)
    head = _rotation(script.heading + 0.3 * script.chest_turn, script.lean + script.nod)
    at: dict[str, Points] = {"pelvis": script.pelvis_m}
    at["thorax"] = at["pelvis"] + chest @ [0.0, 0.0, body.trunk_m]
    at["spine"] = (at["pelvis"] + at["thorax"]) / 2
    at["head"] = at["thorax"] + head @ [0.1 * body.head_m, 0.0, body.head_m]
    at["neck"] = (at["thorax"] + at["head"]) / 2
    for side in SIDES:
        _add_leg(at, script, body, side, pelvis)
        _add_arm(at, script, body, side, chest)
    xyz_m = np.stack([at[joint] for joint in H36M17.joints], axis=1)
    sure = np.ones(xyz_m.shape[:2])
    return Motion3D(person, script.time_s, xyz_m, sure, H36M17, "world", "by rule")


def _rotation(turn: Times, lean: Times, roll: Times | None = None) -> Float[np.ndarray, "time 3 3"]:
    """Turn to the left, then lean forward, then roll to the right."""
    roll = np.zeros_like(turn) if roll is None else roll
    matrices: np.ndarray = Rotation.from_euler("ZYX", np.stack([turn, lean, roll], -1)).as_matrix()
    return matrices


def _add_leg(
    at: dict[str, Points],
    script: Script,
    body: Body,
    side: Side,
    pelvis: Float[np.ndarray, "time 3 3"],
) -> None:
    out = 1 if side == "left" else -1
    hip = at["pelvis"] + pelvis @ [0.0, out * body.hip_m, 0.0]
    pole = _ahead(script.heading + out * script.toes_out) if script.knees is None else script.knees
    knee, ankle = bend(hip, script.ankle(side), pole, body.thigh_m, body.shank_m)
    at |= {f"{side}_hip": hip, f"{side}_knee": knee, f"{side}_ankle": ankle}


def bend(
    hip: Points, ankle: Points, pole: Points, thigh_m: float, shank_m: float
) -> tuple[Points, Points]:
    """Knee and ankle of a leg that reaches for a target, its knee towards `pole`.

    A target out of reach is approached as near as the leg goes.
    """
    way = ankle - hip
    far = np.linalg.norm(way, axis=-1, keepdims=True)
    ahead = way / far
    far = np.clip(far, 1.02 * abs(thigh_m - shank_m), 0.9995 * (thigh_m + shank_m))
    along = (thigh_m**2 - shank_m**2 + far**2) / (2 * far)
    aside = np.sqrt(np.maximum(thigh_m**2 - along**2, 0))
    square = pole - (pole * ahead).sum(axis=-1, keepdims=True) * ahead
    square /= np.linalg.norm(square, axis=-1, keepdims=True)
    return hip + along * ahead + aside * square, hip + far * ahead


def _add_arm(
    at: dict[str, Points],
    script: Script,
    body: Body,
    side: Side,
    chest: Float[np.ndarray, "time 3 3"],
) -> None:
    out, arm, hand = 1 if side == "left" else -1, script.arm(side), script.hand(side)
    shoulder = at["thorax"] + chest @ [0.0, out * body.shoulder_m, 0.0]
    if hand is not None:
        way = np.array([-1.0, 0.0, 0.0]) if script.elbows is None else script.elbows
        pole = np.einsum("tij,tj->ti", chest, np.broadcast_to(way * [1, out, 1], hand.shape))
        elbow, wrist = bend(shoulder, hand, pole, body.upper_arm_m, body.forearm_m)
        at |= {f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist}
        return
    turns = np.stack([out * arm.abduct, -arm.flex], axis=-1)
    upper = chest @ Rotation.from_euler("XY", turns).as_matrix()
    fore = upper @ Rotation.from_euler("Y", -arm.elbow[:, None]).as_matrix()
    elbow = shoulder + upper @ [0.0, 0.0, -body.upper_arm_m]
    wrist = elbow + fore @ [0.0, 0.0, -body.forearm_m]
    at |= {f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist}


def centred(motion: Motion3D) -> Motion3D:
    """The same motion with the middle of its pelvis's way over the origin."""
    way = motion.xyz_m[:, 0, :2]
    middle = np.array([*(way.min(axis=0) + way.max(axis=0)) / 2, 0.0])
    return Motion3D(
        motion.person,
        motion.time_s,
        motion.xyz_m - middle,
        motion.confidence,
        motion.skeleton,
        motion.frame,
        motion.lifter,
    )


def _standing_height(body: Body) -> float:
    """Of the pelvis, legs all but straight."""
    return body.ankle_m + 0.99 * (body.thigh_m + body.shank_m)


def _somewhere(forward: Times, height: Times) -> Points:
    return np.stack([forward, 0 * forward, height], axis=-1)


def _turned(points: Points, heading: float) -> Points:
    turned: Points = points @ Rotation.from_euler("z", heading).as_matrix().T
    return turned


def _feet_apart(
    body: Body, half_m: Times, heading: float, lift_m: Times | float = 0.0
) -> tuple[Points, Points]:
    """Left and right ankles, each `half_m` from the middle."""
    height = body.ankle_m + lift_m + 0 * half_m
    left = np.stack([0 * half_m, half_m, height], axis=-1)
    return _turned(left, heading), _turned(left * [1, -1, 1], heading)


def _smoothstep(x: Times) -> Times:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


MOTIONS = {
    "walk": walk,
    "squat": squat,
    "jumping_jack": jumping_jack,
    "arm_raise": arm_raise,
    "lunge": lunge,
}
