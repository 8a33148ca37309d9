"""A draft of each pose by a small network, and HDFormer to refine it over time.

HDFormer learns slowly: a clip of 32 frames costs it 200 million multiplications and shows one
body from one camera. The draft network costs a hundredth of that per view, so that on the same
machine it sees a hundred times as many bodies and cameras; what time can add is left to HDFormer,
which gets the draft beside the 2D joints and answers the difference. The idea of lifting first
and correcting then is that of the stacked networks of Martinez et al., ICCV 2017; the draft's
temporal convolutions are those of Pavllo et al., CVPR 2019.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from monomocap.lift.networks.hdformer import HDFormer

MOMENTS = 9
"""Frames that a draft looks at: the one that it answers, and four on each side."""
STEP = 2
"""Frames of a clip from one moment to the next: a draft learns at half the clips' rate."""


class Draft(nn.Module):
    """Nine moments of 2D joints to the 3D joints of the middle one.

    Two levels of convolutions over three moments each, then residual layers on the middle.
    """

    def __init__(
        self,
        *,
        joints: int = 17,
        inputs: int = 3,
        channels: int = 384,
        blocks: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.first = Layer(3 * joints * inputs, channels, dropout)
        self.second = Layer(3 * channels, channels, dropout)
        self.blend = Layer(channels, channels, dropout)
        self.blocks = nn.ModuleList(
            nn.Sequential(Layer(channels, channels, dropout), Layer(channels, channels, dropout))
            for _ in range(blocks)
        )
        self.pose = nn.Linear(channels, joints * 3)

    def forward(
        self, x: Float[Tensor, "batch channel 9 joint"]
    ) -> Float[Tensor, "batch 3 1 joint"]:
        batch = x.shape[0]
        three = rearrange(x, "batch c (three t) joint -> (batch three) (t joint c)", three=3)
        levels = rearrange(self.first(three), "(batch three) c -> batch three c", batch=batch)
        h = levels[:, 1] + self.blend(self.second(levels.flatten(1)))
        for block in self.blocks:
            h = h + block(h)
        xyz: Tensor = rearrange(self.pose(h), "batch (xyz joint) -> batch xyz 1 joint", xyz=3)
        return xyz - xyz[..., :1]

    def every_frame(
        self, x: Float[Tensor, "batch channel time joint"], step: int
    ) -> Float[Tensor, "batch 3 time joint"]:
        """A draft of each frame from moments `step` frames apart; the clip's ends are held."""
        batch = x.shape[0]
        y: Tensor = self(rescaled(moments(x, step)))
        return rearrange(y, "(batch time) xyz 1 joint -> batch xyz time joint", batch=batch)


class Layer(nn.Sequential):
    """Linear, batch norm, ReLU, dropout: on so few frames a convolution is a matrix product."""

    def __init__(self, in_dim: int, out_dim: int, dropout: float) -> None:
        linear = nn.Linear(in_dim, out_dim, bias=False)
        super().__init__(linear, nn.BatchNorm1d(out_dim), nn.ReLU(), nn.Dropout(dropout))


def moments(
    x: Float[Tensor, "batch channel time joint"], step: int
) -> Float[Tensor, "batch_time channel 9 joint"]:
    """Each frame of each clip with its surroundings."""
    reach = step * (MOMENTS // 2)
    held = F.pad(x, (0, 0, reach, reach), mode="replicate")
    around = torch.stack([held[:, :, k * step : k * step + x.shape[2]] for k in range(MOMENTS)])
    return rearrange(around, "moment batch c time joint -> (batch time) c moment joint")


def rescaled(
    x: Float[Tensor, "batch channel moment joint"],
) -> Float[Tensor, "batch channel moment joint"]:
    """x and y (channels 0 and 1) in apparent body sizes of these moments, as in training.

    The clip that they are cut from is measured as a whole (`lift.normalize.person_view`).
    """
    seen = (x[:, 2:] > 0).sum(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    size = (x[:, :2].square().sum(dim=(1, 2, 3), keepdim=True) / seen).sqrt().clamp(min=1e-3)
    return torch.cat([x[:, :2] / size, x[:, 2:]], dim=1)


class DraftAlone(nn.Module):
    """A draft of every frame of a clip and nothing after it: what HDFormer is compared with."""

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft

    def forward(
        self, x: Float[Tensor, "batch 3 time joint"]
    ) -> Float[Tensor, "batch 3 time joint"]:
        return self.draft.every_frame(x, STEP)


class DraftedHDFormer(nn.Module):
    """The draft, which does not learn any more, plus what HDFormer adds to it.

    (batch, 3: x y score, time, joint) -> (batch, 3, time, joint). A fresh one answers the draft.
    """

    def __init__(
        self, *, channels: int = 384, blocks: int = 2, step: int = STEP, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.step = step
        self.draft = Draft(channels=channels, blocks=blocks)
        self.refine = HDFormer(in_channels=6, dropout=dropout, published_graph=False)
        nn.init.zeros_(self.refine.joint_regressor.weight)
        nn.init.zeros_(self.refine.joint_regressor.get_parameter("bias"))

    def train(self, mode: bool = True) -> "DraftedHDFormer":
        """The draft stays as it is."""
        super().train(mode)
        self.draft.eval().requires_grad_(False)
        return self

    def forward(
        self, x: Float[Tensor, "batch 3 time joint"]
    ) -> Float[Tensor, "batch 3 time joint"]:
        draft = self.draft.every_frame(x, self.step)
        refined: Tensor = self.refine(torch.cat([x, draft], dim=1))
        return draft + refined
