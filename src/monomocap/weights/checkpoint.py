"""Weights files: is it the one it claims to be, and what tensors does it hold, without running it.

A torch checkpoint is a pickle, and a pickle is a program. Here none of it runs: only what rebuilds
tensors is called; what research code saves beside them (numpy scalars, random states, options) is
replaced by objects that do nothing; and a file that asks for anything else is refused by name.
"""

import hashlib
import io
import pickle
import struct
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO

from monomocap.errors import MissingDependency, WeightsError

if TYPE_CHECKING:
    from torch import Tensor
else:  # torch is imported where it is used
    Tensor = Any

State = Mapping[str, Tensor]
"""Parameter name -> values."""
Contents = dict[str, Any]
"""What a checkpoint holds: names -> tensors, or names -> such dicts."""


def sha256(path: Path) -> str:
    """A file's SHA-256, in hexadecimal; raises `WeightsError` if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def checked(path: Path, expected_sha256: str) -> Path:
    """The path, if its file has this SHA-256; raises `WeightsError` otherwise."""
    found = sha256(path)
    if found != expected_sha256:
        raise WeightsError(
            f"{path} is not the file it should be (SHA-256 {found[:12]}..., expected "
            f"{expected_sha256[:12]}...); delete it and get it again"
        )
    return path


def read_checkpoint(path: Path) -> Contents:
    """The tensors of a torch checkpoint, nested as in the file; everything else is left out.

    Zip files (torch 1.6 and later) and the older format; no code of the file runs. Raises
    `WeightsError` for a file that is missing, damaged, something else, or wants to run code, and
    `MissingDependency` without torch.
    """
    _check_container(path)
    contents = _tensors_only(_read(path))
    if not isinstance(contents, dict) or not contents:
        raise WeightsError(f"{path} holds no named tensors; give a checkpoint of a network")
    return contents


def check_fits(state: State, expected: State, path: Path, what: str) -> None:
    """Every name, every shape and nothing else; raises `WeightsError` with the first that differs.

    `expected` is the network's own state.
    """
    missing = [name for name in expected if name not in state]
    if missing:
        raise WeightsError(
            f"{path} is not {what}: {missing[0]} is missing "
            f"({len(missing)} of {len(expected)} names are); give a file of that network"
        )
    unexpected = [name for name in state if name not in expected]
    if unexpected:
        raise WeightsError(
            f"{path} is not {what}: {unexpected[0]} does not belong to it "
            f"({len(unexpected)} names do not); give a file of that network"
        )
    for name, tensor in expected.items():
        if state[name].shape != tensor.shape:
            raise WeightsError(
                f"{path} is not {what}: {name} has shape {tuple(state[name].shape)} and not "
                f"{tuple(tensor.shape)}; give a file of that network"
            )
    for name, tensor in state.items():
        if not bool(tensor.isfinite().all()):
            raise WeightsError(f"{path}: {name} has values that are not finite; get the file again")


# --- files


def _check_container(path: Path) -> None:
    """Refuse what cannot be a checkpoint by its first and last bytes."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            fine = _is_plain_zip(file) if start[:2] == b"PK" else start[:1] == b"\x80"
    except OSError as error:
        raise _unreadable(path, error) from error
    if not start:
        raise WeightsError(f"{path} is empty; get the file again")
    if not fine and start[:2] == b"PK":
        raise _damaged(path, "its zip archive is cut short or not torch's")
    if not fine:
        raise WeightsError(
            f"{path} is not a torch checkpoint (it begins with {start!r}); give a file that "
            f"torch.save wrote"
        )


def _is_plain_zip(file: BinaryIO) -> bool:
    """A whole archive, nothing compressed: torch stores, and so nothing swells when it is read."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError):
        return False
    names = {entry.filename.split("/", 1)[-1] for entry in entries}
    stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
    # constants.pkl marks TorchScript, which is a program by design.
    return stored and "data.pkl" in names and "constants.pkl" not in names


def _read(path: Path) -> object:
    """By torch's own safe reader; where that refuses, by ours, which knows research files."""
    torch = _torch()
    try:
        return _load(torch, path, weights_only=True)
    except _DAMAGE:
        pass
    try:
        return _load(torch, path, weights_only=False, pickle_module=_RESTRICTED)
    except _Refused as refused:
        raise WeightsError(
            f"{path} would run {refused} when opened, and weights never need that; nothing was "
            f"run, and do not use this file"
        ) from None
    except _DAMAGE as error:
        raise _damaged(path, _first_line(error)) from error


