/** MutatingWebhookConfigurations: whom the API server asks before it stores. */
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../field-errors.ts'
import { allVerbs, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { ageColumn, integer, nameColumn } from './columns.ts'

export interface WebhookRule {
  readonly apiGroups?: readonly string[]
  readonly apiVersions?: readonly string[]
  readonly operations?: readonly string[]
  readonly resources?: readonly string[]
  readonly scope?: string
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

export interface Webhook {
  name: string
  clientConfig?: {
    url?: string
    service?: { namespace?: string; name?: string; path?: string; port?: number }
    caBundle?: string
  }
  rules?: WebhookRule[]
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  sideEffects?: string
  timeoutSeconds?: number
  admissionReviewVersions?: string[]
  reinvocationPolicy?: string
  matchConditions?: { name?: string; expression?: string }[]
}

export const mutatingWebhookConfigurations: Kind = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
  singular: 'mutatingwebhookconfiguration',
  namespaced: false,
  verbs: allVerbs,
  categories: ['api-extensions'],
  hasGeneration: true,
  nameRule: dnsSubdomain,
  defaults(draft) {
    for (const hook of (draft['webhooks'] ?? []) as Webhook[]) {
      hook.failurePolicy ||= 'Fail'
      hook.matchPolicy ||= 'Equivalent'
      hook.namespaceSelector ??= {}
      hook.objectSelector ??= {}
      hook.timeoutSeconds ??= 10
      hook.reinvocationPolicy ||= 'Never'
      if (hook.clientConfig?.service) hook.clientConfig.service.port ??= 443
      for (const rule of hook.rules ?? []) Object.assign(rule, { scope: rule.scope || '*' })
    }
  },
  validate(object) {
    const hooks: Webhook[] = object['webhooks'] ?? []
    const names = new Set<string>()
    return hooks.flatMap((hook, i) => {
      const path = `webhooks[${i}]`
      const twice = names.has(hook.name) ? [duplicate(`${path}.name`, hook.name)] : []
      names.add(hook.name)
      return [...hookProblems(hook, path), ...twice]
    })
  },
  columns: [nameColumn, integer('Webhooks', (o) => o['webhooks']?.length ?? 0), ageColumn],
}

function hookProblems(hook: Webhook, path: string): FieldError[] {
  const problems: FieldError[] = []
  if (!hook.name) problems.push(required(`${path}.name`))
  else {
    for (const why of dnsSubdomain(hook.name)) {
      problems.push(invalidValue(`${path}.name`, hook.name, why))
    }
    if (hook.name.split('.').length < 3) {
      const why = 'should be a domain with at least three segments separated by dots'
      problems.push(invalidValue(`${path}.name`, hook.name, why))
    }
  }
  problems.push(...reviewVersionProblems(hook, `${path}.admissionReviewVersions`))
  const oneOf = (field: keyof Webhook, values: readonly string[]) => {
    const value = hook[field]
    if (value !== undefined && !values.includes(String(value))) {
      problems.push(notSupported(`${path}.${field}`, value, values))
    }
  }
  oneOf('failurePolicy', ['Fail', 'Ignore'])
  oneOf('matchPolicy', ['Equivalent', 'Exact'])
  oneOf('reinvocationPolicy', ['IfNeeded', 'Never'])
  if (hook.sideEffects === undefined) {
    problems.push(required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun'))
  } else oneOf('sideEffects', ['None', 'NoneOnDryRun'])
  const seconds = hook.timeoutSeconds ?? 10
  if (seconds < 1 || seconds > 30) {
    const why = 'the timeout value must be between 1 and 30 seconds'
    problems.push(invalidValue(`${path}.timeoutSeconds`, seconds, why))
  }
  if (hook.matchConditions?.length) {
    problems.push(forbiddenField(`${path}.matchConditions`, 'not supported by this server'))
  }
  problems.push(...(hook.rules ?? []).flatMap((r, i) => ruleProblems(r, `${path}.rules[${i}]`)))
  return [...problems, ...clientProblems(hook, `${path}.clientConfig`)]
}

function reviewVersionProblems(hook: Webhook, path: string): FieldError[] {
  const versions = hook.admissionReviewVersions ?? []
  if (versions.length === 0) {
    return [required(path, 'must specify one of v1, v1beta1')]
  }
  if (versions.some((v) => v === 'v1' || v === 'v1beta1')) return []
  return [invalidValue(path, versions, 'must include at least one of v1, v1beta1')]
}

function ruleProblems(rule: WebhookRule, path: string): FieldError[] {
  const problems: FieldError[] = []
  for (const field of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const) {
    const values = rule[field] ?? []
    if (values.length === 0) problems.push(required(`${path}.${field}`))
    const whole = field === 'resources' ? [] : ['*']
    if (values.length > 1 && values.some((v) => whole.includes(v))) {
      const why = `if '*' is present, must not specify other ${operationsText(field)}`
      problems.push(invalidValue(`${path}.${field}`, values, why))
    }
  }
  for (const [i, operation] of (rule.operations ?? []).entries()) {
    const known = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
    if (!known.includes(operation)) {
      problems.push(notSupported(`${path}.operations[${i}]`, operation, known))
    }
  }
  const scopes = ['*', 'Cluster', 'Namespaced']
  if (rule.scope !== undefined && !scopes.includes(rule.scope)) {
    problems.push(notSupported(`${path}.scope`, rule.scope, scopes))
  }
  return problems
}

function operationsText(field: string): string {
  return field === 'apiGroups' ? 'API groups' : field === 'apiVersions' ? 'API versions' : field
}

function clientProblems(hook: Webhook, path: string): FieldError[] {
  const { url, service } = hook.clientConfig ?? {}
  if ((url === undefined) === (service === undefined)) {
    return [required(path, 'exactly one of url or service is required')]
  }
  if (url !== undefined) {
    if (!URL.canParse(url)) {
      return [
        invalidValue(
          `${path}.url`,
          url,
          'url must be a valid URL; desired format: https://host[/path]',
        ),
      ]
    }
    if (!url.startsWith('https:')) {
      const scheme = new URL(url).protocol.slice(0, -1)
      const why = `'https' is the only allowed URL scheme; desired format: https://host[/path]`
      return [invalidValue(`${path}.url`, scheme, why)]
    }
    return []
  }
  const problems: FieldError[] = []
  if (!service?.name) problems.push(required(`${path}.service.name`))
  if (!service?.namespace) problems.push(required(`${path}.service.namespace`))
  return problems
}
