#!/usr/bin/env bash
# summary.sh REVISION: `nnc diff` in Markdown of every .nn file that differs from a git revision.
# A spec that is new, gone or has errors on one side gets a line that says so.
set -uo pipefail
base=$1

git diff -z --name-only --no-renames "$base" -- '*.nn' | while IFS= read -r -d '' spec; do
    echo "### \`$spec\`"
    echo
    if ! git cat-file -e "$base:$spec" 2>/dev/null; then
        echo "A new spec."
    elif [ ! -f "$spec" ]; then
        echo "The spec is removed."
    elif ! git show "$base:$spec" | nnc diff --format markdown - "$spec" 2>/dev/null; then
        echo "Not compared: one of the two has errors; \`nnc lint\` shows those of the new one."
    fi
    echo
done
