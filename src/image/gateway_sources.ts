// Generated from the files in src/gateway and src/policy by: deno run -A tools/generate.ts
// deno-fmt-ignore-file
import file0 from "../gateway/admit.ts" with { type: "text" };
import file1 from "../gateway/announce.ts" with { type: "text" };
import file2 from "../gateway/audit_queue.ts" with { type: "text" };
import file3 from "../gateway/authority.ts" with { type: "text" };
import file4 from "../gateway/authority_form.ts" with { type: "text" };
import file5 from "../gateway/client_hello.ts" with { type: "text" };
import file6 from "../gateway/connect_proxy.ts" with { type: "text" };
import file7 from "../gateway/connections.ts" with { type: "text" };
import file8 from "../gateway/content/base64_run.ts" with { type: "text" };
import file9 from "../gateway/content/body_scan.ts" with { type: "text" };
import file10 from "../gateway/content/body_shape.ts" with { type: "text" };
import file11 from "../gateway/content/compile.ts" with { type: "text" };
import file12 from "../gateway/content/decode.ts" with { type: "text" };
import file13 from "../gateway/content/decoding.ts" with { type: "text" };
import file14 from "../gateway/content/exchange.ts" with { type: "text" };
import file15 from "../gateway/content/gate.ts" with { type: "text" };
import file16 from "../gateway/content/head.ts" with { type: "text" };
import file17 from "../gateway/content/host_context.ts" with { type: "text" };
import file18 from "../gateway/content/judge.ts" with { type: "text" };
import file19 from "../gateway/content/message.ts" with { type: "text" };
import file20 from "../gateway/content/name_search.ts" with { type: "text" };
import file21 from "../gateway/content/needles.ts" with { type: "text" };
import file22 from "../gateway/content/pair_index.ts" with { type: "text" };
import file23 from "../gateway/content/rate.ts" with { type: "text" };
import file24 from "../gateway/content/replacer.ts" with { type: "text" };
import file25 from "../gateway/content/report.ts" with { type: "text" };
import file26 from "../gateway/content/scanner.ts" with { type: "text" };
import file27 from "../gateway/content/scrub.ts" with { type: "text" };
import file28 from "../gateway/content/shape.ts" with { type: "text" };
import file29 from "../gateway/content/tokens.ts" with { type: "text" };
import file30 from "../gateway/content/url_entropy.ts" with { type: "text" };
import file31 from "../gateway/content/user_inspectors.ts" with { type: "text" };
import file32 from "../gateway/context.ts" with { type: "text" };
import file33 from "../gateway/control.ts" with { type: "text" };
import file34 from "../gateway/denial.ts" with { type: "text" };
import file35 from "../gateway/denied_names.ts" with { type: "text" };
import file36 from "../gateway/dial.ts" with { type: "text" };
import file37 from "../gateway/dns_decision.ts" with { type: "text" };
import file38 from "../gateway/dns_message.ts" with { type: "text" };
import file39 from "../gateway/dns_server.ts" with { type: "text" };
import file40 from "../gateway/forward.ts" with { type: "text" };
import file41 from "../gateway/front.ts" with { type: "text" };
import file42 from "../gateway/gateway.ts" with { type: "text" };
import file43 from "../gateway/h2_front.ts" with { type: "text" };
import file44 from "../gateway/header_rules.ts" with { type: "text" };
import file45 from "../gateway/http_front.ts" with { type: "text" };
import file46 from "../gateway/inbound.ts" with { type: "text" };
import file47 from "../gateway/interfaces.ts" with { type: "text" };
import file48 from "../gateway/listeners.ts" with { type: "text" };
import file49 from "../gateway/main.ts" with { type: "text" };
import file50 from "../gateway/mint.ts" with { type: "text" };
import file51 from "../gateway/override_headers.ts" with { type: "text" };
import file52 from "../gateway/published_ports.ts" with { type: "text" };
import file53 from "../gateway/relay.ts" with { type: "text" };
import file54 from "../gateway/request_admit.ts" with { type: "text" };
import file55 from "../gateway/request_body.ts" with { type: "text" };
import file56 from "../gateway/request_guard.ts" with { type: "text" };
import file57 from "../gateway/resolve.ts" with { type: "text" };
import file58 from "../gateway/response_body.ts" with { type: "text" };
import file59 from "../gateway/response_parser.ts" with { type: "text" };
import file60 from "../gateway/snapshot.ts" with { type: "text" };
import file61 from "../gateway/sniff.ts" with { type: "text" };
import file62 from "../gateway/splice.ts" with { type: "text" };
import file63 from "../gateway/tls_front.ts" with { type: "text" };
import file64 from "../gateway/upstream_call.ts" with { type: "text" };
import file65 from "../gateway/upstream_h1.ts" with { type: "text" };
import file66 from "../gateway/upstream_h2.ts" with { type: "text" };
import file67 from "../gateway/upstream_pool.ts" with { type: "text" };
import file68 from "../gateway/upstream_proxy.ts" with { type: "text" };
import file69 from "../gateway/upstream_tls.ts" with { type: "text" };
import file70 from "../gateway/websocket.ts" with { type: "text" };
import file71 from "../gateway/websocket_host.ts" with { type: "text" };
import file72 from "../policy/address.ts" with { type: "text" };
import file73 from "../policy/audit.ts" with { type: "text" };
import file74 from "../policy/compile.ts" with { type: "text" };
import file75 from "../policy/contradiction.ts" with { type: "text" };
import file76 from "../policy/decide.ts" with { type: "text" };
import file77 from "../policy/document.ts" with { type: "text" };
import file78 from "../policy/hint.ts" with { type: "text" };
import file79 from "../policy/host.ts" with { type: "text" };
import file80 from "../policy/parse_document.ts" with { type: "text" };
import file81 from "../policy/path.ts" with { type: "text" };
import file82 from "../policy/protocol.ts" with { type: "text" };
import file83 from "../policy/rule.ts" with { type: "text" };
import file84 from "../policy/table.ts" with { type: "text" };

