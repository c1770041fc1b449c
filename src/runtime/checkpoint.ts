/**
 * Named points in the work of the shells. Whoever makes a manager or a worker may be told when one is passed;
 * the command line does not ask. It is how tests end a process exactly there.
 */
export type Checkpoint =
  /** A group is about to be given to the store. */
  | 'manager.beforeCommit'
  /** It is durable, and nobody has been told. */
  | 'manager.afterCommit'
  /** Results have arrived, and nothing has been made of them. */
  | 'manager.resultsReceived'
  /** A grant is acknowledged, and its run has not begun. */
  | 'worker.beforeStart'
  /** A run is under way. */
  | 'worker.running'
  /** A run has ended, and its result is nowhere but in this process. */
  | 'worker.afterRun'
  /** A report with results has been handed to the network, and no answer can have come. */
  | 'worker.resultsSent'

export type PassCheckpoint = (name: Checkpoint) => void
