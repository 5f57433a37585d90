/** Which webhooks a write concerns: rules, scope, selectors. */
import type { KubernetesObject } from '../../object.ts'
import type { Objects } from '../objects.ts'
import type { Webhook, WebhookRule } from '../resources/mutating-webhook-configurations.ts'
import { namespaces } from '../resources/namespaces.ts'
import { matchesSelector } from '../selectors/label-selector.ts'
import type { AdmissionRequest } from './admission.ts'

/** True when the webhook is to be asked about the write. */
export function concerns(webhook: Webhook, request: AdmissionRequest, objects: Objects): boolean {
  if (!(webhook.rules ?? []).some((rule) => ruleMatches(rule, request))) return false
  return inNamespaces(webhook, request, objects) && hasLabels(webhook, request)
}

function ruleMatches(rule: WebhookRule, request: AdmissionRequest): boolean {
  const { kind, operation, subresource } = request
  const has = (values: readonly string[] | undefined, value: string) =>
    values?.includes('*') || values?.includes(value)
  if (!has(rule.operations, operation)) return false
  if (!has(rule.apiGroups, kind.group) || !has(rule.apiVersions, kind.version)) return false
  const isNamespaced = kind.namespaced
  if (rule.scope === 'Namespaced' && !isNamespaced) return false
  if (rule.scope === 'Cluster' && isNamespaced) return false
  return (rule.resources ?? []).some((text) => {
    const [resource, sub = ''] = text.split('/')
    const isResource = resource === '*' || resource === kind.resource
    return isResource && (sub === '*' || sub === subresource)
  })
}

function inNamespaces(webhook: Webhook, request: AdmissionRequest, objects: Objects): boolean {
  const selector = webhook.namespaceSelector
  if (!selector || isEmpty(selector)) return true
  const { kind, namespace, object, oldObject } = request
  if (kind.resource === namespaces.resource && !kind.group) {
    return matchesSelector(selector, labelsOf(object ?? oldObject))
  }
  if (!kind.namespaced || namespace === undefined) return true
  return matchesSelector(selector, labelsOf(objects.get(namespaces, undefined, namespace)))
}

function hasLabels({ objectSelector }: Webhook, request: AdmissionRequest): boolean {
  if (!objectSelector || isEmpty(objectSelector)) return true
  const { object, oldObject } = request
  return [object, oldObject].some((o) => o && matchesSelector(objectSelector, labelsOf(o)))
}

function isEmpty(selector: NonNullable<Webhook['objectSelector']>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
}

function labelsOf(object: KubernetesObject | undefined): Record<string, string> {
  return object?.metadata.labels ?? {}
}
