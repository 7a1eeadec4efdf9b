import { type CompletionEntry, fixedWords, flagsWithValue, WORDS_COMMAND } from "./entry.ts";

/** Formats the completion script for PowerShell 5.1 and newer. Pure. */
export function formatPowershell(entries: readonly CompletionEntry[]): string {
  return `# Completions of sandcage for PowerShell. Made by: sandcage completions powershell
Register-ArgumentCompleter -Native -CommandName sandcage -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $entries = @{
${entries.map(formatEntry).join("\n")}
  }
  $withValue = @(${flagsWithValue(entries).map(quote).join(", ")})
  $typed = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $at = ''
  for ($i = 0; $i -lt $typed.Count; $i++) {
    if ($typed[$i] -eq '--') { return }
    if ($withValue -ccontains $typed[$i]) { $i++; continue }
    if ($typed[$i].StartsWith('-')) { continue }
    $next = "$at $($typed[$i])".Trim()
    if ($entries.ContainsKey($next)) { $at = $next }
  }
  $entry = $entries[$at]
  if ($typed.Count -gt 0 -and $withValue -ccontains $typed[-1]) { return }
  $found = if ($wordToComplete.StartsWith('-')) { $entry.Options } else {
    $entry.Words
    if ($entry.Ask) { sandcage ${WORDS_COMMAND} $entry.Ask 2>$null | ForEach-Object { @($_, $_) -join [char]9 } }
  }
  foreach ($line in $found) {
    $word, $about = $line -split [char]9, 2
    if (-not $word.StartsWith($wordToComplete)) { continue }
    if (-not $about) { $about = $word }
    [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
  }
}
`;
}

function formatEntry(entry: CompletionEntry): string {
  const words = fixedWords(entry).map(({ word, about }) => row(word, about)).join(", ");
  const options = entry.options.map(({ flag, about }) => row(flag, about)).join(", ");
  const ask = typeof entry.source === "string" ? quote(entry.source) : "$null";
  return `    ${
    quote(entry.path.join(" "))
  } = @{ Words = @(${words}); Options = @(${options}); Ask = ${ask} }`;
}

function row(word: string, about: string): string {
  return `(${quote(word)} + [char]9 + ${quote(about)})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
