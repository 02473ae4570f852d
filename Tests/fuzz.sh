#!/usr/bin/env bash
# Sends bad requests to every dialect: ten million each, or as many as the first argument says. A
# failure names the seed with which it can be seen again: KLANTREIS_FUZZ_SEED=… Tests/fuzz.sh 1
#
# Built in release mode and in a folder of its own, because tests are built otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."

export KLANTREIS_FUZZ="${1:-10000000}"
exec swift test -c release -Xswiftc -enable-testing --scratch-path .build-fuzz --filter FuzzTests
