/** What a buyer orders: a graph file, one input, and the manifest that names both. */

import { readFileSync } from "node:fs";

import { DESCRIPTOR_BYTES } from "../../../idl/typescript/job_registry.js";
import { DESCRIPTORS, INPUTS, TENSOR, root, sha256 } from "./commitments.js";

const MAGIC = Buffer.from("NLGRAPH\x01", "latin1");

export interface Order {
  /** One operator each, 256 bytes. */
  readonly descriptors: Buffer[];
  readonly specRoot: Buffer;
  readonly inputRoot: Buffer;
  readonly manifest: Buffer;
  /** Everything that a provider fetches, by its SHA-256 in hex. */
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/** Reads a graph file and the canonical bytes of its input; throws on a file of another kind. */
export function readOrder(graphPath: string, inputPath: string): Order {
  const graph = readFileSync(graphPath);
  const input = readFileSync(inputPath);
  if (!graph.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new Error(`${graphPath} is not a graph file`);
  }
  const count = graph.readUInt32LE(MAGIC.length);
  const start = MAGIC.length + 4;
  const encoded = graph.subarray(start, start + count * DESCRIPTOR_BYTES);
  const descriptors = Array.from({ length: count }, (_, number) =>
    encoded.subarray(number * DESCRIPTOR_BYTES, (number + 1) * DESCRIPTOR_BYTES),
  );
  // Canonical JSON: sorted keys, no spaces.
  const [graphDigest, inputDigest] = [hex(graph), hex(input)];
  const manifest = Buffer.from(
    JSON.stringify({ graph: graphDigest, inputs: [inputDigest], version: 1 }),
  );
  return {
    descriptors,
    specRoot: root(DESCRIPTORS, encoded),
    inputRoot: root(INPUTS, root(TENSOR, input)),
    manifest: sha256(manifest),
    blobs: new Map([
      [graphDigest, graph],
      [inputDigest, input],
      [hex(manifest), manifest],
    ]),
  };
}

function hex(data: Buffer): string {
  return sha256(data).toString("hex");
}
