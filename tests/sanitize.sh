#!/usr/bin/env bash
# Build the C code with the address and undefined-behaviour sanitizers, and run its tests: once for this processor, and
# once without optional instructions. Needs gcc and the packages of the extra `test`; does not change the checkout.
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

# The interpreter is not built with the sanitizer, so preload its library. Allocate objects one by one, since an
# overflow inside Python's own pools would not be detected. Memory that Python keeps until it exits is not a leak.
# Output is not captured, since a sanitizer ends the process when it finds something.
export PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
for portable in '' -DMACROENGINE_PORTABLE; do
    LD_PRELOAD="$(gcc -print-file-name=libasan.so)" PYTHONPATH="installed$portable" python -m pytest -q \
        -p no:cacheprovider --capture=no tests/encodings/test_encoding.py tests/encodings/test_speedups.py tests/rendering/test_program.py
done
