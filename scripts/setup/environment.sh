# $THERMOCLINE_HOME/env.sh: how every later command finds what the set-up chose. The Makefile names
# it as BASH_ENV; a shell of yours may source it. It is rewritten only when it would change.

# What an earlier env.sh put into this shell must not be mistaken for what the machine has.
forget_own_environment() {
  unset BASH_ENV
  [ "${RUSTUP_TOOLCHAIN:-}" != "$LINK" ] || unset RUSTUP_TOOLCHAIN
  PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v "^$THERMOCLINE_HOME/" | paste -sd: -)
}

write_environment() {
  local file=$THERMOCLINE_HOME/env.sh draft=$THERMOCLINE_HOME/env.sh.draft path
  path=$THERMOCLINE_HOME/bin${RUST_BIN:+:$RUST_BIN}${NODE_BIN:+:$NODE_BIN}
  {
    echo "# Written by Thermocline's scripts/setup.sh: puts its tools on PATH. Safe to source twice."
    echo "case \":\$PATH:\" in *\":$path:\"*) ;; *) export PATH=\"$path:\$PATH\" ;; esac"
    [ -z "$RUSTUP_CHOICE" ] || echo "export RUSTUP_TOOLCHAIN=$RUSTUP_CHOICE"
    echo "export THERMOCLINE_HOME=\"$THERMOCLINE_HOME\" PG_BIN=\"$PG_BIN\""
    echo "export CHROMIUM=\"$CHROMIUM\" CHROMEDRIVER=\"$CHROMEDRIVER\""
  } >"$draft"
  if cmp -s "$draft" "$file"; then rm "$draft"; else mv "$draft" "$file"; fi
  # shellcheck source=/dev/null
  . "$file"
}

summary() {
  say "ready (Rust $(rustc --version | cut -d' ' -f2), wasm-pack $WASM_PACK_VERSION, wasm-bindgen $(locked_version wasm-bindgen)," \
    "Node $(node -p process.versions.node), $("$CHROMEDRIVER" --version | cut -d' ' -f1,2), $("$PG_BIN/postgres" --version | cut -d' ' -f1,3))"
}
