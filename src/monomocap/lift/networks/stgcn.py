"""ST-GCN++ in small: graph convolutions over limbs, several widths of convolution over time.

After Duan, Wang, Chen and Lin, "PYSKL: Towards Good Practices for Skeleton Action Recognition"
(2022): a learnt graph per layer that begins as the skeleton's own, residuals in space and time,
and parallel temporal branches. Unlike theirs the nodes are limbs, not joints, and it is a hundredth
of the size: it is taught with tens of clips.
"""

import torch
from torch import nn


class STGCN(nn.Module):
    """(batch, channel, time, node) -> (batch, `width`) embeddings; `classify` gives scores."""

    def __init__(
        self,
        *,
        graph: list[tuple[int, int]],
        nodes: int,
        channels: int,
        labels: int,
        width: int = 64,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        half = width // 2
        self.norm = nn.BatchNorm1d(channels * nodes)
        self.blocks = nn.Sequential(
            Block(channels, half, graph, nodes),
            Block(half, half, graph, nodes),
            Block(half, width, graph, nodes, stride=2),
            Block(width, width, graph, nodes, stride=2),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, labels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Embeddings: means over time and nodes of the last block."""
        batch, channels, time, nodes = x.shape
        x = self.norm(x.permute(0, 1, 3, 2).reshape(batch, channels * nodes, time))
        x = x.reshape(batch, channels, nodes, time).permute(0, 1, 3, 2)
        return self.blocks(x).mean(dim=(2, 3))

    def classify(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of the labels it is taught."""
        scores: torch.Tensor = self.head(self.dropout(self(x)))
        return scores


class Block(nn.Module):
    """Space, then time, each added to what came in."""

    def __init__(
        self, inputs: int, outputs: int, graph: list[tuple[int, int]], nodes: int, stride: int = 1
    ) -> None:
        super().__init__()
        self.space = GraphConvolution(inputs, outputs, graph, nodes)
        self.time = MultiScale(outputs, stride)
        same = inputs == outputs and stride == 1
        self.around: nn.Module = (
            nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride=(stride, 1))
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.time(self.space(x)) + self.around(x))


class GraphConvolution(nn.Module):
    """Three learnt graphs: itself, the skeleton's neighbours, and neighbours' neighbours."""

    def __init__(self, inputs: int, outputs: int, graph: list[tuple[int, int]], nodes: int) -> None:
        super().__init__()
        near = torch.zeros(nodes, nodes)
        for a, b in graph:
            near[a, b] = near[b, a] = 1
        far = ((near @ near > 0) & (near == 0)).float() * (1 - torch.eye(nodes))
        graphs = torch.stack([torch.eye(nodes), near, far])
        self.graphs = nn.Parameter(graphs / graphs.sum(dim=1, keepdim=True).clamp(min=1))
        self.mix = nn.Conv2d(inputs, 3 * outputs, 1)
        self.norm = nn.BatchNorm2d(outputs)
        self.around: nn.Module = (
            nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, _, time, nodes = x.shape
        mixed = self.mix(x).reshape(batch, 3, -1, time, nodes)
        moved = torch.einsum("bkctv,kvw->bctw", mixed, self.graphs)
        return torch.relu(self.norm(moved) + self.around(x))


class MultiScale(nn.Module):
    """Temporal convolutions of three taps at dilations 1, 2 and 4, and one frame, side by side."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        part = channels // 4
        self.enter = nn.ModuleList([nn.Conv2d(channels, part, 1) for _ in range(4)])
        self.along = nn.ModuleList(
            [
                nn.Conv2d(part, part, (3, 1), (stride, 1), (spread, 0), (spread, 1))
                for spread in (1, 2, 4)
            ]
            + [nn.Conv2d(part, part, 1, (stride, 1))]
        )
        self.norm = nn.BatchNorm2d(4 * part)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = [
            along(torch.relu(enter(x))) for enter, along in zip(self.enter, self.along, strict=True)
        ]
        out: torch.Tensor = self.norm(torch.cat(parts, dim=1))
        return out
