"""The table of systems: its counts are the published networks', its gaps say why."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from monomocap.cli.models import HEAD, markdown, plain
from monomocap.errors import OptionError
from monomocap.workflows import models as workflow
from monomocap.workflows.latency import in_turns
from monomocap.workflows.models import Table, counted, models
from monomocap.workflows.systems import ENTRIES, UNCHECKED, Entry, Runtime
from tests.terminal import monomocap

PARAMETERS = {
    "HDFormer": 3_718_089,
    "HDFormer (ONNX Runtime)": 3_718_089,
    "U-CondDGCN (unofficial)": 3_222_723,
    "MixSTE T=27": 33_673_219,
    "MixSTE T=81": 33_700_867,
    "MixSTE T=243": 33_783_811,
    "CanonicalPose3D, pose": 16_952_371,
    "CanonicalPose3D, trajectory": 277_732_375,
    "HRNetV2-W48": 65_856_495,
    "HRNetV2-W32": 29_544_591,
}
GFLOP = {
    "MixSTE T=27": 31.136,
    "MixSTE T=81": 94.627,
    "MixSTE T=243": 294.845,
    "CanonicalPose3D, pose": 8.435,
    "CanonicalPose3D, trajectory": 10.756,
    "HRNetV2-W48": 11.674,
    "HRNetV2-W32": 5.640,
}
"""Of the published code; the others are built otherwise here and may need less, but not more."""
AT_MOST_GFLOP = {"HDFormer": 1.2264, "U-CondDGCN (unofficial)": 0.9943}


@pytest.fixture(scope="module")
def table() -> Table:
    return models()


def entry(name: str) -> Entry:
    (found,) = [entry for entry in ENTRIES if entry.name == name]
    return found


def test_parameters_are_those_of_the_published_networks(table: Table) -> None:
    counts = {row.name: row.parameters for row in table.rows}
    assert {name: counts[name] for name in PARAMETERS} == PARAMETERS


def test_operations_are_those_of_the_published_networks(table: Table) -> None:
    clips = {row.name: row.gflop_per_clip or 0 for row in table.rows}
    assert {name: round(clips[name], 3) for name in GFLOP} == GFLOP
    for name, most in AT_MOST_GFLOP.items():
        assert 0.9 * most < clips[name] <= most


def test_operations_per_frame_are_those_of_a_clip_over_its_answers(table: Table) -> None:
    for row in table.rows:
        if row.gflop_per_clip is not None:
            assert row.gflop_per_frame == pytest.approx(row.gflop_per_clip / row.frames_out)


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.build], ids=lambda e: e.name)
def test_a_pass_answers_the_frames_that_the_table_says(entry: Entry) -> None:
    assert entry.build is not None
    answer = counted(entry.build, entry.shapes).answer
    if entry.gives == "3D":
        assert answer[2 if "HDFormer" in entry.name else 1] == entry.frames_out
        assert entry.frames_in in entry.shapes[0]
    elif entry.gives == "2D":
        assert answer[2:] == tuple(side // 4 for side in entry.shapes[0][1:])
    else:
        assert answer == (1, 3) and entry.frames_out == 1


def test_what_has_no_original_is_marked(table: Table) -> None:
    unchecked = {row.name for row in table.rows if not row.checked}
    assert unchecked == {"U-CondDGCN (paper)", "HRNet-W32 COCO"}
    starred = {
        line.split(" *")[0] for line in plain(table)[1 : len(table.rows) + 1] if " *" in line
    }
    assert starred == unchecked
    for name in unchecked:
        assert any(line.startswith(f"* {name}: {UNCHECKED}") for line in plain(table))


def test_every_published_error_names_its_input(table: Table) -> None:
    for row in table.rows:
        for given, mm in row.mpjpe_mm.items():
            assert given in ("CPN", "HRNet", "GT", "input not stated") and 20 < mm < 50


def test_weights_that_ship_are_told_from_those_that_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workflow, "SHIPPED", {"hdformer": ("x.onnx", "0")})
    shipped, paper, mixste = (
        models(entries=(entry(name),)).rows[0]
        for name in ("HDFormer over a draft", "U-CondDGCN (paper)", "MixSTE T=27")
    )
    assert (shipped.weights, shipped.licence) == ("shipped, of our own training", "Apache-2.0")
    assert shipped.mpjpe_mm == {}
    assert paper.weights == "none anywhere"
    assert mixste.weights.startswith("none; --lifter PATH") and "publisher" in mixste.licence


def test_without_torch_the_facts_stand_and_the_gaps_say_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    table = models(measure=True, entries=(entry("HDFormer"),), threads=1)
    (row,) = table.rows
    assert row.mpjpe_mm["GT"] == 21.6
    assert row.parameters is row.gflop_per_clip is None and row.latency == {}
    assert any("torch is not installed" in line for line in plain(table))
    ended = monomocap(capsys, "models", "--quiet")
    assert ended.code == 0 and "42.6 (CPN)" in ended.out and "torch is not installed" in ended.out


# --- measuring


def small(runtime: Runtime, name: str = "small", **changes: object) -> Entry:
    from monomocap.lift.networks.mixste import MixSTE

    def build() -> MixSTE:
        return MixSTE(frames=9, dim=16, depth=1)

    given = {"mpjpe_mm": {}, "proof": "none", "build": build, "shapes": ((9, 17, 2),)} | changes
    return Entry(name, "3D", 2022, frames_in=9, frames_out=9, runtime=runtime, **given)  # type: ignore[arg-type]


def test_latency_is_measured_where_it_runs_and_threads_are_given_back() -> None:
    import torch

    before = torch.get_num_threads()
    entries = (small("torch"), small("ONNX Runtime"))
    table = models(measure=True, threads=1, seconds=0.01, entries=entries)
    assert table.threads == 1 and torch.get_num_threads() == before
    for row in table.rows:
        assert sorted(row.latency) == [1, 8]
        for latency in row.latency.values():
            assert 0 < latency.best_ms <= latency.median_ms and latency.runs >= 1
            assert latency.cpu_ms > 0
    assert any("1 thread:" in line for line in plain(table))


def test_giants_are_measured_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    some = small("torch")
    assert some.build is not None
    counts = counted(some.build, some.shapes)
    monkeypatch.setattr(workflow, "GIANT_GFLOP", 2 * counts.gflop)
    usual = models(measure=True, threads=1, seconds=0.0, entries=(small("torch"),)).rows[0]
    assert sorted(usual.latency) == [1] and "the rest is measured with --all" in usual.notes
    monkeypatch.setattr(workflow, "GIANT_PARAMETERS", counts.parameters - 1)
    none = models(measure=True, threads=1, seconds=0.0, entries=(small("torch"),)).rows[0]
    assert none.latency == {}
    every = models(measure=True, giants=True, threads=1, seconds=0.0, entries=(small("torch"),))
    assert sorted(every.rows[0].latency) == [1, 8]


def test_which_systems_are_giants(table: Table) -> None:
    giants = {
        (row.name, batch)
        for row in table.rows
        for batch in (1, 8)
        if workflow._is_giant(row.parameters or 0, batch * (row.gflop_per_clip or 0))
    }
    assert giants == {
        ("MixSTE T=81", 8),
        ("MixSTE T=243", 8),
        ("CanonicalPose3D, trajectory", 1),
        ("CanonicalPose3D, trajectory", 8),
    }


def test_rivals_take_turns_and_heavy_work_is_done_once() -> None:
    order: list[str] = []
    works = [lambda: order.append("a"), lambda: order.append("b")]
    first, second = in_turns(works, seconds=0.0, least_runs=2)
    assert order == ["a", "b"] * 3 or order == ["a", "b"] * 2
    assert first.runs == second.runs == len(order) // 2 - 1


def test_threads_below_one_are_refused() -> None:
    with pytest.raises(OptionError, match="at least 1, not 0"):
        models(measure=True, threads=0)


# --- the command


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    ended = monomocap(capsys, "models", "--json", "--quiet")
    assert ended.code == 0 and ended.err == ""
    told = json.loads(ended.out)
    rows = {row["name"]: row for row in told["rows"]}
    assert rows["HDFormer"]["mpjpe_mm"] == {"CPN": 42.6, "HRNet": 40.3, "GT": 21.6}
    assert rows["HDFormer"]["parameters"] == 3_718_089
    assert rows["MediaPipe Pose, full"]["licence"] == "Apache-2.0"
    assert told["device"] == "cpu" and told["threads"] is None


def test_words_that_contradict_each_other_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert monomocap(capsys, "models", "--json", "--markdown").code == 2
    for words in (["--all"], ["--threads", "2"]):
        ended = monomocap(capsys, "models", *words)
        assert ended.code == 2 and "add --measure" in ended.err


def test_markdown_has_a_cell_for_every_column(table: Table) -> None:
    lines = [line for line in markdown(table) if line.startswith("|")]
    assert len(lines) == len(table.rows) + 2
    assert {line.count("|") for line in lines} == {len(HEAD) + 1}


def test_the_guides_table_is_the_commands(table: Table) -> None:
    """Its facts; what was measured, and what lies where, differs between machines."""
    guide = (Path(__file__).resolve().parent.parent / "docs" / "models.md").read_text()
    facts = HEAD.index("ms, 1")
    made = [line.split("|")[1 : 1 + facts] for line in markdown(table) if line.startswith("|")]
    told = [line.split("|")[1 : 1 + facts] for line in guide.splitlines() if line.startswith("|")]
    assert told[: len(made)] == made
