"""The two things that people do: teach with a folder of clips, and recognise in a take."""

from pathlib import Path

import numpy as np

from monomocap.apps.recognize.features import RATE_HZ, Series, series_of
from monomocap.apps.recognize.graph import learn_network
from monomocap.apps.recognize.recognizer import UNKNOWN, Recognizer, checked_labels, learn
from monomocap.apps.recognize.result import Action, Recognition
from monomocap.apps.recognize.segments import segments
from monomocap.apps.recognize.signals import Signal, signals
from monomocap.errors import InputError
from monomocap.geometry.world import in_world
from monomocap.options import Options, Progress, no_progress
from monomocap.pipeline import take_of
from monomocap.types import Motion3D, Take


def train(
    folder: str | Path,
    options: Options = Options(),
    *,
    network: bool = False,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Recognizer:
    """Learn the actions of a folder: one folder per action, in it videos or saved takes.

    Of each clip the person who is seen most is the one who acts. Videos go through `estimate` with
    `options`. With `network` a graph network is taught: it takes torch, and many clips of each.
    Raises `InputError` where there are fewer than two actions or one has no usable clip.
    """
    clips = clips_in(Path(folder))
    count = sum(map(len, clips.values()))
    examples: dict[str, list[Series]] = {label: [] for label in clips}
    done = 0
    for label, paths in clips.items():
        for path in paths:
            progress("teach", done, count)
            examples[label] += _shown_in(take_of(path, options))
            done += 1
    progress("teach", count, count)
    checked_labels(examples)
    return learn_network(examples, seed=seed) if network else learn(examples, seed=seed)


def clips_in(folder: Path) -> dict[str, list[Path]]:
    """Label -> its clips, in order of name; hidden files do not count."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; it must hold one folder of clips per action")
    inside = (one for one in sorted(folder.iterdir()) if one.is_dir() and one.name[0] != ".")
    clips = {one.name: _files(one) for one in inside}
    for label, paths in clips.items():
        if not paths:
            raise InputError(f"{folder / label} has no clips of {label!r}; put 5 to 20 there")
    if len(clips) < 2:
        raise InputError(f"{folder} must hold two folders or more, one per action: {list(clips)}")
    return clips


def recognize(take: Take, recognizer: Recognizer | None = None) -> Recognition:
    """What everybody in a take does and when; without a recognizer, only the signals of safety."""
    actions: list[Action] = []
    alarms: list[Signal] = []
    for motion in take.motions:
        series = series_of(in_world(motion, take.camera))
        alarms += signals(series, motion.person)
        if recognizer is not None:
            actions += actions_in(recognizer, series, motion.person)
    labels = recognizer.labels if recognizer else ()
    return Recognition(tuple(actions), tuple(alarms), labels)


def actions_in(recognizer: Recognizer, series: Series, person: int) -> list[Action]:
    """What one person does, in order of time; a series without frames has nothing in it."""
    if not len(series):
        return []
    names = (*recognizer.labels, UNKNOWN)
    half_s = 0.5 / RATE_HZ
    found = []
    for one in segments(recognizer, series):
        start_s, end_s = series.time_s[one.begin] - half_s, series.time_s[one.end - 1] + half_s
        said = dict(zip(names, one.probabilities.tolist(), strict=True))
        label = names[one.label]
        found.append(Action(person, label, float(start_s), float(end_s), said[label], said))
    return found


def _shown_in(take: Take) -> list[Series]:
    """The person who is seen most, from their first frame to their last; nobody gives nothing."""
    motion = take.motion()
    return [] if motion is None else trimmed(motion, take)


def trimmed(motion: Motion3D, take: Take) -> list[Series]:
    """A motion's series without the ends in which the person is not there."""
    series = series_of(in_world(motion, take.camera))
    (seen,) = np.nonzero(series.seen)
    return [series.part(int(seen[0]), int(seen[-1]) + 1)] if len(seen) else []


def _files(folder: Path) -> list[Path]:
    return [one for one in sorted(folder.iterdir()) if one.is_file() and one.name[0] != "."]
