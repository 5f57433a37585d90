/** Secrets: bytes by key as base64; `stringData` is written into `data`. */
import { forbiddenField, invalidValue, required, tooLong } from '../field-errors.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import { immutableProblems, keyProblems } from './config-maps.ts'

const sizeBytesMax = 1024 * 1024
/** Keys that a type asks for. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

export const secrets: Kind = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  singular: 'secret',
  namespaced: true,
  verbs: allVerbs,
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  defaults(draft) {
    draft['type'] ??= 'Opaque'
    if (draft['type'] === '') draft['type'] = 'Opaque'
    const plain: Record<string, string> = draft['stringData'] ?? {}
    delete draft['stringData']
    for (const [key, value] of Object.entries(plain)) {
      draft['data'] ??= {}
      draft['data'][key] = Buffer.from(value).toString('base64')
    }
  },
  validate(object) {
    const data: Record<string, string> = object['data'] ?? {}
    const problems = keyProblems('data', data)
    let size = 0
    for (const [key, value] of Object.entries(data)) {
      size += Buffer.byteLength(value, 'base64')
      if (typeof value !== 'string') problems.push(invalidValue(`data[${key}]`, value, ''))
    }
    if (size > sizeBytesMax) problems.push(tooLong('data', sizeBytesMax))
    for (const key of requiredKeys[object['type']] ?? []) {
      if (data[key] === undefined) problems.push(required(`data[${key}]`))
    }
    if (
      object['type'] === 'kubernetes.io/service-account-token' &&
      !object.metadata.annotations?.['kubernetes.io/service-account.name']
    ) {
      problems.push(required('metadata.annotations[kubernetes.io/service-account.name]'))
    }
    return problems
  },
  validateUpdate(object, old) {
    const problems = immutableProblems(object, old, ['data'])
    if (object['type'] !== old['type']) {
      problems.push(invalidValue('type', object['type'], 'field is immutable'))
    }
    if (object['stringData']) problems.push(forbiddenField('stringData', 'write only'))
    return problems
  },
  fields: { type: (o) => o['type'] ?? '' },
  columns: [
    nameColumn,
    text('Type', (o) => o['type'] ?? ''),
    integer('Data', (o) => Object.keys(o['data'] ?? {}).length),
    ageColumn,
  ],
}
