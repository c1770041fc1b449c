/**
 * What browsers may do with what the dashboard answers: nothing but what it was made for. Everything comes
 * from the origin itself, nothing is written as HTML from a text, and no page of somebody else shows it.
 */
import { apiPath } from './routes.ts'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
]

/** Relative to the page, which may be mounted anywhere. */
const reports = `${apiPath.slice(1)}/csp-reports`

export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [...policy, `report-uri ${reports}`, 'report-to csp'].join('; '),
  'reporting-endpoints': `csp="${reports}"`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
}
