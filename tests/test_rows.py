"""People who come and go take memory for the frames in which they are there, and lose nothing."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from monomocap import rows
from monomocap.detect.mend import mended
from monomocap.detect.people import collect_tracks
from monomocap.geometry.settle import Person, Settled, settle
from monomocap.lift.flat import Flat
from monomocap.options import Options
from monomocap.render.motions import walk
from monomocap.rows import People, each
from monomocap.skeleton import BLAZEPOSE33, H36M17
from monomocap.types import Camera, Frame, Motion3D, Person2D, Take, Track2D
from tests.fakes import FakeDetector
from tests.scripted import in_picture
from tests.takes import make_take

FPS = 30.0
CAMERA = Camera.from_fov(1280, 720, 60.0)


class Passing(FakeDetector):
    """Sees one walker after the other, each for `stay` frames out of every `turn`; or as many
    joints as MediaPipe does, in 3D too."""

    skeleton = H36M17

    def __init__(self, stay: int, turn: int, like_mediapipe: bool = False) -> None:
        super().__init__()
        self._xy_px = (4.0 * in_picture(walk(stay / FPS, FPS))).astype(np.float32)
        self._world_m: np.ndarray | None = None
        self._stay, self._turn = stay, turn
        if like_mediapipe:
            self.skeleton = BLAZEPOSE33
            self._xy_px = self._xy_px[:, np.arange(33) % 17]
            self._world_m = np.zeros((33, 3), np.float32)

    def __call__(self, frame: Frame) -> list[Person2D]:
        who, at = divmod(frame.index, self._turn)
        if at >= self._stay:
            return []
        xy_px = self._xy_px[at] + np.float32(600 * (who % 2))
        box_px = np.concatenate([xy_px.min(axis=0), xy_px.max(axis=0)])
        score = np.full(len(xy_px), 0.9, np.float32)
        return [Person2D(xy_px, score, box_px, self._world_m)]


def street(people: int, turn: int) -> Iterator[Frame]:
    """A picture per frame, of another colour whenever somebody else comes."""
    for index in range(people * turn):
        rgb = np.zeros((72, 128, 3), np.uint8)
        rgb[..., index // turn % 3] = 60 + 50 * (index // turn % 4)
        yield Frame(index, index / FPS, rgb)


def settled(
    people: int, stay: int, turn: int, like_mediapipe: bool = False
) -> tuple[People[Person], Settled]:
    """What the pipeline does between the frames and the take."""
    detector = Passing(stay, turn, like_mediapipe)
    time_s, tracks = collect_tracks(street(people, turn), detector)
    assert len(tracks) == people

    def lifted(track: Track2D) -> Person:
        one = mended(track)
        return Person(one.track, Flat()(one.track, CAMERA), one.exchanged, one.outlier)

    held = People.of(tracks, time_s)
    persons = each(lifted, held, let_go=held)
    return persons, settle(persons, CAMERA, Options())


def assert_same(one: Motion3D, other: Motion3D) -> None:
    for name in ("time_s", "xyz_m", "root_m", "confidence", "marks"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_what_is_kept_of_people_is_all_of_them() -> None:
    take = make_take(frames=40, people=3)
    gone = np.arange(40) % 4 > 0
    for motion, track in zip(take.motions, take.tracks, strict=True):
        motion.xyz_m[gone], motion.confidence[gone] = np.nan, 0
        track.xy_px[gone], track.score[gone] = np.nan, 0
        for nouns in (motion, track):
            world = getattr(nouns, "world_m" if nouns is track else "root_m")
            if world is not None:
                world[gone] = np.nan
        if motion.marks is not None:
            motion.marks[gone] = 0
    motions = People.of(take.motions, take.time_s)
    assert all(len(m.time_s) < 20 for m in motions.brief())
    for motion, kept in zip(take.motions, motions, strict=True):
        assert_same(motion, kept)
    for motion, some in zip(take.motions, motions.between(10, 21), strict=True):
        np.testing.assert_array_equal(some.xyz_m, motion.xyz_m[10:21])
        np.testing.assert_array_equal(some.time_s, take.time_s[10:21])
    for track, there in zip(take.tracks, People.of(take.tracks, take.time_s), strict=True):
        np.testing.assert_array_equal(there.xy_px, track.xy_px)
        np.testing.assert_array_equal(there.score, track.score)
        assert there.coverage == track.coverage
    whole = Take(take.info, take.camera, take.time_s, take.tracks, take.motions)
    lazy = Take(take.info, take.camera, take.time_s, People.of(take.tracks, take.time_s), motions)
    best, same = whole.motion(), lazy.motion()
    assert best is not None and same is not None
    assert best.person == same.person
    assert_same(best, same)


def test_who_is_nearly_always_there_is_not_copied() -> None:
    take = make_take(frames=12, people=2)
    for motion, kept in zip(take.motions, People.of(take.motions, take.time_s), strict=True):
        assert kept is motion


def test_passers_by_are_settled_as_with_a_row_for_every_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    persons, some = settled(people=4, stay=50, turn=110)
    assert all(len(person.track.time_s) == 50 for person in persons.brief())
    monkeypatch.setattr(rows, "WHOLE_SHARE", 0.0)
    dense, whole = settled(people=4, stay=50, turn=110)
    assert all(len(person.track.time_s) == 440 for person in dense.brief())
    assert some.people == whole.people
    assert some.camera == whole.camera
    for one, other in zip(some.motions, whole.motions, strict=True):
        assert len(one.time_s) == 440
        assert_same(one, other)


def test_beyond_the_margin_nothing_is_felt(monkeypatch: pytest.MonkeyPatch) -> None:
    _, whole = settled(people=4, stay=50, turn=300)
    monkeypatch.setattr(rows, "MARGIN_S", 4.0)
    persons, some = settled(people=4, stay=50, turn=300)
    assert max(len(person.track.time_s) for person in persons.around()) < 300
    for one, other in zip(some.motions, whole.motions, strict=True):
        assert one.root_m is not None and other.root_m is not None
        np.testing.assert_allclose(one.xyz_m, other.xyz_m, atol=1e-4)
        np.testing.assert_allclose(one.root_m, other.root_m, atol=1e-4)
        np.testing.assert_allclose(one.confidence, other.confidence, atol=1e-3)


def test_people_who_are_let_go_are_held_no_longer_than_the_work_on_them() -> None:
    time_s = np.arange(40) / FPS
    there = np.arange(40) < 10
    nouns = []
    for number in range(4):
        motion = make_take(frames=40, people=1).motions[0]
        xyz_m = np.where(there[:, None, None], motion.xyz_m, np.nan)
        sure = np.where(there[:, None], motion.confidence, 0)
        nouns.append(Motion3D(number, time_s, xyz_m, sure, H36M17))
    staying, leaving = People.of(nouns, time_s), People.of(nouns, time_s)
    left: list[int] = []

    def work(one: Motion3D, other: Motion3D) -> Motion3D:
        left.append(len(leaving))
        assert one.person == other.person
        return other

    made = each(work, staying, leaving, let_go=leaving)
    assert left == [3, 2, 1, 0] and len(leaving) == 0
    assert [one.person for one in staying] == [one.person for one in made] == [0, 1, 2, 3]
    for one, motion in zip(made, nouns, strict=True):
        np.testing.assert_array_equal(one.xyz_m, motion.xyz_m)


def peak(people: int, like_mediapipe: bool) -> int:
    """The most bytes held while so many passed by, each there for 50 of 300 frames."""
    tracemalloc.start()
    persons, done = settled(people, stay=50, turn=300, like_mediapipe=like_mediapipe)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(done.motions, People)
    assert sum(len(person.track.time_s) for person in persons.brief()) == 50 * people
    return most


def peaks() -> None:
    """Print the peaks of 4 and of 16 people, seen in 17 joints and as MediaPipe sees them."""
    rows.MARGIN_S, rows.WHOLE_BYTES = 2.0, 0
    settled(people=2, stay=50, turn=300)  # what is loaded once is no growth
    both = [[peak(4, like), peak(16, like)] for like in (False, True)]
    sys.stdout.write(json.dumps(both))


def test_memory_grows_with_the_frames_in_which_somebody_is_there() -> None:
    # In a process of its own: the types that are checked while tests run ask for whole people.
    command = [sys.executable, "-c", "from tests.test_rows import peaks; peaks()"]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    plain, mediapipe = ((many - few) / (50 * 12) for few, many in json.loads(done.stdout))
    # With a row for every frame of everybody it is 140 kB; with all 2D held to the end, 1.6 and
    # 3.0 kB.
    assert plain < 1300
    assert mediapipe < 2000
