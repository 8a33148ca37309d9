"""`monomocap convert IN OUT`."""

from pathlib import Path
from typing import Annotated

import typer

from monomocap.cli import words
from monomocap.cli.report import shout

Saved = Annotated[
    Path, typer.Argument(metavar="IN", help="A saved take: take.npz, or another format.")
]
Output = Annotated[
    Path, typer.Argument(metavar="OUT", help="The file to write; its ending says the format.")
]


def convert(
    saved: Saved,
    output: Output,
    names: words.Names = words.OWN_NAMES,
    program: words.Program = words.ANY_PROGRAM,
    rest: words.Rest = words.T_POSE,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Write a saved take in another format; the file's ending says which."""
    from monomocap.formats import Style, files_of, load, save
    from monomocap.formats.catalogue import format_of
    from monomocap.formats.files import check_folder

    style = Style(names, program, rest)
    format_of(output).styled(style).check()
    check_folder(output.parent)
    take = load(saved)
    save(take, output, style)
    shout(take.warnings)
    if not quiet:
        typer.echo("wrote " + ", ".join(str(path) for path in files_of(take, output)))
