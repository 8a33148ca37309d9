"""Checkpoints give their tensors and nothing else: no code of a file ever runs."""

from __future__ import annotations

import argparse
import collections
import io
import os
import pickle
import random
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monomocap.errors import MissingDependency, WeightsError
from monomocap.weights import check_fits, checked, read_checkpoint, sha256

FORMATS = {"zip": True, "old": False}


def save(contents: object, path: Path, *, as_zip: bool = True) -> Path:
    torch.save(contents, path, _use_new_zipfile_serialization=as_zip)
    return path


def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "a.weight": torch.randn(3, 4, generator=generator),
        "a.half": torch.randn(2, generator=generator).half(),
        "a.count": torch.tensor(7),
        "b.part": torch.randn(8, 8, generator=generator)[2:4, ::2],
    }


def assert_same_tensors(found: dict[str, Any]) -> None:
    assert found.keys() == tensors().keys()
    for name, tensor in tensors().items():
        assert torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype


class Runs:
    """A pickle of this calls a function when it is opened."""

    def __init__(self, function: Any, *args: object) -> None:
        self.call = (function, args)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
def test_a_plain_checkpoint_gives_its_tensors(tmp_path: Path, as_zip: bool) -> None:
    found = read_checkpoint(save({"state_dict": tensors()}, tmp_path / "a.pth", as_zip=as_zip))
    assert_same_tensors(found["state_dict"])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
def test_what_research_code_saves_beside_the_weights_is_left_out(
    tmp_path: Path, as_zip: bool
) -> None:
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [80, 90])
    contents = {
        "epoch": 3,
        "lr": np.float64(0.1),
        "best_metric": np.float32(42.6),
        "random_state": np.random.RandomState(3),  # noqa: NPY002 - what research code saves
        "generator": np.random.default_rng(0),
        "numpy_state": np.random.RandomState(3).get_state(),  # noqa: NPY002
        "python_state": random.Random(0).getstate(),
        "args": argparse.Namespace(lr=0.1, path=Path("x")),
        "counts": collections.Counter("aab"),
        "lists": collections.defaultdict(list, a=[1]),
        "arrays": {"mean": np.ones((2, 3)), "names": {"a", "b"}},
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": scheduler.state_dict(),
        "device": torch.device("cpu"),
        "model_pos": tensors(),
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }
    found = read_checkpoint(save(contents, tmp_path / "a.pth.tar", as_zip=as_zip))
    assert_same_tensors(found["model_pos"])
    assert set(found) <= {"model_pos", "parameter", "optimizer"}
    assert not found["parameter"].requires_grad


def bad_calls(marker: Path) -> dict[str, Runs]:
    return {
        "os.system": Runs(os.system, f"touch {marker}"),
        "eval": Runs(eval, f"open({str(marker)!r}, 'w')"),
        "exec": Runs(exec, f"open({str(marker)!r}, 'w')"),
        "path": Runs(Path.touch, marker),
        "torch": Runs(torch.save, 1, str(marker)),
        "hub": Runs(torch.hub.load_state_dict_from_url, "file:///nowhere"),
        "numpy": Runs(np.savetxt, str(marker), [1.0]),
        "getattr": Runs(getattr, Runs(Path, marker), "touch"),
    }


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", list(bad_calls(Path())))
def test_a_pickle_with_code_runs_nothing(tmp_path: Path, name: str, as_zip: bool) -> None:
    """Whether the call is refused or ignored, it is not made."""
    marker = tmp_path / "ran"
    path = save(
        {"x": bad_calls(marker)[name], "state_dict": tensors()}, tmp_path / "a", as_zip=as_zip
    )
    try:
        assert_same_tensors(read_checkpoint(path)["state_dict"])
    except WeightsError as error:
        assert "nothing was run" in str(error) and "\n" not in str(error)
    assert not marker.exists()


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", ["os.system", "eval", "exec", "getattr"])
def test_a_pickle_that_asks_for_more_than_tensors_is_refused_by_name(
    tmp_path: Path, name: str, as_zip: bool
) -> None:
    path = save({"x": bad_calls(tmp_path / "ran")[name]}, tmp_path / "a.bin", as_zip=as_zip)
    called = {"os.system": f"{os.system.__module__}.system"}.get(
        name, rf"(builtins|__builtin__)\.{name}"
    )
    with pytest.raises(WeightsError, match=f"would run {called} when opened"):
        read_checkpoint(path)


