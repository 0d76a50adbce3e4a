/** The hashes by which the chain knows a graph and its inputs. */

import { createHash } from "node:crypto";

/** The tags keep trees over different things apart; `leaf` is the length of a leaf in bytes. */
interface Tree {
  readonly leaf: number;
  readonly leafTag: string;
  readonly nodeTag: string;
}

export const TENSOR: Tree = { leaf: 256, leafTag: "nlT0", nodeTag: "nlT1" };
export const INPUTS: Tree = { leaf: 32, leafTag: "nlI0", nodeTag: "nlI1" };
export const DESCRIPTORS: Tree = { leaf: 256, leafTag: "nlS0", nodeTag: "nlS1" };

export function sha256(...parts: (Buffer | string)[]): Buffer {
  const hash = createHash("sha256");
  parts.forEach((part) => hash.update(part));
  return hash.digest();
}

/** Returns the Merkle root of `data`, which zeros extend to a power of two of leaves. */
export function root(tree: Tree, data: Buffer): Buffer {
  let width = tree.leaf;
  while (width < data.length) width *= 2;
  const padded = Buffer.concat([data], width);
  let level: Buffer[] = [];
  for (let at = 0; at < width; at += tree.leaf) {
    level.push(sha256(padded.subarray(at, at + tree.leaf), tree.leafTag));
  }
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      above.push(sha256(...level.slice(at, at + 2), tree.nodeTag));
    }
    level = above;
  }
  const [top] = level;
  if (top === undefined) throw new Error("a tree has at least one leaf");
  return top;
}
