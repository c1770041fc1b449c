/** What Commander finds wrong with a command line, as an error of ours: with a code, and the usage to go by. */
import type { Command, CommanderError } from 'commander'
import { CarbontubeError } from '../errors/errors.ts'

/** Has the command throw CT_USAGE and print nothing itself. Help that was asked for stays Commander's. */
export function throwUsageErrors(command: Command): void {
  command.configureOutput({ outputError: () => undefined })
  command.exitOverride((error) => {
    throw error.exitCode === 0 ? error : usageError(error, command)
  })
}

function usageError({ code, message }: CommanderError, command: Command): CarbontubeError {
  const help = command.createHelp()
  const asked = `${help.commandUsage(command)} (--help says more)`
  // Commander has printed the help of a command that is only a group of others.
  const what = code === 'commander.help' ? 'none of these commands is given' : told(message)
  return new CarbontubeError('CT_USAGE', what, { hint: `Usage: ${asked}` })
}

/** In one line: Commander puts "error: " before it, and a guess in a line of its own. */
function told(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (?:one of )?(.*)\?\)$/s, '; did you mean $1?')
    .replace(/\.$/, '')
}
