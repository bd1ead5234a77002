#!/usr/bin/env bash
# benchmarks/cross_dpo_step.py at the shapes of Qwen2.5 0.5B and 7B: random weights, bf16, gradient checkpointing,
# TRL in the same run, seconds and peak memory of the GPU.
#
# NOT RUN YET: no GPU was at hand when this was written (2026-11-22), so docs/cross_dpo.md has no figure of it.
# 7B holds three copies of the weights (15 GB each) and their gradients: it needs a GPU of 141 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
python -c 'import sys, torch; sys.exit(0 if torch.cuda.is_available() else "no GPU is visible to torch")'
for shape in 0.5b 7b; do
    python benchmarks/cross_dpo_step.py --shape "$shape" --rounds 9 --json "gpu-$shape.json"
done
