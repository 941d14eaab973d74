#!/usr/bin/env bash
# Build the encoder in C with the address and undefined-behaviour sanitizers, and run its tests. Needs gcc and the
# packages of the extra `test`; leaves the checkout as it is.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

export CC=gcc
export CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g -UNDEBUG"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --target-directory "$scratch"
cd "$scratch"
python -m pip install --quiet --disable-pip-version-check --no-deps --target installed .
ls installed/macroengine/_speedups.*.so
rm -r macroengine

# The interpreter is not built with the sanitizer, so its library must be loaded first. Objects are allocated one by
# one, or an overflow would stay inside Python's own pools. What Python keeps until it ends is no leak.
# Nothing is captured, as a sanitizer that finds something ends the process.
export PYTHONPATH=installed PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
LD_PRELOAD="$(gcc -print-file-name=libasan.so)" python -m pytest -q -p no:cacheprovider --capture=no \
    tests/test_encoding.py tests/test_speedups.py
