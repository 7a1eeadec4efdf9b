import { Buffer } from "node:buffer";
import { type Anchor, toAnchor } from "./pair_index.ts";

/** A token format that is known in public, and where such tokens are at home. */
export type TokenPattern = {
  /** For people: `GitHub token`. */
  name: string;
  /** What the search goes by; {@link TokenPattern.pattern} starts at its first byte. */
  anchor: Anchor;
  /** Sticky; looks behind for a border, so that nothing inside a longer word is taken for a token. */
  pattern: RegExp;
  /** Domains it may go to, with all names below them. */
  home: readonly string[];
  /** A last look at what was matched. */
  isToken?: (text: string) => boolean;
};

/** Most bytes behind a start that a pattern reads. */
export const TOKEN_REACH = 8192;
/** Most bytes before it. */
export const TOKEN_CONTEXT = 64;

/**
 * What may stand before a token: nothing, no letter, digit or underscore, or the end of an escape
 * such as `\n` in JSON or `%3D` in a form.
 */
const BORDER = String.raw`(?:^|[^A-Za-z0-9_]|%[0-9A-Fa-f]{2}|\\[bfnrtv0]|\\u[0-9A-Fa-f]{4})`;

/** Also as forms and addresses write it. */
const SPACE = "(?:[ +]|%20)";

const GITHUB = ["github.com", "githubusercontent.com", "githubcopilot.com", "ghcr.io", "ghe.com"];
const AMAZON = ["amazonaws.com", "amazonaws.com.cn", "aws.amazon.com", "api.aws", "on.aws"];
const MICROSOFT = [
  "microsoft.com",
  "microsoftonline.com",
  "microsoftonline.us",
  "windows.net",
  "azure.com",
  "azure.net",
  "azurecr.io",
  "azurewebsites.net",
  "visualstudio.com",
  "office.com",
  "office365.com",
  "sharepoint.com",
  "dynamics.com",
  "powerbi.com",
];

/**
 * Formats and domains are facts from the vendors' own pages and from what secret scanners publish;
 * every expression is bounded, so each costs at most its length.
 */