def _load(torch: Any, path: Path, **how: Any) -> object:
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch remarks on old protocols and old storages
        if file.read(2) == b"PK":
            return torch.load(path, map_location="cpu", **how)
        # The format before torch 1.6: from memory, because from a file torch would also try tar.
        file.seek(0)
        return torch.load(io.BytesIO(file.read()), map_location="cpu", **how)


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingDependency(
            "torch checkpoints need torch, which is not installed; "
            "run: pip install monomocap[train]"
        ) from error
    return torch


def _unreadable(path: Path, error: OSError) -> WeightsError:
    reason = (error.strerror or str(error)).lower()
    return WeightsError(f"cannot read {path}: {reason}; give the path of a weights file")


def _damaged(path: Path, reason: str) -> WeightsError:
    return WeightsError(
        f"{path} is damaged or not a torch checkpoint ({reason}); get the file again"
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:120] if lines else type(error).__name__


# --- pickles


class _Refused(pickle.UnpicklingError):
    """A pickle asked for something that is neither a tensor's nor known to be harmless."""


_DAMAGE = (
    pickle.UnpicklingError,
    RuntimeError,  # torch's zip reader; RecursionError too
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ImportError,
    ArithmeticError,
    MemoryError,
    struct.error,
    zipfile.BadZipFile,
)


class _Ignored:
    """Stands for an object that is no tensor: takes whatever a pickle does to it, does nothing."""

    __slots__ = ()

    def __new__(cls, *args: object, **kwargs: object) -> "_Ignored":
        return super().__new__(cls)

    def __init__(self, *args: object, **kwargs: object) -> None: ...

    def __call__(self, *args: object, **kwargs: object) -> "_Ignored":
        return self

    def __setstate__(self, state: object) -> None: ...

    def __setitem__(self, key: object, value: object) -> None: ...

    def append(self, item: object) -> None: ...

    def extend(self, items: object) -> None: ...

    def add(self, item: object) -> None: ...


class _Only:
    """A function that a pickle may call but not change (a pickle can set attributes)."""

    __slots__ = ("_function",)
    _function: Callable[..., object]

    def __init__(self, function: Callable[..., object]) -> None:
        object.__setattr__(self, "_function", function)

    def __call__(self, *args: object) -> object:
        return self._function(*args)

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError("a pickle tried to change a function")

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("a pickle tried to change a function")


_REBUILD = ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter")
_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8")
_HARMLESS = ("numpy", "torch", "argparse", "pathlib", "_codecs", "easydict", "yacs", "collections")
"""Modules whose objects stand beside weights in research files; they are ignored, not imported."""


class _Unpickler(pickle.Unpickler):
    """Finds what rebuilds tensors, and for everything harmless `_Ignored`; imports nothing."""

    def find_class(self, module: str, name: str) -> Any:
        found = _FOUND.get((module, name))
        if found is not None:
            return found
        torch = _torch()
        if module == "torch._utils" and name in _REBUILD:
            return _Only(getattr(torch._utils, name))
        if module == "torch" and (name in _DTYPES or name == "Size"):
            return _Only(tuple) if name == "Size" else getattr(torch, name)
        if module.split(".")[0] in _HARMLESS:
            return _Ignored
        raise _Refused(f"{module}.{name}")


_PLAIN = ("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list")
_FOUND: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): _Only(lambda *_: OrderedDict()),
} | {
    (module, name): _Ignored
    for module in ("builtins", "__builtin__")
    for name in (*_PLAIN, "object", "range", "set", "slice", "str", "tuple")
}


def _restricted_load(file: Any, **kwargs: Any) -> object:
    return _Unpickler(file, **kwargs).load()


_RESTRICTED = SimpleNamespace(
    __name__="restricted", Unpickler=_Unpickler, load=_restricted_load, dump=None, loads=None
)
"""What torch.load takes for the module pickle."""


def _tensors_only(contents: object, depth: int = 0) -> object:
    """Dicts by name, and tensors as plain ones of their own; None for whatever else there is."""
    from torch import Tensor

    if isinstance(contents, Tensor):
        return contents.detach()
    if isinstance(contents, dict) and depth < 8:
        kept = {
            name: _tensors_only(value, depth + 1)
            for name, value in dict.items(contents)
            if isinstance(name, str)
        }
        return {name: value for name, value in kept.items() if value is not None and value != {}}
    return None


def first_dict(contents: Contents, names: Iterable[str]) -> tuple[str, Contents] | None:
    """The first of these entries that is a dict, with its name."""
    for name in names:
        if isinstance(contents.get(name), dict):
            return name, contents[name]
    return None
