#!/bin/sh
# What every released binary must do on its own system, without an engine: start, find the files
# compiled into it, read and write a project. Also run by tests/e2e against the sources.
#
#   tools/smoke.sh BINARY VERSION
set -eu

case "$1" in
  /* | [A-Za-z]:*) binary="$1" ;;
  *) binary="$(pwd)/$1" ;;
esac
version="$2"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
# Nothing of the machine's own configuration takes part, and nothing is left in it.
SANDCAGE_HOME="$work/state"
export SANDCAGE_HOME

step() {
  printf 'smoke: %s\n' "$*"
}

fail() {
  printf 'smoke: FAILED: %s\n' "$*" >&2
  exit 1
}

step "the version is $version"
case "$("$binary" --version)" in
  *"$version"*) ;;
  *) fail "--version does not say $version" ;;
esac

step "help names the services"
"$binary" --help | grep -q claude || fail "--help does not name claude"

step "a wrong command exits 2"
code=0
"$binary" no-such-command >/dev/null 2>&1 || code=$?
[ "$code" = 2 ] || fail "exit code $code instead of 2"

mkdir "$work/project"
cd "$work/project"
printf '{"name":"smoke"}\n' >package.json

step "init writes a config that passes its own check"
"$binary" init --yes
[ -s .sandcage.yml ] || fail "init wrote no .sandcage.yml"
"$binary" config check

step "the effective config is JSON"
"$binary" config show --json | grep -q '"workspace"' || fail "config show --json has no workspace"

step "the JSON Schema is in the binary"
"$binary" config schema | grep -q '"properties"' || fail "config schema is empty"

step "a broken config exits 3"
printf 'nonsense: 1\n' >.sandcage.yml
code=0
"$binary" config check >/dev/null 2>&1 || code=$?
[ "$code" = 3 ] || fail "exit code $code instead of 3"

step "passed"
