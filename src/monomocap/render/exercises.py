"""Exercises made by rule, repetition by repetition: how many, how deep and when is known exactly.

Each exercise is a function from moments (how far into its repetition a body is, and which side's
turn it is) to a script that `motions.act` plays. World frame as there: metres, Z up, floor at 0.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from monomocap.errors import OptionError, UnknownName
from monomocap.render.motions import Arm, Body, Points, Script, Times, act, clock
from monomocap.types import Motion3D


@dataclass(frozen=True)
class Repetition:
    """One repetition as it was ordered."""

    start_s: float
    seconds: float
    depth: float = 1.0
    """1 is a whole one."""

    @property
    def end_s(self) -> float:
        return self.start_s + self.seconds


@dataclass(frozen=True)
class Moments:
    """Where in their repetitions the frames are."""

    time_s: Times
    phase: Times
    """0 to 1 through a repetition; 0 in between."""
    depth: Times
    """0 at rest, 1 at the turning point of a whole repetition."""
    left_turn: Bool[np.ndarray, " time"]
    """Whether it is the left side's turn, where sides take turns."""
    body: Body


def schedule(
    count: int,
    seconds: float,
    rng: np.random.Generator,
    *,
    uneven: float = 0.1,
    pause_s: float = 0.0,
    pauses: float = 0.0,
    partial: int = 0,
) -> tuple[Repetition, ...]:
    """Repetitions one after the other, from 0 s on.

    Durations and depths differ by the share `uneven`; with probability `pauses` a rest of about
    `pause_s` follows one. `partial` more of 0.35 to 0.5 of the depth lie among them.
    """
    if count < 0 or seconds <= 0:
        raise OptionError(f"a schedule needs a count and seconds above 0, not {count}, {seconds}")
    total = count + partial
    shallow = np.zeros(total, bool)
    if partial:
        inner = np.arange(1, max(total - 1, 2))
        shallow[rng.choice(inner, min(partial, len(inner)), replace=False)] = True
    out, now_s = [], 0.0
    for is_shallow in shallow:
        depth = rng.uniform(0.35, 0.5) if is_shallow else 1 - uneven * rng.random()
        lasts_s = seconds * float(np.exp(uneven * rng.normal())) * (0.75 if is_shallow else 1)
        out.append(Repetition(now_s, lasts_s, float(depth)))
        now_s += lasts_s + (pause_s * rng.uniform(0.6, 1.4) if rng.random() < pauses else 0)
    return tuple(out)


def perform(
    exercise: str,
    repetitions: tuple[Repetition, ...],
    fps: float = 30.0,
    *,
    height_m: float = 1.75,
    rest_s: float = 0.4,
    person: int = 0,
) -> Motion3D:
    """A body doing an exercise as scheduled, at rest for `rest_s` before and after."""
    if exercise not in EXERCISES:
        raise UnknownName("exercise", exercise, EXERCISES)
    last_s = max((r.end_s for r in repetitions), default=0.0)
    time_s = clock(2 * rest_s + last_s, fps)
    phase, depth = np.zeros_like(time_s), np.zeros_like(time_s)
    left = np.ones(len(time_s), bool)
    for number, one in enumerate(repetitions):
        part = (time_s - rest_s - one.start_s) / one.seconds
        inside = (part >= 0) & (part < 1)
        phase[inside] = part[inside]
        depth[inside] = one.depth * (1 - np.cos(2 * np.pi * part[inside])) / 2
        left[part >= 0] = number % 2 == 0
    body = Body(height_m)
    return act(EXERCISES[exercise](Moments(time_s, phase, depth, left, body)), body, person)


def _at(x: Times | float, y: Times | float, z: Times | float) -> Points:
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(float)


def _hanging(depth: Times) -> Arm:
    return Arm(flex=0.05 + 0 * depth, abduct=0.15 + 0 * depth, elbow=0.25 + 0 * depth)


