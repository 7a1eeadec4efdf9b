import type { Io } from "../../../src/io.ts";

/** An Io that remembers what was said, and answers every question the same way. */
export function fakeIo(answer = false): { io: Io; said: string[] } {
  const said: string[] = [];
  const io: Io = {
    interactive: false,
    color: false,
    out: (text) => void said.push(`out ${text}`),
    talk: (text) => void said.push(`talk ${text}`),
    warn: (text) => void said.push(`warn ${text}`),
    confirm: (question) => {
      said.push(`ask ${question}`);
      return Promise.resolve(answer);
    },
    progress: (title) => {
      let ended = false;
      return {
        update: () => {},
        done: () => {
          ended = true;
          said.push(`done ${title}`);
        },
        [Symbol.dispose]: () => void (ended || said.push(`failed ${title}`)),
      };
    },
  };
  return { io, said };
}
