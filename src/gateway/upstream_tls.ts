import { isIP, type Socket } from "node:net";
import {
  connect as connectTls,
  createSecureContext,
  rootCertificates,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import { UpstreamError } from "./upstream_call.ts";

/** Opens TLS toward hosts: the only way that secrets and inspected requests leave. */
export type TlsOpener = {
  /**
   * Checks the host's certificate against the public authorities and the user's own.
   *
   * @throws {UpstreamError} Reason `upstream-certificate`, `timeout` or `upstream`.
   */
  open(socket: Socket, options: { host: string; alpn: string[] }): Promise<TLSSocket>;
};

/** A handshake that takes longer is not going to end. */
const HANDSHAKE_TIMEOUT_MS = 20_000;

/** What is wrong with a certificate, by OpenSSL's code; in the words of the denial. */
const CERTIFICATE_PROBLEM: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "has expired",
  CERT_NOT_YET_VALID: "is not valid yet",
  CERT_REVOKED: "was revoked",
  CERT_REJECTED: "is not for this use",
  CERT_UNTRUSTED: "comes from an authority that is not trusted",
  CERT_SIGNATURE_FAILURE: "has a wrong signature",
  CERT_CHAIN_TOO_LONG: "has too long a chain",
  DEPTH_ZERO_SELF_SIGNED_CERT: "is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "comes from an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "comes from an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "comes from an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "comes from an authority that is not trusted",
  INVALID_CA: "comes from an authority that may not sign",
  INVALID_PURPOSE: "is not for this use",
  HOSTNAME_MISMATCH: "is for another host",
  ERR_TLS_CERT_ALTNAME_INVALID: "is for another host",
};

/** @param extraCa Authorities trusted besides the public ones, PEM. */
export function createTlsOpener(extraCa: readonly string[]): TlsOpener {
  const ca = [...rootCertificates, ...extraCa];
  // Reading all authorities takes tens of milliseconds: once, and only when something is opened.
  let secureContext: SecureContext | undefined;

  return {
    open(socket, { host, alpn }) {
      secureContext ??= createSecureContext({ ca, minVersion: "TLSv1.2" });
      const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
      const tls = connectTls({
        socket,
        secureContext,
        ca,
        minVersion: "TLSv1.2",
        host,
        ...(isIP(host) ? {} : { servername: host }),
        ALPNProtocols: alpn,
        rejectUnauthorized: true,
      });
      const timer = setTimeout(() => {
        tls.destroy();
        reject(new UpstreamError("timeout", "The host did not finish its TLS handshake in time"));
      }, HANDSHAKE_TIMEOUT_MS);
      const fail = (error: Error) => {
        clearTimeout(timer);
        tls.destroy();
        reject(describeTlsError(error, host));
      };
      const closed = () => fail(new Error("connection closed"));
      tls.once("error", fail);
      tls.once("close", closed);
      tls.once("secureConnect", () => {
        clearTimeout(timer);
        tls.off("error", fail);
        tls.off("close", closed);
        resolve(tls);
      });
      return promise;
    },
  };
}

/** Says what went wrong in a handshake. */
export function describeTlsError(error: Error & { code?: string }, host: string): UpstreamError {
  const problem = CERTIFICATE_PROBLEM[error.code ?? ""];
  if (problem !== undefined) {
    const detail = `The certificate of ${host} ${problem} (${error.code})`;
    return new UpstreamError("upstream-certificate", detail, { cause: error });
  }
  const detail = `No TLS with ${host}: ${error.code ?? "the connection was closed"}`;
  return new UpstreamError("upstream", detail, { cause: error });
}
