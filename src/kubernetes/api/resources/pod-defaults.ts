/** What the API fills into a pod's spec where the manifest is silent. */

// biome-ignore lint/suspicious/noExplicitAny: a draft of the API's open object
type Draft = any

/** Fills the spec of a pod template; a missing template is left for validation to refuse. */
export function podTemplateDefaults(template: Draft): void {
  if (!template || typeof template !== 'object') return
  template.metadata ??= {}
  template.metadata.creationTimestamp ??= null
  template.spec ??= {}
  podSpecDefaults(template.spec)
}

/** Fills a pod spec in place. */
export function podSpecDefaults(spec: Draft): void {
  spec.restartPolicy ||= 'Always'
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.schedulerName ||= 'default-scheduler'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of spec[list] ?? []) containerDefaults(container)
  }
  for (const volume of spec.volumes ?? []) volumeDefaults(volume)
}

/** Fills what only a pod itself has, not a template. */
export function podOnlyDefaults(spec: Draft): void {
  spec.enableServiceLinks ??= true
}

function containerDefaults(container: Draft): void {
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.imagePullPolicy ||= pullPolicyOf(String(container.image ?? ''))
  container.resources ??= {}
  const { limits } = container.resources
  if (limits) container.resources.requests = { ...limits, ...container.resources.requests }
  for (const port of container.ports ?? []) port.protocol ||= 'TCP'
  for (const variable of container.env ?? []) fieldRefDefaults(variable.valueFrom)
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (container[name]) probeDefaults(container[name])
  }
}

function pullPolicyOf(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1)
  if (last.includes('@')) return 'IfNotPresent'
  const tag = last.includes(':') ? last.slice(last.lastIndexOf(':') + 1) : 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function probeDefaults(probe: Draft): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.httpGet) {
    probe.httpGet.path ||= '/'
    probe.httpGet.scheme ||= 'HTTP'
  }
}

function fieldRefDefaults(source: Draft): void {
  if (source?.fieldRef) source.fieldRef.apiVersion ||= 'v1'
}

function volumeDefaults(volume: Draft): void {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {}
  for (const kind of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    if (volume[kind]) volume[kind].defaultMode ??= 420
  }
  if (volume.hostPath) volume.hostPath.type ??= ''
  for (const item of volume.downwardAPI?.items ?? []) fieldRefDefaults(item)
  for (const source of volume.projected?.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
    for (const item of source.downwardAPI?.items ?? []) fieldRefDefaults(item)
  }
}

/** Quality of service by requests and limits of the containers. */
export function qosClassOf(spec: Draft): string {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const named = containers.map((c: Draft) => c.resources ?? {})
  const isSet = (map: Draft) => ['cpu', 'memory'].some((r) => map?.[r] !== undefined)
  if (!named.some((r) => isSet(r.requests) || isSet(r.limits))) return 'BestEffort'
  const isGuaranteed = named.every((r) =>
    ['cpu', 'memory'].every(
      (name) => r.limits?.[name] !== undefined && r.limits[name] === r.requests?.[name],
    ),
  )
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}
