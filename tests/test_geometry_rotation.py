"""Rotations: proper, smallest, and the right way round."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monomocap.geometry.rotation import about, angle, between, from_quaternion_wxyz, heading, unit

X, Y, Z = np.eye(3)


@st.composite
def directions(draw: st.DrawFn) -> np.ndarray:
    """Any direction at any length from 1e-3 to 1e3."""
    vector = np.array(draw(st.tuples(*[st.floats(-1, 1)] * 3)))
    length = np.linalg.norm(vector)
    assume(length > 1e-3)
    return vector / length * 10 ** draw(st.floats(-3, 3))


def assert_rotation(matrix: np.ndarray) -> None:
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix) == pytest.approx(1)


@given(directions(), directions())
def test_between_takes_one_to_the_other_by_the_smallest_angle(a: np.ndarray, b: np.ndarray) -> None:
    rotation = between(a, b)
    assert_rotation(rotation)
    np.testing.assert_allclose(rotation @ unit(a), unit(b), atol=1e-6)
    apart = np.arctan2(np.linalg.norm(np.cross(unit(a), unit(b))), unit(a) @ unit(b))
    assert angle(rotation) == pytest.approx(apart, abs=1e-6)


@given(directions())
def test_between_opposites_is_half_a_turn(a: np.ndarray) -> None:
    rotation = between(a, -a)
    assert_rotation(rotation)
    np.testing.assert_allclose(rotation @ unit(a), -unit(a), atol=1e-6)


@given(directions())
def test_between_a_direction_and_itself_is_nothing(a: np.ndarray) -> None:
    np.testing.assert_allclose(between(a, 3 * a), np.eye(3), atol=1e-6)


def test_between_knows_what_it_cannot_know() -> None:
    source = np.array([X, [np.nan, 0, 0], np.zeros(3)])
    out = between(source, np.array([Y, Y, Y]))
    np.testing.assert_allclose(out[0] @ X, Y, atol=1e-12)
    assert np.isnan(out[1:]).all()


def test_about_turns_counter_clockwise() -> None:
    quarter = about(5 * Z, np.array(np.pi / 2))
    np.testing.assert_allclose(quarter @ X, Y, atol=1e-12)
    np.testing.assert_allclose(about(Z, np.array([0.0, np.pi]))[1] @ X, -X, atol=1e-12)


@given(directions(), st.floats(0, 3.14))
def test_angle_reads_what_about_turned(axis: np.ndarray, turn_rad: float) -> None:
    rotation = about(axis, np.array(turn_rad))
    assert_rotation(rotation)
    np.testing.assert_allclose(rotation @ axis, axis, rtol=1e-9, atol=1e-9)
    assert angle(rotation) == pytest.approx(turn_rad, abs=1e-6)


def test_quaternions_have_their_real_part_first() -> None:
    half = np.sqrt(0.5)
    np.testing.assert_allclose(from_quaternion_wxyz(np.array([1.0, 0, 0, 0])), np.eye(3))
    quarter_about_z = from_quaternion_wxyz(np.array([[half, 0, 0, half]]))
    np.testing.assert_allclose(quarter_about_z[0] @ X, Y, atol=1e-12)


@given(st.floats(-3.1, 3.1), st.floats(-2, 2))
def test_heading_is_the_turn_on_the_floor(turn_rad: float, climb: float) -> None:
    direction = about(Z, np.array(turn_rad)) @ X + climb * Z
    assert heading(direction, Z, X) == pytest.approx(turn_rad, abs=1e-9)


def test_heading_left_is_positive_and_up_is_nowhere() -> None:
    found = heading(np.array([X, Y, -Y, Z]), Z, X)
    np.testing.assert_allclose(found, [0, np.pi / 2, -np.pi / 2, np.nan], atol=1e-12)


def test_batches_of_any_shape() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 3))
    together = between(a, b)
    assert together.shape == (2, 4, 3, 3)
    np.testing.assert_allclose(together[1, 2], between(a[1, 2], b[1, 2]))
    assert angle(together).shape == (2, 4)
    assert heading(a, Z, X).shape == (2, 4)
