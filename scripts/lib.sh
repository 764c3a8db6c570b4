# Shared by scripts/up and scripts/test: fetches what is missing. Sourced, never run.
#
# Rules: no questions; nothing outside the cache folder is written but Debian packages, by apt; what is there already is not fetched again;
# what takes long shows that it lives; what fails says why and what to do.

set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${HOTLINE_CACHE:-$project/.cache}
mkdir -p "$cache/log" "$cache/tmp"
cache=$(cd "$cache" && pwd -P)
export HOTLINE_CACHE=$cache
# npm, tsx, browsers and the speech program's sound library write where these say, so that nothing lands in a home folder or in /tmp.
export npm_config_cache=$cache/npm npm_config_update_notifier=false TMPDIR=$cache/tmp XDG_CONFIG_HOME=$cache/home XDG_CACHE_HOME=$cache/home
umask 022
setup_log=$cache/log/setup.log
oldest_node=20.19.0

say() { printf '%s\n' "$*" >&2; }

# fail WHY WHAT-TO-DO
fail() {
  say "hotline: $1"
  [ $# -lt 2 ] || say "  -> $2"
  exit 1
}

# step "What is being done" HINT COMMAND...: runs it with a clock in sight; its output goes to the log and is shown when it fails.
# Never call it in a condition: bash would then ignore errors inside COMMAND.
step() {
  local title=$1 hint=$2 started=$SECONDS pid code=0 mark
  shift 2
  mark=$(wc -c 2>/dev/null <"$setup_log" || echo 0)
  printf '\n== %s %s\n' "$(date -u +%FT%TZ)" "$title" >>"$setup_log"
  (set -euo pipefail; "$@") >>"$setup_log" 2>&1 </dev/null &
  pid=$!
  [ -t 2 ] || say "  $title ..."
  while kill -0 "$pid" 2>/dev/null; do
    if [ -t 2 ]; then printf '\r  %s ... %d s ' "$title" $((SECONDS - started)) >&2
    elif [ $(((SECONDS - started) % 15)) -eq 14 ]; then say "    still at it after $((SECONDS - started)) s"; sleep 0.8; fi
    sleep 0.2
  done
  wait "$pid" || code=$?
  [ ! -t 2 ] || printf '\r' >&2
  if [ "$code" -ne 0 ]; then
    say "  $title: failed after $((SECONDS - started)) s. Its last words:"
    tail -c "+$((mark + 1))" "$setup_log" | tail -n 15 | sed 's/^/    | /' >&2
    say "  The whole log: $setup_log"
    fail "$title did not work" "$hint"
  fi
  say "  $title: done in $((SECONDS - started)) s"
}

# One set-up at a time in one cache folder; a second one waits for the first.
lock_setup() {
  exec 9>"$cache/setup.lock"
  flock -n 9 || { say "  another set-up is running here; waiting for it"; flock 9; }
  # What broken-off runs left a day ago; the folders of failed tests are kept that long.
  find "$cache/tmp" "$cache/tests" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf {} + 2>/dev/null || true
}
unlock_setup() { exec 9>&-; }

has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# need_packages PACKAGE...: installs Debian packages, if there are any to install.
need_packages() {
  [ $# -gt 0 ] || return 0
  has apt-get || fail "these programs are missing and there is no apt-get here: $*" "install them with this system's own tool"
  if [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; then
    fail "Debian packages are missing ($*), and this user may not install any" "run this once: sudo apt-get install --no-install-recommends $*"
  fi
  step "Installing Debian packages: $*" "look whether this machine reaches its Debian mirror, then run this again" install_packages "$@"
}

install_packages() {
  local apt="env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
  # The lists of a fresh machine are empty and those of an old one name packages that the mirror no longer has.
  as_root $apt install -y --no-install-recommends "$@" || { as_root $apt update && as_root $apt install -y --no-install-recommends "$@"; }
}

# The Debian mirror that this machine uses; its own settings (proxy, credentials) apply to it.
debian_mirror() {
  local found=
  if [ -n "${HOTLINE_DEBIAN_MIRROR:-}" ]; then echo "$HOTLINE_DEBIAN_MIRROR"; return; fi
  found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1) || true
  echo "${found:-http://deb.debian.org/debian}"
}

# unpack_debs FOLDER SUITE STATUS PACKAGE...: fetches packages with all they need beyond STATUS (a dpkg status file) by a private apt, and
# unpacks them side by side. Needs no root and changes nothing of the machine's own apt. No script of any package runs. Signatures are checked;
# the age of a mirror's copy is not (nor does debootstrap), because frozen and slow mirrors are common and pass for expired.
unpack_debs() {
  local folder=$1 suite=$2 status=$3 work deb
  shift 3
  work=$cache/tmp/apt-$suite-$$
  rm -rf "$work" "$folder.new"
  mkdir -p "$work/lists/partial" "$work/archives/partial" "$folder.new"
  # A copy, because apt takes its lock beside it.
  cp "$status" "$work/status" || return 1
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $suite main" >"$work/sources.list"
  local apt=(apt-get -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$work/lists"
    -o "Dir::State::status=$work/status" -o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/archives" -o Dir::Etc::Preferences=/dev/null
    -o Dir::Etc::PreferencesParts=/dev/null -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::Check-Valid-Until=false -o APT::Install-Recommends=0)
  # Said in full ("|| return"), because the caller asks for the result and bash then ignores errors otherwise.
  "${apt[@]}" update || return 1
  # A mirror that lacks the suite is only a warning to apt.
  ls "$work"/lists/*Packages* >/dev/null || return 1
  "${apt[@]}" -y --download-only install "$@" || return 1
  for deb in "$work"/archives/*.deb; do dpkg-deb -x "$deb" "$folder.new" || return 1; done
  rm -rf "$work"
  # Documentation and translations are half of it, and nobody reads them there.
  rm -rf "$folder.new"/usr/share/{doc,man,locale,info,lintian} "$folder.new"/var
}

finish_unpacking() {
  rm -rf "$1"
  mv "$1.new" "$1"
}

ensure_node() {
  has node || fail "Node.js is missing" "install Node.js 20.19 or newer (https://nodejs.org)"
  node -e 'const [a, b] = [process.versions.node, process.argv[1]].map((v) => v.split(".").map(Number)); process.exit(a[0] > b[0] || (a[0] === b[0] && a[1] >= b[1]) ? 0 : 1)' "$oldest_node" ||
    fail "Node.js $(node -p process.versions.node) is too old" "install Node.js $oldest_node or newer"
  has npm || fail "npm is missing" "install it with Node.js"
}

ensure_modules() {
  if node "$project/scripts/modules-complete.mjs" 2>>"$setup_log"; then return; fi
  step "Installing Node packages (about a minute)" "look whether this machine reaches the npm registry (npm ping), then run this again" \
    npm --prefix "$project" ci --no-audit --no-fund
}

ensure_build() {
  node "$project/scripts/build.mjs" >&2 || fail "the build failed" "mend what is named above"
}

ensure_redis() {
  if [ -n "${REDIS_URL:-}" ] || has redis-server || has valkey-server || [ -x "$cache/redis/usr/bin/redis-server" ]; then return; fi
  step "Fetching Redis (2 MB, stays in the cache folder)" "look whether this machine reaches its Debian mirror, or install redis-server, or set REDIS_URL" fetch_redis
}

fetch_redis() {
  local suite
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
  unpack_debs "$cache/redis" "$suite" /var/lib/dpkg/status redis-server
  LD_LIBRARY_PATH=$(echo "$cache"/redis.new/usr/lib/*-linux-gnu*) "$cache/redis.new/usr/bin/redis-server" --version
  finish_unpacking "$cache/redis"
}

# Only the tests of the history need it: a server of their own, started and ended by them, so nothing is installed into the machine.
ensure_postgres() {
  if compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || compgen -G "$cache/postgres/usr/lib/postgresql/*/bin/initdb" >/dev/null; then return; fi
  step "Fetching PostgreSQL (20 to 60 MB, stays in the cache folder)" "look whether this machine reaches its Debian mirror, or install postgresql" fetch_postgres
}

fetch_postgres() {
  local suite
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
  unpack_debs "$cache/postgres" "$suite" "${1:-/var/lib/dpkg/status}" postgresql
  LD_LIBRARY_PATH=$(echo "$cache"/postgres.new/usr/lib/*-linux-gnu*) "$cache"/postgres.new/usr/lib/postgresql/*/bin/initdb --version
  finish_unpacking "$cache/postgres"
}

asterisk_on_path_is_new_enough() {
  local program version
  program=$(PATH=$PATH:/usr/local/sbin:/usr/sbin command -v asterisk) || return 1
  version=$("$program" -V 2>/dev/null | sed -n 's/^Asterisk \(certified[/-]\)\{0,1\}\([0-9]*\)\..*/\2/p')
  [ "${version:-0}" -ge 20 ]
}

ensure_asterisk() {
  if [ -n "${HOTLINE_ASTERISK:-}" ] || [ -e "$cache/asterisk/unpacked" ]; then return; fi
  if [ "${1:-}" != must-be-22 ] && asterisk_on_path_is_new_enough; then return; fi
  [ "$(df -Pk "$cache" | awk 'NR==2 {print int($4 / 1024)}')" -ge 800 ] || fail "less than 800 MB are free for Asterisk in $cache" "make room, or set HOTLINE_CACHE to a folder with room"
  step "Fetching Asterisk 22 (80 MB, stays in the cache folder)" \
    "look whether this machine reaches its Debian mirror; or set HOTLINE_DEBIAN_MIRROR to one that has forky, or HOTLINE_ASTERISK to an Asterisk 20 or newer" fetch_asterisk
}

fetch_asterisk() {
  local none=$cache/tmp/no-packages suite done_with=
  : >"$none"
  for suite in forky sid; do
    # Everything down to the C library comes along, so it runs on any Linux of this architecture through its own loader.
    if (unpack_debs "$cache/asterisk" "$suite" "$none" asterisk); then done_with=$suite; break; fi
    echo "no luck with $suite"
  done
  [ -n "$done_with" ]
  find "$cache/asterisk.new/usr/lib" -name res_ari.so | grep -q .
  echo "$done_with" >"$cache/asterisk.new/unpacked"
  finish_unpacking "$cache/asterisk"
}

# Hold music: a slow arpeggio over four soft chords, made here, so that it belongs to nobody else.
ensure_music() {
  [ -e "$cache/music/hold.wav" ] || step "Making hold music" "see the log" make_music
}

make_music() {
  local work=$cache/tmp/music-$$ bars=() bar=0 chord notes index chords=("C3 G3 C4 E4 G4" "A2 E3 A3 C4 E4" "F2 C3 F3 A3 C4" "G2 D3 G3 B3 D4")
  mkdir -p "$work" "$cache/music"
  for chord in "${chords[@]}"; do
    read -r -a notes <<<"$chord"
    local parts=()
    # Eight notes up and down in 3.8 s over a held bass.
    local order=(1 2 3 4 3 2 1 2)
    for index in "${!order[@]}"; do
      sox -n -r 8000 -c 1 -b 16 "$work/n.wav" synth 1.9 pluck "${notes[${order[$index]}]}" fade q 0.02 1.9 0.9 gain -9 pad "$(awk "BEGIN {print $index * 0.475}")" trim 0 5.7 rate 8000
      mv "$work/n.wav" "$work/n$bar-$index.wav"
      parts+=("$work/n$bar-$index.wav")
    done
    sox -n -r 8000 -c 1 -b 16 "$work/bass$bar.wav" synth 3.8 triangle "${notes[0]}" fade q 0.5 3.8 1.2 gain -16
    sox -n -r 8000 -c 1 -b 16 "$work/pad$bar.wav" synth 3.8 sine "${notes[2]}" synth 3.8 sine mix "${notes[4]}" fade q 1 3.8 1.4 gain -20
    sox -m "${parts[@]}" "$work/bass$bar.wav" "$work/pad$bar.wav" "$work/bar$bar.wav" trim 0 3.8 fade q 0.03 3.8 0.12
    bars+=("$work/bar$bar.wav")
    bar=$((bar + 1))
  done
  sox "${bars[@]}" "${bars[@]}" "$work/all.wav" lowpass 3000 reverb 35 50 60 trim 0 30.4 fade q 0.5 30.4 0.8
  # -20 dBFS as mean level, the loudness of speech in the prompts, measured and set.
  local level
  level=$(sox "$work/all.wav" -n stats 2>&1 | awk '/^RMS lev dB/ {print $4}')
  sox "$work/all.wav" -r 8000 -c 1 -b 16 "$work/hold.wav" gain "$(awk "BEGIN {print -20 - ($level)}")"
  mv "$work/hold.wav" "$cache/music/hold.wav"
  rm -rf "$work"
}
