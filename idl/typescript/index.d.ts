// Everything that an integrator imports.
export { clients, type Clients } from "./clients.js";
export type { Address, Integer } from "./derivation.js";
export * from "./programs/index.js";
export { shardOf } from "./shards.js";
export { source, workload, type Workload } from "./workload.js";
