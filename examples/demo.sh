#!/usr/bin/env bash
# What litmus does, in a few minutes, offline, on a real table and on some that it writes: make demo
# All files land in the directory given, or in a new one.
set -euo pipefail

tables="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/demo_data.py"
place="${1:-$(mktemp -d "${TMPDIR:-/tmp}/litmus-demo.XXXXXX")}"
mkdir -p "$place"
cd "$place"
python "$tables"

say() { printf '\n\n=== %s\n' "$*"; }

# shows the command, runs it, and ends the demo if its status is not the one expected
try() {
  local expected=$1 status=0
  shift
  printf '\n$'
  printf ' %q' "$@"
  printf '\n'
  "$@" 2>&1 || status=$?
  [ "$status" -eq "$expected" ] || { echo "demo: status $status, not $expected"; exit 1; }
}

# ends the demo unless the last run's verdict.json says so
verdict() {
  local run
  run=$(ls -td outputs/"$1"/*/ | head -1)
  grep -Eq "\"verdict\": \"($2)\"" "$run/verdict.json" || { echo "demo: $run is not $2"; exit 1; }
}

say "1. A real table: 442 patients, and how far their diabetes went in a year"
try 0 litmus train data.path=patients.csv data.target=progression

say "2. A table in which customers come back: rows of one customer on both sides of the split flatter the model"
try 0 litmus check data.path=visits.csv data.target=bought
try 0 litmus train data.path=visits.csv data.target=bought data.split=group data.group=customer_id name=visits

say "3. Two circles and a model of straight lines: it cannot work, whatever the setting"
try 0 litmus train experiment=circles_linear_v1
verdict circles_linear_v1 inadequate
try 0 litmus improve last

say "4. A target that is pure noise: nothing will help, and nothing is tried"
try 0 litmus train experiment=noise_regression
verdict noise_regression inadequate

say "5. A slip of the finger costs a second, not a training"
try 2 litmus train trainer.max_epoch=50 optimizer.lr=0

say "6. Fraud: 98 % accuracy and not good for production"
try 0 litmus train data.path=payments.csv data.target=payment data.batch_size=256 name=fraud
verdict fraud inadequate
try 0 litmus train data.path=payments.csv data.target=payment data.batch_size=256 name=fraud \
  task.threshold=tuned task.threshold_goal=recall@0.8

say "all files of this demo: $place"
