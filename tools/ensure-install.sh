#!/bin/sh
# Installs what is missing before a script of package.json runs; quick when all is there.
exec "$(dirname "$0")/install.sh" "$(dirname "$0")/.."
