"""HDFormer over a draft: the draft of a frame is the same in training and inside a clip."""

from pathlib import Path

import pytest
import torch

from monomocap.errors import WeightsError
from monomocap.lift.networks.drafted import (
    MOMENTS,
    Draft,
    DraftedHDFormer,
    moments,
    rescaled,
    roll_of,
    turned,
)
from monomocap.train.checkpoint import load_weights, save_weights

FRAMES = 32


def clip(batch: int = 2) -> torch.Tensor:
    x = torch.randn(batch, 3, FRAMES, 17, generator=torch.Generator().manual_seed(0))
    x[:, 2] = x[:, 2].abs().clamp(max=1)
    return x


def test_a_frame_within_a_clip_is_drafted_as_its_nine_moments_alone() -> None:
    draft, x, step, at = Draft(channels=32).eval(), clip(), 2, 15
    around = x[:, :, at - 4 * step : at + 4 * step + 1 : step]
    alone = draft(rescaled(around))
    inside = draft.every_frame(x, step)
    assert alone.shape == (2, 3, 1, 17)
    assert torch.allclose(inside[:, :, at : at + 1], alone, atol=1e-6)


def test_a_body_that_lies_is_seen_as_one_that_stands() -> None:
    x = clip(4)[:, :, :MOMENTS]
    angle = torch.tensor([0.3, -1.2, 2.0, 3.0])
    turn = torch.stack([angle.cos(), angle.sin()], dim=1)
    rolled = turned(x, turn)
    upright = turned(x, roll_of(x))
    assert torch.allclose(turned(rolled, roll_of(rolled)), upright, atol=1e-5)
    trunk = (upright[:, :2, :, 8] - upright[:, :2, :, 0]).sum(dim=2)
    assert torch.allclose(trunk[:, 0], torch.zeros(4), atol=1e-5) and (trunk[:, 1] < 0).all()


def test_the_answer_is_turned_back_to_the_picture() -> None:
    draft, x = Draft(channels=32).eval(), clip(3)[:, :, :MOMENTS]
    with torch.no_grad():
        draft.get_parameter("first.0.weight")[:, -2:] = 0  # deaf to what it is told of the turn
    turn = torch.tensor([[0.6, 0.8]]).expand(3, 2)
    assert torch.allclose(draft(turned(x, turn)), turned(draft(x), turn), atol=1e-5)


def test_who_has_no_trunk_is_not_turned() -> None:
    x = clip(2)[:, :, :MOMENTS]
    x[0, :, :, 8] = 0
    x[1, :, 1:, 0] = 0
    assert torch.equal(roll_of(x)[0], torch.tensor([1.0, 0.0]))
    assert torch.allclose(roll_of(x)[1], roll_of(x[1:, :, :1])[0])


def test_the_clips_ends_are_held() -> None:
    first = moments(clip(1), 2)[0]
    assert first.shape == (3, MOMENTS, 17)
    assert torch.equal(first[:, :5], first[:, :1].expand(3, 5, 17))


def test_neither_the_persons_size_nor_missing_joints_change_the_scale() -> None:
    x = clip(1)[:, :, :MOMENTS]
    x[:, :, 3, 5] = 0
    larger = torch.cat([3 * x[:, :2], x[:, 2:]], dim=1)
    assert torch.allclose(rescaled(x), rescaled(larger), atol=1e-6)
    seen = (rescaled(x)[:, 2] > 0).sum()
    assert torch.isclose(rescaled(x)[:, :2].square().sum() / seen, torch.tensor(1.0), atol=1e-5)


def test_a_fresh_network_answers_the_draft_and_only_the_rest_of_it_learns() -> None:
    network, x = DraftedHDFormer(channels=32), clip()
    network.train()
    before = {name: w.clone() for name, w in network.draft.state_dict().items()}
    answer = network(x)
    assert torch.equal(answer, network.draft.every_frame(x, network.step))
    answer.square().mean().backward()
    assert all(w.grad is None for w in network.draft.parameters())
    assert network.refine.joint_regressor.weight.grad is not None
    assert all(torch.equal(w, before[name]) for name, w in network.draft.state_dict().items())


def test_weights_too_large_for_half_precision_stay_whole(tmp_path: Path) -> None:
    draft = Draft(channels=32)
    variance = draft.get_buffer("first.1.running_var").fill_(1e6)
    save_weights(tmp_path / "draft.pt", draft.state_dict())
    fresh = Draft(channels=32)
    load_weights(fresh, tmp_path / "draft.pt")
    assert torch.equal(fresh.get_buffer("first.1.running_var"), variance)


def test_it_begins_with_the_weights_of_a_draft(tmp_path: Path) -> None:
    draft, network = Draft(channels=32), DraftedHDFormer(channels=32)
    save_weights(tmp_path / "draft.pt", draft.state_dict())
    load_weights(network, tmp_path / "draft.pt")
    name = "first.0.weight"
    given, taken = draft.get_parameter(name), network.draft.get_parameter(name)
    assert torch.equal(given.half().float(), taken)
    with pytest.raises(WeightsError, match="recipe's network"):
        load_weights(DraftedHDFormer(channels=16), tmp_path / "draft.pt")


def test_a_wider_draft_begins_where_the_narrower_one_ended(tmp_path: Path) -> None:
    torch.manual_seed(0)
    narrow, wide = Draft(channels=24), Draft(channels=60)
    for network in (narrow, wide):
        network(torch.randn(64, 3, 9, 17))
    torch.save(narrow.state_dict(), tmp_path / "narrow.pt")
    load_weights(wide, tmp_path / "narrow.pt")
    x = torch.randn(4, 3, 9, 17)
    torch.testing.assert_close(wide.eval()(x), narrow.eval()(x))
    wide.train()(torch.randn(64, 3, 9, 17)).square().sum().backward()
    assert wide.pose.weight.grad is not None
    assert (wide.pose.weight.grad[:, 24:] != 0).any()


def test_a_draft_is_not_made_narrower(tmp_path: Path) -> None:
    torch.save(Draft(channels=60).state_dict(), tmp_path / "wide.pt")
    with pytest.raises(WeightsError, match="first"):
        load_weights(Draft(channels=24), tmp_path / "wide.pt")


def test_a_draft_begins_with_the_draft_of_a_whole_network(tmp_path: Path) -> None:
    whole, draft = DraftedHDFormer(channels=24), Draft(channels=24)
    torch.save(whole.state_dict(), tmp_path / "whole.pt")
    load_weights(draft, tmp_path / "whole.pt")
    torch.testing.assert_close(draft.state_dict(), whole.draft.state_dict())