export const TOKEN_PATTERNS: readonly TokenPattern[] = [
  ...["sk-proj-", "sk-svcacct-", "sk-admin-"].map((start) =>
    token("OpenAI key", {
      anchor: text(start),
      pattern: `${start}[A-Za-z0-9_-]{16,180}T3BlbkFJ[A-Za-z0-9_-]{16,180}`,
      home: ["openai.com"],
    })
  ),
  {
    name: "OpenAI key",
    // Its fixed part is in the middle.
    anchor: text("T3BlbkFJ"),
    pattern: new RegExp(
      `(?<=${BORDER}sk-[A-Za-z0-9]{20})T3BlbkFJ[A-Za-z0-9]{20}(?![A-Za-z0-9])`,
      "y",
    ),
    home: ["openai.com"],
  },
  token("Anthropic key", {
    anchor: text("sk-ant-"),
    pattern: "sk-ant-(?:api|admin|oat|ort|sid)[0-9]{2}-[A-Za-z0-9_-]{24,200}",
    home: ["anthropic.com", "claude.ai", "claude.com"],
  }),
  token("AWS access key", {
    anchor: classes("A", "KS", "I", "A"),
    pattern: "A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9_])",
    home: AMAZON,
    // The keys of Amazon's own documentation.
    isToken: (text) => !text.endsWith("EXAMPLE"),
  }),
  token("GitHub token", {
    anchor: classes("g", "h", "pousr", "_"),
    pattern: "gh[pousr]_[A-Za-z0-9]{36,251}(?![A-Za-z0-9_])",
    home: GITHUB,
  }),
  token("GitHub fine-grained token", {
    anchor: text("github_pat_"),
    pattern: "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9_])",
    home: GITHUB,
  }),
  token("Google API key", {
    anchor: text("AIza"),
    pattern: "AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
    home: ["googleapis.com", "google.com"],
  }),
  token("Slack token", {
    anchor: classes("x", "o", "x", "abopers", "-"),
    pattern: "xox[abopers]-[0-9]{6,20}-[A-Za-z0-9-]{10,250}",
    home: ["slack.com"],
  }),
  token("Stripe key", {
    anchor: classes("sr", "k", "_", "lt", "ie", "vs", "et", "_"),
    pattern: "[sr]k_(?:live|test)_[A-Za-z0-9]{24,247}(?![A-Za-z0-9_])",
    home: ["stripe.com"],
  }),
  token("GitLab token", {
    anchor: text("glpat-"),
    pattern: "glpat-[A-Za-z0-9_-]{20,64}",
    home: ["gitlab.com"],
  }),
  token("Hugging Face token", {
    anchor: text("hf_"),
    pattern: "hf_[A-Za-z]{34}(?![A-Za-z0-9_])",
    home: ["huggingface.co", "hf.co"],
  }),
  token("Databricks token", {
    anchor: text("dapi"),
    pattern: "dapi[0-9a-f]{32}(?:-[0-9]{1,2})?(?![A-Za-z0-9_])",
    home: ["databricks.com", "azuredatabricks.net"],
  }),
  token("OpenRouter key", {
    anchor: text("sk-or-v1-"),
    pattern: "sk-or-v1-[0-9a-f]{64}(?![A-Za-z0-9_])",
    home: ["openrouter.ai"],
  }),
  token("Perplexity key", {
    anchor: text("pplx-"),
    pattern: "pplx-[A-Za-z0-9]{48}(?![A-Za-z0-9_])",
    home: ["perplexity.ai"],
  }),
  token("Brave key", {
    anchor: text("BSAI"),
    // Short and of letters only: base64 has many of them, lines of it are longer.
    pattern: "(?<![+/])BSAI[A-Za-z0-9_-]{20,40}(?![A-Za-z0-9_+/=-])",
    home: ["search.brave.com"],
  }),
  {
    name: "Telegram token",
    anchor: text(":AA"),
    // In an address it stands behind `/bot`.
    pattern: new RegExp(
      `(?<=(?:${BORDER}|/bot)[0-9]{5,16}):AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])`,
      "y",
    ),
    home: ["api.telegram.org"],
  },
  token("Discord token", {
    // base64 of the digits of an account number.
    anchor: classes("MNO", "DTjz", "AEIMQUYcgk", "wxyz012345"),
    pattern:
      "[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6,7}\\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_-])",
    home: ["discord.com", "discordapp.com", "discord.gg"],
  }),
  token("Firecrawl key", {
    anchor: text("fc-"),
    pattern: "(?<!-)fc-[0-9a-f]{32}(?![A-Za-z0-9_-])",
    home: ["firecrawl.dev"],
  }),
  {
    name: "private key",
    anchor: text("-----BEGIN"),
    // Some of the key must follow: source code names the header without one.
    pattern: new RegExp(
      `-----BEGIN${SPACE}(?:[A-Z0-9]{2,16}${SPACE}){0,2}PRIVATE${SPACE}KEY(?:${SPACE}BLOCK)?-----` +
        String.raw`(?:\s|\\{1,4}[nr]|%0[AaDd]|[A-Za-z0-9+/=]|%2[BbFf]|%3[Dd]){64}`,
      "y",
    ),
    home: [],
  },
  token("Azure AD token", {
    anchor: text("eyJ"),
    pattern: "eyJ[A-Za-z0-9_-]{10,1000}\\.eyJ[A-Za-z0-9_-]{20,6000}\\.[A-Za-z0-9_-]{16,1000}",
    home: MICROSOFT,
    // Any other JWT is somebody's ordinary bearer token.
    isToken: isAzureToken,
  }),
];

/** Whether a host is one of the domains or below one. */
export function isBelow(host: string, domains: readonly string[]): boolean {
  return domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

/** The text of the token that starts at `at`, if there is one. */
export function matchToken(
  token: TokenPattern,
  place: { data: Buffer; at: number },
): string | undefined {
  const start = Math.max(0, place.at - TOKEN_CONTEXT);
  const around = place.data.toString(
    "latin1",
    start,
    Math.min(place.data.length, place.at + TOKEN_REACH),
  );
  token.pattern.lastIndex = place.at - start;
  const found = token.pattern.exec(around)?.[0];
  return found === undefined || token.isToken?.(found) === false ? undefined : found;
}

function token(
  name: string,
  options: {
    anchor: Anchor;
    pattern: string;
    home: readonly string[];
    isToken?: (text: string) => boolean;
  },
): TokenPattern {
  return { ...options, name, pattern: new RegExp(`(?<=${BORDER})${options.pattern}`, "y") };
}

function text(start: string): Anchor {
  return toAnchor(Buffer.from(start, "latin1"));
}

function classes(...positions: string[]): Anchor {
  return positions.map((chars) => [...Buffer.from(chars, "latin1")]);
}

/** A JWT that Azure AD issued, by its issuer claim. */
function isAzureToken(text: string): boolean {
  const claims = Buffer.from(text.split(".")[1] ?? "", "base64url").toString("latin1");
  return /"iss"\s*:\s*"https:\\?\/\\?\/(?:login\.microsoftonline\.(?:com|us)|sts\.windows\.net)\\?\//
    .test(claims);
}
