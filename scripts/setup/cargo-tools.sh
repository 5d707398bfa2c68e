# wasm-pack, and the wasm-bindgen command of exactly the version in Cargo.lock.
#
# wasm-pack takes what it finds on PATH in the right version and downloads nothing then, so both are
# built here from their crates, each into a folder named by its version; bin/ holds links to them.
# They are built nearly unoptimized (a third of the time); the crates that work on our module are not.

WASM_PACK_VERSION=0.15.1
HOT_CRATES="walrus wasm-bindgen-cli-support wasmparser wasm-encoder gimli id-arena leb128 hashbrown"

locked_version() { # CRATE
  awk -v crate="\"$1\"" '/^name = /{name=$3} /^version = / && name==crate {gsub(/"/,"",$3); print $3; exit}' Cargo.lock
}

install_cargo_tools() {
  local bindgen pack hot='' crate
  bindgen=$(locked_version wasm-bindgen)
  [ -n "$bindgen" ] || die "Cargo.lock does not name wasm-bindgen"
  for crate in $HOT_CRATES; do hot+=" --config profile.release.package.$crate.opt-level=1"; done
  # At the same time: each has long stretches on one core.
  cargo_tool wasm-pack $WASM_PACK_VERSION '' wasm-pack &
  pack=$!
  cargo_tool wasm-bindgen-cli "$bindgen" "$hot" wasm-bindgen wasm-bindgen-test-runner
  wait $pack || die "wasm-pack could not be installed"
}

# cargo_tool CRATE VERSION CARGO-OPTIONS BINARY...
cargo_tool() {
  local crate=$1 version=$2 options=$3 root=$THERMOCLINE_HOME/$1-$2 binary
  shift 3
  if [ ! -f "$root/.complete" ]; then
    say "building $crate $version (once, one or two minutes)"
    # First as its author tested it; a lock file may name a version that the registry has withdrawn.
    build_cargo_tool "$crate" "$version" "$root" "$options" --locked >"$LOGS/$crate-locked.log" 2>&1 \
      || quiet "$crate" build_cargo_tool "$crate" "$version" "$root" "$options" \
      || die "$crate $version could not be built"
    touch "$root/.complete"
    rm -rf "$THERMOCLINE_HOME/build/$crate"
  fi
  mkdir -p "$THERMOCLINE_HOME/bin"
  for binary in "$@"; do ln -sfn "$root/bin/$binary" "$THERMOCLINE_HOME/bin/$binary"; done
}

# From $THERMOCLINE_HOME, so that no setting of the project's applies.
build_cargo_tool() (
  crate=$1 version=$2 root=$3 options=$4
  shift 4
  cd "$THERMOCLINE_HOME"
  unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET
  export CARGO_TARGET_DIR=$THERMOCLINE_HOME/build/$crate CARGO_INCREMENTAL=0
  if [ -n "$RUSTUP_CHOICE" ]; then export RUSTUP_TOOLCHAIN=$RUSTUP_CHOICE; fi
  if [ -n "$RUST_BIN" ]; then PATH=$RUST_BIN:$PATH; fi
  # shellcheck disable=SC2086  # a list of words
  cargo install "$crate" --version "$version" --root "$root" --force "$@" \
    --config profile.release.opt-level=0 --config profile.release.debug=0 \
    --config profile.release.lto=false --config profile.release.codegen-units=16 \
    --config 'profile.release.strip="debuginfo"' $options
)
