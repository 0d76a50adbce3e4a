/** A buyer's transactions: register a graph, lock the payment and post the job. */

import { randomBytes } from "node:crypto";

import anchor from "@coral-xyz/anchor";
import { PublicKey, Transaction, type TransactionInstruction } from "@solana/web3.js";
import {
  clients,
  escrow,
  jobRegistry,
  source,
  staking,
  type Clients,
  type Workload,
} from "neurolov-client";

const { BN, EventParser } = anchor;

const NLOV = 1_000_000_000;
/** What fits into the 1,232 bytes of a transaction. */
const DESCRIPTORS_PER_TRANSACTION = 3;
const VERIFIERS = 1;
const PRICE = 1 * NLOV;
/** Per drawn ballot; at least the floor in the market's terms. */
const VERIFICATION_FEE = NLOV / 5;
const TIP = NLOV / 100;

export class Buyer {
  readonly programs: Clients;
  private readonly owner: PublicKey;

  constructor(private readonly provider: anchor.AnchorProvider) {
    this.programs = clients(provider);
    this.owner = provider.publicKey;
  }

  /** Registers the graph unless it is there; returns its address. */
  async registerGraph({ specRoot, descriptors }: Workload): Promise<PublicKey> {
    const { account, methods } = this.programs.jobRegistry;
    const [graph] = jobRegistry.graphAddress(this.owner, specRoot);
    const accounts = { author: this.owner, graph };
    const known = await account.graph.fetchNullable(graph);
    if (known === null) {
      await methods.openGraph([...specRoot], descriptors.length).accountsPartial(accounts).rpc();
    }
    for (let at = known?.appended ?? 0; at < descriptors.length; at += DESCRIPTORS_PER_TRANSACTION) {
      const data = Buffer.concat(descriptors.slice(at, at + DESCRIPTORS_PER_TRANSACTION));
      await methods.appendOperators(data).accountsPartial(accounts).rpc();
    }
    return graph;
  }

  /** Locks the payment and posts the job in one transaction; returns the job and the signature. */
  async post(wanted: Workload, graph: PublicKey, url: string): Promise<[PublicKey, string]> {
    const { jobRegistry: registry, escrow: payment, staking: stakes } = this.programs;
    const [buyer] = jobRegistry.buyerAddress(this.owner);
    const account = await registry.account.buyer.fetchNullable(buyer);
    if (account === null) await registry.methods.openBuyer().accounts({ owner: this.owner }).rpc();
    const id = account?.nextJobId ?? new BN(0);
    const [job, bump] = jobRegistry.jobAddress(this.owner, id);
    const [config] = escrow.configAddress();
    const { mint } = await payment.account.config.fetch(config);
    const pool = await stakes.account.pool.fetch(staking.poolAddress()[0]);
    const [terms] = staking.termsAddress(pool.terms);

    const deposit = {
      price: new BN(PRICE),
      verification: new BN(VERIFICATION_FEE * jobRegistry.MAX_DRAWS * VERIFIERS),
      tips: new BN(TIP * jobRegistry.PAID_CRANK_STEPS),
      urgency: new BN(0),
    };
    const tokens = anchor.utils.token.associatedAddress({ mint, owner: this.owner });
    const lock = await payment.methods
      .lock(id, bump, deposit)
      .accountsPartial({ buyer: this.owner, config, terms, mint, job, source: tokens })
      .instruction();
    const offer = {
      inputRoot: [...wanted.inputRoot],
      manifest: [...wanted.manifest],
      source: source(url),
      // This example forgets the salt, so that its job is drawn later and always verified. A
      // buyer that shows the salt to `draw` pays verifiers only when its job is sampled.
      saltCommitment: [...randomBytes(32)],
      trap: [...randomBytes(32)],
      verifiers: VERIFIERS,
      price: new BN(PRICE),
      verificationFee: new BN(VERIFICATION_FEE),
      tip: new BN(TIP),
      urgency: new BN(0),
    };
    const posting = await registry.methods
      .postJob(id, offer)
      .accountsPartial({
        owner: this.owner,
        terms,
        buyer,
        graph,
        job,
        escrow: escrow.escrowAddress(job)[0],
        position: null,
      })
      .instruction();
    return [job, await this.send(lock, posting)];
  }

  /** Returns the events that the registry emitted in a transaction. */
  async events(signature: string): Promise<anchor.Event[]> {
    const found = await this.provider.connection.getTransaction(signature, {
      commitment: "confirmed",
      maxSupportedTransactionVersion: 0,
    });
    const { programId, coder } = this.programs.jobRegistry;
    return [...new EventParser(programId, coder).parseLogs(found?.meta?.logMessages ?? [])];
  }

  private async send(...instructions: TransactionInstruction[]): Promise<string> {
    return this.provider.sendAndConfirm(new Transaction().add(...instructions));
  }
}
