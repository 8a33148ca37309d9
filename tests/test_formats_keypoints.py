"""Finished 2D: each program's files say the same people, and become lifted takes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monomocap.detect.catalogue import DETECTORS
from monomocap.errors import FormatError, MonomocapError, OptionError
from monomocap.formats import save
from monomocap.formats.keypoints import BY_COUNT, is_keypoints, read_keypoints
from monomocap.options import Options
from monomocap.pipeline import estimate
from monomocap.skeleton import BLAZEPOSE33, COCO17, COCO23, HALPE26, OPENPOSE18, OPENPOSE25
from tests.fakes import FakeDetector
from tests.takes import make_take
from tests.terminal import monomocap
from tests.videos import make_video

WIDTH, HEIGHT = 96, 64
FAST = Options("mediapipe", "flat", smooth="none")
Frames = list[np.ndarray]
"""(person, joint, 3) per frame: x, y, score; pixels."""


def people(joints: int, frames: int = 6, persons: int = 2) -> Frames:
    """Two people apart from each other who walk to the right; nobody in frame 3."""
    rng = np.random.default_rng(joints)
    body = rng.uniform([5, 5], [30, 60], (joints, 2))
    made = []
    for frame in range(frames):
        rows = [
            np.concatenate([body + (45 * person + frame, 0.0), np.full((joints, 1), 0.75)], axis=1)
            for person in range(persons)
        ]
        made.append(np.stack(rows) if frame != 3 else np.empty((0, joints, 3)))
    made[1][0, 2] = 0  # a joint that was not found
    return made


def flat(person: np.ndarray) -> list[float]:
    return [float(n) for n in person.ravel()]


def coco(frames: Frames, path: Path, ids: bool = False, name: str = "{:05}.jpg") -> Path:
    """AlphaPose's and COCO's results."""
    items = [
        {"image_id": name.format(row), "category_id": 1, "keypoints": flat(person), "score": 2.5}
        | ({"idx": 7 + who} if ids else {})
        for row, frame in enumerate(frames)
        for who, person in enumerate(frame)
    ]
    path.write_text(json.dumps(items))
    return path


def annotated(frames: Frames, path: Path) -> Path:
    """COCO's and Halpe's annotations: visibility 2, or 0 where not labelled."""
    images = [
        {"id": 900 - row, "file_name": f"f{row}.png", "width": WIDTH, "height": HEIGHT}
        for row in range(len(frames))
    ]
    marked = []
    for row, frame in enumerate(frames):
        for person in frame:
            seen = person.copy()
            seen[:, 2] = 2 * (person[:, 2] > 0)
            marked.append({"image_id": 900 - row, "keypoints": flat(seen), "num_keypoints": 1})
    path.write_text(json.dumps({"images": images, "annotations": marked, "categories": []}))
    return path


def openpose(frames: Frames, path: Path, start: int = 0) -> Path:
    folder = path.with_suffix("")
    folder.mkdir()
    for row, frame in enumerate(frames):
        said = [{"person_id": [-1], "pose_keypoints_2d": flat(p)} for p in frame]
        name = f"walk_{row + start:012}_keypoints.json"
        (folder / name).write_text(json.dumps({"version": 1.3, "people": said}))
    return folder


def instances(frame: np.ndarray, ids: bool) -> list[dict[str, Any]]:
    return [
        {
            "keypoints": person[:, :2].tolist(),
            "keypoint_scores": person[:, 2].tolist(),
            "bbox": [[0, 0, 9, 9]],
            "bbox_score": 0.9,
        }
        | ({"track_id": 3 - who} if ids else {})
        for who, person in enumerate(frame)
    ]


def mmpose(frames: Frames, path: Path, ids: bool = False, first: int = 0) -> Path:
    items = [
        {"frame_id": row + first, "instances": instances(frame, ids)}
        for row, frame in enumerate(frames)
    ]
    path.write_text(json.dumps(items if first == 0 else {"meta_info": {}, "instance_info": items}))
    return path


def mediapipe(frames: Frames, path: Path) -> Path:
    """Shares of the picture, several people per frame, with times in milliseconds."""
    items = [
        {
            "timestamp_ms": 40 * row,
            "pose_landmarks": [
                [
                    {"x": (x + 0.5) / WIDTH, "y": (y + 0.5) / HEIGHT, "z": 0.1, "visibility": score}
                    for x, y, score in person.tolist()
                ]
                for person in frame
            ],
        }
        for row, frame in enumerate(frames)
    ]
    path.write_text(json.dumps(items))
    return path


def npz(frames: Frames, path: Path) -> Path:
    shape = (2, len(frames), frames[0].shape[1])
    xy_px, score = np.full((*shape, 2), np.nan), np.zeros(shape)
    for row, frame in enumerate(frames):
        for who, person in enumerate(frame):
            seen = person[:, 2] > 0
            xy_px[who, row, seen], score[who, row] = person[seen, :2], person[:, 2]
    size = {"width_px": WIDTH, "height_px": HEIGHT, "fps": 25.0}
    np.savez(path.with_suffix(".npz"), xy_px=xy_px, score=score, **size)
    return path.with_suffix(".npz")


KINDS: dict[str, tuple[Callable[..., Path], int, str]] = {
    "coco results": (coco, 17, "coco17"),
    "coco annotations": (annotated, 17, "coco17"),
    "halpe results": (coco, 26, "halpe26"),
    "halpe full body": (coco, 136, "halpe26"),
    "coco whole body": (annotated, 133, "coco23"),
    "openpose 25": (openpose, 25, "openpose25"),
    "openpose 18": (openpose, 18, "openpose18"),
    "mmpose": (mmpose, 17, "coco17"),
    "mmpose halpe": (mmpose, 26, "halpe26"),
    "mediapipe": (mediapipe, 33, "blazepose33"),
    "npz": (npz, 26, "halpe26"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_program_says_the_same_people(kind: str, tmp_path: Path) -> None:
    write, joints, skeleton = KINDS[kind]
    frames = people(joints)
    path = write(frames, tmp_path / "a.json")
    assert is_keypoints(path)
    seen = read_keypoints(path).in_pixels(WIDTH, HEIGHT)
    assert seen.skeleton.name == skeleton
    assert [len(frame) for frame in seen.frames] == [2, 2, 2, 0, 2, 2]
    count = len(seen.skeleton)
    for row, frame in enumerate(seen.frames):
        for who, one in enumerate(frame):
            true = frames[row][who, :count]
            missing = true[:, 2] == 0
            assert np.isnan(one.xy[missing]).all()
            np.testing.assert_allclose(one.xy[~missing], true[~missing, :2], atol=1e-9)
            expected = np.ones(count) if "annotations" in kind or joints == 133 else true[:, 2]
            np.testing.assert_allclose(one.score[~missing], expected[~missing])
            assert (one.score[missing] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_every_program_gives_a_lifted_take(kind: str, tmp_path: Path) -> None:
    write, joints, skeleton = KINDS[kind]
    path = write(people(joints), tmp_path / "a.json")
    known = kind in ("coco annotations", "coco whole body", "npz")
    size = None if known else "96x64"
    take = estimate(path, Options(lifter="flat", smooth="none", fill_s=0.0, size=size))
    assert (take.info.width_px, take.info.height_px) == (WIDTH, HEIGHT)
    assert take.info.codec == "2D"
    assert len(take.tracks) == len(take.motions) == 2
    assert {track.skeleton.name for track in take.tracks} == {skeleton}
    for track, motion in zip(take.tracks, take.motions, strict=True):
        np.testing.assert_array_equal(track.seen.any(axis=1), [1, 1, 1, 0, 1, 1])
        assert motion.seen.any(axis=1)[track.seen.any(axis=1)].all()
    step_s = np.diff(take.time_s)
    np.testing.assert_allclose(step_s, 1 / 25 if kind in ("npz", "mediapipe") else 1 / 30)
    guessed = any("no clock" in warning for warning in take.warnings)
    assert guessed == (kind not in ("npz", "mediapipe"))


def test_our_own_coco_keeps_its_clock(tmp_path: Path) -> None:
    first = make_take(frames=9)
    path = save(first, tmp_path / "walk.coco.json")
    take = estimate(path, FAST)
    np.testing.assert_array_equal(take.time_s, first.time_s)
    assert not any("no clock" in warning for warning in take.warnings)


@pytest.mark.parametrize("write", [coco, mmpose])
def test_who_is_who_is_the_files_own_word(write: Callable[..., Path], tmp_path: Path) -> None:
    """Numbers stay with their people also where these change places."""
    frames = people(17)
    path = write(frames, tmp_path / "a.json", ids=True)
    assert read_keypoints(path).named
    said = json.loads(path.read_text())
    if write is coco:
        for item in said[4:6]:
            item["idx"] = 7 + 8 - item["idx"]
    else:
        for one in said[2]["instances"]:
            one["track_id"] = 2 + 3 - one["track_id"]
    path.write_text(json.dumps(said))
    one, two = estimate(path, Options(lifter="flat", smooth="none", size="96x64")).tracks
    x = np.stack([one.xy_px[:, 0, 0], two.xy_px[:, 0, 0]])
    assert (np.abs(np.diff(x[:, [1, 2]])) > 30).all(), "the file exchanges them, and is believed"


def test_with_its_video_the_clock_and_the_pictures_are_the_videos(tmp_path: Path) -> None:
    times = [0.0, 0.05, 0.12, 0.2, 0.31, 0.4]
    video = make_video(tmp_path / "clip.mp4", times_s=times, size=(WIDTH, HEIGHT))
    frames = people(17)
    path = coco(frames, tmp_path / "a.json")
    take = estimate(video, Options(str(path), "flat", smooth="none"))
    np.testing.assert_allclose(take.time_s, times, atol=1e-4)
    assert take.provenance.detector == "2D of coco"
    assert list(take.provenance.weights) == ["a.json"]
    assert len(take.tracks) == 2
    xy_px = sorted(track.xy_px[5, 0].tolist() for track in take.tracks)
    np.testing.assert_allclose(xy_px, sorted(frames[5][:, 0, :2].tolist()), atol=1e-4)


def test_2d_of_a_smaller_copy_is_scaled_and_of_another_video_refused(tmp_path: Path) -> None:
    path = annotated(people(17), tmp_path / "a.json")
    double = make_video(tmp_path / "double.mp4", frames=6, size=(2 * WIDTH, 2 * HEIGHT))
    take = estimate(double, Options(str(path), "flat", smooth="none"))
    x = min(track.xy_px[0, 0, 0] for track in take.tracks)
    assert x == pytest.approx(2 * people(17)[0][0, 0, 0] + 0.5, abs=1e-3)
    square = make_video(tmp_path / "square.mp4", frames=6, size=(96, 96))
    with pytest.raises(OptionError, match="belong together"):
        estimate(square, Options(str(path), "flat"))


def test_a_takes_own_2d_lifts_again_to_the_same(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(DETECTORS, "fake", lambda device: FakeDetector(lambda i: i != 2))
    video = make_video(tmp_path / "clip.mp4", frames=5, size=(WIDTH, HEIGHT))
    take = estimate(video, Options("fake", "flat", smooth="none"))
    for name in ("a.npz", "a.json"):
        again = estimate(save(take, tmp_path / name), FAST)
        np.testing.assert_allclose(again.time_s, take.time_s)
        one, other = again.motions[0].xyz_m, take.motions[0].xyz_m
        np.testing.assert_allclose(one, other, atol=1e-3)
        assert again.warnings == take.warnings


@pytest.mark.parametrize("start", [0, 1, 250])
def test_openpose_counts_from_its_first_file(tmp_path: Path, start: int) -> None:
    folder = openpose(people(25), tmp_path / "walk", start)
    (folder / f"walk_{start + 1:012}_keypoints.json").unlink()
    assert [len(f) for f in read_keypoints(folder).frames] == [2, 0, 2, 0, 2, 2]


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (["0.jpg", "1.jpg", "4.jpg"], [0, 1, 4]),
        (["img_0001.png", "img_0003.png"], [0, 2]),
        ([1, 2, 3], [0, 1, 2]),
        (["0003.png", "0005.png"], [3, 5]),
        ([397133, 37777, 252219], [2, 0, 1]),
        (["a/1.jpg", "b/1.jpg"], [0, 1]),
        (["left.jpg", "right.jpg"], [0, 1]),
    ],
)
def test_pictures_are_numbered_from_0_or_1_or_stand_in_order(
    tmp_path: Path, names: list[Any], rows: list[int]
) -> None:
    (person,) = people(17, frames=2, persons=1)[0]
    items = []
    for number, name in enumerate(names):
        marked = person.copy()
        marked[0, 0] = 10 + number
        items.append({"image_id": name, "keypoints": flat(marked), "score": 1.0})
    path = tmp_path / "a.json"
    path.write_text(json.dumps(items))
    frames = read_keypoints(path).frames
    found = {int(f[0].xy[0, 0]) - 10: row for row, f in enumerate(frames) if f}
    assert [found[number] for number in range(len(names))] == rows


def test_mmpose_may_count_from_one_and_mediapipe_have_one_person(
    tmp_path: Path,
) -> None:
    seen = read_keypoints(mmpose(people(17), tmp_path / "a.json", first=1))
    assert [len(f) for f in seen.frames] == [2, 2, 2, 0, 2, 2]
    one = [[{"x": 0.5, "y": 0.25, "visibility": 0.9}] * 33, None, {"poseLandmarks": None}]
    (tmp_path / "b.json").write_text(json.dumps({"frames": one}))
    single = read_keypoints(tmp_path / "b.json")
    assert [len(f) for f in single.frames] == [1, 0, 0]
    xy = single.in_pixels(100, 100).frames[0][0].xy
    np.testing.assert_allclose(xy[0], [49.5, 24.5])


def test_counts_say_whose_joints_they_are() -> None:
    assert BY_COUNT[17] is COCO17
    assert BY_COUNT[18] is OPENPOSE18
    assert BY_COUNT[25] is OPENPOSE25
    assert BY_COUNT[26] is BY_COUNT[136] is HALPE26
    assert BY_COUNT[133] is COCO23
    assert BY_COUNT[33] is BLAZEPOSE33


# --- what it refuses


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "3",
        '{"a": 1}',
        '[{"image_id": 1, "keypoints": [1, 2]}]',
        '[{"image_id": 1, "keypoints": [1, 2, 1]}]',
        '[{"instances": [{"keypoints": [[1, 2]], "keypoint_scores": [1, 1]}]}]',
        '[[{"x": 1}]]',
        '{"people": 3}',
        '{"format": "monomocap.take"}',
        '{"annotations": [{"image_id": 1}], "images": [{"file_name": "a"}]}',
    ],
)
def test_other_json_gets_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(FormatError) as error:
        read_keypoints(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@given(st.data())
def test_mutated_files_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A byte changed, or the end cut off: never another error."""
    base = tmp_path_factory.getbasetemp()
    kind = data.draw(st.sampled_from([coco, annotated, mmpose, mediapipe]))
    whole = bytearray(kind(people(17, 2), base / "mutated.json").read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(32, 126))
    (base / "mutated.json").write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    with contextlib.suppress(MonomocapError):
        read_keypoints(base / "mutated.json")


