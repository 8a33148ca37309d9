"""Whatever has weights, as an ONNX file that says itself what it is and runs without torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from monomocap.errors import OptionError
from monomocap.lift.published_folder import CONFIGURATION, WEIGHTS

if TYPE_CHECKING:
    from monomocap.lift.slim import Bits


def export(source: Path, output: Path, *, bits: Bits = 32) -> tuple[Path, ...]:
    """Write a run, a published lifter or a published 2D detector as ONNX; the files written.

    `bits` keeps the weights in 16 or 8 bits (`lift.slim`); those of a .pt always have 16.
    Raises `DataError` for a folder that is nothing of these, `OptionError` for a name that does not
    end in .onnx (a run may also become a .pt), `WeightsError`, `MissingDependency` without torch,
    and `OutputError`.
    """
    files = _export(source, output)
    for file in files:
        if bits != 32 and file.suffix == ".onnx":
            from monomocap.lift.slim import slim

            slim(file, bits)
    return files


def _export(source: Path, output: Path) -> tuple[Path, ...]:
    if source.is_dir() and not (source / CONFIGURATION).is_file():
        from monomocap.train.export import export_run

        export_run(source, output)
        return (output,)
    if output.suffix != ".onnx":
        raise OptionError(f"{output} must end in .onnx: that is what published models become")
    if is_detector(source):
        from monomocap.detect.hrnet import export_onnx

        export_onnx(source, output)
        return (output,)
    from monomocap.lift.exported import export_published

    return export_published(source, output)


def is_detector(source: Path) -> bool:
    """Whether this folder or checkpoint is HRNet's or HRNetV2's: only they have a stage 4."""
    from monomocap.lift.checkpoints import flat_state
    from monomocap.weights import read_checkpoint

    weights = source / WEIGHTS if source.is_dir() else source
    return any(name.startswith("stage4.") for name in flat_state(read_checkpoint(weights)))
