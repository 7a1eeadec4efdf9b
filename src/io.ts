/** Everything a command may do to the terminal. stdout is data, stderr is talk. */
export type Io = {
  /** Data for the caller: one line or a block; ends with a newline. */
  out(text: string): void;
  /** Talk for the person at the terminal. */
  talk(text: string): void;
  /** A problem that does not stop the work. */
  warn(text: string): void;
  /** Shows a long step; `using` ends it. */
  progress(title: string): Progress;
  /** Asks yes or no; `assumed` is the answer where nobody can be asked. */
  confirm(question: string, options: { assumed: boolean }): Promise<boolean>;
  /** True when a person can answer: stdin and stderr are terminals and CI is not set. */
  readonly interactive: boolean;
  /** True when stdout may carry colour. */
  readonly color: boolean;
};

/** One long step on the screen. */
export type Progress = Disposable & {
  /** Replaces the detail behind the title. */
  update(detail: string): void;
  /** Ends the step with a closing word; disposing without it ends it as failed. */
  done(detail?: string): void;
};

/** An io that shows nothing and asks nobody. */
export const SILENT_IO: Io = {
  out() {},
  talk() {},
  warn() {},
  progress: () => ({ update() {}, done() {}, [Symbol.dispose]() {} }),
  confirm: () => Promise.resolve(false),
  interactive: false,
  color: false,
};
