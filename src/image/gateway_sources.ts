// Generated from the files in src/gateway and src/policy by: deno run -A tools/generate.ts
// deno-fmt-ignore-file
import file0 from "../gateway/admit.ts" with { type: "text" };
import file1 from "../gateway/audit_queue.ts" with { type: "text" };
import file2 from "../gateway/authority.ts" with { type: "text" };
import file3 from "../gateway/authority_form.ts" with { type: "text" };
import file4 from "../gateway/client_hello.ts" with { type: "text" };
import file5 from "../gateway/connect_proxy.ts" with { type: "text" };
import file6 from "../gateway/connections.ts" with { type: "text" };
import file7 from "../gateway/content/base64_run.ts" with { type: "text" };
import file8 from "../gateway/content/body_scan.ts" with { type: "text" };
import file9 from "../gateway/content/body_shape.ts" with { type: "text" };
import file10 from "../gateway/content/compile.ts" with { type: "text" };
import file11 from "../gateway/content/decode.ts" with { type: "text" };
import file12 from "../gateway/content/decoding.ts" with { type: "text" };
import file13 from "../gateway/content/gate.ts" with { type: "text" };
import file14 from "../gateway/content/needles.ts" with { type: "text" };
import file15 from "../gateway/content/pair_index.ts" with { type: "text" };
import file16 from "../gateway/content/rate.ts" with { type: "text" };
import file17 from "../gateway/content/replacer.ts" with { type: "text" };
import file18 from "../gateway/content/report.ts" with { type: "text" };
import file19 from "../gateway/content/scanner.ts" with { type: "text" };
import file20 from "../gateway/content/shape.ts" with { type: "text" };
import file21 from "../gateway/content/tokens.ts" with { type: "text" };
import file22 from "../gateway/content/url_entropy.ts" with { type: "text" };
import file23 from "../gateway/context.ts" with { type: "text" };
import file24 from "../gateway/control.ts" with { type: "text" };
import file25 from "../gateway/denial.ts" with { type: "text" };
import file26 from "../gateway/denied_names.ts" with { type: "text" };
import file27 from "../gateway/dial.ts" with { type: "text" };
import file28 from "../gateway/dns_message.ts" with { type: "text" };
import file29 from "../gateway/dns_server.ts" with { type: "text" };
import file30 from "../gateway/forward.ts" with { type: "text" };
import file31 from "../gateway/front.ts" with { type: "text" };
import file32 from "../gateway/gateway.ts" with { type: "text" };
import file33 from "../gateway/h2_front.ts" with { type: "text" };
import file34 from "../gateway/header_rules.ts" with { type: "text" };
import file35 from "../gateway/http_front.ts" with { type: "text" };
import file36 from "../gateway/inbound.ts" with { type: "text" };
import file37 from "../gateway/listeners.ts" with { type: "text" };
import file38 from "../gateway/main.ts" with { type: "text" };
import file39 from "../gateway/mint.ts" with { type: "text" };
import file40 from "../gateway/published_ports.ts" with { type: "text" };
import file41 from "../gateway/relay.ts" with { type: "text" };
import file42 from "../gateway/request_admit.ts" with { type: "text" };
import file43 from "../gateway/request_body.ts" with { type: "text" };
import file44 from "../gateway/request_guard.ts" with { type: "text" };
import file45 from "../gateway/resolve.ts" with { type: "text" };
import file46 from "../gateway/response_parser.ts" with { type: "text" };
import file47 from "../gateway/snapshot.ts" with { type: "text" };
import file48 from "../gateway/sniff.ts" with { type: "text" };
import file49 from "../gateway/splice.ts" with { type: "text" };
import file50 from "../gateway/tls_front.ts" with { type: "text" };
import file51 from "../gateway/upstream_call.ts" with { type: "text" };
import file52 from "../gateway/upstream_h1.ts" with { type: "text" };
import file53 from "../gateway/upstream_h2.ts" with { type: "text" };
import file54 from "../gateway/upstream_pool.ts" with { type: "text" };
import file55 from "../gateway/upstream_proxy.ts" with { type: "text" };
import file56 from "../gateway/upstream_tls.ts" with { type: "text" };
import file57 from "../gateway/websocket.ts" with { type: "text" };
import file58 from "../policy/address.ts" with { type: "text" };
import file59 from "../policy/audit.ts" with { type: "text" };
import file60 from "../policy/compile.ts" with { type: "text" };
import file61 from "../policy/contradiction.ts" with { type: "text" };
import file62 from "../policy/decide.ts" with { type: "text" };
import file63 from "../policy/document.ts" with { type: "text" };
import file64 from "../policy/hint.ts" with { type: "text" };
import file65 from "../policy/host.ts" with { type: "text" };
import file66 from "../policy/parse_document.ts" with { type: "text" };
import file67 from "../policy/path.ts" with { type: "text" };
import file68 from "../policy/protocol.ts" with { type: "text" };
import file69 from "../policy/rule.ts" with { type: "text" };
import file70 from "../policy/table.ts" with { type: "text" };

