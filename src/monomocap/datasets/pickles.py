"""Numpy's object files and pickles of arrays, read without running what is in them.

A pickle is a program. Here it may only build numpy arrays, numbers, text and plain containers;
whatever else it asks for is refused by name, and nothing of it is imported or called. Arrays are
views of the file's bytes: nothing is copied until somebody asks for a sequence.
"""

import pickle
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monomocap.errors import DataError

_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
_BUILTINS = ("builtins", "__builtin__")
_PLAIN_KINDS = "biufcSU?O"
_MOST_DIMENSIONS = 8

DAMAGE = (
    pickle.UnpicklingError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ImportError,
    ArithmeticError,
    MemoryError,
    RecursionError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What a file that is not what it should be can raise while it is read."""


class Refused(pickle.UnpicklingError):
    """A pickle asked for something that data never needs."""


def read_npz_object(path: Path, name: str) -> object:
    """One entry of an .npz file that holds python objects: dicts of arrays, as `np.savez` writes.

    Raises `DataError` for a file that is missing, damaged, something else, or wants to run code.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            return _read_npy(file)
    except KeyError as error:
        raise DataError(f"{path} has no entry {name!r}; is it the right file?") from error
    except Refused as error:
        raise _runs_code(path, error) from None
    except DAMAGE as error:
        raise DataError(f"cannot read {path}: {reason(error)}; get the file again") from error


def read_npy_object(path: Path) -> object:
    """A .npy file that holds a python object, as `np.save` writes a dict; raises `DataError`."""
    try:
        with path.open("rb") as file:
            return _read_npy(file)
    except Refused as error:
        raise _runs_code(path, error) from None
    except DAMAGE as error:
        raise DataError(f"cannot read {path}: {reason(error)}; get the file again") from error


def read_pickle(path: Path) -> object:
    """A whole pickle of arrays and plain containers, of Python 3 or 2; raises `DataError`."""
    try:
        with path.open("rb") as file:
            return unwrapped(_Unpickler(file, encoding="latin1").load())
    except Refused as error:
        raise _runs_code(path, error) from None
    except DAMAGE as error:
        raise DataError(f"cannot read {path}: {reason(error)}; get the file again") from error


def _runs_code(path: Path, error: Refused) -> DataError:
    return DataError(
        f"{path} would run {error} when opened, and data never needs that; nothing was run, and do "
        f"not use this file"
    )


def reason(error: BaseException) -> str:
    """An error in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__


def _read_npy(file: Any) -> object:
    version: tuple[int, int] = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
    read_header: Callable[..., Any] | None = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"an array of the unknown version {version}")
    shape, fortran, dtype = read_header(file)
    if dtype.hasobject:
        array = unwrapped(_Unpickler(file, encoding="latin1").load())
        return array.item() if isinstance(array, np.ndarray) and not array.shape else array
    values = np.frombuffer(file.read(), dtype)
    return values.reshape(shape, order="F" if fortran else "C")


class _Dtype:
    """Stands for numpy.dtype while a pickle is read: a name, and its byte order."""

    def __init__(self, name: object, *rest: object) -> None:
        self.value = np.dtype(name if isinstance(name, str) else "O")
        if self.value.kind not in _PLAIN_KINDS or self.value.names:
            raise Refused(f"the data type {name!r}")

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        if order in ("<", ">") and self.value.kind != "O":
            self.value = self.value.newbyteorder(order)


class _Array:
    """Stands for numpy.ndarray while a pickle is read."""

    def __init__(self) -> None:
        self.value: np.ndarray = np.zeros(0)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        self.value = _array(shape, dtype.value, "F" if fortran else "C", content)


def _array(shape: Any, dtype: np.dtype, order: Any, content: Any) -> np.ndarray:
    shape = tuple(int(n) for n in shape)
    if len(shape) > _MOST_DIMENSIONS or min(shape, default=0) < 0:
        raise ValueError(f"an array of shape {shape}")
    if dtype.kind == "O":
        array = np.empty(len(content), dtype=object)
        array[:] = [unwrapped(item) for item in content]
        return array.reshape(shape, order=order)
    content = content.encode("latin1") if isinstance(content, str) else content
    return np.frombuffer(content, dtype).reshape(shape, order=order)


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.value = _array(shape, dtype.value, order, content)
    return array


def _scalar(dtype: Any, content: Any) -> object:
    return _array((), dtype.value, "C", content)[()]


def _encode(text: Any, _: Any = "latin1") -> bytes:
    """How Python 3 writes bytes into pickles that Python 2 can read."""
    return str(text).encode("latin1")


class _Marker:
    """numpy.ndarray as an argument: it says nothing."""


def _plain_dict(*_: object) -> dict[object, object]:
    return {}


_FOUND: dict[tuple[str, str], Any] = (
    {("numpy", "dtype"): _Dtype, ("numpy", "ndarray"): _Marker, ("_codecs", "encode"): _encode}
    | {(module, "_reconstruct"): _reconstruct for module in _NUMPY}
    | {(module, "scalar"): _scalar for module in _NUMPY}
    | {(module, "_frombuffer"): _from_buffer for module in _NUMERIC}
    | {("collections", name): _plain_dict for name in ("OrderedDict", "defaultdict")}
    | {(module, name): _plain_dict for module in _BUILTINS for name in ("dict", "list")}
)


class _Unpickler(pickle.Unpickler):
    """Finds what rebuilds arrays, and imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        found = _FOUND.get((module, name))
        if found is None:
            raise Refused(f"{module}.{name}")
        return found


def unwrapped(value: object) -> object:
    """The arrays instead of what stood for them; containers are filled anew."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, _Dtype | _Marker):
        return None
    if isinstance(value, Mapping):
        return {unwrapped(key): unwrapped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(unwrapped(item) for item in value)
    return value
