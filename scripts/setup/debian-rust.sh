# Debian's own Rust as a wasm32 toolchain, for machines where rustup is missing or may not download.
#
# Debian ships the compiler (rustc-web) and its sources (rust-web-src) but no compiled standard
# library for wasm32. We build it once, offline, from the packaged sources, into a private sysroot
# named after the package's version: a security update gives a new folder and a new build. Nothing
# outside $THERMOCLINE_HOME is touched but one symbolic link of rustup's, where there is a rustup.

DEBIAN_RUST="rustc-web cargo-web rust-web-src libstd-rust-web-dev rust-web-clippy"

debian_rust() {
  local version sysroot
  # shellcheck disable=SC2086  # a list of words
  system_packages $DEBIAN_RUST gcc libc6-dev
  version=$(dpkg-query -W -f='${Version}' rustc-web)
  [ "$version" = "$(dpkg-query -W -f='${Version}' rust-web-src)" ] \
    || die "the packages rustc-web and rust-web-src differ in version" "Finish the upgrade: apt-get install $DEBIAN_RUST"
  sysroot=$THERMOCLINE_HOME/toolchain-${version//[^A-Za-z0-9.]/_}
  [ -f "$sysroot/.complete" ] || build_sysroot "$version" "$sysroot"
  has_target "$sysroot/bin/rustc" || die "$sysroot has no standard library for $TARGET" "Remove that folder and run this again."
  select_sysroot "$sysroot"
}

build_sysroot() {
  local version=$1 sysroot=$2 host llvm sources draft=$2.draft
  host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
  llvm=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
  sources=$(readlink -f /usr/lib/rustlib/src/rust)/library
  [ -f "$sources/std/Cargo.toml" ] || die "rust-web-src has no library folder at $sources"
  system_packages "lld-$llvm"
  rm -rf "$draft"
  mkdir -p "$draft/bin" "$draft/lib/rustlib/$host/bin" "$draft/lib/rustlib/$TARGET/lib"
  say "building the standard library for $TARGET with Debian's Rust $version (once, about a minute)"
  build_std "$sources" "$draft/seed"
  cp "$draft/seed/target/$TARGET"/release/deps/*.rlib "$draft/lib/rustlib/$TARGET/lib/"
  rm -rf "$draft/seed" "$draft/lib/rustlib/$TARGET/lib/"libseed-*
  ln -s "/usr/lib/rustlib/$host/lib" "$draft/lib/rustlib/$host/lib"
  # rustc's linker for the target is called rust-lld: any lld of the same LLVM by that name.
  ln -s "/usr/lib/llvm-$llvm/bin/lld" "$draft/lib/rustlib/$host/bin/rust-lld"
  write_wrappers "$draft/bin" "$sysroot"
  touch "$draft/.complete"
  rm -rf "$sysroot"
  mv "$draft" "$sysroot"
}

# Sources and vendored dependencies come from the package: no network. Bitcode is embedded for LTO;
# `test` is there because `cargo test` links it; paths are remapped out of panic messages.
build_std() {
  local sources=$1 seed=$2
  mkdir -p "$seed/src"
  printf '[package]\nname = "seed"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$seed/Cargo.toml"
  : >"$seed/src/lib.rs"
  (
    cd "$seed"
    unset RUSTUP_TOOLCHAIN RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR
    export PATH=/usr/bin:/bin RUSTC=/usr/bin/rustc RUSTC_WRAPPER='' RUSTC_BOOTSTRAP=1
    export CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_INCREMENTAL=0
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$sources=/rustc/std"
    quiet std /usr/bin/cargo build --release --offline --target $TARGET \
      -Zbuild-std=std,panic_abort,test,proc_macro \
      --config 'source.crates-io.replace-with="vendored"' \
      --config "source.vendored.directory=\"$sources/vendor\""
  ) || die "the standard library did not build"
}

# rustc takes its sysroot from where it lives (/usr): the wrappers name ours instead. cargo-clippy
# looks for clippy-driver beside itself: hence a copy of it, not a link.
write_wrappers() {
  local bin=$1 sysroot=$2 tool
  for tool in rustc rustdoc; do
    printf '#!/bin/sh\nexec /usr/bin/%s --sysroot "%s" "$@"\n' $tool "$sysroot" >"$bin/$tool"
  done
  printf '#!/bin/sh\nSYSROOT="%s" exec /usr/bin/clippy-driver "$@"\n' "$sysroot" >"$bin/clippy-driver"
  chmod +x "$bin"/*
  cp /usr/bin/cargo-clippy "$bin/cargo-clippy"
  ln -s /usr/bin/cargo "$bin/cargo"
  if tool=$(rustup which rustfmt 2>/dev/null) && [ -x "$tool" ]; then
    ln -s "$tool" "$bin/rustfmt"
    ln -s "$(dirname "$tool")/cargo-fmt" "$bin/cargo-fmt"
  else
    system_packages rustfmt-web
    ln -s /usr/bin/rustfmt "$bin/rustfmt"
    ln -s /usr/bin/cargo-fmt "$bin/cargo-fmt"
  fi
}

# With rustup its proxies stand first on PATH, so the toolchain is linked and chosen by name (in
# env.sh, not by an override that would outlive the checkout). Without it, PATH is enough.
select_sysroot() {
  local sysroot=$1 link
  if ! have rustup; then RUST_BIN=$sysroot/bin; return; fi
  RUSTUP_CHOICE=$LINK
  link=${RUSTUP_HOME:-$HOME/.rustup}/toolchains/$LINK
  [ "$(readlink -f "$link" || true)" != "$(readlink -f "$sysroot")" ] || return 0
  rustup toolchain uninstall $LINK >/dev/null 2>&1 || true
  quiet rustup-link rustup toolchain link $LINK "$sysroot"
}