/** What the gateway is bundled from inside its image, by path in the repository. */
export const GATEWAY_SOURCES: Readonly<Record<string, string>> = {
  "src/gateway/admit.ts": file0,
  "src/gateway/audit_queue.ts": file1,
  "src/gateway/authority.ts": file2,
  "src/gateway/authority_form.ts": file3,
  "src/gateway/client_hello.ts": file4,
  "src/gateway/connect_proxy.ts": file5,
  "src/gateway/connections.ts": file6,
  "src/gateway/content/base64_run.ts": file7,
  "src/gateway/content/body_scan.ts": file8,
  "src/gateway/content/body_shape.ts": file9,
  "src/gateway/content/compile.ts": file10,
  "src/gateway/content/decode.ts": file11,
  "src/gateway/content/decoding.ts": file12,
  "src/gateway/content/gate.ts": file13,
  "src/gateway/content/needles.ts": file14,
  "src/gateway/content/pair_index.ts": file15,
  "src/gateway/content/rate.ts": file16,
  "src/gateway/content/replacer.ts": file17,
  "src/gateway/content/report.ts": file18,
  "src/gateway/content/scanner.ts": file19,
  "src/gateway/content/shape.ts": file20,
  "src/gateway/content/tokens.ts": file21,
  "src/gateway/content/url_entropy.ts": file22,
  "src/gateway/context.ts": file23,
  "src/gateway/control.ts": file24,
  "src/gateway/denial.ts": file25,
  "src/gateway/denied_names.ts": file26,
  "src/gateway/dial.ts": file27,
  "src/gateway/dns_message.ts": file28,
  "src/gateway/dns_server.ts": file29,
  "src/gateway/forward.ts": file30,
  "src/gateway/front.ts": file31,
  "src/gateway/gateway.ts": file32,
  "src/gateway/h2_front.ts": file33,
  "src/gateway/header_rules.ts": file34,
  "src/gateway/http_front.ts": file35,
  "src/gateway/inbound.ts": file36,
  "src/gateway/listeners.ts": file37,
  "src/gateway/main.ts": file38,
  "src/gateway/mint.ts": file39,
  "src/gateway/published_ports.ts": file40,
  "src/gateway/relay.ts": file41,
  "src/gateway/request_admit.ts": file42,
  "src/gateway/request_body.ts": file43,
  "src/gateway/request_guard.ts": file44,
  "src/gateway/resolve.ts": file45,
  "src/gateway/response_parser.ts": file46,
  "src/gateway/snapshot.ts": file47,
  "src/gateway/sniff.ts": file48,
  "src/gateway/splice.ts": file49,
  "src/gateway/tls_front.ts": file50,
  "src/gateway/upstream_call.ts": file51,
  "src/gateway/upstream_h1.ts": file52,
  "src/gateway/upstream_h2.ts": file53,
  "src/gateway/upstream_pool.ts": file54,
  "src/gateway/upstream_proxy.ts": file55,
  "src/gateway/upstream_tls.ts": file56,
  "src/gateway/websocket.ts": file57,
  "src/policy/address.ts": file58,
  "src/policy/audit.ts": file59,
  "src/policy/compile.ts": file60,
  "src/policy/contradiction.ts": file61,
  "src/policy/decide.ts": file62,
  "src/policy/document.ts": file63,
  "src/policy/hint.ts": file64,
  "src/policy/host.ts": file65,
  "src/policy/parse_document.ts": file66,
  "src/policy/path.ts": file67,
  "src/policy/protocol.ts": file68,
  "src/policy/rule.ts": file69,
  "src/policy/table.ts": file70,
};
