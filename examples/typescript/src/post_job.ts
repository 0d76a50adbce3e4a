/**
 * Posts a job: registers its graph, locks the payment, posts, and reads back what the chain has.
 *
 *     npm start -- KEYPAIR GRAPH INPUT [SOURCE]
 *
 * SOURCE is the URL at which the data is served; without it this program serves the data itself
 * until it is interrupted. `RPC_URL` names a cluster other than the localnet.
 */

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import anchor from "@coral-xyz/anchor";
import {
  Connection,
  Keypair,
  PublicKey,
  Transaction,
  type TransactionInstruction,
} from "@solana/web3.js";

import { MAX_DRAWS, PAID_CRANK_STEPS, URL_BYTES } from "../../../idl/typescript/job_registry.js";
import { sha256 } from "./commitments.js";
import { readOrder, type Order } from "./order.js";
import { derived, program } from "./programs.js";
import { serve } from "./serving.js";

const { AnchorProvider, BN, EventParser, Wallet } = anchor;

const NLOV = 1_000_000_000;
/** What fits into the 1,232 bytes of a transaction. */
const DESCRIPTORS_PER_TRANSACTION = 3;
const VERIFIERS = 1;
const PRICE = 1 * NLOV;
/** Per drawn ballot; at least the floor in the market's terms. */
const VERIFICATION_FEE = NLOV / 5;
const TIP = NLOV / 100;

/** The accounts read here, with the fields that this example uses. */
interface EscrowConfig {
  readonly mint: PublicKey;
}
interface Pool {
  /** The version of the current terms, under which new work is posted. */
  readonly terms: number;
}
interface Graph {
  readonly appended: number;
}
interface Buyer {
  readonly nextJobId: anchor.BN;
}
interface Job {
  readonly buyer: PublicKey;
  readonly price: anchor.BN;
  readonly state: number;
  readonly claimDeadline: anchor.BN;
}

class Client {
  readonly escrow: anchor.Program;
  readonly registry: anchor.Program;
  readonly staking: anchor.Program;
  readonly owner: PublicKey;

  constructor(private readonly provider: anchor.AnchorProvider) {
    this.escrow = program("escrow", provider);
    this.registry = program("job_registry", provider);
    this.staking = program("staking", provider);
    this.owner = provider.publicKey;
  }

  /** Registers the graph unless it is there; returns its address. */
  async registerGraph(order: Order): Promise<PublicKey> {
    const [graph] = derived(this.registry, "graph", this.owner.toBytes(), order.specRoot);
    const known = await fetched<Graph>(this.registry, "graph", graph);
    if (known === null) {
      await this.send(
        await instruction(
          this.registry,
          "openGraph",
          [[...order.specRoot], order.descriptors.length],
          { author: this.owner, graph },
        ),
      );
    }
    const { descriptors } = order;
    for (let at = known?.appended ?? 0; at < descriptors.length; at += DESCRIPTORS_PER_TRANSACTION) {
      const data = Buffer.concat(descriptors.slice(at, at + DESCRIPTORS_PER_TRANSACTION));
      const accounts = { author: this.owner, graph };
      await this.send(await instruction(this.registry, "appendOperators", [data], accounts));
    }
    return graph;
  }

