// The layer table: which folder may import what. Anything that is not listed is forbidden, so a new
// folder or a new package starts with no rights at all and gets its row here, in review.
// Run by `npm run check` (step `layers`) over src, sim and examples.

const anyBuiltin = { dependencyTypes: ['core'] }
/** Builtins that open no socket and start no process or thread. */
const quietBuiltin = {
  dependencyTypes: ['core'],
  pathNot:
    '^(node:)?(net|http|https|http2|tls|dgram|dns|child_process|cluster|worker_threads)(/|$)',
}
/** For code that only turns values into bytes. */
const byteBuiltin = { dependencyTypes: ['core'], path: '^(node:)?(buffer|crypto|util)$' }

const npm = (...names) => `(^|/)node_modules/(@types/)?(${names.join('|')})/`
const src = (...paths) => `^src/(${paths.join('|')})`

const core = 'core/'
const errors = 'errors/'
const audit = 'audit/'
const runtime = 'runtime/'
/** Only the syntax: what may be written where an address is wanted. */
const addressSyntax = 'runtime/address[.]ts$'
const config = 'config/'
const pipeline = 'pipeline/'
const wire = 'wire/'
const client = 'client/'
const contracts = 'storage/contract[.]ts$|transport/contract[.]ts$'
const storageContract = 'storage/contract[.]ts$'
/** What people mean by a query, also of jobs that a manager has in memory. */
const jobQuery = 'storage/job-query[.]ts$'
const transportContract = 'transport/contract[.]ts$'
/** Files beside the contract that every backend may use: cursors, ownership, history encoding. */
const storageShared = 'storage/[^/]+[.]ts$'
const shellParts = [core, pipeline, wire, contracts, runtime, config, errors]
const everything = `^src/(?!cli/|index[.]ts$)`

/** One row: files under `from` may import `to` (paths of ours or packages) and these builtins. */
function row(name, from, to, builtins) {
  const both = [...to.map((path) => ({ path })), ...(builtins === undefined ? [] : [builtins])]
  return both.map((target) => ({ comment: name, from: { path: from }, to: target }))
}

/** As `row`, for a folder whose files may also import each other. */
function layer(folder, to, builtins) {
  return row(folder, `^${folder}/`, [`^${folder}/`, ...to], builtins)
}

/** A backend of storage: itself, the contract's own folder, its driver; never a sibling. */
function backend(name, ...drivers) {
  const folder = `src/storage/${name}`
  return layer(
    folder,
    [src(storageShared, core, errors, runtime), npm('msgpackr', ...drivers)],
    anyBuiltin,
  )
}

module.exports = {
  allowedSeverity: 'error',
  allowed: [
    // The machine.
    ...layer('src/core', []),

    // What everybody stands on.
    ...row('src/language', '^src/(?!core/)', ['^src/language/']),
    ...layer('src/errors', []),
    ...layer('src/runtime', [src(errors), npm('uuid')], anyBuiltin),
    ...layer('src/config', [src(errors, addressSyntax), npm('json5')]),

    // Checks of records: also the simulator's.
    ...layer('src/audit', [src(core)]),

    // Data.
    ...layer('src/pipeline', [
      src(`${core}spec[.]ts$`, storageContract, config, errors),
      npm('@standard-schema/spec'),
    ]),
    ...layer('src/wire', [src(core, errors), npm('msgpackr')], byteBuiltin),

    // The outside world.
    ...layer('src/transport', [src(core, errors, runtime), npm('zeromq')], anyBuiltin),
    ...row(
      'src/storage',
      '^src/storage/[^/]+[.]ts$',
      [src(storageShared, core, errors, runtime), npm('msgpackr')],
      byteBuiltin,
    ),
    ...backend('memory'),
    ...backend('sqlite', 'better-sqlite3'),
    ...backend('redis', 'ioredis', 'redis', 'iovalkey'),
    ...backend('postgres', 'pg', 'postgres'),

    // Shells. They get a store and a transport as arguments.
    ...layer('src/manager', [src(...shellParts, jobQuery), npm('uuid')], quietBuiltin),
    ...layer('src/worker', [src(...shellParts), npm('uuid')], quietBuiltin),
    // A client is made by users with nothing but an address: it brings its own transport.
    ...layer(
      'src/client',
      [src(...shellParts, 'transport/zeromq-transport[.]ts'), npm('uuid')],
      quietBuiltin,
    ),
    // It asks managers over a client and answers over HTTP; of the core it knows what a status is made of.
    ...layer(
      'src/dashboard',
      [
        src(client, wire, runtime, errors),
        src(`${core}(status|duration-counts|job)[.]ts$`),
        npm('hono', '@hono/node-server', 'ajv', 'prom-client'),
      ],
      anyBuiltin,
    ),

    // The front end knows the JSON of the API, as types, and of the server only which lines a filter wants.
    ...layer('ui/src', [npm('preact', '@preact/signals', 'uplot')]),
    ...row('ui/src', '^ui/src/', ['^src/dashboard/log-filter[.]ts$']),
    ...row('ui/src', '^ui/src/', ['^src/dashboard/api-types[.]ts$']).map((only) => ({
      ...only,
      to: { ...only.to, dependencyTypes: ['type-only'] },
    })),

    // Where it all meets.
    ...layer(
      'src/cli',
      [everything, npm('commander', 'jiti', 'json5', 'cli-progress', 'uuid', '@opentelemetry/api')],
      anyBuiltin,
    ),
    ...layer('src/testing', [everything, npm('msgpackr')], anyBuiltin),
    ...row('src/index.ts', '^src/index[.]ts$', [everything]),

    // Around the source.
    ...layer(
      'sim',
      [
        src(
          core,
          wire,
          pipeline,
          audit,
          'storage/memory/',
          storageContract,
          'storage/ownership[.]ts$',
          'storage/transitions[.]ts$',
          transportContract,
          errors,
        ),
        npm('fast-check'),
      ],
      quietBuiltin,
    ),
    ...layer(
      'examples',
      [
        '^carbontube(/storage|/testing)?$',
        '^dist/((storage|testing)/)?index[.](d[.]ts|js)$',
        npm('[^/]+', '@[^/]+/[^/]+'),
      ],
      anyBuiltin,
    ),
  ],
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Also of types: two files that need each other are one file, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-resolved',
      comment: 'A specifier that leads nowhere escapes every other rule.',
      severity: 'error',
      from: { path: '^(src|sim|ui)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['(^|/)node_modules/', '^dist/'] },
    exclude: { path: '^examples/[^/]+/node_modules/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    // Types are imports too: a layer that only borrows a type still knows the other one.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
    skipAnalysisNotInRules: false,
  },
}
