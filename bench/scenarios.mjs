/**
 * All scenarios by name: how one runs, and the tables and charts that
 * README.md shows of its result, the tables also the terminal.
 */
import { backlog } from './backlog.mjs'
import { compare, compareTables } from './compare.mjs'
import { counts, countsTables } from './counts.mjs'
import { dashboards, dashboardsTables } from './dashboards.mjs'
import { enqueue, enqueueTables } from './enqueue.mjs'
import { fairness, fairnessTables } from './fairness.mjs'
import { growth, growthCharts, growthTables } from './growth.mjs'
import { idle, idleTables } from './idle.mjs'
import { latency, latencyTables } from './latency.mjs'
import { mixed, mixedTables } from './mixed.mjs'
import { peers, peersCharts, peersTables } from './peers.mjs'
import { profile, profileTables } from './profile.mjs'
import { recovery, recoveryTables } from './recovery.mjs'
import { soak, soakCharts, soakTables } from './soak.mjs'
import { startUp, startUpTables } from './start-up.mjs'
import { throughput } from './throughput.mjs'
import { workers, workersTables } from './workers.mjs'

export const scenarios = {
  throughput: {
    run: throughput,
    options:
      '[--store sqlite] [--jobs 50000] [--warm-up 20000] [--runs 3] [--concurrency 50] [--managers 4 --shards 16] [--workers 2: of each phase]',
  },
  backlog: {
    run: backlog,
    options: '[--stores sqlite,redis,postgres] [--jobs 1000000] [--work 50000] [--runs 3]',
  },
  peers: {
    ...{ run: peers, tables: peersTables, charts: peersCharts },
    options: '[--only ours-sqlite,bullmq-50] [--jobs 40000] [--runs 3]',
  },
  latency: {
    ...{ run: latency, tables: latencyTables },
    options: '[--stores sqlite,redis,postgres] [--count 2000] [--runs 3]',
  },
  enqueue: {
    ...{ run: enqueue, tables: enqueueTables },
    options: '[--stores sqlite,redis,postgres] [--jobs 100000] [--runs 3]',
  },
  fairness: {
    run: fairness,
    tables: fairnessTables,
    options: '[--store sqlite] [--jobs 100000] [--ms 40,100,200]',
  },
  dashboards: {
    ...{ run: dashboards, tables: dashboardsTables },
    options: '[--store sqlite] [--jobs 30000] [--runs 3]',
  },
  idle: { run: idle, tables: idleTables, options: '[--seconds 60]' },
  compare: {
    ...{ run: compare, tables: compareTables },
    options: 'REVISION [--store sqlite] [--jobs 50000] [--runs 3]',
  },
  profile: {
    ...{ run: profile, tables: profileTables },
    options: '[REVISION] [--store sqlite] [--jobs 100000] [--to FOLDER]',
  },
  counts: { run: counts, tables: countsTables, options: '[--check]' },
  start: { run: startUp, tables: startUpTables, options: '[--runs 10]' },
  mixed: { run: mixed, tables: mixedTables, options: '[--store sqlite] [--seconds 60]' },
  recovery: { run: recovery, tables: recoveryTables, options: '[--count 50: kills]' },
  workers: {
    ...{ run: workers, tables: workersTables },
    options: '[--store sqlite] [--count 500] [--seconds 20]',
  },
  growth: {
    ...{ run: growth, tables: growthTables, charts: growthCharts },
    options:
      '[--store sqlite] [--only phases,workers,payloadBytes,waitingJobs] [--jobs 20000] [--runs 3]',
  },
  soak: {
    ...{ run: soak, tables: soakTables, charts: soakCharts },
    options: '[--store sqlite] [--minutes 60]',
  },
}
