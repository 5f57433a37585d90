/** Finds the service of a request: by the scope of its signature, else by its target, its Query form, else S3. */
import {
  type ClaimedSignature,
  claimedSignature,
  type SignatureProblem,
} from '../../kernel/sigv4/authorization.ts'
import type { QueryParameter } from '../../kernel/sigv4/uri.ts'
import type { AwsRequest, AwsService } from '../operation.ts'

export type Claim = ClaimedSignature | SignatureProblem | undefined

/** Where a request goes. `form: 'body'`: a Query form is in the body, so it must be read before the operation is known. */
export interface Route {
  readonly claim: Claim
  /** Undefined: a service that is not served here; `wanted` names it. */
  readonly service: AwsService | undefined
  readonly wanted: string
  readonly form: 'body' | 'query' | 'none'
}

/** Routes without the body; where `form` is `body` and there is no claim, `routeForm` decides once it is read. */
export function route(
  request: AwsRequest,
  query: readonly QueryParameter[],
  services: ReadonlyMap<string, AwsService>,
): Route {
  const claim = claimedSignature(request, query)
  const form = formOf(request, query)
  const scope = scopeOf(claim, request)
  if (scope !== undefined) return { claim, service: services.get(scope), wanted: scope, form }
  const target = request.headers.get('x-amz-target')
  if (target !== undefined) {
    const prefix = target.slice(0, target.lastIndexOf('.'))
    const service = [...services.values()].find((s) => s.targetPrefixes?.includes(prefix))
    return { claim, service, wanted: prefix, form: 'none' }
  }
  if (form === 'query') {
    const version = query.find((p) => p.name === 'Version')?.value
    return { claim, service: routeForm(version, services), wanted: version ?? 'sts', form }
  }
  if (form === 'body') return { claim, service: services.get('sts'), wanted: 'sts', form }
  return { claim, service: services.get('s3'), wanted: 's3', form }
}

/** The service of an unsigned Query request by its API version; STS, whose operations need no signature, where none fits. */
export function routeForm(
  version: string | null | undefined,
  services: ReadonlyMap<string, AwsService>,
): AwsService | undefined {
  for (const service of services.values()) {
    if (version && service.apiVersion === version) return service
  }
  return services.get('sts')
}

function scopeOf(claim: Claim, request: AwsRequest): string | undefined {
  if (claim && !('problem' in claim)) return claim.scope.service
  if (!claim) return undefined
  // A signature that cannot be read still often says whom it was meant for.
  const credential = request.headers.get('authorization') ?? request.rawQuery
  return /Credential=[^/%,&]+(?:\/|%2F)\d+(?:\/|%2F)[a-z0-9-]+(?:\/|%2F)([a-z0-9-]+)/i.exec(
    credential,
  )?.[1]
}

function formOf(request: AwsRequest, query: readonly QueryParameter[]): Route['form'] {
  if (request.method === 'POST' && request.rawPath === '/') {
    const type = request.headers.get('content-type') ?? ''
    if (/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) return 'body'
  }
  return request.rawPath === '/' && query.some((p) => p.name === 'Action') ? 'query' : 'none'
}
