#!/bin/sh
# Starts a domain: copies sdk/template to plugins/NAME, and its test to tests/plugins/NAME, under the new name.
#   tools/new_plugin.sh orders [order]
# The second word is one of its entities; without it the name less its final s.
set -eu

name=${1:-}
case $name in
  '' | [!a-z]* | *[!a-z0-9_]*)
    echo "usage: tools/new_plugin.sh NAME [ENTITY]; names are lower-case letters, digits and _, a letter first" >&2
    exit 64 ;;
esac
entity=${2:-${name%s}}
case $entity in
  [!a-z]* | *[!a-z0-9_]*)
    echo "new_plugin: \"$entity\" is no name for an entity" >&2
    exit 64 ;;
esac
if [ "$entity" = "$name" ]; then
  echo "new_plugin: give the entity a name of its own: tools/new_plugin.sh $name ENTITY" >&2
  exit 64
fi

root=${GYRE_ROOT:-$(cd "$(dirname "$0")/.." && pwd)}
for folder in "plugins/$name" "tests/plugins/$name"; do
  if [ -e "$root/$folder" ]; then
    echo "new_plugin: $folder exists already" >&2
    exit 73
  fi
done

# order_line is OrderLine in types and orderLine in functions and JSON.
pascal() { printf '%s' "$1" | awk -F_ '{ for (i = 1; i <= NF; i++) printf "%s%s", toupper(substr($i, 1, 1)), substr($i, 2) }'; }
camel() { pascal "$1" | awk '{ printf "%s%s", tolower(substr($0, 1, 1)), substr($0, 2) }'; }
Names=$(pascal "$name")
Entity=$(pascal "$entity")
camelEntity=$(camel "$entity")
case $entity in [aeiou]*) article=an ;; *) article=a ;; esac

# By way of marks, so that a new name that contains an old one is not renamed twice.
rename() {
  sed -e '/^# template:/,$d' -e 's|sdk/template|@folder@|g' -e 's/ a note/ @article@ note/g' -e 's/ a Note/ @article@ Note/g' \
      -e 's/Notes/@Names@/g' -e 's/Note/@Entity@/g' -e 's/notes/@names@/g' \
      -e 's/noteId/@camel@Id/g' -e 's/noteDocument/@camel@Document/g' -e 's/note/@entity@/g' |
    sed -e "s|@folder@|plugins/$name|g" -e "s/@Names@/$Names/g" -e "s/@Entity@/$Entity/g" -e "s/@names@/$name/g" \
        -e "s/@camel@/$camelEntity/g" -e "s/@entity@/$entity/g" -e "s/@article@/$article/g"
}

mkdir -p "$root/plugins/$name" "$root/tests/plugins/$name"
for file in "$root"/sdk/template/*; do
  target=$(basename "$file" | sed -e "s/note/$entity/")
  rename < "$file" > "$root/plugins/$name/$target"
done
rename < "$root/tests/plugins/template/notes_test.cpp" > "$root/tests/plugins/$name/${name}_test.cpp"
cat <<EOF
plugins/$name and tests/plugins/$name are ready: build with cmake --build --preset dev,
run its tests with ctest --preset dev -R ${Names}Test
EOF
