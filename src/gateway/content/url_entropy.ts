import { measureTextEntropy } from "./shape.ts";
import { isBelow } from "./tokens.ts";

/** Shorter parts say nothing. */
const LEAST_CHARS = 64;
/** Bits per byte: words and hexadecimal stay below; base64 of random data lies above. */
const HIGHEST_BITS = 5.5;

/** Signed URLs: the parameters that hold signatures, by the domains that make them. */
const SIGNED: readonly { domains: readonly string[]; parameters: RegExp }[] = [
  // CloudFront, also on the domains of Hugging Face and its xet storage.
  {
    domains: ["cloudfront.net", "hf.co", "huggingface.co", "xethub.hf.co"],
    parameters: /^(?:Policy|Signature|Key-Pair-Id|X-Amz-.*|X-Xet-.*)$/i,
  },
  { domains: ["amazonaws.com"], parameters: /^(?:X-Amz-.*|Signature|AWSAccessKeyId)$/i },
  {
    domains: ["storage.googleapis.com", "storage.cloud.google.com"],
    parameters: /^(?:X-Goog-.*|Signature|GoogleAccessId)$/i,
  },
  {
    domains: ["core.windows.net"],
    parameters: /^(?:sig|skoid|sktid|se|sp|sv|sr|skt|ske|sks|skv)$/i,
  },
  // Downloads of releases and packages, which are Azure and S3 behind GitHub's names.
  { domains: ["githubusercontent.com"], parameters: /^(?:X-Amz-.*|sig|jwt)$/i },
];

/** Whether a path segment or a parameter looks random, other than those of signed URLs. */
export function isRandomUrl(target: string, host: string): boolean {
  if (target.length <= LEAST_CHARS) return false;
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (path.split("/").some(isRandom)) return true;
  if (mark < 0) return false;
  const signed = SIGNED.filter(({ domains }) => isBelow(host, domains));
  return target.slice(mark + 1).split("&").some((pair) => {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? "" : pair.slice(0, equals);
    if (!isRandom(name) && !isRandom(pair.slice(equals + 1))) return false;
    return !signed.some(({ parameters }) => parameters.test(name));
  });
}

function isRandom(part: string): boolean {
  if (part.length < LEAST_CHARS) return false;
  const text = part.replace(
    /%([0-9a-f]{2})/gi,
    (_, code: string) => String.fromCharCode(parseInt(code, 16)),
  );
  return text.length >= LEAST_CHARS && measureTextEntropy(text) > HIGHEST_BITS;
}
