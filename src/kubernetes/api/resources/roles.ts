/** Roles and ClusterRoles: rules of what may be done, which bindings give to somebody. */
import type { PolicyRule } from '../authz/policy-rule.ts'
import { type FieldError, invalidValue, required } from '../field-errors.ts'
import { allVerbs, type Column, type Kind } from '../kind.ts'
import { pathSegmentName } from '../names.ts'
import { nameColumn } from './columns.ts'
import type { LabelSelector } from './mutating-webhook-configurations.ts'
import { selectorProblems } from './workloads.ts'

/** The group of all four kinds. */
export const rbacGroup = 'rbac.authorization.k8s.io'

const createdAt: Column = {
  name: 'Created At',
  type: 'date',
  cell: (object) => object.metadata.creationTimestamp,
}

/** What all four kinds share. */
export const rbacKind = {
  group: rbacGroup,
  version: 'v1',
  verbs: allVerbs,
  createsOnUpdate: true,
  unconditionalUpdate: true,
  nameRule: pathSegmentName,
} satisfies Partial<Kind>

/** What both kinds of roles share. */
const role = {
  ...rbacKind,
  defaults(draft) {
    draft['rules'] ??= null
  },
  columns: [nameColumn, createdAt],
} satisfies Partial<Kind>

export const roles: Kind = {
  ...role,
  kind: 'Role',
  resource: 'roles',
  singular: 'role',
  namespaced: true,
  validate: (object) => rulesProblems(object['rules'], true),
}

export const clusterRoles: Kind = {
  ...role,
  kind: 'ClusterRole',
  resource: 'clusterroles',
  singular: 'clusterrole',
  namespaced: false,
  validate: (object) => [
    ...rulesProblems(object['rules'], false),
    ...(object['aggregationRule'] ? aggregationProblems(object['aggregationRule']) : []),
  ],
}

function rulesProblems(
  rules: readonly Partial<PolicyRule>[] | null,
  isNamespaced: boolean,
): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => ruleProblems(rule, isNamespaced, `rules[${i}]`))
}

function ruleProblems(
  rule: Partial<PolicyRule>,
  isNamespaced: boolean,
  path: string,
): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [] } = rule
  const problems: FieldError[] = []
  const urls = rule.nonResourceURLs ?? []
  if (verbs.length === 0) {
    problems.push(required(`${path}.verbs`, 'verbs must contain at least one value'))
  }
  if (urls.length > 0) {
    const wrong = (why: string) => ({
      ...invalidValue(`${path}.nonResourceURLs`, urls, why),
      printed: `[]string{${urls.map((url) => JSON.stringify(url)).join(', ')}}`,
    })
    if (isNamespaced) problems.push(wrong('namespaced rules cannot apply to non-resource URLs'))
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      problems.push(wrong('rules cannot apply to both regular resources and non-resource URLs'))
    }
    return problems
  }
  if (apiGroups.length === 0) {
    const why = 'resource rules must supply at least one api group'
    problems.push(required(`${path}.apiGroups`, why))
  }
  if (resources.length === 0) {
    const why = 'resource rules must supply at least one resource'
    problems.push(required(`${path}.resources`, why))
  }
  return problems
}

function aggregationProblems(rule: { clusterRoleSelectors?: LabelSelector[] }): FieldError[] {
  const path = 'aggregationRule.clusterRoleSelectors'
  const selectors = rule.clusterRoleSelectors ?? []
  if (selectors.length === 0) {
    const why = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
    return [required(path, why)]
  }
  return selectors.flatMap((selector, i) => selectorProblems(selector, `${path}[${i}]`))
}
