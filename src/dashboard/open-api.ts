/** The API as an OpenAPI 3.1 document, out of the table of routes and the schemas of the types. */
import { apiSchemas } from './api-schemas.generated.ts'
import { apiPath, pathNames, routeNames, routes, type Route } from './routes.ts'

const descriptions: Readonly<Record<number, string>> = {
  200: 'Here it is.',
  201: 'It was made.',
  202: 'It has not settled yet.',
  204: 'Done; there is nothing to say.',
}

export function openApiDocument(version: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const name of routeNames) {
    const route: Route = routes[name]
    const path = `${apiPath}${route.path}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(name, route) }
  }
  const text = JSON.stringify({
    ...{ openapi: '3.1.0', info: { title: 'Carbontube dashboard', version }, paths },
    // Relative to the document, which may be mounted anywhere.
    servers: [{ url: '../..' }],
    components: {
      schemas: apiSchemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'carbontube_<port>' },
      },
    },
  })
  return JSON.parse(text.replaceAll('#/definitions/', '#/components/schemas/')) as Readonly<
    Record<string, unknown>
  >
}

function operationOf(operationId: string, route: Route): Readonly<Record<string, unknown>> {
  const { summary, role, path, query = {}, request } = route
  const inPath = pathNames(path).map((name) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }))
  const inQuery = Object.entries(query).map(([name, description]) => ({
    ...{ name, in: 'query', required: false, description, schema: { type: 'string' } },
  }))
  const body = { required: true, content: jsonOf(request ?? '') }
  return {
    ...{ operationId, summary, 'x-role': role, parameters: [...inPath, ...inQuery] },
    ...(role === 'open' ? {} : { security: [{ bearer: [] }, { session: [] }] }),
    ...(request === undefined ? {} : { requestBody: body }),
    responses: responsesOf(operationId, route),
  }
}

function responsesOf(name: string, route: Route): Readonly<Record<string, unknown>> {
  const { status = 200, response, media } = route
  const content = response === undefined ? mediaContent(media) : { content: jsonOf(response) }
  const good = { description: descriptions[status] ?? '', ...content }
  const problem = { $ref: '#/definitions/Problem' }
  return {
    [status]: good,
    ...(name === 'waitForJob' ? { 202: { ...good, description: descriptions[202] } } : {}),
    default: {
      description: 'A problem.',
      content: { 'application/problem+json': { schema: problem } },
    },
  }
}

function jsonOf(type: string): Readonly<Record<string, unknown>> {
  return { 'application/json': { schema: { $ref: `#/definitions/${type}` } } }
}

function mediaContent(media: string | undefined): Readonly<Record<string, unknown>> {
  return media === undefined ? {} : { content: { [media]: { schema: {} } } }
}
