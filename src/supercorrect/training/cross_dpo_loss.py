"""The Cross-DPO loss (section 4.2, Eq. 8), as a pure function of log-probabilities.

L(θ) = −E log σ( β·[log π_θ(a⁺,c⁺ | x; s_<k) − log π_ref(…)] − β·[log π_θ(a⁻,c⁻ | x; s_<k) − log π_ref(…)] )
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import logsigmoid


def cross_dpo_loss(
    policy_chosen_logps: Tensor,
    policy_rejected_logps: Tensor,
    ref_chosen_logps: Tensor,
    ref_rejected_logps: Tensor,
    *,
    beta: float,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Eq. 8 for each pair.

    Args:
        policy_chosen_logps: [pairs], log π_θ of the teacher's cause and correction (a⁺, c⁺), summed over its tokens.
        policy_rejected_logps: [pairs], the same of the student's own (a⁻, c⁻).
        ref_chosen_logps: [pairs], the same under π_ref, the HSFT student. No gradient is asked of it.
        ref_rejected_logps: [pairs].
        beta: β; a small one lets the policy go far from the reference.
        label_smoothing: ε in [0, ½), the share of pairs taken to be the wrong way round (conservative DPO); the paper
            has none.

    Returns:
        losses, chosen_rewards, rejected_rewards: [pairs] each. The rewards are β·(log π_θ − log π_ref), detached.
    """
    chosen_rewards = beta * (policy_chosen_logps - ref_chosen_logps)
    rejected_rewards = beta * (policy_rejected_logps - ref_rejected_logps)
    margins = chosen_rewards - rejected_rewards
    losses = -(1 - label_smoothing) * logsigmoid(margins) - label_smoothing * logsigmoid(-margins)
    return losses, chosen_rewards.detach(), rejected_rewards.detach()
