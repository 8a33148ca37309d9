"""A wider network that begins where a narrower one ended.

Nothing that was learned is lost: the wider one answers the same at first (after Chen et al.,
Net2Net, ICLR 2016; here new units begin fresh and unheard instead of as copies).
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from monomocap.lift.networks.drafted import Draft


def widened(state: Mapping[str, Tensor], wide: Draft) -> dict[str, Tensor]:
    """A narrower draft's weights in a wider one's shapes; other weights are left as they are.

    A new unit keeps its fresh weights; whoever was there before gives it no weight yet.
    """
    fresh = wide.state_dict()
    if fresh.keys() != state.keys() or not _fits_in(state, fresh):
        return dict(state)
    return {name: _placed(name, weight, fresh[name]) for name, weight in state.items()}


def _fits_in(state: Mapping[str, Tensor], fresh: Mapping[str, Tensor]) -> bool:
    """Whether only units are added."""
    return all(
        weight.ndim == fresh[name].ndim
        and all(a <= b for a, b in zip(weight.shape, fresh[name].shape, strict=True))
        for name, weight in state.items()
    )


def _placed(name: str, weight: Tensor, fresh: Tensor) -> Tensor:
    if weight.shape == fresh.shape:
        return weight
    out = fresh.clone()
    rows = len(weight)
    if weight.ndim == 1:
        out[:rows] = weight.to(out.dtype)
        return out
    moments = 3 if name.startswith("second.") else 1
    out[:rows] = 0
    out[:rows, _columns(weight.shape[1], fresh.shape[1], moments)] = weight.to(out.dtype)
    return out


def _columns(before: int, after: int, moments: int) -> Tensor:
    """Where units that were there before are read, each moment's in a block of its own."""
    block = torch.arange(before // moments)
    return torch.cat([moment * (after // moments) + block for moment in range(moments)])
