/** The programs as Anchor's client sees them, and the accounts that they derive. */

import { readFileSync } from "node:fs";

import anchor, { type Idl } from "@coral-xyz/anchor";
import { PublicKey } from "@solana/web3.js";

const { Program } = anchor;
/** Seen from the compiled file, which lies in `dist/examples/typescript/src/`. */
const IDL_FOLDER = new URL("../../../../../../idl/", import.meta.url);

/** Returns the client of a program, made from the IDL that the repository commits. */
export function program(name: string, provider: anchor.Provider): anchor.Program {
  const idl = JSON.parse(readFileSync(new URL(`${name}.json`, IDL_FOLDER), "utf-8")) as Idl;
  return new Program(idl, provider);
}

/** Returns the address that `program` derives from `seeds`, and its bump. */
export function derived(
  program: anchor.Program,
  ...seeds: (string | Uint8Array)[]
): [address: PublicKey, bump: number] {
  return PublicKey.findProgramAddressSync(
    seeds.map((seed) => Buffer.from(seed as Uint8Array)),
    program.programId,
  );
}
