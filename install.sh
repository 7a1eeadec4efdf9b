#!/bin/sh
# Installs sandcage for the current user: picks the binary for this machine, verifies its SHA-256
# against the release's SHA256SUMS, and moves it into place. Never asks for root.
#
#   SANDCAGE_VERSION      version to install, for example 0.1.0; the latest by default
#   SANDCAGE_INSTALL_DIR  where to put it; ~/.local/bin by default
#   SANDCAGE_BASE_URL     release page of a mirror
#
# Everything is a function and the last line calls main: a download of this script that was cut
# short defines a few functions and does nothing.
set -eu

RELEASES="https://github.com/sandcage/sandcage/releases"

say() {
  printf '%s\n' "$*" >&2
}

# fail PROBLEM [FIX]
fail() {
  say "error: $1"
  if [ $# -gt 1 ]; then say "  fix: $2"; fi
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

detect_os() {
  case "$(uname -s)" in
    Linux) echo linux ;;
    Darwin) echo macos ;;
    MINGW* | MSYS* | CYGWIN*)
      fail "This is a Windows shell; install.sh installs on Linux and macOS" \
        "Run in PowerShell: irm $RELEASES/latest/download/install.ps1 | iex"
      ;;
    *) fail "No binary for the system $(uname -s)" "Run from source, see README.md" ;;
  esac
}

detect_arch() {
  case "$(uname -m)" in
    x86_64 | amd64)
      # A shell translated by Rosetta says x86_64 on an Apple processor.
      if [ "$1" = macos ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" = 1 ]; then
        echo arm64
      else
        echo x64
      fi
      ;;
    aarch64 | arm64) echo arm64 ;;
    *) fail "No binary for the processor $(uname -m)" "Supported: x86_64 and arm64" ;;
  esac
}

is_musl() {
  # ldd of musl prints its name on stderr and exits 1; ldd of glibc does not contain the word.
  has ldd && ldd --version 2>&1 | grep -qi musl
}

is_wsl() {
  [ -r /proc/sys/kernel/osrelease ] && grep -qi microsoft /proc/sys/kernel/osrelease
}

# Plain http proves nothing about the sums file, so it is accepted from this machine only.
check_base_url() {
  case "$1" in
    https://* | file:///*) ;;
    http://127.0.0.1/* | http://127.0.0.1:*/* | http://localhost/* | http://localhost:*/*) ;;
    http://127.0.0.1 | http://127.0.0.1:* | http://localhost | http://localhost:*) ;;
    *) fail "SANDCAGE_BASE_URL is not an https address: $1" "Give an https:// address" ;;
  esac
  case "$1" in
    http://*@*) fail "SANDCAGE_BASE_URL holds a user name: $1" "Give an https:// address" ;;
  esac
}

# download URL FILE
download() {
  if has curl; then
    case "$1" in
      https://*) curl -fsSL --retry 2 --connect-timeout 20 --proto '=https' -o "$2" "$1" ;;
      *) curl -fsSL --connect-timeout 20 -o "$2" "$1" ;;
    esac
  elif has wget; then
    wget -q -T 20 -t 2 -O "$2" "$1"
  else
    fail "Neither curl nor wget is installed" "Install one of them, for example: apt install curl"
  fi
}

# Prints the SHA-256 of a file in lower-case hex.
sha256_of() {
  if has sha256sum; then
    sha256sum <"$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 <"$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
  else
    fail "Cannot verify the download: sha256sum, shasum and openssl are all missing" \
      "Install one of them, for example: apt install openssl"
  fi
}

# Prints the sum a SHA256SUMS file gives for one file name; nothing when it is not there exactly once.
expected_sum() {
  awk -v name="$2" '
    $2 == name || $2 == "*" name { count++; sum = tolower($1) }
    END { if (count == 1 && length(sum) == 64 && sum !~ /[^0-9a-f]/) print sum }
  ' "$1"
}

