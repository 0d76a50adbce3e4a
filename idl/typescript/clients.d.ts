// Anchor's client of each program.
import type { Program, Provider } from "@coral-xyz/anchor";
import type { escrow, jobRegistry, redundancy, staking, verdict } from "./programs/index.js";

/** Anchor's client of each program, typed by its IDL. */
export interface Clients {
  readonly escrow: Program<escrow.Escrow>;
  readonly jobRegistry: Program<jobRegistry.JobRegistry>;
  readonly redundancy: Program<redundancy.Redundancy>;
  readonly staking: Program<staking.Staking>;
  readonly verdict: Program<verdict.Verdict>;
}

/** Returns the clients of all programs. */
export declare function clients(provider: Provider): Clients;