def _standing(m: Moments, **changes: object) -> Script:
    """Upright, arms hanging; whatever else is given changes that."""
    body, still = m.body, 0 * m.depth
    legs = 0.99 * (body.thigh_m + body.shank_m)
    half = body.share(0.06)
    script: dict[str, object] = {
        "pelvis_m": _at(still, 0, body.ankle_m + legs),
        "left_ankle_m": _at(still, half, body.ankle_m),
        "right_ankle_m": _at(still, -half, body.ankle_m),
        "left_arm": _hanging(m.depth),
        "right_arm": _hanging(m.depth),
    }
    return Script(time_s=m.time_s, heading=still, **(script | changes))  # type: ignore[arg-type]


def _squat(m: Moments) -> Script:
    height = m.body.ankle_m + 0.99 * (m.body.thigh_m + m.body.shank_m)
    arm = Arm(flex=0.05 + 1.35 * m.depth, abduct=0.12 + 0 * m.depth, elbow=0.25 - 0.1 * m.depth)
    pelvis = _at(-0.10 * m.depth, 0, height - m.depth * m.body.share(0.225))
    half = m.body.share(0.075)
    return _standing(
        m,
        pelvis_m=pelvis,
        left_ankle_m=_at(0 * m.depth, half, m.body.ankle_m),
        right_ankle_m=_at(0 * m.depth, -half, m.body.ankle_m),
        left_arm=arm,
        right_arm=arm,
        lean=0.65 * m.depth,
        nod=-0.45 * m.depth,
        toes_out=0.3,
    )


def _push_up(m: Moments) -> Script:
    body = m.body
    high, low = 0.04 + 0.97 * (body.upper_arm_m + body.forearm_m), 0.17
    return _on_hands(m, high + (low - high) * m.depth)


def _plank(m: Moments) -> Script:
    body = m.body
    return _on_hands(m, 0.04 + 0.97 * (body.upper_arm_m + body.forearm_m) + 0 * m.depth)


def _on_hands(m: Moments, shoulders_m: Times) -> Script:
    """Face down, straight from the ankles to shoulders of this height, hands below them."""
    body = m.body
    legs = 0.995 * (body.thigh_m + body.shank_m)
    toes_m = 0.08
    slope = np.arcsin((shoulders_m - toes_m) / (legs + body.trunk_m))
    pelvis = _at(legs * np.cos(slope), 0, toes_m + legs * np.sin(slope))
    high = 0.04 + 0.97 * (body.upper_arm_m + body.forearm_m)
    reach = (legs + body.trunk_m) * np.cos(np.arcsin((high - toes_m) / (legs + body.trunk_m)))
    out = body.shoulder_m + 0.08
    still, half = 0 * m.depth, body.share(0.05)
    return Script(
        m.time_s, still, pelvis, _at(still, half, toes_m), _at(still, -half, toes_m),
        _hanging(still), _hanging(still),
        lean=np.pi / 2 - slope, nod=-0.3 + still, knees=_at(still, 0, -1),
        left_wrist_m=_at(still + reach, out, 0.04), right_wrist_m=_at(still + reach, -out, 0.04),
        elbows=_at(still, 0.7, -0.7),
    )  # fmt: skip


def _mountain_climber(m: Moments) -> Script:
    """On the hands; the knees come to the chest in turn."""
    script = _plank(m)
    for ankle, mine in ((script.left_ankle_m, m.left_turn), (script.right_ankle_m, ~m.left_turn)):
        ankle[:, 0] += np.where(mine, m.body.share(0.30) * m.depth, 0)
        ankle[:, 2] += np.where(mine, 0.06 * m.depth, 0)
    return script


def _sit_up(m: Moments) -> Script:
    """On the back, knees bent, arms crossed on the chest."""
    still, half = 0 * m.depth, m.body.share(0.055)
    feet_m = m.body.share(0.245)
    arm = Arm(flex=0.6 + still, abduct=0.15 + still, elbow=2.1 + still)
    return Script(
        m.time_s, still, _at(still, 0, 0.10), _at(still + feet_m, half, 0.07),
        _at(still + feet_m, -half, 0.07), arm, arm,
        lean=-1.48 + 1.75 * m.depth, nod=0.35 + 0.1 * m.depth, knees=_at(still, 0, 1),
    )  # fmt: skip


