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

Names = Annotated[
    str,
    typer.Option("--names", help="What bones are called: rig, mixamo, vrm, ...", metavar="PRESET"),
]
Program = Annotated[
    str,
    typer.Option(
        "--for",
        help="Who will read it, for up axis and unit: blender, maya, unity, ...",
        metavar="PROGRAM",
        show_default="the format's own",
    ),
]
Rest = Annotated[
    str,
    typer.Option("--rest", help="The pose without rotations: arms level or sunk.", metavar="T|A"),
]


def convert(
    saved: Saved,
    output: Output,
    names: Names = "rig",
    program: Program = "",
    rest: Rest = "T",
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
