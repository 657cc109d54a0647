#!/bin/sh
# What a pipeline does with Footnoted: put sources in, hold a draft to them, and gate a regression set
# against a baseline, also after a source was changed. FOLDER is an empty folder to work in.
#
#     examples/pipeline.sh FOLDER [SET]
set -eu
folder=$1
set_file=${2:-briefing}
here=$(dirname "$0")/..
export FOOTNOTED_LIBRARY="$folder/library"

# 1. Sources, and no drafts among them.
mkdir -p "$folder/docs"
cp "$here/eval/sets/briefing.md" "$folder/docs/"
printf 'drafts/\n' >"$folder/docs/.footnotedignore"
footnoted add "$folder/docs"

# 2. A draft is held back where the sources do not bear it out: exit code 1.
printf 'The Tsugaru Strait is **70 kilometers** wide.\n' |
    footnoted check - --out "$folder/draft.xml" && held=no || held=yes
echo "The draft was held back: $held"

# 3. The set's baseline, once; it is committed beside the set.
footnoted eval run "$set_file" --no-llm --limit 8 --json "$folder/before.json"
footnoted eval keep "$folder/before.json" "$folder/baseline.json" --budget 1

# 4. A source changes: what both runs have unchanged is compared, and the change is told first.
printf '\nThis briefing was last checked in May.\n' >>"$folder/docs/briefing.md"
footnoted add "$folder/docs"
footnoted eval run "$set_file" --no-llm --limit 8 --json "$folder/after.json" \
    --baseline "$folder/baseline.json" --markdown "$folder/summary.md" --junit "$folder/junit.xml"
