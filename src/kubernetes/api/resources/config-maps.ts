/** ConfigMaps: text and bytes by key, at most 1 MiB together. */

import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../../object.ts'
import { type FieldError, forbiddenField, invalidValue, tooLong } from '../field-errors.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { configKey, dnsSubdomain } from '../names.ts'
import { ageColumn, integer, nameColumn } from './columns.ts'

const sizeBytesMax = 1024 * 1024

export const configMaps: Kind = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  singular: 'configmap',
  namespaced: true,
  verbs: allVerbs,
  shortNames: ['cm'],
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  validate(object) {
    const data: Record<string, string> = object['data'] ?? {}
    const binary: Record<string, string> = object['binaryData'] ?? {}
    const problems = [...keyProblems('data', data), ...keyProblems('binaryData', binary)]
    let size = 0
    for (const [key, value] of Object.entries(data)) {
      size += Buffer.byteLength(value)
      if (key in binary)
        problems.push(invalidValue(`data[${key}]`, key, `duplicate of key present in binaryData`))
    }
    for (const value of Object.values(binary)) size += Buffer.byteLength(value, 'base64')
    if (size > sizeBytesMax) problems.push(tooLong('', sizeBytesMax))
    return problems
  },
  validateUpdate: (object, old) => immutableProblems(object, old, ['data', 'binaryData']),
  columns: [
    nameColumn,
    integer(
      'Data',
      (o) => Object.keys(o['data'] ?? {}).length + Object.keys(o['binaryData'] ?? {}).length,
    ),
    ageColumn,
  ],
}

/** Keys that could not be file names. */
export function keyProblems(field: string, data: Readonly<Record<string, unknown>>): FieldError[] {
  return Object.keys(data).flatMap((key) =>
    configKey(key).map((why) => invalidValue(`${field}[${key}]`, key, why)),
  )
}

/** Changes of an object whose `immutable` is set. */
export function immutableProblems(
  object: KubernetesObject,
  old: KubernetesObject,
  fields: readonly string[],
): FieldError[] {
  if (old['immutable'] !== true) return []
  const why = 'field is immutable when `immutable` is set'
  const problems: FieldError[] = []
  if (object['immutable'] !== true) problems.push(forbiddenField('immutable', why))
  for (const field of fields) {
    if (!isDeepStrictEqual(object[field] ?? {}, old[field] ?? {})) {
      problems.push(forbiddenField(field, why))
    }
  }
  return problems
}
