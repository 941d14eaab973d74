#!/usr/bin/env bash
# Build the C with the address and undefined-behaviour sanitizers, and run its tests: once as for this processor, and
# once without what only some have. Needs gcc and the packages of the extra `test`; leaves the checkout as it is.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

export CC=gcc
flags="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g -UNDEBUG"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --target-directory "$scratch"
cd "$scratch"
for portable in '' -DMACROENGINE_PORTABLE; do
    rm -rf build
    CFLAGS="$flags $portable" python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
        --target "installed$portable" .
    ls "installed$portable"/macroengine/_speedups.*.so
done
rm -r macroengine

# The interpreter is not built with the sanitizer, so its library must be loaded first. Objects are allocated one by
# one, or an overflow would stay inside Python's own pools. What Python keeps until it ends is no leak.
# Nothing is captured, as a sanitizer that finds something ends the process.
export PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
for portable in '' -DMACROENGINE_PORTABLE; do
    LD_PRELOAD="$(gcc -print-file-name=libasan.so)" PYTHONPATH="installed$portable" python -m pytest -q \
        -p no:cacheprovider --capture=no tests/encodings/test_encoding.py tests/encodings/test_speedups.py tests/rendering/test_program.py
done
