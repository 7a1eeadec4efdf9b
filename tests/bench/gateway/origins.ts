import { join } from "node:path";
import { ADDRESS, type Lab, NAME } from "./lab.ts";
import { startProgram } from "./program.ts";

/** The answer to a small GET, in bytes. */
const SMALL = "x".repeat(100);

/** nginx with TLS: `/` answers 100 bytes, `/large` the large file. */
export async function startFiles(lab: Lab): Promise<AsyncDisposable> {
  const config = join(lab.dir, "nginx.conf");
  await Deno.writeTextFile(config, formatNginx(lab));
  return await startProgram(["nginx", "-p", lab.dir, "-c", config], {
    listens: { hostname: ADDRESS.files, port: 443 },
  });
}

/** A Node server with TLS: `/sink` swallows a body, `/events` sends one event and waits. */
export async function startStreams(lab: Lab, node: string): Promise<AsyncDisposable> {
  const script = join(lab.dir, "streams.mjs");
  await Deno.writeTextFile(script, STREAMS);
  return await startProgram([node, script, lab.certificate, lab.key, ADDRESS.streams], {
    listens: { hostname: ADDRESS.streams, port: 443 },
  });
}

function formatNginx(lab: Lab): string {
  return `daemon off;
worker_processes 1;
pid ${lab.dir}/nginx.pid;
error_log ${lab.dir}/nginx.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${lab.dir}/nginx-body;
  proxy_temp_path ${lab.dir}/nginx-proxy;
  fastcgi_temp_path ${lab.dir}/nginx-fastcgi;
  uwsgi_temp_path ${lab.dir}/nginx-uwsgi;
  scgi_temp_path ${lab.dir}/nginx-scgi;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  sendfile on;
  server {
    listen ${ADDRESS.files}:443 ssl backlog=1024;
    server_name ${NAME.files};
    ssl_certificate ${lab.certificate};
    ssl_certificate_key ${lab.key};
    location = / { default_type text/plain; return 200 "${SMALL}"; }
    location = /large { default_type application/json; alias ${lab.large}; }
  }
}
`;
}

const STREAMS = `
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
const [cert, key, host] = process.argv.slice(2);
createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  if (request.url === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: first\\n\\n");
    return;
  }
  let bytes = 0;
  request.on("data", (chunk) => { bytes += chunk.length; });
  request.on("end", () => response.end(String(bytes)));
}).listen(443, host);
`;