def _glute_bridge(m: Moments) -> Script:
    """On the back, knees bent; the hips rise."""
    body, still, half = m.body, 0 * m.depth, m.body.share(0.055)
    rise = 0.10 + m.body.share(0.13) * m.depth
    slope = np.arcsin((rise - 0.12) / body.trunk_m)
    pelvis = _at(body.trunk_m * np.cos(slope) - body.trunk_m, 0, rise)
    arm = Arm(flex=-0.1 + slope, abduct=0.25 + still, elbow=0.1 + still)
    feet_m = body.share(0.22)
    return Script(
        m.time_s, still, pelvis, _at(still + feet_m, half, 0.07), _at(still + feet_m, -half, 0.07),
        arm, arm, lean=-np.pi / 2 - slope, nod=0.3 + slope, knees=_at(0.2 + still, 0, 1),
    )  # fmt: skip


def _leg_raise(m: Moments) -> Script:
    """On the back; straight legs rise together."""
    body, still, half = m.body, 0 * m.depth, m.body.share(0.04)
    legs, up = 0.985 * (body.thigh_m + body.shank_m), 0.05 + 1.35 * m.depth
    x, z = legs * np.cos(up), 0.10 + legs * np.sin(up)
    arm = Arm(flex=still, abduct=0.25 + still, elbow=0.1 + still)
    return Script(
        m.time_s, still, _at(still, 0, 0.10), _at(x, half, z), _at(x, -half, z), arm, arm,
        lean=-np.pi / 2 + still, nod=0.2 + still, knees=_at(-np.sin(up), 0, np.cos(up)),
    )  # fmt: skip


def _lunge(m: Moments) -> Script:
    """A long step forward and back, left and right in turn, hands on the hips."""
    body = m.body
    out = np.clip(m.depth * 1.3, 0, 1)
    lifted = np.sin(np.pi * np.clip(m.depth / 0.8, 0, 1)) * (m.depth < 0.8)
    script = _standing(m)
    for ankle, mine in ((script.left_ankle_m, m.left_turn), (script.right_ankle_m, ~m.left_turn)):
        ankle[:, 0] += np.where(mine, body.share(0.40) * out, 0)
        ankle[:, 2] += np.where(mine, 0.06 * lifted, body.share(0.05) * out)
    script.pelvis_m[:, 0] = body.share(0.19) * out
    script.pelvis_m[:, 2] -= body.share(0.045) * out + body.share(0.12) * m.depth**2
    hips = Arm(flex=-0.35 + 0 * out, abduct=0.75 + 0 * out, elbow=1.9 + 0 * out)
    script.left_arm = script.right_arm = hips
    script.lean = 0.05 + 0.06 * out
    return script


def _jumping_jack(m: Moments) -> Script:
    body = m.body
    wide = np.clip(1.2 * m.depth, 0, 1)
    hop = 0.06 * np.sin(2 * np.pi * m.phase) ** 2 * (m.depth > 0)
    half = body.share(0.055) + body.share(0.13) * wide
    leg = 0.985 * (body.thigh_m + body.shank_m)
    height = body.ankle_m + hop + np.sqrt(leg**2 - (half - body.hip_m) ** 2)
    arm = Arm(flex=0.05 + 0 * wide, abduct=0.15 + 2.5 * wide, elbow=0.2 + 0.15 * wide)
    return _standing(
        m,
        pelvis_m=_at(0 * half, 0, height),
        left_ankle_m=_at(0 * half, half, body.ankle_m + hop),
        right_ankle_m=_at(0 * half, -half, body.ankle_m + hop),
        left_arm=arm,
        right_arm=arm,
    )


