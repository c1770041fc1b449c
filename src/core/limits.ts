/**
 * Every bound of the core, with its unit and its reason. A queue without a bound is how a pipeline dies.
 * All of them are options; these are the defaults.
 */
export interface Limits {
  /** Worker reports and manager pings are this far apart. */
  readonly beatMs: number
  /** A worker that has not reported for this long gets no grants until it reports again. */
  readonly silentAfterMs: number
  /** A gap in the owner's own timers beyond this restarts all liveness deadlines (suspend, long GC). */
  readonly loopGapMs: number
  /** How long a new owner collects claims before it grants what an earlier owner may have granted. */
  readonly rollCallMs: number
  /** An order not acknowledged for this long is worth a ping, and a resend if the ping shows it missing. */
  readonly grantResendMs: number
  /** Resends before the grant is released without a charge. */
  readonly grantResendsMax: number
  /** A grant that has run this long is noted in the store, so that people and takeovers see it. */
  readonly runningRecordAfterMs: number
  /** Hot window of each phase: at most this many ready jobs are kept in memory, in some 40 MiB with what V8 adds … */
  readonly readyJobsMax: number
  /** … and at most this many bytes of their instructions. */
  readonly readyBytesMax: number
  /** Scheduled (backing off) jobs kept in memory per shard, of at most `readyBytesMax`; later ones stay cold in the store. */
  readonly scheduledJobsMax: number
  /** Jobs that one load reads: keeps a synchronous store from holding the loop for long. */
  readonly loadJobsMax: number
  /** Orders about jobs that one look-up reads the store for: each job comes with its instructions, however large. */
  readonly lookUpOrdersMax: number
  /** Admission stops at this many waiting jobs: the answer is `busy`. */
  readonly waitingJobsMax: number
  /** Submitted jobs whose insert is not yet committed; more are answered `busy`. As many may wait for the input check. */
  readonly uncommittedInsertsMax: number
  /** Bytes of their instructions; more are answered `busy`. */
  readonly uncommittedBytesMax: number
  /** Instructions larger than this are refused as `tooLarge`. */
  readonly jobBytesMax: number
  /** Job ids are strings of at most this many bytes. */
  readonly idBytesMax: number
  /** An enqueue first sent longer ago than this is answered `expired`; less than any retention. */
  readonly enqueueTtlMs: number
  /** Mutations in one commit group: keeps a synchronous store from holding the loop for long. */
  readonly groupMutationsMax: number
  /** Instructions in one commit group, in bytes: servers have limits, and a group must be sent before a time-out. */
  readonly groupBytesMax: number
  /** How long the client of a `busy` answer should wait. */
  readonly busyRetryAfterMs: number
  /** Announced workers kept at once; each costs about five file descriptors. */
  readonly workersMax: number
}

const MiB = 1024 * 1024

export const defaultLimits: Limits = {
  beatMs: 1_000,
  silentAfterMs: 4_000,
  loopGapMs: 2_000,
  rollCallMs: 2_000,
  grantResendMs: 1_000,
  grantResendsMax: 3,
  runningRecordAfterMs: 2_000,
  readyJobsMax: 20_000,
  readyBytesMax: 64 * MiB,
  scheduledJobsMax: 20_000,
  loadJobsMax: 2_000,
  lookUpOrdersMax: 16,
  waitingJobsMax: 10_000_000,
  uncommittedInsertsMax: 50_000,
  uncommittedBytesMax: 256 * MiB,
  jobBytesMax: 8 * MiB,
  idBytesMax: 128,
  enqueueTtlMs: 3_600_000,
  groupMutationsMax: 2_000,
  groupBytesMax: 16 * MiB,
  busyRetryAfterMs: 250,
  workersMax: 800,
}
