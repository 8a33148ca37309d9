"""`monomocap evaluate` on published layouts: known figures come out, wrong files are named."""

import json
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.human36m import CORRUPTED, camera, camera_names
from monomocap.datasets.layouts import HUMAN36M_17_OF_32
from monomocap.geometry.camera import to_world
from monomocap.lift.catalogue import LIFTERS
from monomocap.render.motions import walk
from monomocap.skeleton import H36M17
from tests import benchmark_files as files
from tests.golden import vectors as golden
from tests.terminal import monomocap
from tests.test_evaluate_heldout import Capture

FIRST = camera_names()[0]


def world_32(xyz_world_m: np.ndarray) -> np.ndarray:
    """Seventeen joints at their places among Human3.6M's 32."""
    full = np.zeros((len(xyz_world_m), 32, 3))
    full[:, list(HUMAN36M_17_OF_32)] = xyz_world_m
    return full


def walking(frames: int = 40) -> np.ndarray:
    """(frames, 32, 3) metres, world."""
    return world_32(walk(seconds=frames / 50, fps=50).xyz_m[:frames].astype(np.float64))


def write_archive(path: Path, takes: dict[str, dict[str, np.ndarray]]) -> Path:
    """`data_3d_h36m.npz` as VideoPose3D writes it."""
    np.savez_compressed(path / "data_3d_h36m.npz", positions_3d=takes)  # type: ignore[arg-type]
    return path


def test_the_recorded_figures_come_out_of_a_file_of_human36ms_layout(
    capsys: Capture, tmp_path: Path
) -> None:
    """The golden poses, put before a camera of S9, are scored as the official code scored them."""
    recorded = golden.vectors("losses_metrics")
    true, answers = (
        np.concatenate(list(recorded[name].transpose(0, 2, 3, 1))) / 1000
        for name in ("gt_bctv", "pred_bctv")
    )
    world = to_world(camera("S9", FIRST), true + np.array([0.1, -0.2, 5.0]))
    write_archive(tmp_path, {"S9": {"Walking 1": world_32(world)}, "S11": {}})
    np.savez(tmp_path / "answers.npz", **_for_all_cameras(answers, world))
    command = ("evaluate", "h36m", tmp_path, "-q", "--json")
    ended = monomocap(capsys, *command, "--lifter", f"answers:{tmp_path / 'answers.npz'}")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    for name in ("mpjpe", "p_mpjpe", "n_mpjpe", "mpjve"):
        for row in (report["rows"]["Walking"], report["mean"], report["every_frame"]):
            assert row[name] == pytest.approx(float(recorded[name]), rel=1e-9), name
    assert report["mean"]["coverage"] == 1 and report["mean"]["frames"] == 4 * 64


def _for_all_cameras(answers: np.ndarray, world: np.ndarray) -> dict[str, np.ndarray]:
    """The same wrong poses, as each of S9's cameras sees them."""
    from monomocap.geometry.camera import to_camera

    wrong = to_world(camera("S9", FIRST), answers + np.array([0.1, -0.2, 5.0]))
    return {f"S9/Walking 1/{n}": to_camera(camera("S9", n), wrong) for n in camera_names()}


def test_the_mean_counts_actions_alike_and_every_frame_counts_frames(
    capsys: Capture, tmp_path: Path
) -> None:
    takes = {"Walking": walking(40), "Sitting 1": walking(20), "Sitting": walking(20)}
    write_archive(tmp_path, {"S9": takes, "S11": {"Directions": walking(30)}})
    command = ("evaluate", "h36m", tmp_path, "--lifter", "flat", "--protocol", "whole", "-q")
    report = json.loads(monomocap(capsys, *command, "--json").out)
    assert set(report["rows"]) == {"Walking", "Sitting"}, "S11's corrupted take does not count"
    assert CORRUPTED == ("S11", "Directions")
    actions = [row["mpjpe"] for row in report["rows"].values()]
    assert report["mean"]["mpjpe"] == pytest.approx(np.mean(actions))
    assert report["every_frame"]["frames"] == 4 * 80
    assert report["every_frame"]["mpjpe"] == pytest.approx(np.mean(actions))
    assert report["split"] == "test" and "protocol whole" in report["protocol"]
    table = monomocap(capsys, *command).out
    assert "every frame" in table and "input sha256" in table and "MPJVE" in table


