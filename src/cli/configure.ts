/** Gathers what people wrote (flags, the environment, the configuration file) and has it resolved. */
import { readFileSync } from 'node:fs'
import { globalOptions, type CommandName, type CommandOptions } from '../config/commands.ts'
import { parseConfig, type ConfigFile } from '../config/config-file.ts'
import { resolveOption, resolveOptions } from '../config/resolve.ts'
import { CarbontubeError } from '../errors/errors.ts'

type Flags = Readonly<Record<string, unknown>>

const usualFile = 'carbontube.config.json'

/** The options of a command, complete. Throws what `parseConfig` and `resolveOptions` throw. */
export function optionsFor<N extends CommandName>(name: N, flags: Flags): CommandOptions<N> {
  // Whoever reports a broken file needs the version.
  const file = name === 'version' ? undefined : configFile(flags)
  return resolveOptions(name, { flags, variables: process.env, file })
}

/** The file that was named, else the one in the working directory. CARBONTUBE_CONFIG= reads none. */
function configFile(flags: Flags): ConfigFile | undefined {
  const variables = process.env
  const sources = { flags, variables, section: '' }
  const named = resolveOption('config', globalOptions.config, sources)
  if (named === undefined && variables['CARBONTUBE_CONFIG'] === '') return undefined
  const path = typeof named === 'string' ? named : usualFile
  try {
    return parseConfig(readFileSync(path, 'utf8'), path)
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    if (named === undefined && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new CarbontubeError('CT_CONFIG_NOT_FOUND', `${path} cannot be read: ${cause.message}`, {
      hint: 'Check the path in --config or CARBONTUBE_CONFIG, and that the file may be read.',
      details: { path },
      cause,
    })
  }
}
