#!/bin/sh
# Runs a tool of those who work on Podpass (tsc, biome, knip); they are installed here, apart from what users install.
set -e
cd "$(dirname "$0")/.."
if [ ! -e tools/dev/node_modules/.package-lock.json ] ||
  [ tools/dev/package-lock.json -nt tools/dev/node_modules/.package-lock.json ]; then
  npm ci --prefix tools/dev --no-audit --no-fund --loglevel=error >&2
  touch tools/dev/node_modules/.package-lock.json
fi
tool=$1
shift
exec "tools/dev/node_modules/.bin/$tool" "$@"