path_hint() {
  case ":$PATH:" in
    *":$1:"*) return ;;
  esac
  say ""
  say "$1 is not on your PATH. Add it:"
  # The user's shell expands $PATH, not this one.
  # shellcheck disable=SC2016
  case "${SHELL:-}" in
    */fish) say "  fish_add_path $1" ;;
    */zsh) printf '  echo '\''export PATH="%s:$PATH"'\'' >> ~/.zshrc\n' "$1" >&2 ;;
    *) printf '  echo '\''export PATH="%s:$PATH"'\'' >> ~/.profile\n' "$1" >&2 ;;
  esac
}

main() {
  base="${SANDCAGE_BASE_URL:-$RELEASES}"
  base="${base%/}"
  check_base_url "$base"

  version="${SANDCAGE_VERSION:-latest}"
  version="${version#v}"
  case "$version" in
    latest) from="$base/latest/download" ;;
    *[!0-9A-Za-z.+-]* | "") fail "Not a version: SANDCAGE_VERSION=$version" "Give for example 0.1.0" ;;
    *) from="$base/download/v$version" ;;
  esac

  os="$(detect_os)"
  arch="$(detect_arch "$os")"
  if [ "$os" = linux ] && is_musl; then
    fail "No binary for musl systems such as Alpine: the Deno runtime inside needs glibc" \
      "Install on a glibc system such as Debian, Ubuntu or Fedora"
  fi
  asset="sandcage-$os-$arch"

  dir="${SANDCAGE_INSTALL_DIR:-${HOME:+$HOME/.local/bin}}"
  [ -n "$dir" ] || fail "HOME is not set" "Set SANDCAGE_INSTALL_DIR to the directory to install into"
  case "$dir" in
    /*) ;;
    *) dir="$(pwd)/$dir" ;;
  esac
  mkdir -p "$dir" 2>/dev/null || fail "Cannot create $dir" \
    "Set SANDCAGE_INSTALL_DIR to a directory you can write to"
  target="$dir/sandcage"
  [ ! -d "$target" ] || fail "$target is a directory" "Remove it, or set SANDCAGE_INSTALL_DIR"

  # Inside the target directory, so that the last step is a rename on one file system.
  staging="$(mktemp -d "$dir/.sandcage-install.XXXXXX" 2>/dev/null)" || fail "Cannot write to $dir" \
    "Set SANDCAGE_INSTALL_DIR to a directory you can write to"
  trap 'rm -rf "$staging"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  say "Downloading $asset ($version) from $base"
  download "$from/SHA256SUMS" "$staging/SHA256SUMS" ||
    fail "Cannot download $from/SHA256SUMS" "Check the version and the network, then run this again"
  want="$(expected_sum "$staging/SHA256SUMS" "$asset")"
  [ -n "$want" ] || fail "SHA256SUMS of the release has no single valid line for $asset" \
    "Nothing was installed; report it to the project"
  download "$from/$asset" "$staging/sandcage" ||
    fail "Cannot download $from/$asset" "Check the network, then run this again"

  got="$(sha256_of "$staging/sandcage")"
  if [ "$got" != "$want" ]; then
    say "expected $want"
    say "received $got"
    fail "The checksum of $asset does not match; nothing was installed" \
      "Run this again; if it stays, report it to the project"
  fi

  chmod 755 "$staging/sandcage"
  installed="$("$staging/sandcage" --version 2>/dev/null)" ||
    fail "The verified binary does not run on this machine; nothing was installed" \
      "Check that $dir is not mounted noexec and that glibc is recent"
  mv -f "$staging/sandcage" "$target" || fail "Cannot replace $target" "Check who owns it"

  say "Installed $installed to $target"
  if [ "$os" = linux ] && is_wsl; then
    say "WSL: turn on the integration for this distribution in Docker Desktop, or run: sandcage setup engine"
  fi
  path_hint "$dir"
  say "Next: sandcage doctor"
}

main "$@"
