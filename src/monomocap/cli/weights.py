"""`monomocap weights pull WHAT` and `monomocap weights list`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from monomocap.cli import words
from monomocap.cli.progress import shown

weights = typer.Typer(
    name="weights",
    help="Networks that others publish: pull them, and list them with their licences.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

What = Annotated[
    str, typer.Argument(help="A name from `weights list`, a URL, or a file.", metavar="WHAT")
]
Place = Annotated[
    Path | None,
    typer.Option("--folder", help="Folder of weights.", metavar="DIR"),
]
Sum = Annotated[
    str | None,
    typer.Option("--sha256", help="Demand this SHA-256 of the weights.", metavar="HEX"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@weights.command()
def pull(
    what: What,
    folder: Place = None,
    sha256: Sum = None,
    quiet: words.Quiet = False,
    debug: words.Debug = False,
) -> None:
    """Download weights, or take in a file that you have; record their SHA-256 and licences."""
    from monomocap.weights.ledger import Held
    from monomocap.weights.store import pull as pull_weights
    from monomocap.weights.store import weights_folder

    def told(one: Held) -> list[str]:
        return [
            f"{one.name}: {weights_folder(folder) / one.file}",
            f"  SHA-256 {one.sha256}",
            f"  from {one.source}",
            f"  code and weights: {one.code}",
            f"  trained on {one.data} ({one.data_licence})",
        ]

    with shown(quiet) as progress:
        came = pull_weights(what, folder, expected_sha256=sha256, progress=progress)
    if not quiet:
        typer.echo("\n".join(line for one in came for line in told(one)))


@weights.command(name="list")
def list_weights(folder: Place = None, as_json: AsJson = False, debug: words.Debug = False) -> None:
    """What can be pulled, what is here, and on whose terms."""
    from monomocap.weights.store import listing, weights_folder

    rows = listing(folder)
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    typer.echo(f"folder: {weights_folder(folder)}")
    for row in rows:
        typer.echo(f"{row['name']}: {row['sha256'] or 'not here'}")
        typer.echo(f"  {row['about'] or 'yours'}; code and weights: {row['code']}")
        typer.echo(f"  trained on {row['data']} ({row['data_licence']})")
