// The choice of the shard that a job or task uses.
import type { PublicKey } from "@solana/web3.js";

/** Returns the shard of the fee vault and the utilisation counter that a job or task uses. */
export declare function shardOf(job: PublicKey): number;
