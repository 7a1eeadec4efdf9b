import { fileURLToPath } from "node:url";

/** How a program is run: its absolute path, and what stands before its arguments. */
export type Program = { command: string; args: string[] };

/** What tells how this process was started. */
export type ProgramFacts = {
  /** Absolute path of the executable. */
  execPath: string;
  /** Address of the module it began with. */
  mainModule: string;
  /** The executable has the program inside. */
  standalone: boolean;
};

/** Looks at this process. */
export function observeProgram(): ProgramFacts {
  return {
    execPath: Deno.execPath(),
    mainModule: Deno.mainModule,
    standalone: Deno.build.standalone,
  };
}

/**
 * How another program starts this very sandcage, wherever it stands and whatever is on its PATH.
 * From source or from dist/ it is Deno that is started. Pure.
 */
export function planProgram(facts: ProgramFacts): Program {
  if (facts.standalone) return { command: facts.execPath, args: [] };
  const path = fileURLToPath(facts.mainModule);
  // A bundle has everything inside; the folder it lies in must not tell it anything else.
  const alone = path.endsWith(".ts") ? [] : ["--no-config", "--no-lock"];
  return {
    command: facts.execPath,
    args: ["run", "--quiet", "--allow-all", "--no-prompt", ...alone, path],
  };
}
