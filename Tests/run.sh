#!/usr/bin/env bash
# Every check that CI runs; `./klantreis test` calls it. The test runner's summary comes last.
#
#   --quick    without the release build and the browser
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS" >&2; }

quick=false
[ "${1:-}" = --quick ] && quick=true

step "format"
swift format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks

step "build, with warnings as errors and the walls between targets held"
swift build --build-tests --explicit-target-dependency-import-check error

if $quick; then
  step "tests"
  exec swift test --skip-build
fi

step "tests, and meanwhile the program in release mode, as the README starts it"
# Neither keeps both cores busy by itself, and no test looks at a clock. Started without SwiftPM, which
# does one thing at a time in a folder. What the tests say comes last.
log=.build/tests.log
NO_COLOR=1 "$(swift build --show-bin-path)/klantreisPackageTests.xctest" --testing-library swift-testing \
  >"$log" 2>&1 &
tests=$!
./klantreis --version
if ! wait "$tests"; then
  cat "$log"
  exit 1
fi

step "the pages in a real browser"
packages=()
command -v chromium >/dev/null || packages+=(chromium)
[ "${#packages[@]}" -eq 0 ] || install_packages "${packages[@]}"
# Without python3-venv a folder without pip is left behind.
if [ ! -x .build-python/bin/pip ]; then
  python3 -m venv --clear .build-python >/dev/null 2>&1 ||
    { install_packages python3-venv && python3 -m venv --clear .build-python; }
fi
.build-python/bin/pip install --quiet --disable-pip-version-check \
  -r Tests/Browser/requirements.txt -r Tests/EndToEnd/requirements.txt
.build-python/bin/python Tests/EndToEnd/first_light.py
step "the tracker on a shop's pages"
.build-python/bin/python Tests/Browser/check_tracker.py
step "a basket that is left, and taken up on another device"
.build-python/bin/python Tests/Browser/check_basket.py
step "a source's page while events come in"
.build-python/bin/python Tests/Browser/check_live.py
step "the front door: real clients, crashes, bad disks and bad manners"
.build-python/bin/python Tests/EndToEnd/front_door.py
step "mail: a server that refuses, fails and drops, signatures, bounces, webhooks"
.build-python/bin/python Tests/EndToEnd/mail.py
step "plays, a mail server that lies, kills and a clock that jumps: once and never wrong"
.build-python/bin/python Tests/EndToEnd/once.py
step "persons who are forgotten, through kills"
.build-python/bin/python Tests/EndToEnd/forget.py

step "what the tests said"
cat "$log"
