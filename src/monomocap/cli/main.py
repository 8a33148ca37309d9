"""The command `monomocap`: its sub-commands, and how it ends.

Exit codes: 0 done; 1 some of several videos failed; 2 the request cannot be met, said in one line;
130 stopped with Ctrl-C.
"""

import sys
import traceback
from typing import Annotated, NoReturn

import typer

import monomocap
from monomocap.cli.bench import bench
from monomocap.cli.convert import convert
from monomocap.cli.count import count
from monomocap.cli.demo import demo
from monomocap.cli.drive import drive
from monomocap.cli.evaluate import evaluate
from monomocap.cli.live import live
from monomocap.cli.models import models
from monomocap.cli.recognize import recognize
from monomocap.cli.render import render
from monomocap.cli.run import run
from monomocap.cli.score import score
from monomocap.cli.train import export, train
from monomocap.cli.view import view
from monomocap.cli.weights import weights
from monomocap.errors import MonomocapError

app = typer.Typer(
    name="monomocap",
    help="An ordinary video in, the 3D motion of the people in it out.",
    rich_markup_mode=None,  # half the time of --help, and nothing lost
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run)
app.command()(convert)
app.command()(view)
app.command()(render)
app.command()(live)
app.command()(demo)
app.command()(bench)
app.command()(models)
app.command()(evaluate)
app.command()(train)
app.command()(export)
app.command()(count)
app.command()(score)
app.command()(drive)
app.add_typer(recognize)
app.add_typer(weights)

# Typer brings a copy of click of its own: this is the root of what either raises for a wrong word.
_UsageError: type[Exception] = next(
    c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException"
)

FAILED = 2
STOPPED = 130


def _print_version(wanted: bool) -> bool:
    if wanted:
        typer.echo(f"monomocap {monomocap.__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and stop.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None: ...


def main(words: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    words = sys.argv[1:] if words is None else words
    words = words or ["--help"]
    code = _exit_code(words)
    if code == STOPPED:
        _complain("stopped")
    sys.exit(code)


def _exit_code(words: list[str]) -> int:
    try:
        return int(app(words, standalone_mode=False) or 0)
    except MonomocapError as error:
        if "--debug" in words:
            traceback.print_exc()
        _complain(str(error))
        return FAILED
    except _UsageError as error:
        message = error.format_message()  # type: ignore[attr-defined]
        _complain(f"{message} (see `monomocap --help`)")
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        return STOPPED


def _complain(message: str) -> None:
    line = " ".join(message.split())
    typer.secho(f"monomocap: {line}", fg="red", err=True)