def test_protocols_count_the_frames_that_they_are_known_for(
    capsys: Capture, tmp_path: Path
) -> None:
    write_archive(tmp_path, {"S9": {"Walking": walking(104)}, "S11": {}})
    command = ("evaluate", "h36m", tmp_path, "--lifter", "flat", "-q", "--json", "--protocol")

    def counted(protocol: str) -> tuple[object, object]:
        report = json.loads(monomocap(capsys, *command, protocol).out)
        return report["mean"]["frames"] / 4, report["mean"]["coverage"]

    assert counted("whole") == (104, 1)
    assert counted("hdformer") == (101, pytest.approx(101 / 104))
    assert counted("chunks:27") == (108, 1)
    assert counted("centre:9") == (104, 1)


def test_a_lifter_sees_windows_of_the_protocols_length(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monomocap.lift.flat import Flat
    from monomocap.types import Camera, Motion3D, Track2D

    asked: list[int] = []

    class Watching(Flat):
        def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
            asked.append(len(track.time_s))
            assert np.diff(track.time_s) == pytest.approx(1 / 50)
            return super().__call__(track, camera)

    monkeypatch.setitem(LIFTERS, "watching", lambda device: Watching())
    write_archive(tmp_path, {"S9": {"Walking": walking(104)}, "S11": {}})
    command = ("evaluate", "h36m", tmp_path, "--lifter", "watching", "-q", "--protocol")
    for protocol, lengths in (("hdformer", {96}), ("chunks:81", {81}), ("whole", {104})):
        asked.clear()
        assert monomocap(capsys, *command, protocol).code == 0
        assert set(asked) == lengths


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("h37m",), "h36m"),
        (("h36m", "--protocol", "mixste"), "chunks"),
        (("h36m", "--protocol", "chunks:0"), "1 to"),
        (("h36m", "--protocol", "whole:9"), "number of frames"),
        (("h36m", "--input", "guess"), "noisy"),
        (("h36m", "--input", "detections"), "data_2d_h36m"),
        (("h36m", "--input", "detections:no.npz"), "no.npz"),
        (("h36m", "--input", "mediapipe"), "no video"),
        (("h36m", "--split", "val"), "train"),
        (("h36m", "--lens", "wide"), "straight"),
        (("h36m", "--lifter", "answers:no.npz"), "no.npz"),
        (("heldout", "--protocol", "whole"), "leave --protocol out"),
        (("heldout", "--input", "mediapipe"), "noisy"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(
    capsys: Capture, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    write_archive(tmp_path, {"S9": {"Walking": walking(5)}, "S11": {}})
    name, *rest = words
    lifter = () if "--lifter" in rest else ("--lifter", "flat")
    ended = monomocap(capsys, "evaluate", name, tmp_path, *lifter, *rest, "-q")
    assert ended.code == 2 and said in ended.err and len(ended.err.splitlines()) == 1, ended.err


def test_own_mocap_is_aligned_to_its_video_and_mediapipe_stands_beside(
    capsys: Capture, data: Path, tmp_path: Path
) -> None:
    """The fourth view of Pose2Sim's demo, its TRC taken for a user's own with a late clock.

    With the true calibration MediaPipe's own 3D is at 123.1 and 92.8 mm there.
    """
    demo = data / "video" / "pose2sim_balance"
    (tmp_path / "cam04.mp4").symlink_to(demo / "cam04.mp4")
    (text,) = (path.read_text() for path in demo.glob("*.trc"))
    (tmp_path / "cam04.trc").write_text(_later(text, 3.25))
    (tmp_path / "camera.json").write_text('{"focal_px": 1675.2}')
    ended = monomocap(capsys, "evaluate", "own", tmp_path, "--lifter", "flat", "-q", "--json")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    peer = report["peers"]["mediapipe's own"]
    assert peer["mpjpe"] == pytest.approx(123.1, abs=10)
    assert peer["p_mpjpe"] == pytest.approx(92.8, abs=5)
    assert report["mean"]["coverage"] == 1 and report["mean"]["frames"] >= 97


def _later(trc: str, seconds: float) -> str:
    """The same capture by a clock that began earlier."""
    lines = trc.splitlines()
    for number, line in enumerate(lines[5:], 5):
        cells = line.split("\t")
        if cells[0].strip().isdecimal():
            cells[1] = repr(float(cells[1]) + seconds)
            lines[number] = "\t".join(cells)
    return "\n".join(lines)


def test_own_mocap_without_video_or_with_a_strange_lens_is_refused(
    capsys: Capture, tmp_path: Path
) -> None:
    command = ("evaluate", "own", tmp_path, "--lifter", "flat", "-q")
    assert "no motion capture" in monomocap(capsys, *command).err
    (tmp_path / "walk.trc").write_text("PathFileType")
    assert "no video beside it" in monomocap(capsys, *command).err


@pytest.mark.parametrize("source", ["gt", "noisy", "detections"])
@pytest.mark.parametrize("lens", ["given", "straight", "unknown"])
def test_every_input_and_lens_is_measured_and_measured_again_alike(
    capsys: Capture, tmp_path: Path, source: str, lens: str
) -> None:
    files.human36m_npz(tmp_path)
    command = ("evaluate", "h36m", tmp_path, "--lifter", "flat", "--protocol", "whole", "-q")
    words = (*command, "--input", source, "--lens", lens, "--every", "4", "--json")
    first, again = (json.loads(monomocap(capsys, *words).out) for _ in range(2))
    assert first == again and first["input"] == source and first["lens"].startswith(lens)
    assert first["mean"]["frames"] == 2 * 24 and 20 < first["mean"]["mpjpe"] < 600


def test_inputs_differ_and_the_report_tells_them_apart(capsys: Capture, tmp_path: Path) -> None:
    files.human36m_npz(tmp_path)
    command = ("evaluate", "h36m", tmp_path, "--lifter", "flat", "--protocol", "whole", "-q")
    reports = [
        json.loads(monomocap(capsys, *command, "--json", "--input", source).out)
        for source in ("gt", "noisy", "detections")
    ]
    assert len({report["fingerprint"] for report in reports}) == 3
    assert len({report["mean"]["mpjpe"] for report in reports}) == 3


def test_3dhp_reports_pck_and_auc_of_valid_frames(capsys: Capture, tmp_path: Path) -> None:
    files.mpi_test_npz(tmp_path)
    true = {
        f"{name}/{name}/camera": files.before_camera() + np.array([0.0, 0.0, 1.0])
        for name in ("TS1", "TS5")
    }
    true["TS5/TS5/camera"] = np.array(true["TS5/TS5/camera"])
    true["TS5/TS5/camera"][:, H36M17.index("head")] += 0.2
    true["TS5/TS5/camera"][:, H36M17.index("spine")] += 0.2
    np.savez(tmp_path / "answers.npz", **true)
    words = ("evaluate", "3dhp", tmp_path, "--lifter", f"answers:{tmp_path / 'answers.npz'}", "-q")
    report = json.loads(monomocap(capsys, *words, "--json").out)
    right, wrong = report["rows"]["TS1"], report["rows"]["TS5"]
    assert right["mpjpe"] == pytest.approx(0, abs=1e-6)
    assert right["pck"] == 1 and right["auc"] == pytest.approx(30 / 31), "0 mm is below no 0"
    assert wrong["pck"] == pytest.approx(7 / 8), "the head is a group, the spine is none"
    assert wrong["mpjpe"] == pytest.approx(2 * 200 * 3**0.5 / 17)
    assert right["frames"] == 12, "invalid frames do not count"
    assert "PCK" in monomocap(capsys, *words).out
