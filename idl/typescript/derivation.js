// Seeds of program addresses, and the derivation itself.
import { PublicKey } from "@solana/web3.js";

export const derived = (program, seeds) => PublicKey.findProgramAddressSync(seeds, program);

export const text = (value) => new TextEncoder().encode(value);

export function integer(value, width) {
  const number = BigInt(value.toString(10));
  if (number < 0n || number >> BigInt(8 * width) !== 0n) {
    throw new RangeError(`${number} does not fit ${width} bytes`);
  }
  return Uint8Array.from({ length: width }, (_, at) => Number((number >> BigInt(8 * at)) & 255n));
}

export function bytes(value, length) {
  if (value.length !== length) throw new RangeError(`${value.length} bytes instead of ${length}`);
  return value;
}
