// Generated from the files in src/gateway and src/policy by: deno run -A tools/generate.ts
// deno-fmt-ignore-file
import file0 from "../gateway/admit.ts" with { type: "text" };
import file1 from "../gateway/audit_queue.ts" with { type: "text" };
import file2 from "../gateway/authority.ts" with { type: "text" };
import file3 from "../gateway/authority_form.ts" with { type: "text" };
import file4 from "../gateway/client_hello.ts" with { type: "text" };
import file5 from "../gateway/connect_proxy.ts" with { type: "text" };
import file6 from "../gateway/connections.ts" with { type: "text" };
import file7 from "../gateway/content/needles.ts" with { type: "text" };
import file8 from "../gateway/content/pair_index.ts" with { type: "text" };
import file9 from "../gateway/context.ts" with { type: "text" };
import file10 from "../gateway/control.ts" with { type: "text" };
import file11 from "../gateway/denial.ts" with { type: "text" };
import file12 from "../gateway/denied_names.ts" with { type: "text" };
import file13 from "../gateway/dial.ts" with { type: "text" };
import file14 from "../gateway/dns_message.ts" with { type: "text" };
import file15 from "../gateway/dns_server.ts" with { type: "text" };
import file16 from "../gateway/forward.ts" with { type: "text" };
import file17 from "../gateway/front.ts" with { type: "text" };
import file18 from "../gateway/gateway.ts" with { type: "text" };
import file19 from "../gateway/h2_front.ts" with { type: "text" };
import file20 from "../gateway/header_rules.ts" with { type: "text" };
import file21 from "../gateway/http_front.ts" with { type: "text" };
import file22 from "../gateway/inbound.ts" with { type: "text" };
import file23 from "../gateway/listeners.ts" with { type: "text" };
import file24 from "../gateway/main.ts" with { type: "text" };
import file25 from "../gateway/mint.ts" with { type: "text" };
import file26 from "../gateway/published_ports.ts" with { type: "text" };
import file27 from "../gateway/relay.ts" with { type: "text" };
import file28 from "../gateway/request_admit.ts" with { type: "text" };
import file29 from "../gateway/request_body.ts" with { type: "text" };
import file30 from "../gateway/request_guard.ts" with { type: "text" };
import file31 from "../gateway/resolve.ts" with { type: "text" };
import file32 from "../gateway/response_parser.ts" with { type: "text" };
import file33 from "../gateway/snapshot.ts" with { type: "text" };
import file34 from "../gateway/sniff.ts" with { type: "text" };
import file35 from "../gateway/splice.ts" with { type: "text" };
import file36 from "../gateway/tls_front.ts" with { type: "text" };
import file37 from "../gateway/upstream_call.ts" with { type: "text" };
import file38 from "../gateway/upstream_h1.ts" with { type: "text" };
import file39 from "../gateway/upstream_h2.ts" with { type: "text" };
import file40 from "../gateway/upstream_pool.ts" with { type: "text" };
import file41 from "../gateway/upstream_proxy.ts" with { type: "text" };
import file42 from "../gateway/upstream_tls.ts" with { type: "text" };
import file43 from "../gateway/websocket.ts" with { type: "text" };
import file44 from "../policy/address.ts" with { type: "text" };
import file45 from "../policy/audit.ts" with { type: "text" };
import file46 from "../policy/compile.ts" with { type: "text" };
import file47 from "../policy/contradiction.ts" with { type: "text" };
import file48 from "../policy/decide.ts" with { type: "text" };
import file49 from "../policy/document.ts" with { type: "text" };
import file50 from "../policy/hint.ts" with { type: "text" };
import file51 from "../policy/host.ts" with { type: "text" };
import file52 from "../policy/parse_document.ts" with { type: "text" };
import file53 from "../policy/path.ts" with { type: "text" };
import file54 from "../policy/protocol.ts" with { type: "text" };
import file55 from "../policy/rule.ts" with { type: "text" };
import file56 from "../policy/table.ts" with { type: "text" };

/** What the gateway is bundled from inside its image, by path in the repository. */
export const GATEWAY_SOURCES: Readonly<Record<string, string>> = {
  "src/gateway/admit.ts": file0,
  "src/gateway/audit_queue.ts": file1,
  "src/gateway/authority.ts": file2,
  "src/gateway/authority_form.ts": file3,
  "src/gateway/client_hello.ts": file4,
  "src/gateway/connect_proxy.ts": file5,
  "src/gateway/connections.ts": file6,
  "src/gateway/content/needles.ts": file7,
  "src/gateway/content/pair_index.ts": file8,
  "src/gateway/context.ts": file9,
  "src/gateway/control.ts": file10,
  "src/gateway/denial.ts": file11,
  "src/gateway/denied_names.ts": file12,
  "src/gateway/dial.ts": file13,
  "src/gateway/dns_message.ts": file14,
  "src/gateway/dns_server.ts": file15,
  "src/gateway/forward.ts": file16,
  "src/gateway/front.ts": file17,
  "src/gateway/gateway.ts": file18,
  "src/gateway/h2_front.ts": file19,
  "src/gateway/header_rules.ts": file20,
  "src/gateway/http_front.ts": file21,
  "src/gateway/inbound.ts": file22,
  "src/gateway/listeners.ts": file23,
  "src/gateway/main.ts": file24,
  "src/gateway/mint.ts": file25,
  "src/gateway/published_ports.ts": file26,
  "src/gateway/relay.ts": file27,
  "src/gateway/request_admit.ts": file28,
  "src/gateway/request_body.ts": file29,
  "src/gateway/request_guard.ts": file30,
  "src/gateway/resolve.ts": file31,
  "src/gateway/response_parser.ts": file32,
  "src/gateway/snapshot.ts": file33,
  "src/gateway/sniff.ts": file34,
  "src/gateway/splice.ts": file35,
  "src/gateway/tls_front.ts": file36,
  "src/gateway/upstream_call.ts": file37,
  "src/gateway/upstream_h1.ts": file38,
  "src/gateway/upstream_h2.ts": file39,
  "src/gateway/upstream_pool.ts": file40,
  "src/gateway/upstream_proxy.ts": file41,
  "src/gateway/upstream_tls.ts": file42,
  "src/gateway/websocket.ts": file43,
  "src/policy/address.ts": file44,
  "src/policy/audit.ts": file45,
  "src/policy/compile.ts": file46,
  "src/policy/contradiction.ts": file47,
  "src/policy/decide.ts": file48,
  "src/policy/document.ts": file49,
  "src/policy/hint.ts": file50,
  "src/policy/host.ts": file51,
  "src/policy/parse_document.ts": file52,
  "src/policy/path.ts": file53,
  "src/policy/protocol.ts": file54,
  "src/policy/rule.ts": file55,
  "src/policy/table.ts": file56,
};
