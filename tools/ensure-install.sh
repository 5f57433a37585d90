#!/bin/sh
# Installs what is missing (npm ci) before a script of package.json runs; quick when all is there.
set -e
cd "$(dirname "$0")/.."
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "installing what is missing (npm ci) …" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi
