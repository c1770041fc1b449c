/** `completion`: the script that makes a shell complete our command lines, with no Node at each TAB. */
import type { CommandOptions } from '../config/commands.ts'
import { didYouMean } from '../errors/did-you-mean.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { shown } from '../errors/shown.ts'
import { print } from './command-context.ts'
import { bashScript } from './completion-bash.ts'
import { fishScript } from './completion-fish.ts'
import { zshScript } from './completion-zsh.ts'

const scripts = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
])

export function printCompletion(
  shell: string,
  { json }: CommandOptions<'completion'>,
): Promise<number> {
  const script = scripts.get(shell)?.()
  if (script === undefined) {
    const names = [...scripts.keys()]
    const guess = didYouMean(shell, names)
    throw new CarbontubeError('CT_USAGE', `there is no completion for ${shown(shell)}${guess}`, {
      hint: `Shells are ${names.join(', ')}.`,
    })
  }
  print(json ? { shell, script } : script)
  return Promise.resolve(0)
}
