// Generated from registry/services/*.yml by: deno run -A tools/generate.ts
// deno-fmt-ignore-file
import type { BuiltInService } from "./definition.ts";

/** The built-in services, by name. */
export const BUILT_IN: Readonly<Record<string, BuiltInService>> = {
  "claude": {
    "title": "Claude Code",
    "version": "2.1.329",
    "install": {
      "npm": "@anthropic-ai/claude-code",
      "acp": "@agentclientprotocol/claude-agent-acp@0.100.0"
    },
    "command": [
      "claude"
    ],
    "bypass": [
      "--dangerously-skip-permissions"
    ],
    "acp": [
      "claude-agent-acp"
    ],
    "headless": {
      "command": [
        "claude",
        "-p",
        "--output-format",
        "stream-json",
        "--verbose"
      ],
      "format": "claude",
      "budget": "--max-budget-usd"
    },
    "env": {
      "DISABLE_AUTOUPDATER": "1",
      "IS_SANDBOX": "1"
    },
    "domains": [
      "api.anthropic.com",
      "console.anthropic.com",
      "claude.ai",
      "platform.claude.com"
    ],
    "auth": {
      "keys": {
        "ANTHROPIC_API_KEY": [
          "api.anthropic.com"
        ],
        "ANTHROPIC_AUTH_TOKEN": [
          "api.anthropic.com"
        ],
        "CLAUDE_CODE_OAUTH_TOKEN": [
          "api.anthropic.com"
        ]
      },
      "files": [
        ".claude/.credentials.json",
        ".claude.json"
      ],
      "keychain": {
        "item": "Claude Code-credentials",
        "file": ".claude/.credentials.json"
      },
      "login": [
        "claude",
        "/login"
      ]
    }
  },
  "codex": {
    "title": "Codex",
    "version": "0.169.0",
    "install": {
      "npm": "@openai/codex",
      "acp": "@agentclientprotocol/codex-acp@2.6.0"
    },
    "command": [
      "codex"
    ],
    "bypass": [
      "--dangerously-bypass-approvals-and-sandbox"
    ],
    "acp": [
      "codex-acp"
    ],
    "headless": {
      "command": [
        "codex",
        "exec",
        "--json",
        "--skip-git-repo-check"
      ],
      "format": "codex"
    },
    "env": {
      "INITIAL_AGENT_MODE": "agent-full-access",
      "NO_BROWSER": "1"
    },
    "domains": [
      "api.openai.com",
      "auth.openai.com",
      "chatgpt.com"
    ],
    "auth": {
      "keys": {
        "OPENAI_API_KEY": [
          "api.openai.com"
        ],
        "CODEX_API_KEY": [
          "api.openai.com"
        ]
      },
      "files": [
        ".codex/auth.json"
      ],
      "login": [
        "codex",
        "login",
        "--device-auth"
      ]
    }
  },
  "gemini": {
    "title": "Gemini CLI",
    "version": "0.61.0",
    "install": {
      "npm": "@google/gemini-cli"
    },
    "command": [
      "gemini"
    ],
    "bypass": [
      "--yolo"
    ],
    "acp": [
      "gemini",
      "--acp"
    ],
    "headless": {
      "command": [
        "env",
        "GEMINI_CLI_TRUST_WORKSPACE=true",
        "gemini",
        "--output-format",
        "stream-json"
      ],
      "format": "gemini"
    },
    "env": {
      "NO_BROWSER": "true",
      "GEMINI_SANDBOX": "false"
    },
    "domains": [
      "generativelanguage.googleapis.com",
      "cloudcode-pa.googleapis.com",
      "oauth2.googleapis.com",
      "accounts.google.com"
    ],
    "auth": {
      "keys": {
        "GEMINI_API_KEY": [
          "generativelanguage.googleapis.com"
        ],
        "GOOGLE_API_KEY": [
          "generativelanguage.googleapis.com"
        ]
      },
      "files": [
        ".gemini/oauth_creds.json",
        ".gemini/google_accounts.json"
      ],
      "login": [
        "gemini"
      ]
    }
  },
  "shell": {
    "title": "Shell",
    "command": [
      "bash"
    ],
    "headless": {
      "command": [
        "bash"
      ],
      "format": "text"
    }
  }
};
