/** RoleBindings and ClusterRoleBindings: who has a role, in one namespace or everywhere. */
import { isDeepStrictEqual } from 'node:util'
import type { KubernetesObject } from '../../object.ts'
import { type FieldError, invalidValue, notSupported, required } from '../field-errors.ts'
import type { Column, Kind } from '../kind.ts'
import { dnsSubdomain, pathSegmentName } from '../names.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { rbacGroup, rbacKind } from './roles.ts'

/** Somebody who has a role. */
export interface Subject {
  kind?: string
  apiGroup?: string
  name?: string
  namespace?: string
}

/** The role that a binding gives. */
export interface RoleRef {
  apiGroup: string
  kind: string
  name: string
}

const roleColumn = text('Role', (o) => `${o['roleRef']?.kind}/${o['roleRef']?.name}`)

function subjectColumn(name: string, kind: string): Column {
  const nameOf = ({ namespace = '', name: of = '' }: Subject) =>
    kind === 'ServiceAccount' ? `${namespace}/${of}` : of
  return text(
    name,
    (o) =>
      subjectsOf(o)
        .filter((subject) => subject.kind === kind)
        .map(nameOf)
        .join(', '),
    true,
  )
}

/** What both kinds of bindings share. */
const binding = {
  ...rbacKind,
  defaults(draft) {
    const { apiGroup, kind = '', name = '' } = draft['roleRef'] ?? {}
    draft['roleRef'] = { apiGroup: apiGroup || rbacGroup, kind, name }
    for (const subject of subjectsOf(draft)) {
      const isOfGroup = subject.kind === 'User' || subject.kind === 'Group'
      if (isOfGroup) subject.apiGroup ||= rbacGroup
    }
  },
  validateUpdate(object, old) {
    const ref: RoleRef = object['roleRef']
    if (isDeepStrictEqual(ref, old['roleRef'])) return []
    const [group, kind, name] = [ref.apiGroup, ref.kind, ref.name].map((v) => JSON.stringify(v))
    const printed = `rbac.RoleRef{APIGroup:${group}, Kind:${kind}, Name:${name}}`
    return [{ ...invalidValue('roleRef', ref, 'cannot change roleRef'), printed }]
  },
  columns: [
    nameColumn,
    roleColumn,
    ageColumn,
    subjectColumn('Users', 'User'),
    subjectColumn('Groups', 'Group'),
    subjectColumn('ServiceAccounts', 'ServiceAccount'),
  ],
} satisfies Partial<Kind>

export const roleBindings: Kind = {
  ...binding,
  kind: 'RoleBinding',
  resource: 'rolebindings',
  singular: 'rolebinding',
  namespaced: true,
  validate: (object) => problemsOf(object, ['Role', 'ClusterRole'], true),
}

export const clusterRoleBindings: Kind = {
  ...binding,
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  singular: 'clusterrolebinding',
  namespaced: false,
  validate: (object) => problemsOf(object, ['ClusterRole'], false),
}

function subjectsOf(object: KubernetesObject): Subject[] {
  return object['subjects'] ?? []
}

function problemsOf(
  object: KubernetesObject,
  roleKinds: readonly string[],
  isNamespaced: boolean,
): FieldError[] {
  const { apiGroup, kind, name }: RoleRef = object['roleRef']
  const problems: FieldError[] = []
  if (apiGroup !== rbacGroup) {
    problems.push(notSupported('roleRef.apiGroup', apiGroup, [rbacGroup]))
  }
  if (!roleKinds.includes(kind)) problems.push(notSupported('roleRef.kind', kind, roleKinds))
  if (!name) problems.push(required('roleRef.name'))
  for (const why of pathSegmentName(name)) problems.push(invalidValue('roleRef.name', name, why))
  for (const [i, subject] of subjectsOf(object).entries()) {
    problems.push(...subjectProblems(subject, isNamespaced, `subjects[${i}]`))
  }
  return problems
}

function subjectProblems(subject: Subject, isNamespaced: boolean, path: string): FieldError[] {
  const { kind = '', apiGroup = '', name = '', namespace = '' } = subject
  const problems: FieldError[] = []
  if (!name) problems.push(required(`${path}.name`))
  switch (kind) {
    case 'ServiceAccount':
      for (const why of name ? dnsSubdomain(name) : []) {
        problems.push(invalidValue(`${path}.name`, name, why))
      }
      if (apiGroup) problems.push(notSupported(`${path}.apiGroup`, apiGroup, ['']))
      if (!isNamespaced && !namespace) problems.push(required(`${path}.namespace`))
      break
    case 'User':
    case 'Group':
      if (apiGroup !== rbacGroup) {
        problems.push(notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup]))
      }
      break
    default:
      problems.push(notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']))
  }
  return problems
}
