/** The page of a pipeline: its definition, a form that enqueues, and the same job from a shell or from code. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, it } from 'vitest'
import type { JobPage } from '../../src/dashboard/api-types.ts'
import { decodeInstructions } from '../../src/wire/instructions.ts'
import { Shell } from '../e2e/shell.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile } from './dashboard-bench.ts'

const bench = benchOfFile()
const root = fileURLToPath(new URL('../..', import.meta.url))
let shell: Shell | undefined

afterAll(() => shell?.close())

/** In the folder of somebody who has installed the package. */
function userShell(): Shell {
  if (shell !== undefined) return shell
  const { folder } = bench().processes
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  symlinkSync(root, join(modules, 'carbontube'))
  symlinkSync(join(root, 'dist/cli/main.js'), join(modules, '.bin/carbontube'))
  chmodSync(join(root, 'dist/cli/main.js'), 0o755)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  shell = new Shell(folder)
  return shell
}

async function snippet(page: Page, title: string): Promise<string> {
  await page.getByRole('tab', { name: title }).click()
  return page.getByTestId('snippet').innerText()
}

async function newestJob() {
  const { jobs } = await bench().api<JobPage>('jobs')
  const { instructions } = await bench().client.getJob(jobs[0]?.id ?? '')
  return { id: jobs[0]?.id, input: inputOf(decodeInstructions(instructions)) }
}

/** Without what the phases have added. */
function inputOf({ orderNumber, express, says }: Record<string, unknown>) {
  return { orderNumber, express, says }
}

describe.skipIf(chromiumIsMissing)(`the page of a pipeline${skipped}`, () => {
  it('shows phases, schema and the versions of workers', async () => {
    const page = await bench().page('pipelines')
    await page.getByRole('main').getByRole('link', { name: 'orders' }).click()
    const phases = page.getByRole('region', { name: 'Phases' })
    await phases
      .getByRole('row')
      .filter({ hasText: 'charge' })
      .locator('[data-label=Attempts]')
      .getByText('3', { exact: true })
      .waitFor()
    await phases.getByRole('row').filter({ hasText: 'validate' }).getByText('30 min').waitFor()
    await page.getByText('"orderNumber"').first().waitFor()
    await page
      .getByTestId('versions')
      .getByText(/\d+\.\d+\.\d+/)
      .first()
      .waitFor()
  })

  it('enqueues by its form a job that runs, and tells what is wrong at the field', async () => {
    const page = await bench().page('pipelines/orders')
    const form = page.getByTestId('enqueue')
    const number = page.getByTestId('field-orderNumber').getByRole('textbox')
    await number.fill('0')
    await form.getByRole('button', { name: 'Enqueue' }).click()
    await page.getByTestId('field-orderNumber').getByTestId('field-issue').waitFor()
    expect((await bench().api<JobPage>('jobs')).jobs).toHaveLength(0)

    await number.fill('77')
    await form.getByRole('button', { name: 'Enqueue' }).click()
    await page.getByTestId('enqueued').click()
    await page.locator('.job-head').getByText('done', { exact: true }).waitFor()
    expect((await newestJob()).input.orderNumber).toBe(77)
  })

  it('gives the same job as curl, as a command and as TypeScript', async () => {
    const page = await bench().page('pipelines/orders')
    await page.getByTestId('field-orderNumber').getByRole('textbox').fill('88')
    await page.getByTestId('field-says').getByRole('textbox').fill(`it's "so" $HOME`)
    const expected = { orderNumber: 88, express: undefined, says: `it's "so" $HOME` }
    let before = (await newestJob()).id

    const curl = await userShell().run(await snippet(page, 'curl'))
    expect(curl.code, curl.stderr).toBe(0)
    let newest = await newestJob()
    expect(newest.id).not.toBe(before)
    expect(newest.input).toEqual(expected)

    before = newest.id
    const command = await userShell().run(await snippet(page, 'CLI'))
    expect(command.code, command.stderr).toBe(0)
    newest = await newestJob()
    expect(newest.id).not.toBe(before)
    expect(newest.input).toEqual(expected)

    before = newest.id
    const file = join(bench().processes.folder, 'enqueue-one.mjs')
    writeFileSync(file, await snippet(page, 'TypeScript'))
    const code = await userShell().run('node enqueue-one.mjs')
    expect(code.code, code.stderr).toBe(0)
    newest = await newestJob()
    expect(newest.id).not.toBe(before)
    expect(newest.input).toEqual(expected)
  })
})
