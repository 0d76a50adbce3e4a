/** Serves a job's data to whoever asks for it by hash. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Serves `blobs` on a free port of this machine for as long as the process runs; returns the URL. */
export async function serve(blobs: ReadonlyMap<string, Uint8Array>): Promise<string> {
  const server = createServer((request, response) => {
    const blob = blobs.get(request.url?.match(/^\/blobs\/([0-9a-f]{64})$/)?.[1] ?? "");
    if (blob === undefined) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200, { "Content-Length": blob.length }).end(blob);
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
