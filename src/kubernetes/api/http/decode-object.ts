/** From a decoded body to an object of a kind: the type checked, the fields conformed, unknown ones told. */
import type { KubernetesObject } from '../../object.ts'
import { apiVersionOf, type RequestContext } from '../kind.ts'
import { conform, TypeMismatch } from '../schema/conform.ts'
import { type Schema, schemaName } from '../schema/schema.ts'
import { badRequest, statusRefusal } from '../status.ts'
import type { Decoded } from './body.ts'

interface TypeName {
  readonly group: string
  readonly version: string
  readonly kind: string
}

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

/** The `fieldValidation` of a query; another value is a 422. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation') || 'Warn'
  if (value === 'Ignore' || value === 'Warn' || value === 'Strict') return value
  const message = `CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: ${JSON.stringify(value)}: supported values: "Ignore", "Strict", "Warn"`
  throw statusRefusal(422, 'Invalid', message, { group: 'meta.k8s.io', kind: 'CreateOptions' })
}

/** Makes an object of `type` of a body; fields that the type does not have are refused, warned of or dropped. */
export function objectOf(
  decoded: Decoded,
  type: TypeName,
  schema: Schema,
  validation: FieldValidation,
  context: RequestContext,
): KubernetesObject {
  checkType(decoded.value, type)
  const conformed = conformedTo(decoded.value, type, schema)
  const problems = [
    ...conformed.unknown.map((path) => `unknown field "${path}"`),
    ...decoded.duplicates.map((path) => `duplicate field "${path}"`),
  ]
  if (problems.length > 0 && validation === 'Strict') {
    throw badRequest(`${cannotHandle(type)}: strict decoding error: ${problems.join(', ')}`)
  }
  if (validation === 'Warn') for (const problem of problems) context.warn(problem)
  return {
    ...(conformed.value as KubernetesObject),
    apiVersion: apiVersionOf(type),
    kind: type.kind,
  }
}

function conformedTo(value: unknown, type: TypeName, schema: Schema) {
  try {
    return conform(value, schemaName(type), schema)
  } catch (error) {
    if (error instanceof TypeMismatch) throw badRequest(`${cannotHandle(type)}: ${error.message}`)
    throw error
  }
}

function cannotHandle({ kind, version }: TypeName): string {
  return `${kind} in version "${version}" cannot be handled as a ${kind}`
}

function checkType(value: Record<string, unknown>, type: TypeName): void {
  const { apiVersion, kind } = value
  const wanted = apiVersionOf(type)
  if ((apiVersion ?? wanted) === wanted && (kind ?? type.kind) === type.kind) return
  const expected = `${wanted}, Kind=${type.kind}`.replace(/^v1,/, '/v1,')
  const got = `${apiVersion ?? ''}, Kind=${kind ?? ''}`.replace(/^v1,/, '/v1,')
  throw badRequest(
    `${kind ?? ''} in version ${JSON.stringify(
      String(apiVersion ?? '')
        .split('/')
        .at(-1),
    )} cannot be handled as a ${type.kind}: the object provided is unrecognized (must be of type ${type.kind}): expected ${expected}, got ${got}`,
  )
}
