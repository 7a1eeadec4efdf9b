// Generated from registry/services/*.yml by: deno run -A tools/generate.ts
// deno-fmt-ignore-file

/** The API keys of the built-in services, and the hosts each may be sent to. */
export const SERVICE_KEYS: Readonly<Record<string, readonly string[]>> = {
  "ANTHROPIC_API_KEY": [
    "api.anthropic.com"
  ],
  "ANTHROPIC_AUTH_TOKEN": [
    "api.anthropic.com"
  ],
  "CLAUDE_CODE_OAUTH_TOKEN": [
    "api.anthropic.com"
  ],
  "OPENAI_API_KEY": [
    "api.openai.com"
  ],
  "CODEX_API_KEY": [
    "api.openai.com"
  ],
  "GEMINI_API_KEY": [
    "generativelanguage.googleapis.com"
  ],
  "GOOGLE_API_KEY": [
    "generativelanguage.googleapis.com"
  ]
};
