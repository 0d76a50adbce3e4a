// Seeds of program addresses, and the derivation itself.
import type { PublicKey } from "@solana/web3.js";

/** What a program derives: an address and its bump. */
export type Address = [address: PublicKey, bump: number];

/** A number, a bigint, or a BN as Anchor's client has it. */
export type Integer = number | bigint | { toString(radix: number): string; isNeg(): boolean };

/** Returns the address that a program derives from seeds, and its bump. */
export declare function derived(program: PublicKey, seeds: Uint8Array[]): Address;

/** Returns the bytes of a text. */
export declare function text(value: string): Uint8Array;

/** Returns the bytes of an unsigned integer, the lowest first; throws RangeError. */
export declare function integer(value: Integer, width: number): Uint8Array;

/** Returns the bytes given; throws RangeError where their number is not `length`. */
export declare function bytes(value: Uint8Array, length: number): Uint8Array;
