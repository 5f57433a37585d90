/** Subresources that are verbs of their own: a ServiceAccount's token, a pod's binding, log and commands. */
import { isoSeconds } from '../../../kernel/iso-time.ts'
import type { KubernetesObject } from '../../object.ts'
import { bindPod } from '../bind-pod.ts'
import { required } from '../field-errors.ts'
import { checkTokenRequestNames } from '../service-account-tokens.ts'
import { badRequest, invalid, methodNotAllowed } from '../status.ts'
import { decodeBody, mediaType, readBody } from './body.ts'
import type { ApiDeps, KindCall } from './call.ts'
import { objectOf } from './decode-object.ts'
import { podAttach, podExec } from './pod-exec.ts'
import { podLogs } from './pod-logs.ts'
import { respond, respondObject } from './respond.ts'

type Handler = (call: KindCall, deps: ApiDeps) => Promise<void>

/** Handlers by resource, subresource and verb. */
export const subresourceHandlers: Readonly<Record<string, Handler>> = {
  'serviceaccounts/token create': createToken,
  'pods/binding create': createBinding,
  'pods/attach create': podAttach,
  'pods/attach get': podAttach,
  'pods/exec create': podExec,
  'pods/exec get': podExec,
  'pods/log get': podLogs,
}

async function bodyOf(
  { request, validation, context }: KindCall,
  { schema }: ApiDeps,
  type: { group: string; version: string; kind: string },
): Promise<KubernetesObject> {
  const decoded = await decodeBody(await readBody(request), mediaType(request), schema)
  if (!decoded) throw badRequest('request body is empty')
  return objectOf(decoded, type, schema, validation, context)
}

async function createToken(call: KindCall, deps: ApiDeps): Promise<void> {
  const { route, response, form } = call
  const namespace = route.namespace ?? ''
  const type = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }
  const asked = await bodyOf(call, deps, type)
  checkTokenRequestNames(asked.metadata, namespace, route.name)
  const { audiences = [], expirationSeconds = 3600, boundObjectRef } = asked['spec'] ?? {}
  const spec = { audiences, expirationSeconds, ...(boundObjectRef ? { boundObjectRef } : {}) }
  const issued = deps.tokens.issue(namespace, route.name, spec)
  const now = deps.machinery.clock.now()
  const object = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: route.name, namespace, creationTimestamp: isoSeconds(now) },
    spec: { ...spec, audiences: issued.audiences, boundObjectRef: boundObjectRef ?? null },
    status: {
      token: issued.token,
      expirationTimestamp: isoSeconds(issued.expirationTimestamp),
    },
  }
  const answer = object as unknown as KubernetesObject
  await respondObject(response, 201, answer, undefined, form, { now })
}

async function createBinding(call: KindCall, deps: ApiDeps): Promise<void> {
  const { route, response, context } = call
  if (!route.name) throw methodNotAllowed()
  const type = { group: '', version: 'v1', kind: 'Binding' }
  const binding = await bodyOf(call, deps, type)
  const node: string = binding['target']?.name ?? ''
  if (!node) throw invalid(type, route.name, [required('target.name')])
  await bindPod(deps.machinery, route.namespace ?? '', route.name, node, context)
  const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  await respond(response, 201, success)
}
