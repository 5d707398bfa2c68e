# What the tests run against: a headless Chromium with its WebDriver, and the server programs of
# PostgreSQL with pgTAP. Neither is started here; the tests start their own, on free ports.
# Sets CHROMIUM, CHROMEDRIVER and PG_BIN.

CHROMIUM='' CHROMEDRIVER='' PG_BIN=''

first_of() { # COMMAND...: the path of the first that exists
  local name
  for name in "$@"; do command -v "$name" 2>/dev/null && return; done
  return 0
}

install_browser() {
  # Debian builds both from one source package: always the same version.
  have chromedriver || system_packages chromium chromium-driver
  CHROMIUM=$(first_of chromium chromium-browser google-chrome google-chrome-stable)
  CHROMEDRIVER=$(first_of chromedriver)
  if [ -z "$CHROMIUM" ] || [ -z "$CHROMEDRIVER" ]; then
    die "Chromium and chromedriver are needed, in the same version" "Install both and put them on PATH, then run this again."
  fi
}

# Supabase runs 15 and newer. 15 where it can be had, else the system's own.
install_postgres() {
  local major=15
  if have apt-get && ! package_installed postgresql-15; then
    [ -n "$(package_candidate postgresql-15)" ] || refresh_apt
    if [ -z "$(package_candidate postgresql-15)" ]; then
      major=$(package_candidate postgresql | sed 's/^\([0-9]*\).*/\1/')
    fi
  fi
  system_packages "postgresql-$major" "postgresql-$major-pgtap"
  PG_BIN=/usr/lib/postgresql/$major/bin
  [ -x "$PG_BIN/initdb" ] || PG_BIN=$(pg_config --bindir 2>/dev/null || true)
  [ -x "$PG_BIN/initdb" ] || die "PostgreSQL 15 or newer with pgTAP is needed" "Install both and put pg_config on PATH, then run this again."
}
