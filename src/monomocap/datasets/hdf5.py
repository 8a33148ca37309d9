"""HDF5 files, MATLAB's v7.3 among them; h5py comes with the extra `data`."""

from pathlib import Path

import numpy as np

from monomocap.errors import DataError, MissingDependency

SIGNATURE = b"\x89HDF\r\n\x1a\n"


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5, a MATLAB header of 512 bytes before it or not."""
    with path.open("rb") as file:
        start = file.read(520)
    return SIGNATURE in (start[:8], start[512:])


def read_hdf5(path: Path, *names: str) -> np.ndarray:
    """One data set by its name, the first of several spellings that is there.

    Raises `DataError`, or `MissingDependency` without h5py.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingDependency(
            f"{path} needs h5py, which is not installed; run: pip install monomocap[data]"
        ) from error
    try:
        with h5py.File(path, "r") as file:
            found = next((name for name in names if name in file), None)
            if found is None:
                held = ", ".join(sorted(file)) or "nothing"
                raise DataError(f"{path} has no data set {names[0]!r} (it has {held})")
            values = np.asarray(file[found][()])
    except (OSError, RuntimeError, AttributeError, TypeError, ValueError) as error:
        first = (str(error).splitlines() or ["?"])[0]
        raise DataError(f"cannot read {path}: {first[:120]}; get the file again") from error
    if values.dtype.kind not in "fiub":
        raise DataError(f"{path}: {found} is not an array of numbers")
    return values