def _pull_up(m: Moments) -> Script:
    """Hanging from a bar, legs a little behind."""
    body, still = m.body, 0 * m.depth
    bar_m, arm = body.share(1.28), body.upper_arm_m + body.forearm_m
    shoulders = bar_m - arm * (0.97 - 0.72 * m.depth)
    pelvis_z = shoulders - body.trunk_m * np.cos(0.05)
    legs, half = 0.97 * (body.thigh_m + body.shank_m), body.share(0.04)
    out = body.shoulder_m + 0.10
    return Script(
        m.time_s, still, _at(still, 0, pelvis_z), _at(still - 0.14, half, pelvis_z - legs * 0.985),
        _at(still - 0.14, -half, pelvis_z - legs * 0.985), _hanging(still), _hanging(still),
        lean=0.05 + still, left_wrist_m=_at(still + 0.12, out, bar_m),
        right_wrist_m=_at(still + 0.12, -out, bar_m), elbows=_at(still + 0.3, 0.8, -0.6),
    )  # fmt: skip


def _deadlift(m: Moments) -> Script:
    """Hips back, back straight, arms hanging down to the bar."""
    height = m.body.ankle_m + 0.99 * (m.body.thigh_m + m.body.shank_m)
    pelvis = _at(-0.17 * m.depth, 0, height - m.body.share(0.085) * m.depth)
    lean = 0.03 + 1.1 * m.depth
    arm = Arm(flex=lean + 0.05, abduct=0.12 + 0 * lean, elbow=0.08 + 0 * lean)
    return _standing(m, pelvis_m=pelvis, left_arm=arm, right_arm=arm, lean=lean, nod=-0.5 * m.depth)


def _shoulder_press(m: Moments) -> Script:
    body = m.body
    script = _standing(m)
    shoulders = script.pelvis_m[:, 2] + body.trunk_m
    up = 0.06 + (0.95 * (body.upper_arm_m + body.forearm_m) - 0.06) * m.depth
    out = body.shoulder_m + 0.09
    script.left_wrist_m = _at(0.14 - 0.12 * m.depth, out, shoulders + up)
    script.right_wrist_m = _at(0.14 - 0.12 * m.depth, -out, shoulders + up)
    script.elbows = _at(0.2 + 0 * up, 1.0, -0.8)
    return script


def _biceps_curl(m: Moments) -> Script:
    arm = Arm(flex=0.05 + 0.1 * m.depth, abduct=0.12 + 0 * m.depth, elbow=0.12 + 2.1 * m.depth)
    return _standing(m, left_arm=arm, right_arm=arm)


def _lateral_raise(m: Moments) -> Script:
    arm = Arm(flex=0.05 + 0 * m.depth, abduct=0.12 + 1.5 * m.depth, elbow=0.2 + 0 * m.depth)
    return _standing(m, left_arm=arm, right_arm=arm)


def _high_knees(m: Moments) -> Script:
    """Running on the spot: knees to the hips' height in turn, arms against them."""
    script = _standing(m)
    arms = {}
    for name, ankle, mine in (
        ("left", script.left_ankle_m, m.left_turn),
        ("right", script.right_ankle_m, ~m.left_turn),
    ):
        up = np.where(mine, m.depth, 0)
        ankle[:, 0] += m.body.share(0.17) * up
        ankle[:, 2] += m.body.share(0.25) * up
        arms[name] = Arm(flex=0.9 * (m.depth - up) - 0.3 * up, abduct=0.15 + 0 * up,
                         elbow=1.2 + 0 * up)  # fmt: skip
    script.left_arm, script.right_arm = arms["left"], arms["right"]
    return script


def _punch(m: Moments) -> Script:
    """Straight punches, left and right in turn, out of a guard."""
    script = _standing(m)
    left, right = np.where(m.left_turn, m.depth, 0), np.where(m.left_turn, 0, m.depth)
    script.left_arm, script.right_arm = (
        Arm(flex=0.7 + 0.75 * d, abduct=0.2 + 0 * d, elbow=2.1 - 1.9 * d) for d in (left, right)
    )
    script.chest_turn = 0.35 * (right - left)
    return script


