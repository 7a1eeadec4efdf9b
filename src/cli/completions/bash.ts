import { type CompletionEntry, fixedWords, flagsWithValue, quote, WORDS_COMMAND } from "./entry.ts";

/** Formats the completion script for bash 4 and newer. Pure. */
export function formatBash(entries: readonly CompletionEntry[]): string {
  const known = entries.filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(` ${path.join(" ")}`));
  return `# Completions of sandcage for bash. Made by: sandcage completions bash
_sandcage() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local at= words= options= ask= i=1
  COMPREPLY=()
  while [ "$i" -lt "$COMP_CWORD" ]; do
    case \${COMP_WORDS[i]} in
      --) compopt -o default; return ;; # what follows is the agent's
      ${flagsWithValue(entries).join("|")}) i=$((i + 1)) ;;
      -*) ;;
      *) case "$at \${COMP_WORDS[i]}" in
        ${known.join("|")}) at="$at \${COMP_WORDS[i]}" ;;
      esac ;;
    esac
    i=$((i + 1))
  done
  case $prev in
    ${
    cases(entries, "directory")
  }) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    ${
    cases(entries, "file")
  }) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    ${cases(entries, "cage")}) words=$(sandcage ${WORDS_COMMAND} cage 2>/dev/null)
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur"); return ;;
    ${cases(entries, "text")}) return ;;
  esac
  case $at in
${entries.map(formatCase).join("\n")}
  esac
  case $cur in
    -*) words=$options ;;
    *) [ -z "$ask" ] || words="$words $(sandcage ${WORDS_COMMAND} "$ask" 2>/dev/null)" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _sandcage sandcage
`;
}

function formatCase(entry: CompletionEntry): string {
  const at = entry.path.length === 0 ? "" : ` ${entry.path.join(" ")}`;
  const words = fixedWords(entry).map(({ word }) => word).join(" ");
  const options = entry.options.map(({ flag }) => flag).join(" ");
  const ask = typeof entry.source === "string" ? entry.source : "";
  return `    ${quote(at)}) words=${quote(words)} options=${quote(options)} ask=${quote(ask)} ;;`;
}

// An empty pattern would match an empty word.
function cases(
  entries: readonly CompletionEntry[],
  kind: "directory" | "file" | "cage" | "text",
): string {
  const flags = flagsWithValue(entries, kind);
  return flags.length === 0 ? "--none--" : flags.join("|");
}
