#!/usr/bin/env bash
# Starts `whimbrel serve --dev` on free ports, waits until it is ready, and hands its settings to the steps that follow.
set -euo pipefail

binary="${WHIMBREL_BINARY:-whimbrel}"
folder="${RUNNER_TEMP:?the folder that a runner names}/whimbrel"
ready="$folder/ready.json"
log="$folder/whimbrel.log"
mkdir -p "$folder"

"$binary" serve --dev --http 127.0.0.1:0 --https 127.0.0.1:0 --simulator 127.0.0.1:0 \
  --data-dir "$folder/data" --ready-file "$ready" >"$log" 2>&1 &
pid=$!

for _ in $(seq 600); do
  [ -s "$ready" ] && break
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.1
done
if ! [ -s "$ready" ]; then
  echo "::error::whimbrel did not become ready"
  cat "$log"
  exit 1
fi

field() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" "$ready" | head -n 1; }

# The log of a job may be public.
echo "::add-mask::$(field admin_token)"
"$binary" env --github --data-dir "$folder/data"
{
  echo "WHIMBREL_DATA_DIR=$folder/data"
  echo "WHIMBREL_TOKEN=$(field admin_token)"
} >>"$GITHUB_ENV"
{
  echo "url=$(field http)"
  echo "pid=$pid"
} >>"$GITHUB_OUTPUT"
echo "whimbrel catches texts at $(field http)"
