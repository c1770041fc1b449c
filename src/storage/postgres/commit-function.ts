/**
 * The function that applies one group: a single call is a single transaction and a single round trip. It
 * locks the row of the shard, so that whoever commits is the owner until the end of the transaction, and
 * then takes the mutations in their order. The condition of an UPDATE is the compare, its SET the set; no
 * changed row means that memory and store have parted, and the exception undoes everything.
 *
 * The owner names the group that was answered to it last (NULL = none, or not known): a server that does not
 * have it any more, as after a failover, has parted from the owner's memory too. A group below the number of
 * the last one was sent on a connection that broke, and its owner has long gone on.
 *
 * Mutations come as arrays, one for each column of `groupColumns`; bytes as one value, `blob`, of which
 * `…_at` and `…_len` are a piece: an array of bytea would travel as hexadecimal text.
 *
 * Row by row, in a loop: a join with the arrays would be at the mercy of the planner, which knows nothing
 * of a table that was empty a minute ago.
 */
import { historyBytesMax } from '../attempt-history.ts'

/** What a row of a group is. */
export const rowKinds = { insert: 0, change: 1, remove: 2, pause: 3, resume: 4 } as const

/** SQLSTATE of a mutation that does not fit; DETAIL is its index in the group. */
export const misfitState = 'CT001'

/**
 * The columns of a group and their types. Of a change NULL means "as it was"; `state_min` and `state_max`
 * are the states in which it is allowed.
 */
export const groupColumns = {
  kind: 'smallint',
  sequence: 'bigint',
  phase: 'integer',
  id: 'text',
  state_min: 'smallint',
  state_max: 'smallint',
  state: 'smallint',
  to_phase: 'integer',
  rank: 'smallint',
  attempts: 'integer',
  crashes: 'integer',
  attempts_max: 'integer',
  suspect: 'boolean',
  enqueued: 'bigint',
  due: 'bigint',
  ended: 'bigint',
  checksum: 'bigint',
  death: 'text',
  token_min: 'text',
  replay_of: 'text',
  last_error: 'text',
  clears_error: 'boolean',
  clears_end: 'boolean',
  running_at: 'integer',
  running_len: 'integer',
  instructions_at: 'integer',
  instructions_len: 'integer',
  attempt_at: 'integer',
  attempt_len: 'integer',
} as const

export type GroupColumn = keyof typeof groupColumns

const names = Object.keys(groupColumns) as GroupColumn[]

/** A call of the function; its parameters are the eight of its head and then the columns. */
export function commitCall(schema: string): string {
  const values = names.map((name, index) => `$${index + 9}::${groupColumns[name]}[]`)
  return `SELECT refused, newest, answer FROM ${schema}.commit_group($1, $2, $3, $4, $5, $6, $7, $8, ${values.join(', ')})`
}

const piece = (name: string): string => `substring(p_blob FROM r.${name}_at FOR r.${name}_len)`

/** Creates it in the schema. */
export function commitFunction(schema: string): string {
  const parameters = names.map((name) => `p_${name} ${groupColumns[name]}[]`).join(', ')
  const arrays = names.map((name) => `p_${name}`).join(', ')
  return `
CREATE FUNCTION ${schema}.commit_group(
  p_pipeline text, p_shard integer, p_epoch bigint, p_owner text, p_group text, p_number bigint,
  p_previous text, p_blob bytea,
  ${parameters},
  OUT refused text, OUT newest bigint, OUT answer text
) LANGUAGE plpgsql AS $body$
DECLARE
  s record;
  r record;
  found_job record;
  known bigint;
  top bigint;
  item integer := -1;
  inserted integer := -1;
BEGIN
  SELECT * INTO s FROM ${schema}.shard WHERE pipeline = p_pipeline AND shard = p_shard FOR UPDATE;
  newest := s.epoch;
  refused := CASE
    WHEN s.epoch IS DISTINCT FROM p_epoch OR s.released OR s.owner <> p_owner IS TRUE THEN 'fenced'
    WHEN s.last_group = p_group THEN NULL
    WHEN p_number < s.last_number THEN 'late'
    WHEN s.last_group <> p_previous THEN 'lost' END;
  answer := s.last_answer;
  IF refused IS NOT NULL OR s.last_group = p_group THEN RETURN; END IF;
  answer := '';
  top := s.last_sequence;
  FOR r IN SELECT * FROM unnest(${arrays}) AS u(${names.join(', ')}) LOOP
    item := item + 1;
    IF r.kind = ${rowKinds.insert} THEN
      ${insert(`${schema}.job`)}
      CONTINUE;
    ELSIF r.kind = ${rowKinds.change} THEN
      ${change(`${schema}.job`)}
    ELSIF r.kind = ${rowKinds.remove} THEN
      DELETE FROM ${schema}.job ${asExpected};
    ELSIF r.kind = ${rowKinds.pause} THEN
      INSERT INTO ${schema}.paused VALUES (s.key, r.phase) ON CONFLICT DO NOTHING;
      CONTINUE;
    ELSE
      DELETE FROM ${schema}.paused WHERE shard_key = s.key AND phase = r.phase;
      CONTINUE;
    END IF;
    IF NOT FOUND THEN
      ${refuse(`${schema}.job`)}
    END IF;
  END LOOP;
  UPDATE ${schema}.shard SET last_sequence = top, last_group = p_group, last_answer = answer,
    last_number = p_number
    WHERE key = s.key;
END
$body$;
`
}

