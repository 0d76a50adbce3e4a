// Everything that an integrator imports.
export { clients } from "./clients.js";
export * from "./programs/index.js";
export { shardOf } from "./shards.js";
export { source, workload } from "./workload.js";
