/** Validation of a pod's spec, as a pod and as a template. */
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundValue,
  notSupported,
  required,
} from '../field-errors.ts'
import { dnsLabel, dnsSubdomain, environmentName } from '../names.ts'
import { volumeProblems } from './pod-volume-validation.ts'

// biome-ignore lint/suspicious/noExplicitAny: the API's open object
type Json = any

/** The errors of a defaulted pod spec under `path`. */
export function podSpecProblems(spec: Json, path: string): FieldError[] {
  const problems: FieldError[] = []
  const volumes: Json[] = spec.volumes ?? []
  problems.push(...volumeProblems(volumes, `${path}.volumes`))
  const volumeNames = new Set<string>(volumes.map((v) => v.name))
  if (!spec.containers?.length) problems.push(required(`${path}.containers`))
  const names = new Set<string>()
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [i, container] of (spec[list] ?? []).entries()) {
      const at = `${path}.${list}[${i}]`
      problems.push(...containerProblems(container, at, volumeNames))
      if (container.name && names.has(container.name)) {
        problems.push(duplicate(`${at}.name`, container.name))
      }
      names.add(container.name)
    }
  }
  problems.push(...policyProblems(spec, path))
  return problems
}

function policyProblems(spec: Json, path: string): FieldError[] {
  const problems: FieldError[] = []
  const oneOf = (field: string, values: readonly string[]) => {
    if (spec[field] !== undefined && !values.includes(spec[field])) {
      problems.push(notSupported(`${path}.${field}`, spec[field], values))
    }
  }
  oneOf('restartPolicy', ['Always', 'OnFailure', 'Never'])
  oneOf('dnsPolicy', ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'])
  oneOf('preemptionPolicy', ['Never', 'PreemptLowerPriority'])
  for (const field of ['serviceAccountName', 'nodeName'] as const) {
    for (const why of spec[field] ? dnsSubdomain(spec[field]) : []) {
      problems.push(invalidValue(`${path}.${field}`, spec[field], why))
    }
  }
  if (spec.activeDeadlineSeconds !== undefined && !(spec.activeDeadlineSeconds >= 1)) {
    const why = 'must be between 1 and 2147483647, inclusive'
    problems.push(invalidValue(`${path}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, why))
  }
  if (spec.terminationGracePeriodSeconds < 0) {
    const why = 'must be greater than or equal to 0'
    const field = `${path}.terminationGracePeriodSeconds`
    problems.push(invalidValue(field, spec.terminationGracePeriodSeconds, why))
  }
  return problems
}

function containerProblems(container: Json, path: string, volumes: Set<string>): FieldError[] {
  const problems: FieldError[] = []
  if (!container.name) problems.push(required(`${path}.name`))
  else
    for (const why of dnsLabel(container.name)) {
      problems.push(invalidValue(`${path}.name`, container.name, why))
    }
  if (!container.image) problems.push(required(`${path}.image`))
  else if (container.image !== container.image.trim()) {
    const why = 'must not have leading or trailing whitespace'
    problems.push(invalidValue(`${path}.image`, container.image, why))
  }
  const policies = ['Always', 'IfNotPresent', 'Never']
  if (!policies.includes(container.imagePullPolicy)) {
    const field = `${path}.imagePullPolicy`
    problems.push(notSupported(field, container.imagePullPolicy, policies))
  }
  const messages = ['FallbackToLogsOnError', 'File']
  if (!messages.includes(container.terminationMessagePolicy)) {
    const field = `${path}.terminationMessagePolicy`
    problems.push(notSupported(field, container.terminationMessagePolicy, messages))
  }
  return [
    ...problems,
    ...portProblems(container.ports ?? [], `${path}.ports`),
    ...environmentProblems(container.env ?? [], `${path}.env`),
    ...mountProblems(container.volumeMounts ?? [], `${path}.volumeMounts`, volumes),
    ...resourceProblems(container.resources ?? {}, `${path}.resources`),
  ]
}

function portProblems(ports: readonly Json[], path: string): FieldError[] {
  return ports.flatMap((port, i) => {
    const at = `${path}[${i}]`
    const problems: FieldError[] = []
    const number = port.containerPort ?? 0
    if (number === 0) problems.push(required(`${at}.containerPort`))
    else if (!(number >= 1 && number <= 65535)) {
      const why = 'must be between 1 and 65535, inclusive'
      problems.push(invalidValue(`${at}.containerPort`, number, why))
    }
    const protocols = ['SCTP', 'TCP', 'UDP']
    if (!protocols.includes(port.protocol)) {
      problems.push(notSupported(`${at}.protocol`, port.protocol, protocols))
    }
    return problems
  })
}

const sourceKinds = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef']
const downwardFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

function environmentProblems(variables: readonly Json[], path: string): FieldError[] {
  return variables.flatMap((variable, i) => {
    const at = `${path}[${i}]`
    const problems: FieldError[] = []
    if (!variable.name) problems.push(required(`${at}.name`))
    else
      for (const why of environmentName(variable.name)) {
        problems.push(invalidValue(`${at}.name`, variable.name, why))
      }
    const source = variable.valueFrom
    if (!source) return problems
    const from = `${at}.valueFrom`
    const kinds = sourceKinds.filter((kind) => source[kind])
    if (variable.value) {
      problems.push(invalidValue(from, '', 'may not be specified when `value` is not empty'))
    } else if (kinds.length !== 1) {
      const why =
        kinds.length === 0
          ? `must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``
          : 'may not have more than one field specified at a time'
      problems.push(invalidValue(from, '', why))
    }
    for (const kind of ['configMapKeyRef', 'secretKeyRef']) {
      if (source[kind] && !source[kind].key) problems.push(required(`${from}.${kind}.key`))
      if (source[kind] && !source[kind].name) problems.push(required(`${from}.${kind}.name`))
    }
    if (source.fieldRef) problems.push(...fieldRefProblems(source.fieldRef, `${from}.fieldRef`))
    return problems
  })
}

function fieldRefProblems(reference: Json, path: string): FieldError[] {
  const field = reference.fieldPath
  if (!field) return [required(`${path}.fieldPath`)]
  if (/^metadata\.(labels|annotations)\['.+'\]$/.test(field)) return []
  if (downwardFields.includes(field)) return []
  return [notSupported(`${path}.fieldPath`, field, [...downwardFields].sort())]
}

function mountProblems(mounts: readonly Json[], path: string, volumes: Set<string>): FieldError[] {
  const seen = new Set<string>()
  return mounts.flatMap((mount, i) => {
    const at = `${path}[${i}]`
    const problems: FieldError[] = []
    if (!mount.name) problems.push(required(`${at}.name`))
    else if (!volumes.has(mount.name)) problems.push(notFoundValue(`${at}.name`, mount.name))
    if (!mount.mountPath) problems.push(required(`${at}.mountPath`))
    else if (seen.has(mount.mountPath)) {
      problems.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique'))
    }
    seen.add(mount.mountPath)
    if (mount.subPath && mount.subPathExpr) {
      const why = 'subPathExpr and subPath are mutually exclusive'
      problems.push(invalidValue(`${at}.subPathExpr`, mount.subPathExpr, why))
    }
    for (const field of ['subPath', 'subPathExpr']) {
      const value: string = mount[field] ?? ''
      if (value.startsWith('/')) {
        problems.push(invalidValue(`${at}.${field}`, value, 'must be a relative path'))
      }
      if (value.split('/').includes('..')) {
        problems.push(invalidValue(`${at}.${field}`, value, "must not contain '..'"))
      }
    }
    return problems
  })
}

const quantity = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/

function resourceProblems(resources: Json, path: string): FieldError[] {
  const problems: FieldError[] = []
  for (const field of ['limits', 'requests']) {
    for (const [name, value] of Object.entries<unknown>(resources[field] ?? {})) {
      if (!quantity.test(String(value))) {
        const why =
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        problems.push(invalidValue(`${path}.${field}[${name}]`, value, why))
      } else if (String(value).startsWith('-')) {
        const why = 'must be greater than or equal to 0'
        problems.push(invalidValue(`${path}.${field}[${name}]`, value, why))
      }
    }
  }
  if (resources.claims?.length) problems.push(forbiddenField(`${path}.claims`, 'not supported'))
  return problems
}
