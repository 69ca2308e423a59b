#!/bin/sh
# Names in one line what this machine lacks, before anything is started.
# Prints the Python to use on stdout and exits 0; or exits 1 with that one line on stderr.
#
# PYTHON, when set, is the only Python that is tried. CC and CFLAGS are obeyed.

fits='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'
missing=""
debian=""
brew=""

need() { # need WHAT DEBIAN-PACKAGES BREW-FORMULAE
    missing="${missing:+$missing, }$1"
    debian="$debian $2"
    brew="$brew $3"
}

python=""
for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    if "$candidate" -c "$fits" >/dev/null 2>&1; then
        python=$(command -v "$candidate")
        break
    fi
done
if [ -z "$python" ]; then
    need "Python 3.11 to 3.13 with venv${PYTHON:+ (PYTHON=$PYTHON is not)}" \
        "python3 python3-venv python3-dev" "python@3.13"
fi

command -v git >/dev/null 2>&1 || need "git" "git" "git"

# fastecdsa, which libp2p needs, is built from source on Linux and macOS.
compiler=${CC:-cc}
command -v "$compiler" >/dev/null 2>&1 || compiler=gcc
if ! command -v "$compiler" >/dev/null 2>&1; then
    need "a C compiler" "build-essential" "gcc"
    need "gmp.h (if it is not there yet)" "libgmp-dev" "gmp"
else
    finds() { # finds HEADER [DIRECTORY]
        # shellcheck disable=SC2086
        echo "#include <$1>" | "$compiler" ${CFLAGS:-} ${2:+-I"$2"} -E - >/dev/null 2>&1
    }
    finds gmp.h || need "gmp.h" "libgmp-dev" "gmp"
    if [ -n "$python" ]; then
        headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
        finds Python.h "$headers" || need "Python.h" "python3-dev" "python@3.13"
    fi
fi

if [ -n "$missing" ]; then
    if command -v brew >/dev/null 2>&1; then
        install="brew install$brew"
    elif command -v dnf >/dev/null 2>&1; then
        install="sudo dnf install -y python3-devel git gcc gmp-devel"
    else
        install="sudo apt-get install -y$debian"
    fi
    echo "Missing on this machine: $missing. Install with: $install" >&2
    exit 1
fi
echo "$python"
