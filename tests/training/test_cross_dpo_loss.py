"""Eq. 8 against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from supercorrect.training.cross_dpo_loss import cross_dpo_loss

LN2, LN3, LN4 = math.log(2), math.log(3), math.log(4)
TABLE = {
    # name: (chosen, rejected, ref chosen, ref rejected, β, ε) -> loss
    "the policy is the reference: −log σ(0) = ln 2": ((-7.0, -9.0, -7.0, -9.0, 0.1, 0.0), LN2),
    "both sides fall alike: nothing learnt": ((-17.0, -19.0, -7.0, -9.0, 0.1, 0.0), LN2),
    "margin ln 3: σ = 3/4, loss = ln 4 − ln 3": ((-5.0 + LN3, -8.0, -5.0, -8.0, 1.0, 0.0), LN4 - LN3),
    "margin −ln 3: σ = 1/4, loss = ln 4": ((-5.0, -8.0 + LN3, -5.0, -8.0, 1.0, 0.0), LN4),
    "β scales the margin: ½ · 2 ln 3": ((-5.0 + LN3, -8.0 - LN3, -5.0, -8.0, 0.5, 0.0), LN4 - LN3),
    "ε = ¼ at margin ln 3: ¾ (ln 4 − ln 3) + ¼ ln 4": ((LN3, 0.0, 0.0, 0.0, 1.0, 0.25), LN4 - 0.75 * LN3),
    "far right: no loss": ((1000.0, 0.0, 0.0, 0.0, 1.0, 0.0), 0.0),
    "far wrong: the loss is the margin, not inf": ((0.0, 1000.0, 0.0, 0.0, 1.0, 0.0), 1000.0),
}


@pytest.mark.parametrize("numbers, expected", TABLE.values(), ids=TABLE)
def test_loss_is_the_number_worked_out_by_hand(numbers: tuple[float, ...], expected: float) -> None:
    *logps, beta, label_smoothing = numbers
    sides = [torch.tensor([value], dtype=torch.float64) for value in logps]
    losses, _, _ = cross_dpo_loss(*sides, beta=beta, label_smoothing=label_smoothing)
    assert losses.tolist() == pytest.approx([expected], abs=1e-12)


def test_rewards_are_beta_times_the_log_ratio_and_carry_no_gradient() -> None:
    sides = [
        torch.tensor(values, requires_grad=True) for values in ([-4.0, -5.0], [-6.0, -9.0], [-5.0, -5.0], [-8.0, -7.0])
    ]
    losses, chosen, rejected = cross_dpo_loss(*sides, beta=0.5)
    assert losses.shape == (2,)
    assert chosen.tolist() == [0.5, 0.0]
    assert rejected.tolist() == [1.0, -1.0]
    assert not chosen.requires_grad and not rejected.requires_grad


def test_gradient_is_beta_times_the_share_still_wrong() -> None:
    """∂L/∂ log π(chosen) = −β σ(−margin); at margin ln 3 that is −β/4, and + β/4 for rejected."""
    chosen = torch.tensor([LN3 / 0.2], dtype=torch.float64, requires_grad=True)
    rejected = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    zeros = torch.zeros(1, dtype=torch.float64)
    cross_dpo_loss(chosen, rejected, zeros, zeros, beta=0.2)[0].sum().backward()
    assert chosen.grad is not None and rejected.grad is not None
    assert chosen.grad.item() == pytest.approx(-0.05)
    assert rejected.grad.item() == pytest.approx(0.05)
