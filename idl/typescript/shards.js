// The choice of the shard that a job or task uses.
import { SHARDS } from "./programs/job_registry.js";

export const shardOf = (job) => job.toBytes()[0] % SHARDS;
