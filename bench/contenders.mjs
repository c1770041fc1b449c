/** All that run the three phases side by side, each as its users would build it. */
import { openOurs } from './ours.mjs'
import { openBullmq } from './peers/bullmq.mjs'
import { openCelery, python } from './peers/celery.mjs'
import { openGraphile } from './peers/graphile.mjs'
import { whatIsMissing } from './peers/install.mjs'
import { openJetstream } from './peers/jetstream.mjs'

const redis = { missing: () => whatIsMissing('redis-server') }
const postgres = { missing: () => whatIsMissing('pg_config') }
const aof = (log) => `AOF ${log}`

/**
 * By name. `share` of the jobs is what it gets to do: slow ones would take the whole evening. `open` answers
 * how to `feed` jobs in groups, what is `done`, and how to do one.
 */
export const contenders = {
  'ours-sqlite': {
    ...{ title: 'Carbontube, SQLite', build: 'concurrency 50', durability: 'fsync before ack' },
    ...{ share: 1, open: () => openOurs({ concurrency: 50, store: 'sqlite' }) },
  },
  'ours-redis-everysec': {
    ...{ title: 'Carbontube, Redis', build: 'concurrency 50', durability: aof('everysec') },
    ...{ ...redis, share: 0.5 },
    open: () => openOurs({ concurrency: 50, store: 'redis-everysec' }),
  },
  'ours-redis': {
    ...{ title: 'Carbontube, Redis', build: 'concurrency 50', durability: aof('always') },
    ...{ ...redis, share: 0.5, open: () => openOurs({ concurrency: 50, store: 'redis' }) },
  },
  'ours-postgres': {
    ...{ title: 'Carbontube, Postgres', build: 'concurrency 50', durability: 'fsync' },
    ...{ ...postgres, share: 0.4, open: () => openOurs({ concurrency: 50, store: 'postgres' }) },
  },
  'bullmq-50': bullmq(50, 'everysec'),
  'bullmq-200': bullmq(200, 'everysec'),
  'bullmq-200-always': bullmq(200, 'always'),
  jetstream: {
    ...{ title: 'NATS JetStream', build: 'work-queue streams, publish next, then ack' },
    ...{ durability: 'files, fsync every 2 min', share: 0.4 },
    ...{ missing: () => whatIsMissing('nats-server') },
    open: () => openJetstream({ concurrency: 200 }),
  },
  graphile: {
    ...{ title: 'graphile-worker', build: 'a task adds the next, local queue, concurrency 50' },
    ...{ durability: 'fsync', ...postgres, share: 0.05 },
    open: () => openGraphile({ concurrency: 50 }),
  },
  celery: {
    ...{
      title: 'Celery on Redis',
      build: 'chain(a, b, c), prefork 2',
      durability: aof('everysec'),
    },
    ...{ missing: () => whatIsMissing(python, ['-c', 'import celery, redis']), share: 0.02 },
    open: () => openCelery({ log: 'everysec' }),
  },
}

function bullmq(concurrency, log) {
  return {
    ...{ title: `BullMQ, concurrency ${concurrency}`, build: 'a worker adds to the next queue' },
    ...{ durability: aof(log), ...redis, share: 0.2 },
    open: () => openBullmq({ concurrency, log }),
  }
}

/** Ours beside theirs, of like durability where there is such a pair: what the ratios are of. */
export const pairs = [
  ['ours-sqlite', 'bullmq-50'],
  ['ours-sqlite', 'bullmq-200'],
  ['ours-sqlite', 'jetstream'],
  ['ours-sqlite', 'celery'],
  ['ours-redis-everysec', 'bullmq-200'],
  ['ours-redis', 'bullmq-200-always'],
  ['ours-postgres', 'graphile'],
]
