"""What a file format is: one way to write a take and, where the format allows, to read it back."""

import importlib.util
from abc import ABC, abstractmethod
from pathlib import Path

from monomocap.errors import FormatError, MissingDependency, OptionError
from monomocap.formats.style import Style
from monomocap.types import Take


class Format(ABC):
    """One kind of file. A format keeps no state: one object of it serves everybody."""

    about: str = ""
    """What is in such a file, in a few words."""
    one_person: bool = False
    """Whether a file holds one person: several people become several files."""
    needs: tuple[str, str] | None = None
    """The library that it takes, as imported, and the extra that brings it; None for neither."""

    @property
    def reads(self) -> bool:
        """Whether such files can be read back."""
        return type(self).read is not Format.read

    @property
    def styles(self) -> bool:
        """Whether there is anything to style: bones to name, axes to choose, a rest pose."""
        return type(self).styled is not Format.styled

    def check(self) -> None:
        """Raise `MissingDependency` where the library that this format takes is not installed."""
        if self.needs is not None:
            module, extra = self.needs
            if importlib.util.find_spec(module) is None:
                raise MissingDependency(
                    f"{self.about} needs {module}, which is not installed; "
                    f'run: pip install "monomocap[{extra}]"'
                )

    def styled(self, style: Style) -> "Format":
        """The format as a style wants it; raises `OptionError` where there is nothing to style."""
        if style != Style():
            raise OptionError(
                f"{self.about} has no bones to name, turn or rest; styles are for .bvh, .glb, .usd"
            )
        return self

    @abstractmethod
    def write(self, take: Take, path: Path) -> None:
        """Write a take to a file that appears under its name only when it is whole.

        A take that is handed to a format of `one_person` has one person.
        """

    def read(self, path: Path) -> Take:
        """Read a take from a file; raises `FormatError`."""
        raise FormatError(f"{path}: {self.about} is written here and not read; convert take.npz")
