/** The API server's refusals: Kubernetes' reasons, codes and texts, as Status objects carry them. */
import { Refusal } from '../../kernel/refusal.ts'
import { type FieldError, fieldErrorBody } from './field-errors.ts'

/** A resource as errors name it: `pods` or `deployments.apps`. */
export interface GroupResource {
  readonly group: string
  readonly resource: string
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly uid?: string
  readonly causes?: readonly { reason?: string; message?: string; field?: string }[]
  readonly retryAfterSeconds?: number
}

/** `pods`, `deployments.apps`. */
export function resourceText({ group, resource }: GroupResource): string {
  return group ? `${resource}.${group}` : resource
}

/** A refusal with Kubernetes' `reason` as its code; `details` become the Status' details. */
export function statusRefusal(
  status: number,
  reason: string,
  message: string,
  details?: StatusDetails,
  facts?: Readonly<Record<string, unknown>>,
): Refusal {
  return new Refusal(message, {
    code: reason,
    status,
    ...(details ? { members: { details } } : {}),
    ...(facts ? { facts } : {}),
  })
}

function detailsOf(resource: GroupResource, name: string): StatusDetails {
  return {
    ...(name ? { name } : {}),
    ...(resource.group ? { group: resource.group } : {}),
    kind: resource.resource,
  }
}

export function notFound(resource: GroupResource, name: string): Refusal {
  const message = `${resourceText(resource)} "${name}" not found`
  return statusRefusal(404, 'NotFound', message, detailsOf(resource, name))
}

/** A path that no resource answers. */
export function noSuchPath(): Refusal {
  return statusRefusal(404, 'NotFound', 'the server could not find the requested resource', {})
}

export function alreadyExists(resource: GroupResource, name: string): Refusal {
  const message = `${resourceText(resource)} "${name}" already exists`
  return statusRefusal(409, 'AlreadyExists', message, detailsOf(resource, name))
}

export function generateNameConflict(resource: GroupResource, name: string): Refusal {
  const message = `${resourceText(resource)} "${name}" already exists, the server was not able to generate a unique name for the object`
  const details = { ...detailsOf(resource, name), retryAfterSeconds: 1 }
  return statusRefusal(409, 'AlreadyExists', message, details)
}

export function conflict(resource: GroupResource, name: string, why: string): Refusal {
  const message = `Operation cannot be fulfilled on ${resourceText(resource)} "${name}": ${why}`
  return statusRefusal(409, 'Conflict', message, detailsOf(resource, name))
}

export const modifiedText =
  'the object has been modified; please apply your changes to the latest version and try again'

/** 403 by authorization or admission; an empty name leaves the name out, an empty resource is a path. */
export function forbidden(resource: GroupResource, name: string, why: string): Refusal {
  const text = resourceText(resource)
  const subject = !text
    ? 'forbidden'
    : name
      ? `${text} "${name}" is forbidden`
      : `${text} is forbidden`
  return statusRefusal(403, 'Forbidden', `${subject}: ${why}`, detailsOf(resource, name))
}

export function badRequest(message: string): Refusal {
  return statusRefusal(400, 'BadRequest', message)
}

export function unauthorized(): Refusal {
  return statusRefusal(401, 'Unauthorized', 'Unauthorized')
}

export function methodNotAllowed(): Refusal {
  const message = 'the server does not allow this method on the requested resource'
  return statusRefusal(405, 'MethodNotAllowed', message, {})
}

export function expired(message: string): Refusal {
  return statusRefusal(410, 'Expired', message)
}

export function internalError(why: string, facts?: Readonly<Record<string, unknown>>): Refusal {
  const details = { causes: [{ message: why }] }
  return statusRefusal(500, 'InternalError', `Internal error occurred: ${why}`, details, facts)
}

/** The 422 for field errors; `kind` is the Kind, not the resource, as Kubernetes has it here. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): Refusal {
  const texts = [...new Set(errors.map((e) => `${e.field}: ${fieldErrorBody(e)}`))]
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const subject = kind.group ? `${kind.kind}.${kind.group}` : kind.kind
  return statusRefusal(422, 'Invalid', `${subject} "${name}" is invalid: ${list}`, {
    ...(name ? { name } : {}),
    ...(kind.group ? { group: kind.group } : {}),
    kind: kind.kind,
    causes: errors.map((e) => ({
      reason: e.type,
      message: fieldErrorBody(e),
      field: e.field,
    })),
  })
}

/** The Status object that a refusal is on the wire. */
export function statusObject(refusal: Refusal): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: refusal.message,
    reason: refusal.code,
    ...(refusal.members['details'] ? { details: refusal.members['details'] } : {}),
    code: refusal.status,
  }
}
