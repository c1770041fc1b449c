// Deliberate bugs in the real core. Each changes a few lines of the source; the simulator has to notice.
// A mutant that survives says that a checker, a fault or a knob is missing.

/** @type {readonly { name: string, file: string, find: string, replace: string }[]} */
export const mutants = [
  {
    name: 'the token of a result is not looked at',
    file: 'src/core/results.ts',
    find: 'job.grant !== undefined && sameToken(job.grant.token, token)',
    replace: 'job.grant !== undefined',
  },
  {
    name: 'tokens are the same without the nonce of their owner',
    file: 'src/core/token.ts',
    find: ' && a.epoch === b.epoch && a.nonce === b.nonce',
    replace: ' && a.epoch === b.epoch',
  },
  {
    name: 'an owner does not look at tokens of its epoch by another one',
    file: 'src/core/shard.ts',
    find: 'if (fence?.epoch !== this.config.epoch) return',
    replace: 'if (fence?.epoch !== 0) return',
  },
  {
    name: 'tokens are the same without epoch and nonce',
    file: 'src/core/token.ts',
    find: ' && a.epoch === b.epoch && a.nonce === b.nonce',
    replace: '',
  },
  {
    name: 'effects leave before the commit',
    file: 'src/core/commit-gate.ts',
    find: 'const isClear = this.#groups.length === 0 && this.#inFlight === undefined',
    replace: 'const isClear = true',
  },
  {
    name: 'effects without a mutation do not wait for the group in flight',
    file: 'src/core/commit-gate.ts',
    find: 'const isClear = this.#groups.length === 0 && this.#inFlight === undefined',
    replace: 'const isClear = this.#groups.length === 0 && mutations.length === 0',
  },
  {
    name: 'two groups have the same id',
    file: 'src/core/commit-gate.ts',
    find: 'id: `${this.#owner}-${number}`',
    replace: 'id: `${this.#owner}-${number >> 1}`',
  },
  {
    name: 'the end of a phase and its result are two writes',
    file: 'src/core/settling.ts',
    find: 'toPhase,\n    readyMs: shard.nowMs,\n    instructions,',
    replace: 'toPhase,\n    readyMs: shard.nowMs,\n    instructions: job.instructions,',
  },
  {
    name: 'a worker takes an order as often as it arrives',
    file: 'src/core/order-receiver.ts',
    find: 'if (order <= this.#through || this.#later.has(order)) return false',
    replace: '',
  },
  {
    name: 'a worker never sends a result again',
    file: 'src/core/outbox.ts',
    find: 'if (entry.owner !== owner || entry.sentMs === 0 || entry.sentMs > sentMs) continue',
    replace: 'continue',
  },
  {
    name: 'silence on a live connection releases',
    file: 'src/core/liveness.ts',
    find: 'worker.isSilent = silentMs > silentAfterMs\n',
    replace:
      'worker.isSilent = silentMs > silentAfterMs\n      if (worker.isSilent) { this.lost(worker.info.incarnation, "linkLost"); continue }\n',
  },
  {
    name: 'a new owner does not call the roll',
    file: 'src/core/dispatcher.ts',
    find: 'shard.rollCallOpen = shard.waiting > 0',
    replace: 'shard.rollCallOpen = false',
  },
  {
    name: 'what is noted as running is not waited for',
    file: 'src/core/dispatcher.ts',
    find: 'this.#liveness.presume(event.noted)',
    replace: '',
  },
  {
    name: 'a claim of another attempt or phase is adopted',
    file: 'src/core/recovery.ts',
    find: 'const isSameRun = known.phase === claim.phase && known.attempts + 1 === claim.attempt',
    replace: 'const isSameRun = true',
  },
  {
    name: 'a claim below the fence is adopted',
    file: 'src/core/recovery.ts',
    find: 'isFree && isSameRun && fenceOf(claim.token) >= known.tokenMin',
    replace: 'isFree && isSameRun && fenceOf(claim.token) >= ""',
  },
  {
    name: 'a job is adopted for a worker that is gone',
    file: 'src/core/recovery.ts',
    find: 'if (this.#shard.workers.get(claim.incarnation) === undefined) return',
    replace: '',
  },
  {
    name: 'a result of a job that is not in memory is gone, without a look into the store',
    file: 'src/core/results.ts',
    find: 'recovery.result(incarnation, result)',
    replace: "answerResult(shard, to, 'gone')",
  },
  {
    name: 'a result is judged by what the store said before the job changed',
    file: 'src/core/recovery.ts',
    find: 'const isOutdated = () => shard.jobs.get(id) === undefined && shard.isStaleRead(id, load)',
    replace: 'const isOutdated = () => load < 0',
  },
  {
    name: 'a refill takes the window for complete',
    file: 'src/core/ready-queue.ts',
    find: 'if (exhausted) this.#complete = true',
    replace: 'this.#complete = true',
  },
  {
    name: 'a job behind cold ones goes first',
    file: 'src/core/ready-queue.ts',
    find: 'return this.#cursor === undefined || isBefore(this.#cursor, job)',
    replace: 'return false',
  },
  {
    name: 'the cursor of due jobs runs ahead',
    file: 'src/core/scheduled-jobs.ts',
    find: 'if (last !== undefined) this.#cursor = { dueMs: last.dueMs, sequence: last.sequence }',
    replace:
      'if (last !== undefined) this.#cursor = { dueMs: last.dueMs + 5, sequence: last.sequence }',
  },
  {
    name: 'later jobs go first',
    file: 'src/core/ready-queue.ts',
    find: ': a.sequence < b.sequence',
    replace: ': a.sequence > b.sequence',
  },
  {
    name: 'a failed attempt is not counted',
    file: 'src/core/settling.ts',
    find: 'job.attempts += 1',
    replace: '',
  },
  {
    name: 'neighbours are charged for the death of a process',
    file: 'src/core/settling.ts',
    find: 'if (isSuspect && job.alone) job.crashes += 1',
    replace: 'if (isSuspect) job.crashes += 1',
  },
  {
    name: 'a suspect is granted beside others',
    file: 'src/core/settling.ts',
    find: 'job.alone = job.suspect',
    replace: 'job.alone = false',
  },
  {
    name: 'a worker gets one job more than its credit',
    file: 'src/core/workers.ts',
    find: 'worker.grants.size < worker.credit',
    replace: 'worker.grants.size <= worker.credit',
  },
  {
    name: 'an open without an answer is not repeated',
    file: 'src/core/liveness.ts',
    find: "if (worker.link === 'opened') {\n        this.#open(worker)\n        continue\n      }\n",
    replace: '',
  },
  {
    name: 'a cancelled job keeps its grant',
    file: 'src/core/settling.ts',
    find: 'job.grant = undefined\n  shard.forget(job)',
    replace: 'shard.forget(job)',
  },
  {
    name: 'an acknowledged order may still be missing',
    file: 'src/core/workers.ts',
    find: 'order !== undefined && order <= through',
    replace: 'order !== undefined && order <= through + 1',
  },
]
