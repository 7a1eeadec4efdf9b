// An agent that does what its editor tells it, in a cage and without one.
const { createHash } = require("node:crypto");
const mode = process.argv[1] ?? "talk";
const write = (value) => process.stdout.write(JSON.stringify(value) + "\n");

// Gives every byte back, and speaks after the end of its input.
function mirror() {
  const hash = createHash("sha256");
  let bytes = 0;
  process.stderr.write("noise that is no message\n");
  process.stdin.on("data", (piece) => {
    hash.update(piece);
    bytes += piece.length;
    if (!process.stdout.write(piece)) {
      process.stdin.pause();
      process.stdout.once("drain", () => process.stdin.resume());
    }
  });
  process.stdin.on("end", () => {
    process.stderr.write("more noise\n");
    setTimeout(() => {
      const end = { method: "_end", params: { bytes, sha256: hash.digest("hex") } };
      process.stdout.write(`\n${JSON.stringify(end)}\n`, () => process.exit(7));
    }, 300);
  });
}

function talk() {
  const waiting = new Map();
  let next = 1000;
  let rest = "";
  const handle = ({ id, method, params, result, error }) => {
    switch (method) {
      case undefined: {
        const asked = waiting.get(id);
        waiting.delete(id);
        return asked === undefined
          ? undefined
          : write({ jsonrpc: "2.0", id: asked, result: { given: error ?? result } });
      }
      case "initialize": {
        const _meta = { offered: params.clientCapabilities };
        return write({ jsonrpc: "2.0", id, result: { protocolVersion: 1, _meta } });
      }
      case "_ask":
        waiting.set(next, id);
        return write({ jsonrpc: "2.0", id: next++, ...params });
      case "_raw":
        process.stdout.write(Buffer.from(params.base64, "base64"));
        return write({ jsonrpc: "2.0", id, result: {} });
      default:
        return write({ jsonrpc: "2.0", id, result: { heard: method } });
    }
  };
  process.stdin.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) handle(JSON.parse(line));
  });
}

if (mode === "mirror") mirror();
else if (mode === "waits") {
  process.stdin.resume();
  setInterval(() => {}, 1000);
  write({ jsonrpc: "2.0", method: "_ready" });
} else talk();
