"""Numbers of a recipe are changed by name."""

import pytest

from monomocap.errors import OptionError
from monomocap.train.change import changed
from monomocap.train.config import RECIPES


def test_numbers_change_at_any_depth() -> None:
    recipe = changed(
        RECIPES["draft"],
        ["noise.jitter=0.5", "size.blocks=3", "speed=[1, 2]", "bf16=false", "optimizer=adam"],
    )
    assert recipe.noise.jitter == 0.5 and recipe.noise.bias == RECIPES["draft"].noise.bias
    assert recipe.size == {**RECIPES["draft"].size, "blocks": 3}
    assert recipe.speed == (1.0, 2.0) and recipe.bf16 is False and recipe.optimizer == "adam"


def test_nothing_changed_is_the_recipe_itself() -> None:
    assert changed(RECIPES["mixste"], ()) == RECIPES["mixste"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("noise.jiter=1", "no jiter in noise; choose from: bias, drift"),
        ("jitter=1", "no jitter; choose from: recipe"),
        ("steps.few=1", "no steps.few"),
        ("steps=many", "--set steps: .*not many"),
        ("noise.jitter", "NAME=VALUE"),
    ],
)
def test_what_a_recipe_does_not_have_is_said(change: str, said: str) -> None:
    with pytest.raises(OptionError, match=said):
        changed(RECIPES["open"], [change])
