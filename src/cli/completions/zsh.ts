import { type CompletionEntry, fixedWords, flagsWithValue, quote, WORDS_COMMAND } from "./entry.ts";

/** Formats the completion script for zsh: for `eval` and for a file in `fpath`. Pure. */
export function formatZsh(entries: readonly CompletionEntry[]): string {
  const known = entries.filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(` ${path.join(" ")}`));
  const flags = (kind: "directory" | "file" | "cage" | "text") =>
    flagsWithValue(entries, kind).join("|") || "--none--";
  return `#compdef sandcage
# Completions of sandcage for zsh. Made by: sandcage completions zsh
_sandcage() {
  local at='' ask='' i=2
  local -a known names options
  while (( i < CURRENT )); do
    case \${words[i]} in
      --) _default; return ;; # what follows is the agent's
      ${flagsWithValue(entries).join("|")}) (( i++ )) ;;
      -*) ;;
      *) case "$at \${words[i]}" in
        ${known.join("|")}) at="$at \${words[i]}" ;;
      esac ;;
    esac
    (( i++ ))
  done
  case \${words[CURRENT-1]} in
    ${flags("directory")}) _files -/; return ;;
    ${flags("file")}) _files; return ;;
    ${flags("cage")}) compadd -- \${(f)"$(sandcage ${WORDS_COMMAND} cage 2>/dev/null)"}; return ;;
    ${flags("text")}) return ;;
  esac
  case $at in
${entries.map(formatCase).join("\n")}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o 'option' options
    return
  fi
  [[ -z $ask ]] || compadd -- \${(f)"$(sandcage ${WORDS_COMMAND} $ask 2>/dev/null)"}
  (( \${#names} == 0 )) || _describe 'command' names
}
if [ "$funcstack[1]" = _sandcage ]; then _sandcage "$@"; else compdef _sandcage sandcage; fi
`;
}

function formatCase(entry: CompletionEntry): string {
  const at = entry.path.length === 0 ? "" : ` ${entry.path.join(" ")}`;
  const names = fixedWords(entry).map(({ word, about }) => describe(word, about)).join(" ");
  const options = entry.options.map(({ flag, about }) => describe(flag, about)).join(" ");
  const ask = typeof entry.source === "string" ? ` ask=${entry.source}` : "";
  return `    ${quote(at)}) names=(${names}) options=(${options})${ask} ;;`;
}

function describe(word: string, about: string): string {
  const escaped = word.replaceAll(":", "\\:");
  return quote(about === "" ? escaped : `${escaped}:${about}`);
}
