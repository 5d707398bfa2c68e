# Node 20 or newer, and the npm packages of package-lock.json.
#
# A system without Node gets its own packages; where those are too old (Debian 12 has Node 18), they
# serve to fetch a newer Node from npm into $THERMOCLINE_HOME, which leaves the system's alone.
# Sets NODE_BIN (a folder for PATH), if one is needed.

NODE_OLDEST=20
NODE_FETCHED=22
NPM_FETCHED=10
NODE_BIN=''

node_is_enough() {
  have node && have npm && [ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge $NODE_OLDEST ]
}

choose_node() {
  if node_is_enough; then return; fi
  NODE_BIN=$THERMOCLINE_HOME/node-$NODE_FETCHED/node_modules/.bin
  if [ ! -x "$NODE_BIN/node" ]; then
    NODE_BIN=
    if ! have node || ! have npm; then system_packages nodejs npm; fi
    if node_is_enough; then return; fi
    fetch_node
  fi
  PATH=$NODE_BIN:$PATH
  node_is_enough || die "the Node in $NODE_BIN does not run" "Remove that folder's parent, or install Node $NODE_OLDEST or newer yourself."
}

fetch_node() {
  local cpu
  have npm || die "Node $NODE_OLDEST or newer and npm are needed" "Install them (https://nodejs.org, or a version manager), then run this again."
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) cpu=x64 ;;
    Linux-aarch64) cpu=arm64 ;;
    *) die "Node $NODE_OLDEST or newer is needed; here is $(node --version)" "Install it (https://nodejs.org, or a version manager), then run this again." ;;
  esac
  say "this system's Node is $(node --version); fetching Node $NODE_FETCHED from npm for Thermocline alone"
  mkdir -p "$THERMOCLINE_HOME/node-$NODE_FETCHED"
  quiet node npm install --prefix "$THERMOCLINE_HOME/node-$NODE_FETCHED" --no-audit --no-fund \
    "node-linux-$cpu@$NODE_FETCHED" "npm@$NPM_FETCHED" || die "Node $NODE_FETCHED could not be fetched"
  NODE_BIN=$THERMOCLINE_HOME/node-$NODE_FETCHED/node_modules/.bin
  ln -sfn "../node-linux-$cpu/bin/node" "$NODE_BIN/node"
}

# `npm ci` only when the lock file is not the one that node_modules was made from. No package of
# ours needs its install script.
install_npm_packages() {
  local stamp=node_modules/.thermocline-lock now
  now=$(cat package-lock.json package.json pkg/package.json www/package.json | cksum)
  [ "$(cat $stamp 2>/dev/null || true)" != "$now" ] || return 0
  say "installing npm packages"
  quiet npm-ci npm ci --ignore-scripts --prefer-offline --no-audit --no-fund || die "npm ci failed"
  printf '%s\n' "$now" >$stamp
}