/** What the gateway is bundled from inside its image, by path in the repository. */
export const GATEWAY_SOURCES: Readonly<Record<string, string>> = {
  "src/gateway/admit.ts": file0,
  "src/gateway/announce.ts": file1,
  "src/gateway/audit_queue.ts": file2,
  "src/gateway/authority.ts": file3,
  "src/gateway/authority_form.ts": file4,
  "src/gateway/client_hello.ts": file5,
  "src/gateway/connect_proxy.ts": file6,
  "src/gateway/connections.ts": file7,
  "src/gateway/content/base64_run.ts": file8,
  "src/gateway/content/body_scan.ts": file9,
  "src/gateway/content/body_shape.ts": file10,
  "src/gateway/content/compile.ts": file11,
  "src/gateway/content/decode.ts": file12,
  "src/gateway/content/decoding.ts": file13,
  "src/gateway/content/exchange.ts": file14,
  "src/gateway/content/gate.ts": file15,
  "src/gateway/content/head.ts": file16,
  "src/gateway/content/host_context.ts": file17,
  "src/gateway/content/judge.ts": file18,
  "src/gateway/content/message.ts": file19,
  "src/gateway/content/name_search.ts": file20,
  "src/gateway/content/needles.ts": file21,
  "src/gateway/content/pair_index.ts": file22,
  "src/gateway/content/rate.ts": file23,
  "src/gateway/content/replacer.ts": file24,
  "src/gateway/content/report.ts": file25,
  "src/gateway/content/scanner.ts": file26,
  "src/gateway/content/scrub.ts": file27,
  "src/gateway/content/shape.ts": file28,
  "src/gateway/content/tokens.ts": file29,
  "src/gateway/content/url_entropy.ts": file30,
  "src/gateway/content/user_inspectors.ts": file31,
  "src/gateway/context.ts": file32,
  "src/gateway/control.ts": file33,
  "src/gateway/denial.ts": file34,
  "src/gateway/denied_names.ts": file35,
  "src/gateway/dial.ts": file36,
  "src/gateway/dns_decision.ts": file37,
  "src/gateway/dns_message.ts": file38,
  "src/gateway/dns_server.ts": file39,
  "src/gateway/forward.ts": file40,
  "src/gateway/front.ts": file41,
  "src/gateway/gateway.ts": file42,
  "src/gateway/h2_front.ts": file43,
  "src/gateway/header_rules.ts": file44,
  "src/gateway/http_front.ts": file45,
  "src/gateway/inbound.ts": file46,
  "src/gateway/interfaces.ts": file47,
  "src/gateway/listeners.ts": file48,
  "src/gateway/main.ts": file49,
  "src/gateway/mint.ts": file50,
  "src/gateway/override_headers.ts": file51,
  "src/gateway/published_ports.ts": file52,
  "src/gateway/relay.ts": file53,
  "src/gateway/request_admit.ts": file54,
  "src/gateway/request_body.ts": file55,
  "src/gateway/request_guard.ts": file56,
  "src/gateway/resolve.ts": file57,
  "src/gateway/response_body.ts": file58,
  "src/gateway/response_parser.ts": file59,
  "src/gateway/snapshot.ts": file60,
  "src/gateway/sniff.ts": file61,
  "src/gateway/splice.ts": file62,
  "src/gateway/tls_front.ts": file63,
  "src/gateway/upstream_call.ts": file64,
  "src/gateway/upstream_h1.ts": file65,
  "src/gateway/upstream_h2.ts": file66,
  "src/gateway/upstream_pool.ts": file67,
  "src/gateway/upstream_proxy.ts": file68,
  "src/gateway/upstream_tls.ts": file69,
  "src/gateway/websocket.ts": file70,
  "src/gateway/websocket_host.ts": file71,
  "src/policy/address.ts": file72,
  "src/policy/audit.ts": file73,
  "src/policy/compile.ts": file74,
  "src/policy/contradiction.ts": file75,
  "src/policy/decide.ts": file76,
  "src/policy/document.ts": file77,
  "src/policy/hint.ts": file78,
  "src/policy/host.ts": file79,
  "src/policy/parse_document.ts": file80,
  "src/policy/path.ts": file81,
  "src/policy/protocol.ts": file82,
  "src/policy/rule.ts": file83,
  "src/policy/table.ts": file84,
};
