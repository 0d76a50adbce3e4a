// Anchor's client of each program.
import { Program } from "@coral-xyz/anchor";
import { escrow, jobRegistry, redundancy, staking, verdict } from "./programs/index.js";

const PROGRAMS = { escrow, jobRegistry, redundancy, staking, verdict };

export const clients = (provider) =>
  Object.fromEntries(
    Object.entries(PROGRAMS).map(([name, { IDL }]) => [name, new Program(IDL, provider)]),
  );
