#!/bin/sh
# Installs what a folder's package-lock.json names (npm ci) unless it is there already. One at a time: `npm ci` begins by
# emptying node_modules, so who comes second waits, and mostly finds it done.
set -e
cd "$1"
missing() {
  [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]
}
alive() {
  kill -0 "$1" 2>/dev/null || ps -p "$1" >/dev/null 2>&1 # another user's
}
missing || exit 0

if command -v flock >/dev/null 2>&1; then
  # The kernel lets go of it when the last process that holds it ends, npm's own with it.
  exec 9<package-lock.json
  flock -n 9 || { echo "waiting for another install …" >&2; flock 9; }
else
  # A link is made whole or not at all, and names its owner: that of a process that was killed is taken away.
  lock=.installing
  tries=0
  until ln -s "$$" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock") || owner=
    if [ -n "$owner" ] && alive "$owner"; then
      [ "$tries" -lt 0 ] || echo "waiting for another install …" >&2
      tries=-1
    elif [ -n "$owner" ] && mkdir "$lock.$owner" 2>/dev/null; then
      # Of several who see it dead, one may remove it, and only as long as it is still that owner's.
      [ "$(readlink "$lock")" != "$owner" ] || rm -f "$lock"
      rmdir "$lock.$owner"
      continue
    else
      tries=$((tries + 1))
      [ "$tries" -lt 5 ] || { echo "cannot make $PWD/$lock: remove $lock* there" >&2; exit 1; }
    fi
    sleep 1
  done
  trap 'rm -f "$lock"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
fi

if missing; then
  echo "installing what is missing (npm ci) …" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi
