"""A user's own motion capture: read from TRC and C3D, and brought to the video's clock."""

import sys
from pathlib import Path

import numpy as np
import pytest

from monomocap.datasets.markers import joint_of, limb_points, read_markers
from monomocap.errors import DataError, InputError, MissingDependency
from monomocap.geometry.lag import lag_s, speed
from monomocap.render.motions import walk
from monomocap.skeleton import H36M17, LIMB_JOINTS
from tests.benchmark_files import walking

LIMBS = [H36M17.index(joint) for joint in LIMB_JOINTS]
NAMES = [f"{joint[0].upper()}{joint.split('_')[1].title()}" for joint in LIMB_JOINTS]


def write_trc(path: Path, xyz_m: np.ndarray, *, units: str = "mm", fps: float = 50.0) -> Path:
    """As OpenSim and Pose2Sim write it; NaN is an empty cell."""
    scale = {"mm": 1000.0, "m": 1.0}[units]
    head = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits",
        f"{fps}\t{fps}\t{len(xyz_m)}\t{len(NAMES)}\t{units}",
        "Frame#\tTime\t" + "\t\t\t".join(NAMES) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{n + 1}" for n in range(len(NAMES)) for axis in "XYZ"),
        "",
    ]
    rows = [
        "\t".join([str(n + 1), f"{n / fps}", *("" if np.isnan(v) else repr(v) for v in row)])
        for n, row in enumerate((xyz_m * scale).reshape(len(xyz_m), -1).tolist())
    ]
    path.write_text("\n".join([*head, *rows]))
    return path


def write_c3d(path: Path, xyz_m: np.ndarray, fps: float = 50.0) -> Path:
    """In mm, with ezc3d."""
    import ezc3d

    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [fps]
    file["parameters"]["POINT"]["LABELS"]["value"] = [f"subject:{name}" for name in NAMES]
    file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    points = np.ones((4, len(NAMES), len(xyz_m)))
    points[:3] = 1000 * np.transpose(xyz_m, (2, 1, 0))
    file["data"]["points"] = points
    file.write(str(path))
    return path


@pytest.mark.parametrize("write", [write_trc, write_c3d])
def test_points_come_back_by_name_with_gaps(tmp_path: Path, write: object) -> None:
    assert callable(write)
    true = walking()[:, LIMBS]
    true[3, 2] = np.nan
    path = write(tmp_path / ("a.c3d" if write is write_c3d else "a.trc"), true)
    markers = read_markers(path)
    np.testing.assert_allclose(limb_points(markers, "here"), true, atol=1e-6)
    assert np.diff(markers.time_s) == pytest.approx(1 / 50)


@pytest.mark.parametrize(
    ("name", "joint"),
    [
        ("RHip", "right_hip"),
        ("left_knee", "left_knee"),
        ("subject:L.Elbow", "left_elbow"),
        ("ANKLE_R", "right_ankle"),
        ("RKJC", None),
        ("RHipJC", "right_hip"),
        ("Right Wrist Joint Centre", "right_wrist"),
        ("LHipBone", None),
        ("Neck", None),
        ("RHeel", None),
    ],
)
def test_names_of_joints_are_understood(name: str, joint: str | None) -> None:
    assert joint_of(name) == joint


def test_what_is_no_motion_capture_is_said_in_one_line(tmp_path: Path) -> None:
    whole = write_trc(tmp_path / "a.trc", walking()[:, LIMBS]).read_text()
    bad = {
        "short.trc": "PathFileType\n",
        "other.trc": "hello\n" * 10,
        "unit.trc": whole.replace("\tmm", "\tinch"),
        "word.trc": whole.replace("\t0.02\t", "\tsoon\t"),
        "clock.trc": whole.replace("\t0.04\t", "\t0.02\t"),
        "joint.trc": whole.replace("RHip", "RHeel"),
        "noise.c3d": "hello",
        "a.fbx": "hello",
    }
    for name, text in bad.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError) as raised:
            limb_points(read_markers(tmp_path / name), str(tmp_path / name))
        assert name in str(raised.value) and len(str(raised.value).splitlines()) == 1


def test_c3d_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ezc3d", None)
    with pytest.raises(MissingDependency, match=r"pip install monomocap\[data\]"):
        read_markers(tmp_path / "a.c3d")


@pytest.mark.parametrize("lag", [-0.73, 0.0, 0.515])
def test_two_clocks_are_brought_together_from_speeds(lag: float) -> None:
    """A walk that changes its pace, filmed at 30 per second while mocap ran at 120."""
    motion = walk(seconds=8.0, fps=120)
    time_s = motion.time_s + 0.15 * np.sin(motion.time_s * 1.3)
    places = motion.xyz_m[:, LIMBS].astype(np.float64)
    film_s = np.arange(1.0, 6.0, 1 / 30)
    film = np.stack(
        [np.interp(film_s + lag, time_s, places[:, j, d]) for j in range(12) for d in (0, 2)]
    ).reshape(12, 2, -1)
    found = lag_s(*speed(np.moveaxis(film, -1, 0), film_s), *speed(places, time_s))
    assert found == pytest.approx(lag, abs=0.02)


def test_motions_that_are_not_alike_are_refused() -> None:
    clock = np.arange(200) / 50
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="not alike"):
        lag_s(clock, rng.random(200), clock, rng.random(200))
    with pytest.raises(InputError, match="nothing"):
        lag_s(clock, np.full(200, np.nan), clock, rng.random(200))
