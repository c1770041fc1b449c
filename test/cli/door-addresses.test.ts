/** The four doors of a manager, each in a place of its own: said before any is opened. */
import { describe, expect, it } from 'vitest'
import { doorsOf } from '../../src/cli/door-addresses.ts'

const at = (port: number | '*', host = '127.0.0.1') => `tcp://${host}:${port}`
const usual = { pullBind: at(5050), subBind: at(6000) }

describe('the doors of a manager', () => {
  it.each([
    [usual],
    [{ pullBind: at('*'), subBind: at('*') }],
    [{ ...usual, routerBind: at(6000, '10.0.0.1') }],
    [{ ...usual, pullBind: at(65_535), routerBind: at(1) }],
  ])('are where it is said: %j', (options) => {
    expect(doorsOf(options)).toMatchObject({ pull: [options.pullBind], sub: [options.subBind] })
  })

  it.each([
    [
      { ...usual, subBind: at(5051) },
      '--router-bind (without it --pull-bind, port + 1)',
      '--sub-bind',
    ],
    [{ ...usual, routerBind: at(5050) }, '--pull-bind', '--router-bind'],
    [{ ...usual, pubBind: at(5050, '*') }, '--pull-bind', '--pub-bind'],
    [
      { ...usual, subBind: at(5049) },
      '--pull-bind',
      '--pub-bind (without it --sub-bind, port + 1)',
    ],
  ])('are not two in one place: %j', (options, one, other) => {
    expect(() => doorsOf(options)).toThrow(
      expect.objectContaining({
        code: 'CT_BAD_OPTION',
        message: expect.stringContaining(`${one} and ${other} are both tcp://`),
      }),
    )
  })

  it('are not beyond the last port', () => {
    expect(() => doorsOf({ ...usual, pullBind: at(65_535) })).toThrow(
      expect.objectContaining({
        message: 'beside --pull-bind tcp://127.0.0.1:65535 there is no port + 1',
        hint: expect.stringContaining('--router-bind'),
      }),
    )
  })
})
