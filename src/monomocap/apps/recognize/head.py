"""From feature vectors to probabilities: a ridge classifier that knows what it was never taught.

Scores come from ridge regression to one target per class, solved among examples (there are far
fewer of them than features), and its exact leave-one-clip-out scores cost nothing more. From those:

* the temperature that makes the softmax of scores mean what it says;
* how far from all examples, and from where each class's scores usually lie, a known action is;
* the same for actions that were never taught, by leaving out every taught class in turn.

A logistic curve between the last two gives the probability that an action is a known one. Where few
clips allow little, priors (`_TEMPERATURE`, `_NOVELTY`) stand in.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

Vectors = Float[np.ndarray, "example feature"]

RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Tried strengths; features have variance 1 and examples are divided by their number's root."""
_LEAST_SD = 0.05
"""Added in quadrature to a feature's spread: one that hardly varies must not shout."""
_TEMPERATURE, _TEMPERATURE_SD = 0.12, 0.4
"""Prior of the softmax's temperature, and how many e-folds of doubt."""
_NOVELTY = np.array([2.5, -2.5, -7.0])
_NOVELTY_SD = np.array([1.0, 1.0, 2.0])
"""Prior of the logistic curve's coefficients: 1, log of the squared distance to the nearest
example, and distance to the nearest class's place among the scores."""
_NOVELTY_OF_ONE = np.array([2.5, -3.0, -4.0])
"""The same where each label has one clip, and unseen clips of a label are further away."""
_KNOWN_ODDS = 4.0
"""What is shown to a recognizer is four times as often something that it was taught."""


@dataclass(frozen=True)
class Head:
    """A fitted classifier; everything it needs is in its arrays."""

    mean: Float[np.ndarray, " feature"]
    spread: Float[np.ndarray, " feature"]
    examples: Float[np.ndarray, "example feature"]
    """Standardised, divided by the root of the number of features."""
    dual: Float[np.ndarray, "example label"]
    centres: Float[np.ndarray, "label label"]
    """Where the scores of each class's unseen clips lie."""
    temperature: float
    novelty: Float[np.ndarray, "3"]

    def probabilities(self, x: Vectors) -> Float[np.ndarray, "example label_and_unknown"]:
        """One column per label and a last one for "never taught"; rows sum to 1."""
        z = (x - self.mean) / self.spread / np.sqrt(x.shape[1])
        scores = z @ self.examples.T @ self.dual
        known = expit(
            _novelty_features(_nearest(z, self.examples), scores, self.centres) @ self.novelty
        )
        among = softmax(scores / self.temperature, axis=1)
        return np.concatenate([known[:, None] * among, 1 - known[:, None]], axis=1)


def fit_head(
    x: Vectors,
    label: Int[np.ndarray, " example"],
    clip: Int[np.ndarray, " example"],
    held_out: Bool[np.ndarray, " example"] | None = None,
) -> Head:
    """Fit on examples of several clips; every clip, and every label, counts the same.

    Without `held_out` examples (of clips that whatever made the features never saw) probabilities
    are calibrated by leaving each clip out in turn.
    """
    labels = int(label.max()) + 1
    weight = _weights(label, clip)
    mean = np.average(x, axis=0, weights=weight)
    spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight) + _LEAST_SD**2)
    z = (x - mean) / spread / np.sqrt(x.shape[1])
    ridge = _Ridge(z @ z.T, label, clip, weight, labels)
    asked = np.ones(len(x), bool) if held_out is None else held_out
    one_clip_each = len(np.unique(clip[asked])) <= labels
    unseen = ridge.left_out if not one_clip_each else ridge.fitted
    centres = _centres(unseen[asked], label[asked], weight[asked], labels)
    temperature = _temperature(unseen[asked], label[asked], weight[asked], doubtful=one_clip_each)
    novelty = _fit_novelty(z, ridge, asked, doubtful=one_clip_each)
    return Head(mean, spread, z, ridge.dual, centres, temperature, novelty)


class _Ridge:
    """Dual ridge regression with weights, its strength chosen by leaving clips out."""

    def __init__(
        self,
        gram: Float[np.ndarray, "example example"],
        label: Int[np.ndarray, " example"],
        clip: Int[np.ndarray, " example"],
        weight: Float[np.ndarray, " example"],
        labels: int,
        strengths: tuple[float, ...] = RIDGES,
    ) -> None:
        self.gram, self.label, self.clip, self.weight, self.labels = (
            gram,
            label,
            clip,
            weight,
            labels,
        )
        # Features have mean 0, and so must targets: a constant that the features cannot express
        # would be fitted through whatever noise adds up to one.
        self.target = (label[:, None] == np.arange(labels)) - 1.0 / labels
        tried = [(*self._solve(strength), strength) for strength in strengths]
        self.dual, self.left_out, _, self.strength = min(tried, key=lambda one: one[2])
        self.fitted = gram @ self.dual

    def _solve(self, strength: float) -> tuple[np.ndarray, np.ndarray, float]:
        inverse = np.linalg.inv(self.gram + np.diag(strength / self.weight))
        dual = inverse @ self.target
        left_out = np.empty_like(self.target)
        for one in np.unique(self.clip):
            (own,) = np.nonzero(self.clip == one)
            away = np.linalg.solve(inverse[np.ix_(own, own)], dual[own])
            left_out[own] = self.target[own] - away
        error = float((self.weight[:, None] * (left_out - self.target) ** 2).mean())
        return dual, left_out, error

    def without(self, label: int) -> "_Ridge":
        """The same, never taught this label."""
        (rest,) = np.nonzero(self.label != label)
        renumbered: Int[np.ndarray, " example"] = self.label[rest] - (self.label[rest] > label)
        return _Ridge(
            self.gram[np.ix_(rest, rest)],
            renumbered,
            self.clip[rest],
            self.weight[rest],
            self.labels - 1,
            (self.strength,),
        )


