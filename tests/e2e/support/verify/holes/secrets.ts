import type { SourceHole } from "../source_hole.ts";

/** Holes in what keeps values from agents, and in what is written down. */
export const SECRET_HOLES: readonly SourceHole[] = [
  {
    name: "the agent is given the values as well",
    change: [{
      file: "src/cage/session_policy.ts",
      find:
        "  return { document: planPolicy(config, { service, facts }), placeholders, missing };\n",
      replace:
        "  const given = [...values].map(([name, value]) => [`${name}_VALUE`, value] as const);\n" +
        "  return {\n" +
        "    document: planPolicy(config, { service, facts }),\n" +
        "    placeholders: new Map([...placeholders, ...given]),\n" +
        "    missing,\n" +
        "  };\n",
    }],
    red: ["S01", "S16"],
  },
  {
    name: "a placeholder is replaced for every host",
    change: [
      {
        file: "src/gateway/content/judge.ts",
        find: "  if (!context.own.has(secret)) {\n",
        replace: "  if (secret === undefined) {\n",
      },
      {
        file: "src/gateway/content/head.ts",
        find: "secret === undefined || !context.own.has(secret) ?",
        replace: "secret === undefined ?",
      },
      {
        file: "src/gateway/content/exchange.ts",
        find: 'const canInject = context.own.size > 0 && head.scheme === "https";',
        replace: 'const canInject = head.scheme === "https";',
      },
    ],
    red: ["S02", "S14", "S15"],
  },
  {
    name: "a placeholder is replaced without TLS",
    change: [
      {
        file: "src/gateway/content/judge.ts",
        find: 'if (scheme !== "https") return about(',
        replace: 'if (scheme === "ftp" as string) return about(',
      },
      {
        file: "src/gateway/content/exchange.ts",
        find: 'const canInject = context.own.size > 0 && head.scheme === "https";',
        replace: "const canInject = context.own.size > 0;",
      },
    ],
    red: ["S02", "S11", "S15"],
  },
  {
    name: "what comes back is not searched",
    change: [{
      file: "src/gateway/content/host_context.ts",
      find: "scrubber: own.length === 0 ? null :",
      replace: "scrubber: own.length >= 0 ? null :",
    }],
    red: ["S03", "S05", "S15"],
  },
  {
    name: "headers that come back are not searched",
    change: [{
      file: "src/gateway/content/exchange.ts",
      find:
        "      context.scrubber === null ? headers : scrubHeaders(context.scrubber, headers),\n",
      replace: "      headers.length > 0 ? headers : scrubHeaders(context.scrubber!, headers),\n",
    }],
    red: ["S03", "S15"],
  },
  {
    name: "messages that come back are not searched",
    change: [{
      file: "src/gateway/content/message.ts",
      find: '  if (options.direction === "in") {\n',
      replace: '  if (options.direction === "in") return { data, findings: [] };\n' +
        '  if (options.direction === "in") {\n',
    }],
    red: ["S03"],
  },
  {
    name: "one spelling is not looked for",
    change: [{
      file: "src/gateway/content/needles.ts",
      find: "    for (const offset of [0, 1, 2]) {\n",
      replace: "    for (const offset of [1, 2]) {\n",
    }],
    red: ["S04"],
  },
  {
    name: "pieces are searched one by one",
    change: [{
      file: "src/gateway/content/body_scan.ts",
      find: "      if (gatheredLength < STEP) return judged;\n",
      replace: "      if (gatheredLength < STEP) {\n" +
        "        gathered = [];\n" +
        "        gatheredLength = 0;\n" +
        "        base += piece.length;\n" +
        "        judged = base;\n" +
        "        scanner.find(piece, { from: 0, to: piece.length }, { skip }).forEach(onHit);\n" +
        "        return judged;\n" +
        "      }\n",
    }],
    red: ["S04"],
  },
  {
    name: "formats of tokens are not known",
    change: [{
      file: "src/gateway/content/scanner.ts",
      find: "    for (const token of TOKEN_PATTERNS) {\n",
      replace: "    for (const token of TOKEN_PATTERNS.slice(0, 0)) {\n",
    }],
    red: ["S06"],
  },
  {
    name: "secrets are not looked at in the configuration",
    change: [{
      file: "src/config/check.ts",
      find: "    ...findSecretProblems(config),\n",
      replace: "    ...findSecretProblems({ ...config, secrets: {} }),\n",
    }],
    red: ["S07"],
  },
  {
    name: "a log that cannot be written is no reason",
    change: [{
      file: "src/gateway/audit_queue.ts",
      find: "      failed = true;\n",
      replace: "      failed = false;\n",
    }],
    red: ["S08"],
  },
  {
    name: "a request is for whatever host it names",
    change: [
      {
        file: "src/gateway/request_guard.ts",
        find: "  const host = destination.host ?? named.host;\n",
        replace: "  const host = named.host;\n",
      },
      {
        file: "src/gateway/forward.ts",
        find: "      host: head.host,\n      port: head.port,\n      version,\n",
        replace:
          "      host: destination.host ?? head.host,\n      port: head.port,\n      version,\n",
      },
    ],
    red: ["N11"],
  },
  {
    name: "any certificate will do",
    change: [{
      file: "src/gateway/upstream_tls.ts",
      find: "        rejectUnauthorized: true,\n",
      replace: "        rejectUnauthorized: false,\n",
    }],
    red: ["S11"],
  },
  {
    name: "what is compressed is not unpacked",
    change: [{
      file: "src/gateway/content/gate.ts",
      find: "  const decoding: Decoding | null = options.coding === null\n",
      replace: "  const decoding: Decoding | null = options.coding !== undefined\n",
    }],
    red: ["S12"],
  },
  {
    name: "a refusal says what was found",
    change: [{
      file: "src/gateway/content/judge.ts",
      find: "const detail = `The value of ${hit.secret.name} (${hit.form})",
      replace: "const detail = `The value of ${hit.secret.name} (${hit.secret.value})",
    }],
    red: ["S13"],
  },
  {
    name: "a gateway that ends has its policy written to the log",
    change: [{
      file: "src/cage/gateway.ts",
      find: "detail: `the gateway ended (${why}) and is started again;",
      replace: "detail: `${JSON.stringify(policy.secrets)} the gateway ended (${why});",
    }],
    red: ["S16"],
  },
  {
    name: "names are not searched for values",
    change: [
      {
        file: "src/gateway/content/name_search.ts",
        find: "    if (searched.length === 0) return null;\n",
        replace: "    if (searched.length >= 0) return null;\n",
      },
    ],
    red: ["S17"],
  },
];
