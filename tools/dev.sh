#!/bin/sh
# Runs a tool of those who work on Podpass (tsc, biome, knip); they are installed here, apart from what users install.
set -e
cd "$(dirname "$0")/.."
tools/install.sh tools/dev
tool=$1
shift
exec "tools/dev/node_modules/.bin/$tool" "$@"
