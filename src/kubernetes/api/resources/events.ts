/** Events, as core/v1 stores them and as events.k8s.io/v1 shows the same ones. */

import type { KubernetesObject } from '../../object.ts'
import { invalidValue } from '../field-errors.ts'
import { ageOf } from '../human-duration.ts'
import { allVerbs, type Column, type Kind } from '../kind.ts'
import { dnsSubdomain } from '../names.ts'
import { text } from './columns.ts'

const columns: readonly Column[] = [
  text('Last Seen', (o, now) => ageOf(o['lastTimestamp'] ?? firstSeen(o), now)),
  text('Type', (o) => o['type'] ?? ''),
  text('Reason', (o) => o['reason'] ?? ''),
  text('Object', (o) => objectText(o['involvedObject'] ?? o['regarding'])),
  text('Subobject', (o) => (o['involvedObject'] ?? o['regarding'])?.fieldPath ?? '', true),
  text('Source', sourceText, true),
  text('Message', (o) => String(o['message'] ?? o['note'] ?? '').trim()),
  text('First Seen', (o, now) => ageOf(firstSeen(o), now), true),
  text('Count', (o) => String(o['count'] ?? o['deprecatedCount'] ?? 1), true),
  { name: 'Name', type: 'string', format: 'name', wide: true, cell: (o) => o.metadata.name },
]

const involved = (key: string) => (o: KubernetesObject) => o['involvedObject']?.[key] ?? ''

export const events: Kind = {
  group: '',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  singular: 'event',
  namespaced: true,
  verbs: allVerbs,
  shortNames: ['ev'],
  unconditionalUpdate: true,
  nameRule: dnsSubdomain,
  validate(object) {
    const of: string = object['involvedObject']?.namespace ?? ''
    const wanted = of || 'default'
    if (object.metadata.namespace === wanted) return []
    return [invalidValue('involvedObject.namespace', of, 'does not match event.namespace')]
  },
  fields: {
    'involvedObject.kind': involved('kind'),
    'involvedObject.namespace': involved('namespace'),
    'involvedObject.name': involved('name'),
    'involvedObject.uid': involved('uid'),
    'involvedObject.apiVersion': involved('apiVersion'),
    'involvedObject.resourceVersion': involved('resourceVersion'),
    'involvedObject.fieldPath': involved('fieldPath'),
    reason: (o) => o['reason'] ?? '',
    reportingComponent: (o) => o['reportingComponent'] ?? '',
    source: (o) => o['source']?.component || (o['reportingComponent'] ?? ''),
    type: (o) => o['type'] ?? '',
  },
  columns,
}

/** The same events in their newer form. */
export const newEvents: Kind = {
  ...events,
  group: 'events.k8s.io',
  validate: () => [],
  fields: {
    ...Object.fromEntries(
      Object.entries(events.fields ?? {}).flatMap(([name, of]) => {
        const renamed = name.replace('involvedObject.', 'regarding.')
        return renamed === name ? [] : [[renamed, (o: KubernetesObject) => of(toStored(o))]]
      }),
    ),
    reason: (o) => o['reason'] ?? '',
    reportingController: (o) => o['reportingController'] ?? '',
    type: (o) => o['type'] ?? '',
  },
  view: { of: 'events', fromStored, toStored },
}

/** Field of core/v1 → field of events.k8s.io/v1. */
const renames = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
} as const

function fromStored(object: KubernetesObject): KubernetesObject {
  return rename(object, renames, 'events.k8s.io/v1')
}

function toStored(object: KubernetesObject): KubernetesObject {
  const back = Object.fromEntries(Object.entries(renames).map(([a, b]) => [b, a]))
  return rename(object, back, 'v1')
}

function rename(
  object: KubernetesObject,
  names: Readonly<Record<string, string>>,
  apiVersion: string,
): KubernetesObject {
  const entries = Object.entries(object).map(([key, value]) => [names[key] ?? key, value])
  return { ...(Object.fromEntries(entries) as KubernetesObject), apiVersion }
}

function firstSeen(event: KubernetesObject): unknown {
  return (
    event['firstTimestamp'] ??
    event['deprecatedFirstTimestamp'] ??
    event['eventTime'] ??
    event.metadata.creationTimestamp
  )
}

function objectText(reference: { kind?: string; name?: string } | undefined): string {
  const kind = (reference?.kind ?? '').toLowerCase()
  return reference?.name ? `${kind}/${reference.name}` : kind
}

function sourceText(event: KubernetesObject): string {
  const source: { component?: string; host?: string } =
    event['source'] ?? event['deprecatedSource'] ?? {}
  const component =
    source.component ?? event['reportingComponent'] ?? event['reportingController'] ?? ''
  return source.host ? `${component}, ${source.host}` : component
}
