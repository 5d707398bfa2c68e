#!/usr/bin/env bash
# Makes this machine able to build and test Thermocline, from nothing if need be.
#
#   scripts/setup.sh          (or `make setup`; every other make target runs it first)
#
# It may be run as often as you like: what is there is left alone, what is missing is said in one
# line and installed. What it builds is kept outside the work tree in $THERMOCLINE_HOME (default
# ~/.cache/thermocline) and shared by all checkouts. It changes neither your shell nor rustup's
# settings: it writes $THERMOCLINE_HOME/env.sh, which the Makefile reads and which you may source.
# Logs of what it ran are in $THERMOCLINE_HOME/log.
set -euo pipefail

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
THERMOCLINE_HOME=${THERMOCLINE_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/thermocline}
LOGS=$THERMOCLINE_HOME/log
mkdir -p "$LOGS"
cd "$PROJECT"

for part in console packages rust debian-rust cargo-tools node services environment; do
  # shellcheck source=/dev/null
  . "$PROJECT/scripts/setup/$part.sh"
done

forget_own_environment
take_turns

system_packages make git gcc g++ libc6-dev ca-certificates
choose_rust
choose_node
install_browser
install_postgres
install_cargo_tools
write_environment
install_npm_packages
summary
