/**
 * Posts a job: registers its graph, locks the payment, posts, and reads back what the chain has.
 *
 *     npm start -- KEYPAIR GRAPH INPUT [SOURCE]
 *
 * SOURCE is the URL at which the data is served; without it this program serves the data itself
 * until it is interrupted. `RPC_URL` names a cluster other than the localnet.
 */

import { readFileSync } from "node:fs";

import anchor from "@coral-xyz/anchor";
import { Connection, Keypair, PublicKey } from "@solana/web3.js";
import { workload, type Workload } from "neurolov-client";

import { Buyer } from "./buyer.js";
import { serve } from "./serving.js";

const { AnchorProvider, BN, Wallet } = anchor;

/** Reads a graph file and the canonical bytes of its input; throws on a file of another kind. */
function order(graphPath: string, inputPath: string): Workload {
  try {
    return workload(readFileSync(graphPath), [readFileSync(inputPath)]);
  } catch (error) {
    throw new Error(`${graphPath} is not a graph file`, { cause: error });
  }
}

async function main(): Promise<void> {
  const [keyPath, graphPath, inputPath, source] = process.argv.slice(2);
  if (keyPath === undefined || graphPath === undefined || inputPath === undefined) {
    throw new Error("usage: npm start -- KEYPAIR GRAPH INPUT [SOURCE]");
  }
  const key = Keypair.fromSecretKey(
    Uint8Array.from(JSON.parse(readFileSync(keyPath, "utf-8")) as number[]),
  );
  const connection = new Connection(process.env["RPC_URL"] ?? "http://127.0.0.1:8899", "confirmed");
  // Anchor would go on once a transaction is processed, and then read what is confirmed.
  const commitment = { commitment: "confirmed", preflightCommitment: "confirmed" } as const;
  const buyer = new Buyer(new AnchorProvider(connection, new Wallet(key), commitment));
  const wanted = order(graphPath, inputPath);

  const graph = await buyer.registerGraph(wanted);
  console.log(`graph ${graph.toBase58()}`);
  const [job, signature] = await buyer.post(wanted, graph, source ?? (await serve(wanted.blobs)));
  console.log(`job ${job.toBase58()}`);
  const account = await buyer.programs.jobRegistry.account.job.fetch(job);
  console.log(`state ${account.state}, price ${account.price}, claim by ${account.claimDeadline}`);
  for (const { name, data } of await buyer.events(signature)) {
    console.log(`${name} ${JSON.stringify(shown(data))}`);
  }
}

/** Returns an event's fields with amounts and slots in decimal and addresses in base58. */
function shown(value: unknown): unknown {
  if (value instanceof BN || value instanceof PublicKey) return value.toString();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, shown(field)]));
}

await main();