/** The job is where the core believes it to be. */
const asExpected = `WHERE shard_key = s.key AND sequence = r.sequence AND phase = r.phase AND id = r.id
        AND state BETWEEN r.state_min AND r.state_max`

/** Any conflict first counts as a known id: only when that is not there, the sequence is taken. */
const insert = (job: string): string => `
      inserted := inserted + 1;
      INSERT INTO ${job} (shard_key, sequence, state, phase, rank, attempts, crashes, attempts_max, suspect,
        enqueued, due, ended, checksum, death, token_min, last_error, replay_of, id, running, instructions)
      VALUES (s.key, r.sequence, r.state, r.phase, r.rank, r.attempts, r.crashes, r.attempts_max, r.suspect,
        r.enqueued, r.due, r.ended, r.checksum, r.death, r.token_min, r.last_error, r.replay_of, r.id,
        ${piece('running')}, ${piece('instructions')})
      ON CONFLICT DO NOTHING;
      IF FOUND THEN
        top := greatest(top, r.sequence);
        CONTINUE;
      END IF;
      SELECT checksum INTO known FROM ${job} WHERE shard_key = s.key AND id = r.id;
      IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = '${misfitState}', DETAIL = item::text,
          MESSAGE = 'sequence ' || r.sequence || ' is taken';
      END IF;
      answer := answer || inserted || CASE WHEN known = r.checksum THEN 'd ' ELSE 'c ' END;`

/** The history is appended to in the row itself, and begins anew when it has grown too long. */
const change = (job: string): string => `
      UPDATE ${job} SET
        state = coalesce(r.state, state),
        phase = coalesce(r.to_phase, phase),
        attempts = coalesce(r.attempts, attempts),
        crashes = coalesce(r.crashes, crashes),
        attempts_max = coalesce(r.attempts_max, attempts_max),
        suspect = coalesce(r.suspect, suspect),
        due = coalesce(r.due, due),
        ended = CASE WHEN r.clears_end THEN NULL ELSE coalesce(r.ended, ended) END,
        death = CASE WHEN r.clears_end THEN NULL ELSE coalesce(r.death, death) END,
        token_min = coalesce(r.token_min, token_min),
        last_error = CASE WHEN r.clears_error THEN NULL ELSE coalesce(r.last_error, last_error) END,
        running = ${piece('running')},
        instructions = coalesce(${piece('instructions')}, instructions),
        history = CASE WHEN r.attempt_at IS NULL THEN history
          WHEN length(history) > ${historyBytesMax} THEN ${piece('attempt')}
          ELSE coalesce(history, '') || ${piece('attempt')} END
      ${asExpected};`

const refuse = (job: string): string => `
      SELECT phase, state, id INTO found_job FROM ${job} WHERE shard_key = s.key AND sequence = r.sequence;
      RAISE EXCEPTION USING ERRCODE = '${misfitState}', DETAIL = item::text,
        MESSAGE = CASE WHEN NOT FOUND THEN 'no such job' ELSE 'phase ' || found_job.phase
          || ', state ' || found_job.state || ', job ' || found_job.id END;`
