import { quotePath } from "./visible.ts";

/** A tar stream that is not taken, or not any further. The message is one line for people. */
export class TarRefused extends Error {
  /** The entry it is about, as written in the stream. */
  readonly path: string | undefined;
  /** Words that follow the path, or "the stream". */
  readonly reason: string;

  /** Makes the error from a reason, and the path of the entry where there is one. */
  constructor(reason: string, path?: string) {
    super(path === undefined ? `The tar stream: ${reason}` : `${quotePath(path)}: ${reason}`);
    this.name = "TarRefused";
    this.path = path;
    this.reason = reason;
  }
}
