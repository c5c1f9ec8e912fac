# Shared by scripts/demo and scripts/test: packages and builds. Sourced, not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '== %s\n' "$*"; }

# The ONNX runtime that tests/runtime compares with: once, into build/runtime, by its lock file.
need_runtime() {
  command -v node >/dev/null || need_packages nodejs
  command -v npm >/dev/null || need_packages npm
  local folder=build/runtime
  cmp -s tests/runtime/package-lock.json "$folder/package-lock.json" &&
    [ -d "$folder/node_modules/onnxruntime-node" ] && return
  say "installing the ONNX runtime"
  mkdir -p "$folder"
  rm -f "$folder/package-lock.json"
  cp tests/runtime/package.json "$folder"
  cp tests/runtime/package-lock.json "$folder/npm-shrinkwrap.json"
  (cd "$folder" && npm ci --silent --no-audit --no-fund --ignore-scripts \
    --onnxruntime-node-install=skip)
  mv "$folder/npm-shrinkwrap.json" "$folder/package-lock.json"  # says that it is done
}

# Installs the Debian packages that are missing, with sudo where needed.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "error: missing packages: ${missing[*]}; install them as root, or install sudo" >&2
      exit 2
    }
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

BUILD_PACKAGES=(g++ cmake ninja-build python3 libmpfr-dev libgmp-dev libboost1.81-dev
  nlohmann-json3-dev libcli11-dev libssl-dev libopenblas-dev libeigen3-dev
  libonnx-dev libprotobuf-dev libtbb-dev)
FORMAL_PACKAGES=(make coq libcoq-interval libcoq-coquelicot libcoq-flocq libcoq-mathcomp-ssreflect
  ocaml-nox ocaml-findlib libzarith-ocaml-dev)
TEST_PACKAGES=(doctest-dev libmpfi-dev clang clang-format clang-tidy)
