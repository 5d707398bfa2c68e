# What the set-up says, and how it runs things quietly. Progress goes to standard output, one line
# per thing that really happens; the output of a tool is shown only when the tool fails.

say()  { printf 'setup: %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# die WHAT [WHAT-TO-DO...]: ends the set-up with the reason and the remedy.
die() {
  printf 'setup: ERROR: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf 'setup:   %s\n' "$@" >&2
  exit 1
}

# quiet LOGNAME COMMAND...: the output goes to a log, whose errors and end are shown if the command fails.
quiet() {
  local log=$LOGS/$1.log
  shift
  "$@" >"$log" 2>&1 9>&- || {
    printf 'setup: this failed: %s\nsetup: from %s:\n' "$*" "$log" >&2
    { grep -i -m 12 'error' "$log" || true; echo '...'; tail -n 12 "$log"; } >&2
    return 1
  }
}

# Two set-ups at once (two checkouts, two terminals) take turns. `quiet` closes the lock's
# descriptor, or a server that a package starts would hold the lock for ever.
take_turns() {
  have flock || return 0
  exec 9>"$THERMOCLINE_HOME/.lock"
  flock -n 9 || { say "another set-up is running; waiting for it"; flock 9; }
}