def zip_of(pickled: bytes, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/version", "3")
    return path


@pytest.mark.parametrize(
    "pickled",
    [
        b"cposix\nsystem\n(S'touch {}'\ntR.",
        b"(S'touch {}'\niposix\nsystem\n.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x01a\x85R.",
        b"\x80\x02c__builtin__\neval\nX\x01\x00\x00\x001\x85R.",
        b"\x80\x02csubprocess\nPopen\n)\x81.",
    ],
)
def test_every_way_of_a_pickle_to_call_is_closed(tmp_path: Path, pickled: bytes) -> None:
    marker = tmp_path / "ran"
    path = zip_of(pickled.replace(b"{}", str(marker).encode()), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="would run"):
        read_checkpoint(path)
    plain = tmp_path / "b.pth"
    plain.write_bytes(b"\x80\x02" + pickled.replace(b"{}", str(marker).encode()))
    with pytest.raises(WeightsError):
        read_checkpoint(plain)
    assert not marker.exists()


def test_a_pickle_cannot_change_the_functions_it_may_call(tmp_path: Path) -> None:
    rebuild = torch._utils._rebuild_tensor_v2
    before = (rebuild.__defaults__, dict(vars(rebuild)))
    for state in (b"}X\x01\x00\x00\x00aK\x01s", b"N}X\x0c\x00\x00\x00__defaults__)s\x86"):
        path = zip_of(
            b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n" + state + b"b.", tmp_path / "a"
        )
        with pytest.raises(WeightsError):
            read_checkpoint(path)
    assert (rebuild.__defaults__, dict(vars(rebuild))) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is not a torch checkpoint"),
        (b"hello", "is not a torch checkpoint"),
        (b"PK\x03\x04" + bytes(50), "damaged"),
        (b"\x80", "damaged"),
        (pickle.dumps([1, 2]), "damaged"),
        (pickle.dumps({"a": 1}), "damaged"),
    ],
)
def test_something_else_under_a_weights_name_is_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=said) as caught:
        read_checkpoint(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_missing_files_folders_and_files_without_tensors_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        read_checkpoint(tmp_path / "none.pth")
    with pytest.raises(WeightsError, match="is a directory"):
        read_checkpoint(tmp_path)
    for contents in ({}, {"epoch": 3}, [tensors()], tensors()["a.weight"]):
        with pytest.raises(WeightsError, match="holds no named tensors"):
            read_checkpoint(save(contents, tmp_path / "a.pth"))


def test_programs_and_packed_archives_are_refused(tmp_path: Path) -> None:
    packed = tmp_path / "packed.pth"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1000))
    script = tmp_path / "script.pth"
    with zipfile.ZipFile(script, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
        archive.writestr("archive/constants.pkl", b"")
    for path in (packed, script):
        with pytest.raises(WeightsError, match="damaged or not a torch checkpoint"):
            read_checkpoint(path)


@pytest.mark.parametrize("as_zip", FORMATS.values(), ids=FORMATS)
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_checkpoint_is_read_or_says_so(
    tmp_path: Path, as_zip: bool, data: st.DataObject
) -> None:
    """Whatever byte is changed and wherever the file is cut: tensors, or our error."""
    buffer = io.BytesIO()
    torch.save(
        {"state_dict": {"a": torch.ones(2)}, "s": np.float64(1)},
        buffer,
        _use_new_zipfile_serialization=as_zip,
    )
    content = bytearray(buffer.getvalue())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.pth"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        read_checkpoint(path)
    except WeightsError as error:
        assert "\n" not in str(error)


def test_a_hash_tells_files_apart(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(path) == known
    assert checked(path, known) == path
    path.write_bytes(b"abd")
    with pytest.raises(WeightsError, match="delete it and get it again"):
        checked(path, known)


def test_what_does_not_fit_is_named() -> None:
    expected = {"a": torch.zeros(2), "b": torch.zeros(3)}
    path = Path("w.pth")
    check_fits({"a": torch.ones(2), "b": torch.ones(3)}, expected, path, "a Net")
    for state, said in (
        ({"a": torch.ones(2)}, "w.pth is not a Net: b is missing"),
        ({**expected, "c": torch.ones(1)}, "c does not belong to it"),
        ({**expected, "b": torch.ones(4)}, r"b has shape \(4,\) and not \(3,\)"),
        ({**expected, "b": torch.full((3,), torch.nan)}, "b has values that are not finite"),
    ):
        with pytest.raises(WeightsError, match=said):
            check_fits(state, expected, path, "a Net")


def test_without_torch_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tensors(), tmp_path / "a.pth")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependency, match=r"pip install monomocap\[train\]"):
        read_checkpoint(path)
