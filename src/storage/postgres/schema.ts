/**
 * The tables of schema 1. All pipelines share them; a shard has a number (`shard.key`) with which every key
 * and index begins, so that what one costs does not depend on the others.
 * docs/decisions/0009-postgres.md has the reasons.
 */
import { commitFunction } from './commit-function.ts'

/** How `JobRecord.state` is stored. Unsettled states are the first two: statements say `state <= 1`. */
export const stateCodes = { ready: 0, scheduled: 1, done: 2, cancelled: 3, dead: 4 } as const

/** Remembers the version; its presence says that a schema is ours. */
export const migrationTable = 'carbontube_migration'

/** `rank` is −priority, so that granting order is ascending. Times in ms since 1970. */
const tables = (schema: string): string => `
CREATE TABLE ${schema}.pipeline (
  name text COLLATE "C" PRIMARY KEY,
  job_types text NOT NULL,
  first_seen bigint NOT NULL,
  last_seen bigint NOT NULL,
  shards integer NOT NULL
);
CREATE TABLE ${schema}.shard (
  key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pipeline text COLLATE "C" NOT NULL,
  shard integer NOT NULL,
  owner text COLLATE "C" NOT NULL DEFAULT '',
  epoch bigint NOT NULL DEFAULT 0,
  until bigint NOT NULL DEFAULT 0,
  released boolean NOT NULL DEFAULT true,
  last_sequence bigint NOT NULL DEFAULT 0,
  last_group text COLLATE "C" NOT NULL DEFAULT '',
  last_answer text COLLATE "C" NOT NULL DEFAULT '',
  last_number bigint NOT NULL DEFAULT 0,
  UNIQUE (pipeline, shard)
) WITH (fillfactor = 50);
CREATE TABLE ${schema}.paused (
  shard_key integer NOT NULL,
  phase integer NOT NULL,
  PRIMARY KEY (shard_key, phase)
);
CREATE TABLE ${schema}.job (
  shard_key integer NOT NULL,
  sequence bigint NOT NULL,
  enqueued bigint NOT NULL,
  due bigint NOT NULL,
  ended bigint,
  checksum bigint NOT NULL,
  phase integer NOT NULL,
  attempts integer NOT NULL,
  crashes integer NOT NULL,
  attempts_max integer NOT NULL,
  state smallint NOT NULL,
  rank smallint NOT NULL,
  suspect boolean NOT NULL,
  id text COLLATE "C" NOT NULL,
  token_min text COLLATE "C" NOT NULL,
  death text COLLATE "C",
  replay_of text COLLATE "C",
  last_error text,
  running bytea,
  instructions bytea NOT NULL,
  history bytea,
  PRIMARY KEY (shard_key, sequence)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE UNIQUE INDEX job_by_id ON ${schema}.job (shard_key, id);
CREATE INDEX ready_jobs ON ${schema}.job (shard_key, phase, rank, sequence) WHERE state = 0;
CREATE INDEX scheduled_jobs ON ${schema}.job (shard_key, due, sequence) INCLUDE (phase) WHERE state = 1;
CREATE INDEX ended_jobs ON ${schema}.job (shard_key, ended, sequence) INCLUDE (state) WHERE state IN (2, 3);
CREATE INDEX dead_jobs ON ${schema}.job (shard_key, ended, sequence) WHERE state = 4;
CREATE INDEX noted_jobs ON ${schema}.job (shard_key, sequence) WHERE running IS NOT NULL;
`

/** What leads from one version to the next, in order; never changed once released. */
export const migrations: readonly ((schema: string) => string)[] = [
  (schema) => tables(schema) + commitFunction(schema),
]

/** Number of the schema that this version writes. */
export const schemaVersion = migrations.length
