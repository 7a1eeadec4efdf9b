/**
 * Writes a file of the user whole or not at all, with the permissions it had; new ones are as the
 * user's own editor would make them.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  // A symbolic link inside the project stays one.
  const path = await Deno.realPath(file).catch(() => file);
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const mode = await Deno.stat(path).then((info) => info.mode, () => null);
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: (mode ?? 0o644) & 0o777 });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Puts a file back as it was: `undefined` is a file that was not there. */
export async function restoreFile(file: string, text: string | undefined): Promise<void> {
  if (text === undefined) await Deno.remove(file);
  else await replaceFile(file, text);
}
