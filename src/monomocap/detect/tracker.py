"""Who is who from frame to frame: by where people should be by now, their size and their clothes.

Everybody who is known is expected to go on as they went (constant velocity), for a while also when
nobody sees them. People and expectations are paired with the least cost in all (Kuhn, 1955). Who
was away for longer is known again where they vanished, dressed as they were; anybody else is
somebody new: clothes alone prove nothing where two people wear black.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8

from monomocap.detect.follow import body_box, shared_area, size_px
from monomocap.detect.looks import Looks, looks_of, unlike
from monomocap.skeleton import Skeleton
from monomocap.types import Person2D

REACH, REACH_PER_S, MOST_REACH = 0.3, 1.0, 1.2
"""How far from where they are expected somebody can be, in diagonals of their box: at once, and for
each second unseen. A walker covers about one in a second, and may turn back."""
GOES_ON_S = 1.5
"""How long somebody unseen is expected to go on as they went."""
HIDDEN_S = 2.0
"""How long somebody can be hidden and be known again by where they are."""
SAME_CLOTHES = 0.25
"""How unlike the clothes of one person may be after a longer absence."""
ESTABLISHED_S = 0.5
"""How long somebody must have been seen to be known again after a longer absence."""
NEWCOMER, NEWCOMER_S = 0.3, 0.2
"""What it costs to be somebody who was seen for less than this time: the other is more likely."""
UNSEEN_PER_S = 0.3
"""What it costs to have been unseen, up to a second: who was there just now is likelier."""
CLOTHES = 1.0
"""What wholly other clothes cost, in diagonals."""
SIZE = 0.5
"""What another size costs: e times as large, in diagonals."""
STEADY_S = 0.2
"""Over how long the velocity is averaged."""
CROWDED = 0.1
"""Boxes that share more than this hide each other's clothes."""
SLOWLY = 0.1
"""How much one look counts against what is known."""
_FAR = 1e6


class Tracker:
    """Gives everybody in each frame a number that stays theirs; one object per video."""

    def __init__(self, body: Skeleton) -> None:
        self._body = body
        self._known: list[_Known] = []

    def __call__(
        self,
        time_s: float,
        people: Sequence[Person2D],
        rgb: UInt8[np.ndarray, "height width 3"],
    ) -> list[int]:
        """The number of each of these people; newcomers get the next ones, larger people first."""
        seen = [_Sighting(person, rgb, self._body) for person in people]
        given = self._known_again(time_s, seen)
        strangers = [i for i in range(len(people)) if i not in given]
        for i in sorted(strangers, key=lambda i: -seen[i].size_px):
            given[i] = len(self._known)
            self._known.append(_Known(time_s, seen[i]))
        for i, sighting in enumerate(seen):
            others = seen[:i] + seen[i + 1 :]
            alone = all(shared_area(sighting.box_px, o.box_px) < CROWDED for o in others)
            self._known[given[i]].see(time_s, sighting, alone=alone)
        return [given[i] for i in range(len(people))]

    def _known_again(self, time_s: float, seen: list["_Sighting"]) -> dict[int, int]:
        """Sighting -> who it is, for those who are known."""
        if not seen or not self._known:
            return {}
        cost = np.array([[known.cost(time_s, s) for known in self._known] for s in seen])
        if cost.size == 1:
            return {0: 0} if cost[0, 0] < _FAR else {}
        from scipy.optimize import linear_sum_assignment  # 0.2 s that one person need not wait for

        rows, columns = linear_sum_assignment(cost)
        pairs = zip(rows.tolist(), columns.tolist(), strict=True)
        return {row: column for row, column in pairs if cost[row, column] < _FAR}


class _Sighting:
    """One person in one frame, as the tracker looks at them."""

    def __init__(
        self, person: Person2D, rgb: UInt8[np.ndarray, "height width 3"], body: Skeleton
    ) -> None:
        self.box_px = body_box(person)
        self.middle_px = _middle(person, body)
        self.size_px = size_px(self.box_px)
        self.looks = looks_of(rgb, person, body)


def _middle(person: Person2D, body: Skeleton) -> Float[np.ndarray, "2"]:
    """Between shoulders and hips, which limbs do not move; or of the box."""
    names = [f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "hip")]
    trunk = person.xy_px[[body.index(name) for name in names if name in body.joints]]
    if len(trunk) == len(names) and np.isfinite(trunk).all():
        return trunk.mean(axis=0, dtype=np.float64)
    return (person.box_px[:2] + person.box_px[2:]).astype(np.float64) / 2


class _Known:
    """Somebody who was seen before."""

    def __init__(self, time_s: float, first: _Sighting) -> None:
        self._time_s = time_s
        self._middle_px = first.middle_px
        self._size_px = first.size_px
        self._px_per_s = np.zeros(2)
        self._looks: Looks = np.zeros_like(first.looks)
        self._looked = 0
        self._seen_s = 0.0

    def cost(self, time_s: float, sighting: _Sighting) -> float:
        """How unlikely it is that this is them, in diagonals; `_FAR` if it cannot be."""
        unseen_s = time_s - self._time_s
        clothes = unlike(self._looks, sighting.looks)
        if unseen_s > HIDDEN_S and (clothes > SAME_CLOTHES or self._seen_s < ESTABLISHED_S):
            return _FAR
        expected_px = self._middle_px + self._px_per_s * min(unseen_s, GOES_ON_S)
        size = max(self._size_px, 1.0)
        away = float(np.linalg.norm(sighting.middle_px - expected_px)) / size
        away += SIZE * abs(float(np.log(sighting.size_px / size)))
        if away > min(REACH + REACH_PER_S * unseen_s, MOST_REACH):
            return _FAR
        away += NEWCOMER * (self._seen_s < NEWCOMER_S) + UNSEEN_PER_S * min(unseen_s, 1.0)
        return away + CLOTHES * clothes

    def see(self, time_s: float, sighting: _Sighting, *, alone: bool) -> None:
        """Learn where they are, how they move, and, when nobody is before them, what they wear."""
        passed_s = time_s - self._time_s
        if 0 < passed_s <= HIDDEN_S:
            self._seen_s += passed_s
            share = 1 - np.exp(-passed_s / STEADY_S)
            velocity = (sighting.middle_px - self._middle_px) / passed_s
            self._px_per_s = (1 - share) * self._px_per_s + share * velocity
            self._size_px = (1 - share) * self._size_px + share * sighting.size_px
        elif passed_s > HIDDEN_S:
            self._px_per_s, self._size_px = np.zeros(2), sighting.size_px
        if alone:
            self._learn(sighting.looks)
        self._time_s, self._middle_px = time_s, sighting.middle_px

    def _learn(self, looks: Looks) -> None:
        """The mean of the first looks, then a tenth of each; what is not seen stays as it was."""
        self._looked += 1
        share = max(1 / self._looked, SLOWLY)
        known = np.repeat(self._looks.reshape(2, -1).any(axis=1), len(looks) // 2)
        now = np.repeat(looks.reshape(2, -1).any(axis=1), len(looks) // 2)
        mixed = np.where(known, (1 - share) * self._looks + share * looks, looks)
        self._looks = np.where(now, mixed, self._looks)
