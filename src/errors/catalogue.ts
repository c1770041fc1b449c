/**
 * Every error code, whose fault it is, and the exit code of a command that ends with it.
 * docs/reference/errors.md is generated from this table; a code is never reused.
 * Exit codes: 1 failure · 2 usage · 3 file or configuration · 4 cannot reach · 5 not found · 6 refused ·
 * 7 the job failed · 8 timed out · 9 to be started again.
 */
export const catalogue = {
  CT_INTERNAL: { blame: 'us', exit: 1, means: 'A defect of Carbontube. Please report it.' },
  CT_USAGE: { blame: 'caller', exit: 2, means: 'The command line does not fit the command.' },
  CT_BAD_OPTION: {
    blame: 'caller',
    exit: 2,
    means: 'An option is unknown or its value is not allowed.',
  },
  CT_BAD_INSTRUCTIONS: {
    blame: 'caller',
    exit: 2,
    means: 'The instructions of a job are not a JSON (or JSON5) object.',
  },
  CT_BAD_ADDRESS: {
    blame: 'caller',
    exit: 2,
    means: 'An address is not of the form tcp://host:port.',
  },
  CT_BAD_VARIABLE: {
    blame: 'caller',
    exit: 3,
    means: 'A CARBONTUBE_* variable has a value that is not allowed.',
  },
  CT_CONFIG_NOT_FOUND: {
    blame: 'caller',
    exit: 3,
    means: 'The configuration file that was named cannot be read.',
  },
  CT_CONFIG_NOT_LOADED: {
    blame: 'caller',
    exit: 3,
    means: 'The configuration file is not JSON5, or is no object with a section per command.',
  },
  CT_CONFIG_UNKNOWN_KEY: {
    blame: 'caller',
    exit: 3,
    means: 'The configuration file has a section or key that is not known.',
  },
  CT_CONFIG_BAD_VALUE: {
    blame: 'caller',
    exit: 3,
    means: 'The configuration file has a value that is not allowed.',
  },
  CT_FILE_NOT_FOUND: { blame: 'caller', exit: 3, means: 'The file does not exist.' },
  CT_FILE_NOT_LOADED: {
    blame: 'caller',
    exit: 3,
    means: 'The pipeline file threw or does not parse.',
  },
  CT_NO_PIPELINE_IN_FILE: {
    blame: 'caller',
    exit: 3,
    means: 'The file exports no pipeline (or no phase) class.',
  },
  CT_BAD_PIPELINE: {
    blame: 'caller',
    exit: 3,
    means:
      'A pipeline or phase class is not well-formed: a missing name, an unknown field, a bad option.',
  },
  CT_HOOK_FAILED: {
    blame: 'caller',
    exit: 3,
    means: '`initialize` of a pipeline, or `setup` or `teardown` of a phase, threw.',
  },
  CT_CHAIN_DOES_NOT_FIT: {
    blame: 'caller',
    exit: 3,
    means: 'A phase needs a property that nothing before it returns, or wants another type for it.',
  },
  CT_MISSING_DRIVER: {
    blame: 'caller',
    exit: 3,
    means:
      'The driver of a storage backend is not installed; the message names the command that adds it.',
  },
  CT_BAD_DRIVER: {
    blame: 'caller',
    exit: 3,
    means: 'The installed driver cannot run on this Node.',
  },
  CT_ADDRESS_IN_USE: {
    blame: 'caller',
    exit: 3,
    means: 'Another process listens on that address.',
  },
  CT_CANNOT_BIND: {
    blame: 'caller',
    exit: 3,
    means: 'The address cannot be bound on this machine.',
  },
  CT_TOO_MANY_FILES: {
    blame: 'caller',
    exit: 3,
    means: 'The system lets this process, or all of them, open no more files and sockets.',
  },
  CT_STORE_FOREIGN: {
    blame: 'backend',
    exit: 3,
    means:
      'The store belongs to another application or a newer schema, or is damaged; nothing was changed.',
  },
  CT_STORE_UNWRITABLE: {
    blame: 'caller',
    exit: 3,
    means:
      'Where the file of a store is to be this user may not write, or a file is in the place of a folder.',
  },
  CT_STORE_LINKED: {
    blame: 'caller',
    exit: 3,
    means:
      'The file of a store has several names (hard links): under each of them somebody could own it.',
  },
  CT_STORE_HELD: {
    blame: 'caller',
    exit: 6,
    means: 'Another process owns this shard or file now.',
  },
  CT_STORE_FULL: {
    blame: 'backend',
    exit: 6,
    means: 'The store has no room; nothing was written.',
  },
  CT_STORE_FAILED: { blame: 'backend', exit: 1, means: 'The store answered with an error.' },
  CT_FENCED: { blame: 'us', exit: 1, means: 'A newer owner has taken over; this one stopped.' },
  CT_NOT_OWNER: {
    blame: 'peer',
    exit: 4,
    means: 'The jobs are in a shard that another manager owns: a client asks that one.',
  },
  CT_OUTCOME_UNKNOWN: {
    blame: 'backend',
    exit: 1,
    means: 'The store did not say whether a group was committed; the same group is tried again.',
  },
  CT_UNREACHABLE: { blame: 'peer', exit: 4, means: 'Nobody answers at the address.' },
  CT_PROTOCOL: { blame: 'peer', exit: 4, means: 'The other side speaks something else.' },
  CT_UNKNOWN_JOB_TYPE: {
    blame: 'caller',
    exit: 5,
    means: 'No phase has that job type.',
  },
  CT_UNKNOWN_PIPELINE: { blame: 'caller', exit: 5, means: 'No pipeline of that name is there.' },
  CT_JOB_NOT_FOUND: { blame: 'caller', exit: 5, means: 'No job of that id is kept.' },
  CT_WORKER_NOT_FOUND: { blame: 'caller', exit: 5, means: 'No worker of that id is connected.' },
  CT_BUSY: { blame: 'peer', exit: 6, means: 'The manager has no room now; try again later.' },
  CT_TOO_LARGE: { blame: 'caller', exit: 6, means: 'A job or message is larger than the limit.' },
  CT_INVALID_JOB: {
    blame: 'caller',
    exit: 6,
    means: 'The job does not pass the checks at the door.',
  },
  CT_CONFLICT: {
    blame: 'caller',
    exit: 6,
    means: 'A job with this id but other instructions is already there.',
  },
  CT_EXPIRED: {
    blame: 'caller',
    exit: 6,
    means: 'The enqueue was first sent too long ago to be told from a new one.',
  },
  CT_REFUSED: { blame: 'caller', exit: 6, means: 'The other side does not do that now.' },
  CT_JOB_FAILED: {
    blame: 'caller',
    exit: 7,
    means: 'The job is dead; the message has its last error.',
  },
  CT_JOB_CANCELLED: { blame: 'caller', exit: 7, means: 'The job was cancelled.' },
  CT_TIMED_OUT: { blame: 'peer', exit: 8, means: 'The time given for it is over.' },
  CT_REJECTED: {
    blame: 'caller',
    exit: 7,
    means: 'A phase threw Reject: the job is dead without a retry.',
  },
  CT_BAD_RESULT: {
    blame: 'caller',
    exit: 7,
    means:
      'A phase returned what cannot be merged or cannot travel: a list, a function, a cycle, …',
  },
  CT_PHASE_TIMED_OUT: { blame: 'caller', exit: 7, means: 'A phase ran longer than its timeout.' },
  CT_STUCK_RUN: {
    blame: 'caller',
    exit: 9,
    means:
      'A run ignored its abort signal: the worker finished the others and ended, to be started again.',
  },
  CT_AUDIT_FAILED: {
    blame: 'us',
    exit: 1,
    means: 'The audit of a store found records that break a promise.',
  },
  CT_UNHEALTHY: {
    blame: 'backend',
    exit: 1,
    means: 'The doctor found a store damaged, or short of what it needs.',
  },
  CT_NO_TOKEN: {
    blame: 'caller',
    exit: 3,
    means:
      'The dashboard would be open to everybody on the network: away from loopback it needs a token.',
  },
  CT_UNAUTHENTICATED: {
    blame: 'caller',
    exit: 6,
    means: 'The dashboard was asked without a valid token or session.',
  },
  CT_FORBIDDEN: {
    blame: 'caller',
    exit: 6,
    means:
      'The role of the token does not allow it, or the request may come from a page of somebody else.',
  },
  CT_BAD_REQUEST: {
    blame: 'caller',
    exit: 2,
    means: 'A request to the dashboard does not have the form that its route wants.',
  },
  CT_BAD_SEARCH: {
    blame: 'caller',
    exit: 2,
    means: 'The text of a search cannot be understood; the message says where.',
  },
  CT_NOT_FOUND: {
    blame: 'caller',
    exit: 5,
    means: 'The dashboard has nothing at that path, or of that name.',
  },
  CT_METHOD_NOT_ALLOWED: {
    blame: 'caller',
    exit: 2,
    means: 'The dashboard has something at that path, but does not do that to it.',
  },
  CT_STOPPED: {
    blame: 'caller',
    exit: 1,
    means: 'The object was stopped while something was under way.',
  },
} as const satisfies Record<
  string,
  { blame: 'caller' | 'peer' | 'backend' | 'us'; exit: number; means: string }
>

/** The code of an error, such as `CT_TIMED_OUT`. */
export type ErrorCode = keyof typeof catalogue