def test_what_the_file_does_not_say_is_asked_for(tmp_path: Path) -> None:
    path = coco(people(17), tmp_path / "a.json")
    with pytest.raises(OptionError, match="--size 1920x1080"):
        estimate(path, FAST)
    with pytest.raises(OptionError, match="not 'large'"):
        estimate(path, Options(lifter="flat", size="large"))
    with pytest.raises(OptionError, match="nothing to detect"):
        estimate(path, Options("rtmpose", "flat", size="96x64"))
    with pytest.raises(FormatError, match="no such file"):
        estimate(tmp_path / "none.json", FAST)


# --- the command


def test_the_command_takes_finished_2d(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = openpose(people(25), tmp_path / "walk")
    words = ("--size", "96x64", "--image-fps", "50", "--lifter", "flat", "-o", tmp_path / "out")
    ended = monomocap(capsys, "run", folder, *words)
    assert ended.code == 0, ended.err
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "report.html",
        "take.json",
        "take.npz",
        "viewer.html",
    ]
    document = json.loads((tmp_path / "out" / "take.json").read_text())
    assert document["video"]["codec"] == "2D"
    assert document["fps"] == pytest.approx(50)
    assert document["provenance"]["detector"] == "2D of openpose"
    assert document["camera"]["source"] == "assumed"
