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
from monomocap.skeleton import H36M17

MOMENTS = 9
"""Frames that a draft looks at: the one that it answers, and four on each side."""
STEP = 2
"""Frames of a clip from one moment to the next: a draft learns at half the clips' rate."""


class Draft(nn.Module):
    """Nine moments of 2D joints to the 3D joints of the middle one.

    The moments are turned in the picture until the trunk stands upright, and the answer back: a
    body that leans or lies is then seen as one that stands, and the network need not learn every
    pose at every roll. How far they were turned is told, since most cameras stand upright.
    One level of convolution over three moments each, then residual layers with the norms before
    the weights (He et al., ECCV 2016).
    """

    def __init__(
        self,
        *,
        joints: int = 17,
        inputs: int = 3,
        channels: int = 384,
        blocks: int = 3,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        three = 3 * joints * inputs
        self.first = nn.Sequential(
            nn.Linear(three + 2, channels, bias=False), nn.BatchNorm1d(channels), nn.ReLU()
        )
        self.second = nn.Linear(3 * channels, channels)
        self.blocks = nn.ModuleList(
            nn.Sequential(Layer(channels, dropout), Layer(channels, dropout)) for _ in range(blocks)
        )
        self.last = nn.Sequential(nn.BatchNorm1d(channels), nn.ReLU())
        self.pose = nn.Linear(channels, joints * 3)

    def forward(
        self, x: Float[Tensor, "batch channel 9 joint"]
    ) -> Float[Tensor, "batch 3 1 joint"]:
        batch = x.shape[0]
        roll = roll_of(x)
        three = rearrange(
            turned(x, roll), "batch c (three t) joint -> (batch three) (t joint c)", three=3
        )
        told = roll.repeat_interleave(3, dim=0)
        levels = self.first(torch.cat([three, told], dim=1))
        h = self.second(levels.reshape(batch, -1))
        for block in self.blocks:
            h = h + block(h)
        pose = self.pose(self.last(h))
        xyz: Tensor = rearrange(pose, "batch (xyz joint) -> batch xyz 1 joint", xyz=3)
        return turned(xyz - xyz[..., :1], roll * roll.new_tensor([1.0, -1.0]))

    def every_frame(
        self, x: Float[Tensor, "batch channel time joint"], step: int
    ) -> Float[Tensor, "batch 3 time joint"]:
        """A draft of each frame from moments `step` frames apart; the clip's ends are held."""
        batch = x.shape[0]
        y: Tensor = self(rescaled(moments(x, step)))
        return rearrange(y, "(batch time) xyz 1 joint -> batch xyz time joint", batch=batch)


class Layer(nn.Sequential):
    """Batch norm, ReLU, dropout, linear: on so few frames a convolution is a matrix product."""

    def __init__(self, channels: int, dropout: float) -> None:
        linear = nn.Linear(channels, channels)
        super().__init__(nn.BatchNorm1d(channels), nn.ReLU(), nn.Dropout(dropout), linear)


_PELVIS, _THORAX = H36M17.index("pelvis"), H36M17.index("thorax")


def roll_of(x: Float[Tensor, "batch channel moment joint"]) -> Float[Tensor, "batch 2"]:
    """Cosine and sine of the turn that stands the trunk upright (y down), of all moments alike.

    Moments without pelvis or thorax have no say; where none has, nothing is turned.
    """
    both = (x[:, 2, :, _PELVIS] > 0) & (x[:, 2, :, _THORAX] > 0)
    trunk = (x[:, :2, :, _THORAX] - x[:, :2, :, _PELVIS]) * both[:, None]
    along = trunk.sum(dim=2)
    right, up = along[:, 0], 1e-6 - along[:, 1]
    length = (right.square() + up.square()).sqrt().clamp(min=1e-9)
    return torch.stack([up / length, -right / length], dim=1)


def turned(
    xy: Float[Tensor, "batch channel time joint"], turn: Float[Tensor, "batch 2"]
) -> Float[Tensor, "batch channel time joint"]:
    """Channels 0 and 1 turned by an angle given as cosine and sine; the others as they are."""
    c, s = (part[:, None, None] for part in turn.unbind(dim=1))
    x, y = xy[:, 0], xy[:, 1]
    return torch.cat([torch.stack([c * x - s * y, s * x + c * y], dim=1), xy[:, 2:]], dim=1)


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
        self, *, channels: int = 384, blocks: int = 3, step: int = STEP, dropout: float = 0.0
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
