/** Tokens in the formats of well-known services, each as false as can be, and a host each is for. */
export const TOKENS: readonly (readonly [what: string, token: string, home: string])[] = [
  ["a GitHub token", `ghp_${"a1B2c3".repeat(6)}`, "api.github.com"],
  ["a GitHub login", `gho_${"a1B2c3".repeat(6)}`, "api.github.com"],
  ["an AWS key", "AKIAABCDEFGHIJKLMNOP", "s3.amazonaws.com"],
  ["an Anthropic key", `sk-ant-api03-${"aB3-_x".repeat(15)}AA`, "api.anthropic.com"],
  [
    "a Google key",
    `AIza${"Sy0123456789abcdefghijklmnopqrstuvw".slice(0, 35)}`,
    "www.googleapis.com",
  ],
  ["a GitLab token", "glpat-a1B2c3d4E5f6g7h8i9J0", "gitlab.com"],
];

/** Where they are at home. */
export const TOKEN_HOMES: readonly string[] = [...new Set(TOKENS.map(([, , home]) => home))];
