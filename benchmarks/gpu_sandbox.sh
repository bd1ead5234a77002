#!/usr/bin/env bash
# The sandbox on a GPU: its recipe unchanged, then students of 30 M and 100 M parameters on harder problems, trained from
# nothing and taken through both stages. Does the effect grow or shrink with size? Each run ends with its table.
#
# NOT RUN YET: no GPU was at hand when this was written (2026-11-25). The larger students' learning rates are guesses;
# a base student that does not pass its gate stops the script, and its learning curve says why.
set -euo pipefail
cd "$(dirname "$0")/.."
python -c 'import sys, torch; sys.exit(0 if torch.cuda.is_available() else "no GPU is visible to torch")'
supercorrect run recipes/sandbox.yaml output_dir=runs/gpu_sandbox
hard=supercorrect.sandbox.language:make_hard_problems
for size in 30m 100m; do
    student=runs/gpu_student_$size
    [ -f "$student/model.safetensors" ] || python -m supercorrect.sandbox.base_training --size "$size" --output "$student"
    supercorrect run recipes/sandbox.yaml "output_dir=runs/gpu_sandbox_$size" "student.model=$student" \
        "problems.hsft.make=$hard" "problems.errors.make=$hard" "problems.held_out.make=$hard" \
        sft.learning_rate=3e-4 hsft.learning_rate=3e-4 cross_dpo.learning_rate=2e-4
done
