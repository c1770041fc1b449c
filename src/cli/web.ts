/** `web` and `web-token`: the dashboard in this process, and tokens for it. */
import { randomBytes } from 'node:crypto'
import { optionsOf, type CommandName, type CommandOptions } from '../config/commands.ts'
import type { Endpoint } from '../config/kinds.ts'
import { resolvedName } from '../config/option.ts'
import { originsOf } from '../config/resolve.ts'
import { hashOfSecret, isTokenName } from '../dashboard/access.ts'
import type { Settings } from '../dashboard/api-types.ts'
import { startDashboard, type Dashboard } from '../dashboard/dashboard.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { shown } from '../errors/shown.ts'
import { addressesIn, parseAddress } from '../runtime/address.ts'
import { commandLogger, print, say } from './command-context.ts'
import { runUntilStopped, stopSignal } from './shutdown.ts'
import { packageVersion } from './version.ts'

const roles = ['read', 'operate', 'admin']

export async function serveWeb(
  addresses: readonly string[],
  options: CommandOptions<'web'>,
): Promise<number> {
  const { bind, token: tokens = [], insecureNoAuth, timeoutMs } = options
  // A manager may come later, but never to what is no address.
  for (const address of addresses.flatMap(addressesIn)) parseAddress(address)
  const stopped = stopSignal(0)
  const dashboard = await startDashboard({
    ...{ addresses, ...bind, tokens, insecureNoAuth, timeoutMs, version: packageVersion },
    ...{ logger: commandLogger(options), settings: settingsOf('web', options) },
  })
  sayReady(dashboard, { bind, tokens, insecureNoAuth })
  return runUntilStopped(dashboard, stopped)
}

/** The dashboard of a bundle; `undefined`: none was asked for. */
export async function startBundledWeb(
  address: string,
  options: CommandOptions<'bundle'>,
): Promise<Dashboard | undefined> {
  const { web: bind, webToken: tokens = [], insecureNoAuth } = options
  if (bind === undefined) return undefined
  const dashboard = await startDashboard({
    ...{ addresses: [address], ...bind, tokens, insecureNoAuth, version: packageVersion },
    flags: { bind: '--web', token: '--web-token' },
    ...{ logger: commandLogger(options), settings: settingsOf('bundle', options) },
  })
  sayReady(dashboard, { bind, tokens, insecureNoAuth })
  return dashboard
}

export async function makeToken(
  name: string,
  role: string,
  { json }: CommandOptions<'web-token'>,
): Promise<number> {
  if (!roles.includes(role)) {
    throw new CarbontubeError('CT_USAGE', `"${role}" is no role`, {
      hint: `Roles are ${roles.join(', ')}: to look, to act on jobs, to see the configuration as well.`,
    })
  }
  if (!isTokenName(name)) {
    throw new CarbontubeError('CT_USAGE', `${shown(name)} cannot be the name of a token`, {
      hint: 'A name is 1 to 64 letters, digits and any of . _ - in a row, for example ops or grafana-2.',
    })
  }
  const secret = `ct_${randomBytes(32).toString('base64url')}`
  const token = `${name}:${role}:${hashOfSecret(secret).toString('hex')}`
  if (json) print({ name, role, secret, token })
  else {
    say('The secret, which is shown only now:')
    print(secret)
    say('What the dashboard is given (--token, CARBONTUBE_WEB_TOKEN, or web.token in the file):')
    print(token)
  }
  return Promise.resolve(0)
}

function sayReady(
  { url }: Dashboard,
  how: { bind: Endpoint; tokens: readonly string[]; insecureNoAuth: boolean },
): void {
  const open = how.tokens.length > 0 ? '' : ', open to everybody who reaches it'
  say(`dashboard is ready at ${url}${open}`)
}

/** Each option with where its value comes from; of a token everything but its hash. */
function settingsOf<N extends CommandName>(
  command: N,
  options: CommandOptions<N>,
): Settings['options'] {
  const origins = originsOf(options)
  const values = new Map(Object.entries<unknown>(options))
  return optionsOf(command).map(([key, option]) => {
    const value = values.get(resolvedName(key, option))
    const shown = value === undefined ? (option.otherwise ?? '') : option.kind.show(value)
    const isSecret = option.kind.name === 'texts' && value !== undefined
    return {
      ...{ name: key, summary: option.summary, source: origins[key] ?? 'default' },
      value: isSecret ? shown.replaceAll(/:[0-9a-f]{64}/gi, ':…') : shown,
    }
  })
}
