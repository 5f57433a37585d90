/** The one door: authenticate, impersonate, authorise, dispatch; the one place where refusals become answers. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../../../audit/log.ts'
import { Refusal } from '../../../kernel/refusal.ts'
import { authenticate } from '../authn/authenticate.ts'
import { impersonated } from '../authn/impersonate.ts'
import { authorize } from '../authz/authorizer.ts'
import { invalidValue, notSupported } from '../field-errors.ts'
import type { RequestContext } from '../kind.ts'
import { internalError, invalid, methodNotAllowed } from '../status.ts'
import type { ApiDeps } from './call.ts'
import { fieldValidationOf } from './decode-object.ts'
import { handlePath, type PathDeps } from './handle-path.ts'
import { handleResource } from './handle-resource.ts'
import { answerForm } from './negotiate.ts'
import { respondRefusal } from './respond.ts'
import { routeOf, verbOf } from './route.ts'
import type { Upgrade } from './upgrade.ts'

const warningBytesMax = 4096
const managerLengthMax = 128

/** Makes the listener of the HTTPS server. */
export function requestHandler(deps: ApiDeps & PathDeps & { readonly log: Log }) {
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    upgrade?: Upgrade,
  ): Promise<void> => {
    const auditId = randomUUID()
    response.setHeader('Audit-Id', auditId)
    response.on('error', () => {})
    try {
      await handle(request, response, deps, upgrade)
    } catch (error) {
      const refusal = refusalOf(error, request, auditId, deps.log)
      if (response.headersSent) response.destroy()
      else {
        if (!request.complete) response.setHeader('Connection', 'close')
        await respondRefusal(response, refusal)
      }
    }
  }
}

function refusalOf(error: unknown, request: IncomingMessage, auditId: string, log: Log): Refusal {
  if (error instanceof Refusal) return error
  const isGone = (error as { code?: string }).code === 'ECONNRESET'
  if (!isGone) {
    const { method, url } = request
    log.error(
      { error, auditId, method, path: url?.split('?')[0] },
      'a request failed in the server',
    )
  }
  return internalError(`see the server's log for audit id ${auditId}`)
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  deps: ApiDeps & PathDeps,
  upgrade: Upgrade | undefined,
): Promise<void> {
  const { method = 'GET' } = request
  const { path, query } = parseUrl(request.url ?? '/')
  const groups = request.headersDistinct['impersonate-group'] ?? []
  const known = await authenticate(request, deps.authenticator)
  const user = impersonated(known, request.headers, groups, deps.authorizers)
  const route = routeOf(path)
  if (!route) {
    const where = { group: '', resource: '', subresource: '', namespace: undefined, name: '' }
    const attributes = { user, verb: method.toLowerCase(), ...where, path }
    authorize(attributes, deps.authorizers)
    if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed()
    return handlePath(path, request, response, deps)
  }
  const context = contextOf(request, response, query, user)
  const verb = verbOf(method, route, query)
  const validation = fieldValidationOf(query)
  // A log is text, whatever the client would like.
  const accept = route.subresource === 'log' ? undefined : request.headers.accept
  const form = answerForm(accept)
  const call = { request, response, query, route, verb, user, context, form, validation }
  return handleResource(upgrade ? { ...call, upgrade } : call, deps)
}

function parseUrl(url: string): { path: string; query: URLSearchParams } {
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  return { path, query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)) }
}

function contextOf(
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
  user: RequestContext['user'],
): RequestContext {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '')
  const kind = { group: 'meta.k8s.io', kind: 'CreateOptions' }
  if (dryRun.some((value) => value !== 'All')) {
    throw invalid(kind, '', [notSupported('dryRun', dryRun, ['All'])])
  }
  const agent = (request.headers['user-agent'] ?? '').split('/')[0]?.trim() ?? ''
  const fieldManager = query.get('fieldManager') || agent.slice(0, managerLengthMax) || 'unknown'
  if (fieldManager.length > managerLengthMax) {
    const error = invalidValue(
      'fieldManager',
      fieldManager,
      'must not be longer than 128 characters',
    )
    throw invalid(kind, '', [error])
  }
  const warnings: string[] = []
  return {
    user,
    dryRun: dryRun.length > 0,
    fieldManager,
    warn(text) {
      const size = warnings.reduce((sum, w) => sum + w.length, text.length)
      if (response.headersSent || warnings.includes(text) || size > warningBytesMax) return
      warnings.push(text)
      const headers = warnings.map((w) => `299 - ${JSON.stringify(printable(w))}`)
      response.setHeader('Warning', headers)
    },
  }
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