_BURPEE = np.array([0.0, 0.18, 0.30, 0.42, 0.56, 0.70, 0.84, 1.0])
"""Phases at which a burpee stands, crouches, is a plank, is low, is a plank, crouches, jumps."""


def _burpee(m: Moments) -> Script:
    """Squat, plank, push-up, squat, jump."""
    body = m.body
    arm, legs = body.upper_arm_m + body.forearm_m, body.thigh_m + body.shank_m
    high = body.ankle_m + 0.99 * legs
    front = body.share(0.22)  # of the hands, from where the feet stand
    plank_z = 0.04 + 0.97 * arm
    reach = 0.995 * legs + body.trunk_m
    slope = np.arcsin((plank_z - 0.08) / reach)
    low = np.arcsin((0.17 - 0.08) / reach)
    feet = front - reach * np.cos(slope)  # of the plank
    plank = (
        feet + legs * np.cos(slope),
        0.08 + legs * np.sin(slope),
        np.pi / 2 - slope,
        feet,
        0.08,
    )
    pressed = (feet + legs * np.cos(low), 0.08 + legs * np.sin(low), np.pi / 2 - low, feet, 0.08)
    ground = (front, 0.04)
    crouch = (-0.06, body.share(0.24), 0.95, 0.0, body.ankle_m)
    stand = (0.0, high, 0.03, 0.0, body.ankle_m)
    jump = (0.0, high + 0.12, 0.03, 0.0, body.ankle_m + 0.12)
    shoulders = high + body.trunk_m
    down, up = (0.1, shoulders - 0.95 * arm), (0.12, shoulders + 0.12 + 0.93 * arm)
    keys = [stand, crouch, plank, pressed, plank, crouch, jump, stand]
    hands = [down, ground, ground, ground, ground, ground, up, down]
    rows = np.array([[*k, *h] for k, h in zip(keys, hands, strict=True)])
    x, z, lean, foot_x, foot_z, hand_x, hand_z = _between(m.phase, rows).T
    still, half, out = 0 * x, body.share(0.06), body.shoulder_m + 0.06
    return Script(
        m.time_s, still, _at(x, 0, z), _at(foot_x, half, foot_z), _at(foot_x, -half, foot_z),
        _hanging(still), _hanging(still), lean=lean, nod=-0.3 * lean,
        left_wrist_m=_at(hand_x, out, hand_z), right_wrist_m=_at(hand_x, -out, hand_z),
        elbows=_at(still - 0.3, 0.7, -0.6),
    )  # fmt: skip


def _between(phase: Times, rows: Float[np.ndarray, "key value"]) -> Float[np.ndarray, "time value"]:
    """From key to key, at rest in each."""
    key = np.clip(np.searchsorted(_BURPEE, phase, side="right") - 1, 0, len(rows) - 2)
    share = (phase - _BURPEE[key]) / (_BURPEE[key + 1] - _BURPEE[key])
    share = np.clip(share, 0, 1)[:, None]
    share = share * share * (3 - 2 * share)
    out: Float[np.ndarray, "time value"] = rows[key] + (rows[key + 1] - rows[key]) * share
    return out


EXERCISES: dict[str, Callable[[Moments], Script]] = {
    "squat": _squat,
    "push_up": _push_up,
    "sit_up": _sit_up,
    "lunge": _lunge,
    "jumping_jack": _jumping_jack,
    "pull_up": _pull_up,
    "deadlift": _deadlift,
    "shoulder_press": _shoulder_press,
    "burpee": _burpee,
    "plank": _plank,
    "biceps_curl": _biceps_curl,
    "lateral_raise": _lateral_raise,
    "high_knees": _high_knees,
    "punch": _punch,
    "glute_bridge": _glute_bridge,
    "leg_raise": _leg_raise,
    "mountain_climber": _mountain_climber,
}
"""Name -> the script of its moments. Of those that take turns, each side's turn is one."""
