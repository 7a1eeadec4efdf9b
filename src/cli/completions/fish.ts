import { type CompletionEntry, fixedWords, flagsWithValue, quote, WORDS_COMMAND } from "./entry.ts";

/** Formats the completion script for fish 3 and newer. Pure. */
export function formatFish(entries: readonly CompletionEntry[]): string {
  const known = entries.filter(({ path }) => path.length > 0)
    .map(({ path }) => quote(path.join(" ")));
  const lines = entries.flatMap(formatEntry);
  return `# Completions of sandcage for fish. Made by: sandcage completions fish
function __sandcage_at
    set -l at
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --
                echo '(agent)'
                return
            case ${flagsWithValue(entries).join(" ")}
                set skip 1
            case '-*'
            case '*'
                contains -- (string join ' ' $at $word) ${known.join(" ")}; and set -a at $word
        end
    end
    echo "$at"
end
complete -c sandcage -f
complete -c sandcage -n 'test (__sandcage_at) = "(agent)"' -F
${lines.join("\n")}
`;
}

function formatEntry(entry: CompletionEntry): string[] {
  const condition = quote(`test (__sandcage_at) = "${entry.path.join(" ")}"`);
  const start = `complete -c sandcage -n ${condition}`;
  const words = fixedWords(entry).map(({ word, about }) =>
    `${start} -a ${quote(word)}${about === "" ? "" : ` -d ${quote(about)}`}`
  );
  const asked = typeof entry.source === "string"
    ? [`${start} -a '(sandcage ${WORDS_COMMAND} ${entry.source} 2>/dev/null)'`]
    : [];
  const options = entry.options.map(({ flag, about, value }) => {
    const name = flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
    return `${start} ${name}${formatValue(value)} -d ${quote(about)}`;
  });
  return [...words, ...asked, ...options];
}

function formatValue(value: CompletionEntry["options"][number]["value"]): string {
  switch (value) {
    case undefined:
      return "";
    case "directory":
      return " -x -a '(__fish_complete_directories)'";
    case "file":
      return " -r -F";
    case "cage":
      return ` -x -a '(sandcage ${WORDS_COMMAND} cage 2>/dev/null)'`;
    case "text":
      return " -x";
  }
}
