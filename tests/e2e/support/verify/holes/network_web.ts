import type { Edit } from "../mutant.ts";
import type { SourceHole } from "../source_hole.ts";

/** TLS for a host without a rule is carried to it, of connections that some are. */
function letPass(which: string): Edit {
  const refusal =
    "      return refuseTls({ ...decision, detail: formatHint(decision.reason, host), host });\n";
  return {
    file: "src/gateway/admit.ts",
    find: refusal,
    replace: `      if (${which} && decision.reason === "no-rule") {\n` +
      '        const spliced = { ...target, rule: "any", alert: TLS_ALERT.failed };\n' +
      "        return splice(socket, spliced, options.context);\n" +
      `      }\n${refusal}`,
  };
}

/** Holes in what a gateway makes of tunnels, TLS and requests. */
export const NETWORK_WEB_HOLES: readonly SourceHole[] = [
  {
    name: "a client without a proxy may go anywhere",
    change: [{
      file: "src/policy/decide.ts",
      find:
        '  return allow === undefined ? deny("no-rule") : { verdict: "allow", rule: allow.label };\n',
      replace: '  return { verdict: "allow", rule: allow?.label ?? "any" };\n',
    }, letPass("destination.host === undefined")],
    red: ["N04", "N06", "N09", "N22", "N23", "N41"],
  },
  {
    name: "a tunnel to any host is opened",
    change: [{
      file: "src/gateway/connect_proxy.ts",
      find: '  if (decision.verdict === "deny") {\n',
      replace: '  if (decision.verdict === "deny" && decision.reason !== "no-rule") {\n',
    }, letPass("destination.host !== undefined")],
    red: ["N04", "N08", "N13", "N19", "N22", "N23", "N24"],
  },
  {
    name: "the target and the Host are not compared",
    change: [{
      file: "src/gateway/request_guard.ts",
      find: "    texts.push(absolute[2]!);\n",
      replace: "    texts.splice(0, texts.length, absolute[2]!);\n",
    }],
    red: ["N07"],
  },
  {
    name: "an address is allowed like a name",
    change: [{
      file: "src/policy/decide.ts",
      find: "  if (allow === undefined) return denyUnlisted(found);\n",
      replace:
        '  if (host.kind !== "name") return { verdict: "allow", rule: "any", mode: "splice" };\n' +
        "  if (allow === undefined) return denyUnlisted(found);\n",
    }],
    red: ["N08", "N17"],
  },
  {
    name: "the name in TLS is not compared",
    change: [{
      file: "src/gateway/admit.ts",
      find: "    if (isSameHost(serverName, authority)) return { host: authority };\n",
      replace: "    if (!isSameHost(authority, undefined)) return { host: authority };\n",
    }],
    red: ["N09", "N22", "N41"],
  },
  {
    name: "a hidden name is let pass",
    change: [{
      file: "src/gateway/admit.ts",
      find: "    if (hello.ech) {\n",
      replace: "    if (hello.ech && host === undefined) {\n",
    }],
    red: ["N09"],
  },
  {
    name: "the Host is not compared",
    change: [{
      file: "src/gateway/request_guard.ts",
      find: "  if (host !== named.host) {\n",
      replace: "  if (host === undefined) {\n",
    }],
    red: ["N10"],
  },
  {
    name: "only the first request of a connection is judged",
    change: [{
      file: "src/gateway/request_admit.ts",
      find: "  const decision = decideRequest(snapshot.policy, head);\n",
      replace: "  const isJudged = judged.has(destination);\n" +
        "  judged.add(destination);\n" +
        '  const decision = isJudged ? { verdict: "allow", rule: "any", target: head.target } as const' +
        " : decideRequest(snapshot.policy, head);\n",
    }, {
      file: "src/gateway/request_admit.ts",
      find: "  if (destination.host === undefined) {\n",
      replace: "  if (destination.host === undefined && !judged.has(destination)) {\n",
    }, {
      file: "src/gateway/request_admit.ts",
      find: "/** Longest path in an audit line, in characters. */\n",
      replace: "const judged = new WeakSet<object>();\n" +
        "/** Longest path in an audit line, in characters. */\n",
    }],
    red: ["N10"],
  },
  {
    name: "what is not TLS is carried",
    change: [{
      file: "src/gateway/admit.ts",
      find: '    case "unknown":\n',
      replace: '    case "unknown":\n' +
        "      if (destination.host !== undefined) {\n" +
        "        const { host, port } = destination;\n" +
        '        return splice(socket, { host, port, rule: "any", alert: SILENCE }, options.context);\n' +
        "      }\n",
    }],
    red: ["N12", "N41"],
  },
  {
    name: "plain HTTP is carried where TLS belongs",
    change: [{
      file: "src/gateway/admit.ts",
      find: "      if (destination.port === GATEWAY_PORT.https) {\n",
      replace: "      if (destination.port === 0) {\n",
    }],
    red: ["N12"],
  },
  {
    name: "a path is read in one way only",
    change: [{
      file: "src/policy/path.ts",
      find: "  const readings = listReadings(path);\n",
      replace: "  const readings = listReadings(path) && [path];\n",
    }],
    red: ["N18"],
  },
  {
    name: "headers that name another request are not looked at",
    change: [{
      file: "src/gateway/request_admit.ts",
      find: "  if (override !== undefined && isNarrowed(snapshot.policy, head)) {\n",
      replace:
        '  if (override !== undefined && isNarrowed(snapshot.policy, head) && head.host === "") {\n',
    }],
    red: ["N18"],
  },
  {
    name: "a rule holds for every port",
    change: [{
      file: "src/policy/decide.ts",
      find: "  return (rule.ports ?? DEFAULT_PORTS).includes(port);\n",
      replace: "  return (rule.ports ?? DEFAULT_PORTS).includes(port) || port > 0;\n",
    }],
    red: ["N08", "N23"],
  },
  {
    name: "a denial does not name itself",
    change: [{
      file: "src/gateway/denial.ts",
      find: "      [DENIAL_HEADER, formatDenialHeader(refusal.reason, rule)],\n",
      replace: "",
    }],
    red: ["N24"],
  },
  {
    name: "a gateway that is started again allows another host",
    change: [{
      file: "src/cage/gateway.ts",
      find: "      process = startOne();\n",
      replace: '      const hole = { rule: "shared.test", origin: "hole" };\n' +
        "      policy = { ...policy, allow: [...policy.allow, hole] };\n" +
        "      process = startOne();\n",
    }],
    red: ["N20"],
  },
  {
    name: "of two names the first one counts",
    change: [{
      file: "src/gateway/client_hello.ts",
      find: "        if (name.length === 0 || names.left() > 0 || data.left() > 0) {\n",
      replace: "        if (name.length === 0) {\n",
    }],
    red: ["N41"],
  },
  {
    name: "any upgrade is passed on",
    change: [{
      file: "src/gateway/websocket.ts",
      find: '    if (asked.length !== 1 || asked[0] !== "websocket" || raw.method !== "GET") {\n',
      replace: "    if (asked.length === 0) {\n",
    }],
    red: ["N42"],
  },
  {
    name: "an HTTP/2 request's Host is not looked at",
    change: [{
      file: "src/gateway/request_guard.ts",
      find: "  const texts = [...fields.hosts];\n",
      replace: '  const texts = raw.version === "2" ? [] : [...fields.hosts];\n',
    }],
    red: ["N43"],
  },
  {
    name: "few connections are taken at a time",
    change: [{
      file: "src/gateway/gateway.ts",
      find: "const MOST_CONNECTIONS = 2048;\n",
      replace: "const MOST_CONNECTIONS = 128;\n",
    }],
    red: ["N44"],
  },
];
