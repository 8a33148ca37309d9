"""MixSTE: attention between joints and attention along time, in turn.

Zhang et al., "MixSTE: Seq2seq Mixed Spatio-Temporal Encoder for 3D Human Pose Estimation in
Video", CVPR 2022. Parameters carry the names of the published checkpoints; see `published_state`.
"""

from collections.abc import Mapping

import torch.nn.functional as F
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, linspace, nn, zeros


class Attention(nn.Module):
    """Multi-head self-attention with one fused projection."""

    def __init__(self, *, dim: int, heads: int) -> None:
        super().__init__()
        if dim % heads:
            raise ValueError(f"dim {dim} does not divide into {heads} heads")
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        pattern = "batch token (three head dim) -> three batch head token dim"
        query, key, value = rearrange(self.qkv(x), pattern, three=3, head=self.heads).unbind(0)
        seen = F.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.proj(rearrange(seen, "batch head token dim -> batch token (head dim)"))
        return out


class MLP(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, *, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        out: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return out


class DropPath(nn.Module):
    """While training, leaves a branch out of a random part of the batch (Huang et al., 2016)."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        if not self.training or self.rate == 0:
            return x
        keep = 1 - self.rate
        return x * x.new_empty(x.shape[0], 1, 1).bernoulli_(keep) / keep


class Block(nn.Module):
    """Pre-norm transformer block: attention, then the MLP, each added to what came in."""

    def __init__(self, *, dim: int, heads: int, mlp_ratio: float, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim=dim, heads=heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = MLP(dim=dim, hidden=int(dim * mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Float[Tensor, "batch token dim"]) -> Float[Tensor, "batch token dim"]:
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class MixSTE(nn.Module):
    """2D joints of a clip to 3D joints of every frame (the paper's section 3).

    (batch, time, joint, inputs) -> (batch, time, joint, 3); time is always `frames`. The published
    weights take screen-normalised pixels and answer in metres from the pelvis; the pelvis of the
    answer is near zero, not zero.
    """

    def __init__(
        self,
        *,
        joints: int = 17,
        frames: int = 243,
        inputs: int = 2,
        dim: int = 512,
        depth: int = 8,
        heads: int = 8,
        mlp_ratio: float = 2.0,
        drop_path: float = 0.1,
    ) -> None:
        super().__init__()
        self.Spatial_patch_to_embedding = nn.Linear(inputs, dim)
        self.Spatial_pos_embed = nn.Parameter(zeros(1, joints, dim))
        self.Temporal_pos_embed = nn.Parameter(zeros(1, frames, dim))
        # Deeper branches are left out more often. Computed on the CPU, also for the meta device.
        rates = [float(rate) for rate in linspace(0, drop_path, depth, device="cpu")]

        def blocks() -> nn.ModuleList:
            return nn.ModuleList(
                Block(dim=dim, heads=heads, mlp_ratio=mlp_ratio, drop_path=rate) for rate in rates
            )

        self.STEblocks = blocks()
        self.TTEblocks = blocks()
        # One norm for all depths of a kind: as published, and as its weights want it.
        self.Spatial_norm = nn.LayerNorm(dim, eps=1e-6)
        self.Temporal_norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Sequential(nn.LayerNorm(dim, eps=1e-5), nn.Linear(dim, 3))

    def forward(
        self, xy: Float[Tensor, "batch time joint inputs"]
    ) -> Float[Tensor, "batch time joint 3"]:
        batch = xy.shape[0]
        self._check(xy)
        x = self.Spatial_patch_to_embedding(xy)
        x = rearrange(x, "batch time joint dim -> (batch time) joint dim")
        x = x + self.Spatial_pos_embed
        for depth, (spatial, temporal) in enumerate(
            zip(self.STEblocks, self.TTEblocks, strict=True)
        ):
            x = self.Spatial_norm(spatial(x))  # the joints of one frame look at each other
            x = rearrange(x, "(batch time) joint dim -> (batch joint) time dim", batch=batch)
            if depth == 0:
                x = x + self.Temporal_pos_embed
            x = self.Temporal_norm(temporal(x))  # one joint looks along time
            x = rearrange(x, "(batch joint) time dim -> (batch time) joint dim", batch=batch)
        xyz: Tensor = self.head(x)
        return rearrange(xyz, "(batch time) joint xyz -> batch time joint xyz", batch=batch)

    def _check(self, xy: Tensor) -> None:
        known = (self.Temporal_pos_embed.shape[1], self.Spatial_pos_embed.shape[1])
        frames, joints = xy.shape[1:3]
        if (frames, joints) != known:
            raise ValueError(
                f"this MixSTE takes {known[0]} frames of {known[1]} joints, "
                f"not {frames} frames of {joints}"
            )


def published_state(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of a published checkpoint (its entry `model_pos`) under the names used here.

    Published files were saved from `nn.DataParallel`, which puts `module.` before every name.
    """
    return {name.removeprefix("module."): tensor for name, tensor in checkpoint.items()}
