#!/bin/sh
# A domain made by tools/new_plugin.sh compiles, test and all, and nothing of the template's name is left in it.
#   new_plugin_test.sh SOURCE_DIR COMPILER CMAKE
set -eu
source=$1 compiler=$2 cmake=$3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/tests/plugins"
cp -r "$source/sdk" "$root/sdk"
cp -r "$source/tests/plugins/template" "$root/tests/plugins/template"
make_plugin() { GYRE_ROOT="$root" "$source/tools/new_plugin.sh" "$@"; }

make_plugin order_lines
if grep -rniE 'notes?([^a-z]|$)|template' "$root/plugins/order_lines" "$root/tests/plugins/order_lines"; then
  echo "the template's names are left" >&2
  exit 1
fi
"$cmake" -DINPUT="$root/plugins/order_lines/mapping.json" -DOUTPUT="$root/generated/order_lines_mapping.hpp" \
  -DVARIABLE=kIndexDefinition -P "$source/cmake/embed_file.cmake"
for file in "$root"/plugins/order_lines/*.cpp "$root"/tests/plugins/order_lines/*.cpp; do
  "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I "$root/sdk/include" -I "$root/generated" -I "$root" "$file"
done

# What cannot be made is refused, and nothing is written.
for words in "order_lines" "Orders" "" "9lives" "stock" "../up"; do
  # shellcheck disable=SC2086
  if make_plugin $words 2> /dev/null; then
    echo "accepted: $words" >&2
    exit 1
  fi
done
make_plugin stock item > /dev/null
test -f "$root/plugins/stock/item.hpp"