def _weights(
    label: Int[np.ndarray, " example"], clip: Int[np.ndarray, " example"]
) -> Float[np.ndarray, " example"]:
    _, which, windows = np.unique(clip, return_inverse=True, return_counts=True)
    weight = 1.0 / windows[which]
    per_label = np.bincount(label, weight)
    weight = weight / per_label[label]
    return weight / weight.mean()


def _centres(
    scores: Float[np.ndarray, "example label"],
    label: Int[np.ndarray, " example"],
    weight: Float[np.ndarray, " example"],
    labels: int,
) -> Float[np.ndarray, "label label"]:
    member = (label[:, None] == np.arange(labels)) * weight[:, None]
    return (member.T @ scores) / np.maximum(member.sum(axis=0)[:, None], 1e-9)


def _nearest(
    z: Vectors,
    examples: Float[np.ndarray, "other feature"],
    allowed: Bool[np.ndarray, "example other"] | None = None,
) -> Float[np.ndarray, " example"]:
    """Squared distance to the nearest example; twice the features' variance is a stranger's."""
    apart = (z**2).sum(axis=1)[:, None] + (examples**2).sum(axis=1) - 2 * z @ examples.T
    if allowed is not None:
        apart = np.where(allowed, apart, np.inf)
    return np.maximum(apart.min(axis=1), 1e-6)


def _novelty_features(
    nearest: Float[np.ndarray, " example"],
    scores: Float[np.ndarray, "example label"],
    centres: Float[np.ndarray, "label label"],
) -> Float[np.ndarray, "example 3"]:
    away = np.linalg.norm(scores[:, None] - centres, axis=-1).min(axis=1)
    return np.stack([np.ones_like(away), np.log(nearest), away], axis=1)


def _temperature(
    scores: Float[np.ndarray, "example label"],
    label: Int[np.ndarray, " example"],
    weight: Float[np.ndarray, " example"],
    *,
    doubtful: bool,
) -> float:
    """The most likely one under the prior; the prior's where nothing unseen is there to ask."""
    if doubtful:
        return _TEMPERATURE

    def cost(log_t: Float[np.ndarray, "1"]) -> float:
        said = log_softmax(scores / np.exp(log_t[0]), axis=1)[np.arange(len(label)), label]
        clips = len(label) / weight.max()
        return float(
            -(weight * said).mean() * clips
            + 0.5 * ((log_t[0] - np.log(_TEMPERATURE)) / _TEMPERATURE_SD) ** 2
        )

    return float(np.exp(minimize(cost, [np.log(_TEMPERATURE)], method="Nelder-Mead").x[0]))


def _fit_novelty(
    z: Vectors, ridge: _Ridge, asked: Bool[np.ndarray, " example"], *, doubtful: bool
) -> Float[np.ndarray, "3"]:
    """Known clips that were left out against whole labels that were left out."""
    if doubtful or ridge.labels < 3:
        return _NOVELTY_OF_ONE
    others = ridge.clip[:, None] != ridge.clip
    centres = _centres(ridge.left_out, ridge.label, ridge.weight, ridge.labels)
    known = _novelty_features(_nearest(z, z, others), ridge.left_out, centres)[asked]
    known_weight = ridge.weight[asked]
    strange = np.concatenate([_strangers(z, ridge, label) for label in range(ridge.labels)])
    features = np.concatenate([known, strange])
    is_known = np.arange(len(features)) < len(known)
    order = np.argsort(ridge.label, kind="stable")
    weight = np.concatenate(
        [_KNOWN_ODDS * known_weight / known_weight.sum(), ridge.weight[order] / ridge.weight.sum()]
    )
    clips = len(np.unique(ridge.clip))

    def cost(w: Float[np.ndarray, "3"]) -> float:
        margin = np.where(is_known, 1, -1) * (features @ w)
        return float(
            clips * (weight * np.logaddexp(0, -margin)).sum()
            + 0.5 * (((w - _NOVELTY) / _NOVELTY_SD) ** 2).sum()
        )

    return np.asarray(minimize(cost, _NOVELTY, method="BFGS").x)


def _strangers(z: Vectors, ridge: _Ridge, label: int) -> Float[np.ndarray, "stranger 3"]:
    """What examples of a label look like to a classifier that was never taught it."""
    own, rest = ridge.label == label, ridge.label != label
    blind = ridge.without(label)
    scores = ridge.gram[np.ix_(own, rest)] @ blind.dual
    centres = _centres(blind.left_out, blind.label, blind.weight, blind.labels)
    return _novelty_features(_nearest(z[own], z[rest]), scores, centres)
