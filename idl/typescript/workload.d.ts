// The hashes by which the chain knows a graph and its inputs, and what a buyer serves.

/** A graph with its inputs, as a buyer registers, posts and serves it. */
export interface Workload {
  /** One per operator, of `DESCRIPTOR_BYTES`: what `appendOperators` takes. */
  readonly descriptors: readonly Uint8Array[];
  /** The Merkle root of the descriptors, which names the graph. */
  readonly specRoot: Uint8Array;
  readonly inputRoot: Uint8Array;
  /** The SHA-256 of the manifest: the digests of graph and inputs, and the outputs' names. */
  readonly manifest: Uint8Array;
  /** What a provider fetches from `/blobs/SHA256`, by its SHA-256 in hex. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/**
 * Returns the workload of a graph file and the canonical bytes of its inputs, in order.
 *
 * `outputs` names the operators that compute the result, by default the last one alone. Throws
 * TypeError where the first is not a graph file, RangeError for a wrong number of inputs and for
 * outputs that no job has.
 */
export declare function workload(
  graph: Uint8Array,
  inputs: readonly Uint8Array[],
  outputs?: ReadonlyMap<string, number>,
): Workload;

/** Returns the field of an offer that holds a URL; throws RangeError where it is too long. */
export declare function source(url: string): number[];
