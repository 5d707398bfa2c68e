# A Rust that is new enough and has the standard library for wasm32-unknown-unknown.
#
# In this order: the Rust that is active, if it has the target; the same Rust after
# `rustup target add`, if rustup may download (RUSTUP_AUTO_INSTALL=0 is somebody's decision and is
# respected); Debian's rustc-web with a standard library built here (debian-rust.sh).
# Sets RUSTUP_CHOICE (a toolchain name for rustup) or RUST_BIN (a folder for PATH), or neither.

TARGET=wasm32-unknown-unknown
LINK=wasm-web # the rustup name of the toolchain that debian-rust.sh makes
RUSTUP_CHOICE='' RUST_BIN=''

has_target() {
  local folder
  folder=$("${1:-rustc}" --print target-libdir --target $TARGET 2>/dev/null) || return 1
  compgen -G "$folder/libstd-*.rlib" >/dev/null
}

new_enough() {
  local wanted found
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  found=$(rustc --version | cut -d' ' -f2)
  [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}

# One of ours is not taken as found: debian-rust.sh first asks whether it is still current.
is_ours() { case $(rustc --print sysroot) in "$THERMOCLINE_HOME"/*) ;; *) return 1 ;; esac; }

choose_rust() {
  if have rustc && rustc --version >/dev/null 2>&1 && new_enough && ! is_ours; then
    if has_target; then return; fi
    if have rustup && [ "${RUSTUP_AUTO_INSTALL:-1}" != 0 ]; then
      say "adding rustup's target $TARGET"
      # For this call: the target, but never a new toolchain. rustup trusts its records, so look.
      RUSTUP_AUTO_INSTALL=0 quiet rustup-target rustup target add $TARGET && has_target && return
      say "rustup could not provide it; trying Debian's packages"
    fi
  fi
  have apt-get || die "there is no Rust $(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) or newer with the target $TARGET" \
    "Install Rust by rustup (https://rustup.rs), then: rustup target add $TARGET"
  debian_rust
}
