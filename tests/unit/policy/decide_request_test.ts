import assert from "node:assert/strict";
import { decideRequest } from "../../../src/policy/decide.ts";
import { POLICY, tell } from "./decide_support.ts";

const PATHS = "https://paths.example.com/posts (allow[3])";
const SLASH =
  `{ dest = "slash.example.com", methods = ["GET"], paths = ["/api/a%2Fb"] } (allow[10])`;
const ADMIN = `{ dest = "some.example.com", paths = ["/*/secret", "/admin"] } (block[3])`;

const REQUESTS = [
  { ask: "GET api.example.com /any?thing", want: "allow api.example.com (allow[0])" },
  { ask: "GET api.example.com /a/../%00", want: "allow api.example.com (allow[0])" },
  { ask: "OPTIONS api.example.com *", want: "allow api.example.com (allow[0])" },
  { ask: "GET unlisted.example /", want: "deny no-rule" },
  { ask: "GET blocked.example.com /", want: "deny block-rule blocked.example.com (block[0])" },
  { ask: "GET 8.8.8.8 /", want: "deny ip-literal" },
  { ask: "GET a@api.example.com /", want: "deny name" },
  { ask: "GET git.example.com /", want: "deny port git.example.com:22 (allow[2])" },
  // A path rule allows what every reading of the target allows.
  { ask: "GET paths.example.com /posts", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /posts/1?a=..", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /posts/%31%20x", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /%70osts/1", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /x/../posts/1", want: `allow ${PATHS}`, send: "/posts/1" },
  { ask: "GET paths.example.com /x/%2e%2e/posts?q", want: `allow ${PATHS}`, send: "/posts?q" },
  { ask: "GET paths.example.com \\posts\\1", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts\\1", want: `allow ${PATHS}`, send: "/posts/1" },
  { ask: "GET paths.example.com /posts/a%2fb", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /posts//1", want: `allow ${PATHS}` },
  { ask: "GET paths.example.com /", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts-evil", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /postsevil", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts%2devil", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/../admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/%2e%2e/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/%252e%252e/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts%2f..%2fadmin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..%2fadmin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..%5cadmin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts\\..\\admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..;/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..;x=1/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/..%3b/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts;/../admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts;x", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com //posts", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com //evil.example/posts", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts%2f1", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts%3f/../../admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/%00", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com /posts/%c0%ae%c0%ae/admin", want: `deny path ${PATHS}` },
  { ask: "GET paths.example.com http://paths.example.com/posts", want: `deny path ${PATHS}` },
  { ask: "OPTIONS paths.example.com *", want: `deny path ${PATHS}` },
  // An encoded slash that a rule writes is that and a slash.
  { ask: "GET slash.example.com /api/a%2Fb", want: `allow ${SLASH}` },
  { ask: "GET slash.example.com /api/a%2fb/c", want: `allow ${SLASH}` },
  { ask: "GET slash.example.com /api/a/b", want: `allow ${SLASH}` },
  { ask: "GET slash.example.com /api%2Fa%2Fb", want: `deny path ${SLASH}` },
  { ask: "GET slash.example.com /api/a%2Fb%2F..%2Fc", want: `deny path ${SLASH}` },
  // Methods are told apart as HTTP does: by case.
  {
    ask: "GET methods.example.com /",
    want: `allow { dest = "methods.example.com", methods = ["GET", "HEAD"] } (allow[4])`,
  },
  {
    ask: "POST methods.example.com /",
    want: `deny method { dest = "methods.example.com", methods = ["GET", "HEAD"] } (allow[4])`,
  },
  {
    ask: "get methods.example.com /",
    want: `deny method { dest = "methods.example.com", methods = ["GET", "HEAD"] } (allow[4])`,
  },
  // Two rules for one host are united; a method of one does not go with a path of the other.
  {
    ask: "POST mixed.example.com /upload/x",
    want:
      `allow { dest = "mixed.example.com", methods = ["POST"], paths = ["/upload"] } (allow[5])`,
  },
  {
    ask: "GET mixed.example.com /public",
    want: "allow https://mixed.example.com/public (allow[6])",
  },
  {
    ask: "GET mixed.example.com /upload",
    want: "deny path https://mixed.example.com/public (allow[6])",
  },
  // A block rule blocks what one reading of the target blocks.
  { ask: "GET some.example.com /", want: "allow some.example.com (allow[7])" },
  { ask: "GET some.example.com /administrator", want: "allow some.example.com (allow[7])" },
  { ask: "GET some.example.com /a%20b", want: "allow some.example.com (allow[7])" },
  {
    ask: "GET some.example.com /x/../a/",
    want: "allow some.example.com (allow[7])",
    send: "/a/",
  },
  { ask: "GET some.example.com /admin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin/x?y", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /%61dmin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /%2561dmin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com //admin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /./admin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /x/../admin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /x/..%2fadmin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /x%5c..%5cadmin", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin;x", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin%3fx", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin%23x", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /admin%2fx", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /a/secret/b", want: `deny block-rule ${ADMIN}` },
  { ask: "GET some.example.com /%00", want: `deny path ${ADMIN}` },
  {
    ask: "delete some.example.com /",
    want: `deny block-rule { dest = "some.example.com", methods = ["DELETE"] } (block[4])`,
  },
  // An address is asked for like a host.
  { ask: "GET 10.1.0.9 /", want: "allow 10.1.0.0/16 (allow[12])" },
  {
    ask: "POST 10.3.0.1 /",
    want: `deny method { dest = "10.3.0.1", methods = ["GET"] } (allow[14])`,
  },
];
for (const { ask, want, send } of REQUESTS) {
  Deno.test(`decideRequest(${ask}): ${want}`, () => {
    const [method = "", host = "", target = ""] = ask.split(" ");
    const decision = decideRequest(POLICY, { host, port: 443, method, target });
    assert.equal(tell(decision), want);
    assert.equal(decision.target, decision.verdict === "allow" ? send ?? target : undefined);
  });
}
