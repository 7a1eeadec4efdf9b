/** A second request that must never be read as one; what carries it is a key of {@link SMUGGLED}. */
const HIDDEN = "GET /smuggled HTTP/1.1\r\nHost: evil.test\r\nX: ";

/** Heads and bodies two readers may understand differently; `HOST` and `HIDDEN` are filled in. */
export const SMUGGLED: Readonly<Record<string, string>> = {
  "both lengths": head("Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\nHIDDEN"),
  "two lengths": head("Content-Length: 4\r\nContent-Length: 0", "HIDDEN"),
  "a list of lengths": head("Content-Length: 0, 4", "HIDDEN"),
  "a signed length": head("Content-Length: +4", "HIDDEN"),
  "two codings": head(
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "0\r\n\r\nHIDDEN",
  ),
  "an unknown coding": head("Transfer-Encoding: xchunked", "HIDDEN"),
  "chunked not last": head("Transfer-Encoding: chunked, identity", "0\r\n\r\nHIDDEN"),
  "a blank before the colon": head("Transfer-Encoding : chunked", "0\r\n\r\nHIDDEN"),
  "a folded header": head("X: 1\r\n Transfer-Encoding: chunked", "HIDDEN"),
  "bare line feeds": "POST / HTTP/1.1\nHost: HOST\nContent-Length: 0\n\nHIDDEN",
  "a line feed in a chunk's extension": head(
    "Transfer-Encoding: chunked",
    "1;\nxx\r\na\r\n0\r\n\r\nHIDDEN",
  ),
  "a NUL in a header": head("X: a\0b\r\nTransfer-Encoding: chunked", "0\r\n\r\nHIDDEN"),
  "chunked in HTTP/1.0": head("Transfer-Encoding: chunked", "0\r\n\r\nHIDDEN").replace(
    "/1.1",
    "/1.0",
  ),
  "a line end in the target": "GET /\r\nHost: evil.test HTTP/1.1\r\nHost: HOST\r\n\r\nHIDDEN",
  "a length that is no number": head("Content-Length: 0x4", "HIDDEN"),
};

/** One of {@link SMUGGLED}, to a host. */
export function smuggle(name: string, host: string): string {
  return SMUGGLED[name]!.replace("HOST", host).replace("HIDDEN", HIDDEN);
}

function head(headers: string, body: string): string {
  return `POST / HTTP/1.1\r\nHost: HOST\r\n${headers}\r\n\r\n${body}`;
}
