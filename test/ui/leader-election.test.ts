/** One stream for all tabs: tabs here share a channel and a lock as a browser's do. */
import { describe, expect, it } from 'vitest'
import { Election, type ElectionParts, type TabMessage } from '../../ui/src/leader-election.ts'

class Browser {
  readonly #listeners = new Map<string, (message: TabMessage) => void>()
  readonly #waiting: { tab: string; lead: () => void }[] = []
  #holder: string | undefined

  parts(tab: string): Pick<ElectionParts, 'acquire' | 'channel'> {
    return {
      acquire: (lead) => {
        this.#waiting.push({ tab, lead })
        this.#grant()
      },
      channel: {
        post: (message) => {
          for (const [other, hear] of this.#listeners) if (other !== tab) hear(message)
        },
        listen: (hear) => this.#listeners.set(tab, hear),
      },
    }
  }

  close(tab: string): void {
    this.#listeners.delete(tab)
    if (this.#holder !== tab) return
    this.#holder = undefined
    this.#grant()
  }

  #grant(): void {
    if (this.#holder !== undefined) return
    const next = this.#waiting.shift()
    this.#holder = next?.tab
    next?.lead()
  }
}

function aTab(name: string, browser?: Browser, topics: readonly string[] = ['snapshot']) {
  const opened: string[] = []
  const heard: unknown[] = []
  const states: boolean[] = []
  const election = new Election(
    {
      tab: name,
      ...browser?.parts(name),
      open: (wanted) => opened.push(wanted.join(',')),
      deliver: (event, data) => heard.push(`${event} ${String(data)}`),
      connection: (isConnected) => states.push(isConnected),
    },
    topics,
  )
  election.start()
  return { election, opened, heard, states }
}

describe('the tabs of a browser', () => {
  it('have one stream between them', () => {
    const browser = new Browser()
    const tabs = Array.from({ length: 8 }, (_, at) => aTab(`tab ${at}`, browser))
    expect(tabs.map(({ opened }) => opened.length)).toEqual([1, 0, 0, 0, 0, 0, 0, 0])
    tabs[0]?.election.streamed('snapshot', 1)
    expect(tabs.map(({ heard }) => heard)).toEqual(tabs.map(() => ['snapshot 1']))
  })

  it('stream the log lines that one tab asks for, and all when another asks for others', () => {
    const browser = new Browser()
    const [first, second] = [aTab('a', browser), aTab('b', browser)]
    second.election.want(['snapshot', 'logs?level=error'])
    first.election.want(['snapshot', 'logs?text=gold'])
    second.election.want(['snapshot'])
    first.election.want(['snapshot', 'logs?text=gold'])
    expect(first.opened).toEqual([
      'snapshot',
      'logs?level=error,snapshot',
      'logs,snapshot',
      'logs?text=gold,snapshot',
    ])
  })

  it('elect another when the leader is closed', () => {
    const browser = new Browser()
    const [first, second] = [aTab('a', browser), aTab('b', browser)]
    first.election.leave()
    browser.close('a')
    expect(second.election.isLeader).toBe(true)
    expect(second.opened).toEqual(['snapshot'])
  })

  it('tell the leader which topics they want, and open again only for a new one', () => {
    const browser = new Browser()
    const [first, second] = [aTab('a', browser), aTab('b', browser)]
    second.election.want(['snapshot', 'logs'])
    second.election.want(['snapshot'])
    second.election.want(['snapshot', 'logs'])
    expect(first.opened).toEqual(['snapshot', 'logs,snapshot'])
  })

  it('tell a new leader as well', () => {
    const browser = new Browser()
    aTab('a', browser)
    const second = aTab('b', browser)
    aTab('c', browser, ['snapshot', 'logs'])
    browser.close('a')
    expect(second.opened).toEqual(['logs,snapshot'])
  })

  it('know whether the stream stands, also who comes later', () => {
    const browser = new Browser()
    const first = aTab('a', browser)
    first.election.connected(true)
    const second = aTab('b', browser)
    expect(second.states).toEqual([true])
    first.election.connected(false)
    expect(second.states).toEqual([true, false])
  })
})

describe('a tab without locks or a channel', () => {
  it('has a stream of its own', () => {
    const alone = aTab('a')
    expect(alone.opened).toEqual(['snapshot'])
    alone.election.streamed('snapshot', 2)
    expect(alone.heard).toEqual(['snapshot 2'])
  })
})
