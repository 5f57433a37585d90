/** Errors of single fields, with the types and texts that Kubernetes' validation gives them. */

export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'

export interface FieldError {
  readonly type: FieldErrorType
  /** Path as `spec.containers[0].name`. */
  readonly field: string
  readonly value?: unknown
  readonly detail: string
  /** How the value is printed, where that is not its JSON. */
  readonly printed?: string
}

const texts: Readonly<Record<FieldErrorType, string>> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
}
const withoutValue = new Set<FieldErrorType>([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
])

/** The error without its path: `Invalid value: "X": why`. */
export function fieldErrorBody(error: FieldError): string {
  const type = texts[error.type]
  const body = withoutValue.has(error.type)
    ? type
    : `${type}: ${error.printed ?? printed(error.value)}`
  return error.detail ? `${body}: ${error.detail}` : body
}

function printed(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return JSON.stringify(value)
}

export function required(field: string, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field, detail }
}

export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, value, detail }
}

export function duplicate(field: string, value: unknown): FieldError {
  return { type: 'FieldValueDuplicate', field, value, detail: '' }
}

export function notFoundValue(field: string, value: unknown): FieldError {
  return { type: 'FieldValueNotFound', field, value, detail: '' }
}

export function forbiddenField(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, detail }
}

export function tooLong(field: string, maxBytes: number): FieldError {
  const detail = `may not be more than ${maxBytes} bytes`
  return { type: 'FieldValueTooLong', field, detail }
}

export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const detail = `supported values: ${supported.map((s) => JSON.stringify(s)).join(', ')}`
  return { type: 'FieldValueNotSupported', field, value, detail }
}
