// The hashes by which the chain knows a graph and its inputs, and what a buyer serves.
import { sha256 } from "@noble/hashes/sha256";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils";
import { DESCRIPTOR_BYTES, LEAF_BYTES, MAX_JOB_INPUTS, URL_BYTES } from "./programs/job_registry.js";

const MAGIC = "NLGRAPH\x01";
const HEADER_BYTES = MAGIC.length + 4;
const HASH_BYTES = 32;
const MAX_JOB_OUTPUTS = 64;
const MAX_NAME_CHARACTERS = 256;

// The tags keep trees over different things apart.
const TENSOR = { leaf: LEAF_BYTES, tags: ["nlT0", "nlT1"] };
const INPUTS = { leaf: HASH_BYTES, tags: ["nlI0", "nlI1"] };
const SPEC = { leaf: DESCRIPTOR_BYTES, tags: ["nlS0", "nlS1"] };

export function workload(graph, inputs, outputs = new Map()) {
  const descriptors = descriptorsOf(graph);
  if (inputs.length === 0 || inputs.length > MAX_JOB_INPUTS) {
    throw new RangeError(`a job has 1 to ${MAX_JOB_INPUTS} inputs, not ${inputs.length}`);
  }
  const digests = [graph, ...inputs].map((blob) => bytesToHex(sha256(blob)));
  requireOutputs(outputs, descriptors.length);
  const named = [...outputs].map(([name, operator]) => ({ name, operator }));
  // Canonical JSON: sorted keys, no spaces, ASCII alone.
  const listed = {
    graph: digests[0],
    inputs: digests.slice(1),
    ...(named.length === 0 ? {} : { outputs: named }),
    version: 1,
  };
  const manifest = utf8ToBytes(ascii(JSON.stringify(listed)));
  const served = [graph, ...inputs].map((blob, at) => [digests[at], blob]);
  return {
    descriptors,
    specRoot: root(SPEC, concatBytes(...descriptors)),
    inputRoot: root(INPUTS, concatBytes(...inputs.map((input) => root(TENSOR, input)))),
    manifest: sha256(manifest),
    blobs: new Map([...served, [bytesToHex(sha256(manifest)), manifest]]),
  };
}

function requireOutputs(outputs, operators) {
  if (outputs.size > MAX_JOB_OUTPUTS) {
    throw new RangeError(`a job has at most ${MAX_JOB_OUTPUTS} outputs, not ${outputs.size}`);
  }
  for (const name of outputs.keys()) {
    const { length } = [...name];
    if (length === 0 || length > MAX_NAME_CHARACTERS || /\p{C}|(?! )\p{Z}/u.test(name)) {
      const most = MAX_NAME_CHARACTERS;
      throw new RangeError(`an output's name has 1 to ${most} printable characters`);
    }
  }
  const places = [...outputs.values()];
  const known = places.every((at) => Number.isInteger(at) && at >= 0 && at < operators);
  if (!known || new Set(places).size < places.length) {
    throw new RangeError(`each output is of an operator of its own, 0 to ${operators - 1}`);
  }
}

function ascii(text) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(/[\u007f-\uffff]/g, escaped);
}

export function source(url) {
  const text = utf8ToBytes(url);
  if (text.length > URL_BYTES) throw new RangeError(`a URL has at most ${URL_BYTES} bytes`);
  const padded = new Uint8Array(URL_BYTES);
  padded.set(text);
  return [...padded];
}

function descriptorsOf(graph) {
  const head = utf8ToBytes(MAGIC);
  if (!head.every((byte, at) => graph[at] === byte) || graph.length < HEADER_BYTES) {
    throw new TypeError("this is not a graph file");
  }
  const view = new DataView(graph.buffer, graph.byteOffset, graph.byteLength);
  const count = view.getUint32(MAGIC.length, true);
  const end = HEADER_BYTES + count * DESCRIPTOR_BYTES;
  if (count === 0 || end > graph.length) throw new TypeError("the graph file is cut short");
  return Array.from({ length: count }, (_, number) => {
    const start = HEADER_BYTES + number * DESCRIPTOR_BYTES;
    return graph.slice(start, start + DESCRIPTOR_BYTES);
  });
}

/** The Merkle root of `data`, which zeros extend to a power of two of leaves. */
function root({ leaf, tags }, data) {
  const [leafTag, nodeTag] = tags.map(utf8ToBytes);
  let width = leaf;
  while (width < data.length) width *= 2;
  const padded = new Uint8Array(width);
  padded.set(data);
  let level = [];
  for (let at = 0; at < width; at += leaf) {
    level.push(sha256(concatBytes(padded.subarray(at, at + leaf), leafTag)));
  }
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at < level.length; at += 2) {
      above.push(sha256(concatBytes(level[at], level[at + 1], nodeTag)));
    }
    level = above;
  }
  return level[0];
}