  /** Locks the payment and posts the job in one transaction; returns the job and the signature. */
  async post(order: Order, graph: PublicKey, source: string): Promise<[PublicKey, string]> {
    const [buyer] = derived(this.registry, "buyer", this.owner.toBytes());
    const account = await fetched<Buyer>(this.registry, "buyer", buyer);
    if (account === null) {
      await this.send(await instruction(this.registry, "openBuyer", [], { owner: this.owner }));
    }
    const id = account?.nextJobId ?? new BN(0);
    const [job, jobBump] = derived(
      this.registry,
      "job",
      this.owner.toBytes(),
      id.toArrayLike(Buffer, "le", 8),
    );
    const [config] = derived(this.escrow, "config");
    const known = await fetched<EscrowConfig>(this.escrow, "config", config);
    if (known === null) throw new Error("the cluster has no escrow program set up");
    const terms = await this.currentTerms();
    const lock = await instruction(
      this.escrow,
      "lock",
      [
        id,
        jobBump,
        {
          price: new BN(PRICE),
          verification: new BN(VERIFICATION_FEE * MAX_DRAWS * VERIFIERS),
          tips: new BN(TIP * PAID_CRANK_STEPS),
          urgency: new BN(0),
        },
      ],
      {
        buyer: this.owner,
        config,
        terms,
        mint: known.mint,
        job,
        source: anchor.utils.token.associatedAddress({ mint: known.mint, owner: this.owner }),
      },
    );
    const posting = await instruction(
      this.registry,
      "postJob",
      [
        id,
        {
          inputRoot: [...order.inputRoot],
          manifest: [...order.manifest],
          source: [...Buffer.alloc(URL_BYTES).fill(source, 0, source.length)],
          // This example forgets the salt, so that its job is drawn later and always verified. A
          // buyer that shows the salt to `draw` pays verifiers only when its job is sampled.
          saltCommitment: [...sha256(randomBytes(32))],
          trap: [...randomBytes(32)],
          verifiers: VERIFIERS,
          price: new BN(PRICE),
          verificationFee: new BN(VERIFICATION_FEE),
          tip: new BN(TIP),
          urgency: new BN(0),
        },
      ],
      {
        owner: this.owner,
        terms,
        buyer,
        graph,
        job,
        escrow: derived(this.escrow, "escrow", job.toBytes())[0],
        // The program's own id stands for an optional account that is left out.
        position: this.registry.programId,
      },
    );
    return [job, await this.send(lock, posting)];
  }

  /** Returns the address of the current terms. */
  private async currentTerms(): Promise<PublicKey> {
    const [address] = derived(this.staking, "pool");
    const pool = await fetched<Pool>(this.staking, "pool", address);
    if (pool === null) throw new Error("the cluster has no staking program set up");
    const version = Buffer.alloc(2);
    version.writeUInt16LE(pool.terms);
    return derived(this.staking, "terms", version)[0];
  }

  /** Returns the events that the registry emitted in a transaction. */
  async events(signature: string): Promise<anchor.Event[]> {
    const found = await this.provider.connection.getTransaction(signature, {
      commitment: "confirmed",
      maxSupportedTransactionVersion: 0,
    });
    const parser = new EventParser(this.registry.programId, this.registry.coder);
    return [...parser.parseLogs(found?.meta?.logMessages ?? [])];
  }

  private async send(...instructions: TransactionInstruction[]): Promise<string> {
    return this.provider.sendAndConfirm(new Transaction().add(...instructions));
  }
}

/** Builds an instruction; `name` is in camel case, as Anchor's client has it. */
async function instruction(
  program: anchor.Program,
  name: string,
  args: unknown[],
  accounts: Record<string, PublicKey>,
): Promise<TransactionInstruction> {
  const method = program.methods[name];
  if (method === undefined) throw new Error(`the program has no instruction ${name}`);
  return method(...args).accountsPartial(accounts).instruction();
}

/** Reads an account of a type that the IDL names; returns null where there is none. */
async function fetched<Account>(
  program: anchor.Program,
  type: string,
  address: PublicKey,
): Promise<Account | null> {
  const info = await program.provider.connection.getAccountInfo(address);
  return info === null ? null : program.coder.accounts.decode<Account>(type, info.data);
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
  const client = new Client(new AnchorProvider(connection, new Wallet(key)));
  const order = readOrder(graphPath, inputPath);

  const graph = await client.registerGraph(order);
  console.log(`graph ${graph.toBase58()}`);
  const [job, signature] = await client.post(order, graph, source ?? (await serve(order.blobs)));
  console.log(`job ${job.toBase58()}`);
  const account = await fetched<Job>(client.registry, "job", job);
  if (account === null) throw new Error(`job ${job.toBase58()} is not there`);
  console.log(`state ${account.state}, price ${account.price}, claim by ${account.claimDeadline}`);
  for (const { name, data } of await client.events(signature)) {
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
