import { SERVICE_KEYS } from "./service_keys.ts";

/** Common tokens that belong to no service, and the hosts each may be sent to. */
const COMMON: Readonly<Record<string, readonly string[]>> = {
  GITHUB_TOKEN: ["github.com", "*.github.com", "*.githubusercontent.com"],
  GH_TOKEN: ["github.com", "*.github.com", "*.githubusercontent.com"],
  GITLAB_TOKEN: ["gitlab.com"],
  HF_TOKEN: ["huggingface.co", "hf.co"],
  OPENROUTER_API_KEY: ["openrouter.ai"],
  MISTRAL_API_KEY: ["api.mistral.ai"],
  GROQ_API_KEY: ["api.groq.com"],
  DEEPSEEK_API_KEY: ["api.deepseek.com"],
  XAI_API_KEY: ["api.x.ai"],
};

/** Parts of an AWS signature: the value never travels, so that there is nothing to replace. */
const SIGNING = /(^|_)(AWS_ACCESS_KEY_ID|AWS_SESSION_TOKEN|SECRET_ACCESS_KEY)$/;

/** The hosts a secret of this well-known name goes to; `undefined` for all other names. */
export function findKnownHosts(name: string): readonly string[] | undefined {
  if (Object.hasOwn(SERVICE_KEYS, name)) return SERVICE_KEYS[name];
  return Object.hasOwn(COMMON, name) ? COMMON[name] : undefined;
}

/** Asks whether requests are signed with the secret of this name, so that it cannot be injected. */
export function isSigningKey(name: string): boolean {
  return SIGNING.test(name.toUpperCase());
}
