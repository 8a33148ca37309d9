"""CanonicalPose3D: a dilated temporal network for the pose, and one for the root's trajectory.

The pose network is the one of Pavllo et al., "3D human pose estimation in video with temporal
convolutions and semi-supervised training", CVPR 2019, section 3 and figure 2. The trajectory
network belongs to the model `damo/cv_canonical_body-3d-keypoints_video` and has no paper.
Parameters carry the names of the published checkpoints (entries `model_pos` and `model_traj`).
"""

import math
from collections.abc import Sequence

import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, cat, nn


class CanonicalPose(nn.Module):
    """2D joints of a clip to the 3D joints of those frames whose whole surroundings it saw.

    (batch, time, joints_in, 2) -> (batch, time - receptive_field + 1, joints_out, 3). Pad the clip
    by `edge_padding` frames first to get one pose per frame.

    `causal` looks at the past alone. `dense` replaces each dilated convolution by a full one that
    sees the same frames (the paper's ablation).
    """

    def __init__(
        self,
        *,
        joints_in: int = 17,
        joints_out: int = 17,
        inputs: int = 2,
        widths: Sequence[int] = (3, 3, 3, 3, 3),
        channels: int = 1024,
        causal: bool = False,
        dense: bool = False,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        if any(width % 2 == 0 for width in widths):
            raise ValueError(f"filter widths must be odd, not {list(widths)}")
        dilations = [math.prod(widths[:i]) for i in range(len(widths))]
        self.pads = [
            (width - 1) * dilation // 2 for width, dilation in zip(widths, dilations, strict=True)
        ]
        self.shifts = [pad if causal else 0 for pad in self.pads]
        self.expand_conv = nn.Conv1d(joints_in * inputs, channels, widths[0], bias=False)
        self.expand_bn = nn.BatchNorm1d(channels)
        self.layers_conv = nn.ModuleList()
        self.layers_bn = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(2 * len(widths) - 2))
        for width, dilation, pad in zip(widths[1:], dilations[1:], self.pads[1:], strict=True):
            kernel, step = (2 * pad + 1, 1) if dense else (width, dilation)
            self.layers_conv += [
                nn.Conv1d(channels, channels, kernel, dilation=step, bias=False),
                nn.Conv1d(channels, channels, 1, bias=False),
            ]
        self.shrink = nn.Conv1d(channels, joints_out * 3, 1)
        self.drop = nn.Dropout(dropout)

    @property
    def receptive_field(self) -> int:
        """How many frames one answer depends on."""
        return 1 + 2 * sum(self.pads)

    @property
    def edge_padding(self) -> tuple[int, int]:
        """Frames to repeat before the first and after the last for one answer per frame."""
        pad, shift = sum(self.pads), sum(self.shifts)
        return pad + shift, pad - shift

    def forward(
        self, xy: Float[Tensor, "batch time joint_in inputs"]
    ) -> Float[Tensor, "batch answered joint_out 3"]:
        if xy.shape[1] < self.receptive_field:
            raise ValueError(f"{xy.shape[1]} frames are fewer than the {self.receptive_field} seen")
        x = rearrange(xy, "batch time joint xy -> batch (joint xy) time")
        x = self.drop(F.relu(self.expand_bn(self.expand_conv(x))))
        for layer in range(len(self.pads) - 1):
            x = self._residual(x, layer) + self._layer(x, layer)
        x = self.shrink(x)
        return rearrange(x, "batch (joint xyz) time -> batch time joint xyz", xyz=3)

    def _residual(self, x: Tensor, layer: int) -> Tensor:
        """The frames of x that stand where the layer's answers stand."""
        pad, shift = self.pads[layer + 1], self.shifts[layer + 1]
        return x[:, :, pad + shift : x.shape[2] - pad + shift]

    def _layer(self, x: Tensor, layer: int) -> Tensor:
        """A convolution along time, then one within each frame."""
        for i in (2 * layer, 2 * layer + 1):
            x = self.drop(F.relu(self.layers_bn[i](self.layers_conv[i](x))))
        return x


class RootTrajectory(nn.Module):
    """Where the pelvis of the middle frame is, from the 2D clip around it and its 3D pose.

    (batch, frames, joint, 2) and (batch, joint, 3) -> (batch, 3)
    """

    def __init__(
        self,
        *,
        joints: int = 17,
        inputs: int = 2,
        frames: int = 243,
        channels: int = 1024,
        blocks: int = 4,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        # Registered twice, as published: the names expand_bn.* and conv1.2.* are the same tensors.
        self.expand_bn = nn.BatchNorm1d(channels)
        self.conv1 = nn.Sequential(
            nn.ReplicationPad1d(1),
            nn.Conv1d(joints * inputs, channels, 3, bias=False),
            self.expand_bn,
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.layers_conv = nn.ModuleList(
            nn.Conv1d(channels, channels, 5, dilation=2, bias=False) for _ in range(blocks)
        )
        self.layers_bn = nn.ModuleList(nn.BatchNorm1d(channels) for _ in range(blocks))
        self.reduce = nn.Conv1d(channels, channels, frames)
        self.embedding_3d_1 = nn.Linear(joints * 3, 500)
        # Never used, there or here; it stands in every published file.
        self.embedding_3d_2 = nn.Linear(500, 500)
        self.out1 = nn.Linear(channels + 500, channels)
        self.out2 = nn.Linear(channels, 3)
        self.drop = nn.Dropout(dropout)

    def forward(
        self, xy: Float[Tensor, "batch time joint inputs"], xyz: Float[Tensor, "batch joint 3"]
    ) -> Float[Tensor, "batch 3"]:
        if xy.shape[1] != self.reduce.kernel_size[0]:
            raise ValueError(f"clips have {self.reduce.kernel_size[0]} frames, not {xy.shape[1]}")
        x = self.conv1(rearrange(xy, "batch time joint xy -> batch (joint xy) time"))
        for conv, norm in zip(self.layers_conv, self.layers_bn, strict=True):
            # 4 frames each side: the reach of 5 taps, 2 apart.
            x = x + self.drop(F.relu(norm(conv(F.pad(x, (4, 4), mode="replicate")))))
        clip = rearrange(F.relu(self.reduce(x)), "batch channel 1 -> batch channel")
        pose = self.embedding_3d_1(rearrange(xyz, "batch joint xyz -> batch (joint xyz)"))
        both = cat([clip, F.leaky_relu(pose)], dim=1)
        out: Tensor = self.out2(F.leaky_relu(self.out1(both)))
        return out
