/** Bodies of requests: read up to a limit, parsed, and held against the schema of their type. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { CarbontubeError } from '../errors/errors.ts'
import { apiSchemas } from './api-schemas.generated.ts'
import { badRequest, type Issue } from './problem.ts'
import type { TypeName } from './routes.ts'

/** Of a body: what a job may have, and a little around it. */
export const bodyBytesMax = 8 * 1024 * 1024

const ajv = new Ajv({ allErrors: false, strict: false })
ajv.addSchema({ $id: 'api', definitions: apiSchemas })
const checks = new Map<TypeName, ValidateFunction>()

/** The body as a value of that type. @throws CT_BAD_REQUEST with an issue for each field, CT_TOO_LARGE */
export async function readBody(request: Request, type: TypeName): Promise<unknown> {
  const value = parse(await readText(request, bodyBytesMax))
  const check = checkOf(type)
  if (check(value)) return value
  const issues = (check.errors ?? []).map(issueOf)
  const [first] = issues
  const where = first === undefined || first.path === '' ? 'the body' : first.path
  throw badRequest(`${where} ${first?.message ?? 'does not fit'}`, issues)
}

/** @throws CT_TOO_LARGE */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > bytesMax) throw tooLarge(bytesMax)
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of request.body ?? []) {
    const chunk = part as Uint8Array
    bytes += chunk.byteLength
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    parts.push(chunk)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text)
  } catch (cause) {
    throw badRequest(
      `the body is no JSON: ${cause instanceof Error ? cause.message : 'it does not parse'}`,
    )
  }
}

function checkOf(type: TypeName): ValidateFunction {
  const known = checks.get(type)
  if (known !== undefined) return known
  const check = ajv.compile({ $ref: `api#/definitions/${type}` })
  checks.set(type, check)
  return check
}

function issueOf({ instancePath, message = 'does not fit', params }: ErrorObject): Issue {
  const path = instancePath.slice(1).replaceAll('/', '.')
  const extra: unknown = params['additionalProperty'] ?? params['allowedValues']
  const known = Array.isArray(extra) ? extra.join(', ') : extra
  return { path, message: typeof known === 'string' ? `${message}: ${known}` : message }
}

function tooLarge(bytesMax: number): CarbontubeError {
  return new CarbontubeError('CT_TOO_LARGE', `the body has more than ${bytesMax} bytes`, {
    hint: 'Keep large data elsewhere, and give its place in the instructions.',
  })
}
