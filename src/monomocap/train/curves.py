"""A run's log as a picture."""

from pathlib import Path

from monomocap.train.checkpoint import read_log


def draw_curves(run: Path) -> None:
    """Write `curves.png`: the loss, and the errors on held-out people."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = read_log(run)
    if not rows:
        return
    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    steps = [row["step"] for row in rows]
    left.plot(steps, [row["loss_mm"] for row in rows], color="black")
    left.set(xlabel="step", ylabel="training loss (mm)", yscale="log")
    for key in sorted(k for k in rows[-1] if k.endswith("mpjpe")):
        right.plot(steps, [row[key] for row in rows], label=key.replace("_", " ", 1))
    right.set(xlabel="step", ylabel="held-out subjects (mm)", yscale="log")
    right.legend(fontsize=8)
    figure.savefig(run / "curves.png", dpi=120)
