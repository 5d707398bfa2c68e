# Debian packages: only what is missing, one `apt-get update` at most, root by sudo if need be.
# On a system without apt nothing is installed; whoever needs a thing there says what is missing.

apt_is_fresh=

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else die "root is needed for: $*" "Run it as root yourself, then run this again."
  fi
}

package_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

# The version that apt would install; empty if it knows none.
package_candidate() {
  LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '^(none)$' || true
}

refresh_apt() {
  have apt-get || return 0
  [ -z "$apt_is_fresh" ] || return 0
  say "refreshing the list of system packages"
  quiet apt-update as_root apt-get update -q -o DPkg::Lock::Timeout=300
  apt_is_fresh=1
}

# system_packages NAME...: installs the missing ones. Without apt it does nothing.
system_packages() {
  have apt-get || return 0
  local missing=() name
  for name in "$@"; do package_installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  refresh_apt
  say "installing system packages: ${missing[*]}"
  quiet "apt-${missing[0]}" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" \
    || die "apt-get could not install ${missing[*]}"
}
