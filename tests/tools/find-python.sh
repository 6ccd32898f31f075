#!/bin/sh
# Print the first Python 3.11, 3.12 or 3.13 there is: the one asked for, else one by its name,
# else one that pyenv keeps.
set -u
asked=${1:-python3}

fits() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
        >/dev/null 2>&1
}

for candidate in "$asked" python3.13 python3.12 python3.11 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[123].*/bin/python; do
    if fits "$candidate"; then
        command -v "$candidate"
        exit 0
    fi
done
echo "dossierbot needs Python 3.11, 3.12 or 3.13 with the venv module; '$asked' is not one." >&2
echo "Install one (Debian: apt install python3-venv) or name it: make PYTHON=/path/to/python3.12" >&2
exit 1
