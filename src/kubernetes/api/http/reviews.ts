/** Reviews: kinds that are only asked. Who am I, may I, is this token good. */
import { isoSeconds } from '../../../kernel/iso-time.ts'
import type { KubernetesObject, UserInfo } from '../../object.ts'
import { tokenUser } from '../authn/authenticate.ts'
import { userInfoOf } from '../authn/user-info.ts'
import { type Attributes, decide, listText } from '../authz/authorizer.ts'
import { type FieldError, forbiddenField, invalidValue, required } from '../field-errors.ts'
import type { Review } from '../kind.ts'
import { badRequest, invalid, methodNotAllowed } from '../status.ts'
import { decodeBody, mediaType, readBody } from './body.ts'
import type { ApiDeps, Call } from './call.ts'
import { objectOf } from './decode-object.ts'
import { respondObject } from './respond.ts'

type Answer = (review: KubernetesObject, call: Call, deps: ApiDeps) => Promise<object> | object

/** Answers a review's `status`. */
export async function postReview(review: Review, call: Call, deps: ApiDeps): Promise<void> {
  if (call.verb !== 'create' || call.route.name) throw methodNotAllowed()
  const body = await readBody(call.request)
  const decoded = await decodeBody(body, mediaType(call.request), deps.schema)
  if (!decoded) throw badRequest('request body is empty')
  const { schema } = deps
  const asked = objectOf(decoded, review, schema, call.validation, call.context)
  const answer = answers[review.kind]
  if (!answer) throw methodNotAllowed()
  const status = await answer(asked, call, deps)
  const metadata = { ...asked.metadata, creationTimestamp: null }
  if (review.kind === 'SelfSubjectReview') {
    Object.assign(metadata, { creationTimestamp: isoSeconds(deps.machinery.clock.now()) })
  }
  const object = { ...asked, metadata, status } as unknown as KubernetesObject
  await respondObject(call.response, 201, object, undefined, call.form, {
    now: deps.machinery.clock.now(),
  })
}

const answers: Readonly<Record<string, Answer>> = {
  SelfSubjectReview: (_review, { user }) => ({ userInfo: userInfoOf(user) }),
  SelfSubjectAccessReview: (review, { user }, deps) => access(review, user, deps),
  SelfSubjectRulesReview: (review, { user }, deps) => rules(review, user, deps),
  SubjectAccessReview: (review, _call, deps) => access(review, subjectOf(review), deps),
  LocalSubjectAccessReview: (review, { route }, deps) => {
    const namespace = review['spec']?.resourceAttributes?.namespace
    if (namespace !== route.namespace) {
      const why = `must match metadata.namespace: ${route.namespace}`
      const field = 'spec.resourceAttributes.namespace'
      throw invalid(kindOf(review), '', [invalidValue(field, namespace ?? '', why)])
    }
    return access(review, subjectOf(review), deps)
  },
  TokenReview: (review, _call, deps) => tokenReview(review, deps),
}

function kindOf(review: KubernetesObject) {
  return { group: review.apiVersion.split('/')[0] ?? '', kind: review.kind }
}

function subjectOf(review: KubernetesObject): UserInfo {
  const { user = '', groups = [], uid, extra } = review['spec'] ?? {}
  if (!user && groups.length === 0) {
    const why = 'at least one of user or group must be specified'
    throw invalid(kindOf(review), '', [invalidValue('spec.user', user, why)])
  }
  return { username: user, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) }
}

function access(review: KubernetesObject, user: UserInfo, { authorizers }: ApiDeps): object {
  const { resourceAttributes: resource, nonResourceAttributes: path } = review['spec'] ?? {}
  const problems: FieldError[] = []
  if (resource && path) {
    const why = 'cannot be specified in combination with resourceAttributes'
    problems.push(forbiddenField('spec.nonResourceAttributes', why))
  }
  if (!resource && !path) {
    problems.push(
      required(
        'spec',
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    )
  }
  if (problems.length > 0) throw invalid(kindOf(review), '', problems)
  const attributes: Attributes = resource
    ? {
        user,
        verb: resource.verb ?? '',
        group: resource.group ?? '',
        resource: resource.resource ?? '',
        subresource: resource.subresource ?? '',
        namespace: resource.namespace || undefined,
        name: resource.name ?? '',
      }
    : {
        user,
        verb: path.verb ?? '',
        group: '',
        resource: '',
        subresource: '',
        namespace: undefined,
        name: '',
        path: path.path ?? '',
      }
  const decision = decide(authorizers, attributes)
  return { allowed: decision.allowed, ...(decision.reason ? { reason: decision.reason } : {}) }
}

function rules(review: KubernetesObject, user: UserInfo, { authorizers }: ApiDeps): object {
  const namespace: string = review['spec']?.namespace ?? ''
  if (!namespace) throw badRequest('no namespace on request')
  const told = authorizers.filter((authorizer) => !authorizer.isUntold)
  const granted = told.flatMap((a) => [...a.grants(user, namespace)].map((g) => g.rule))
  const failures = told.flatMap((a) => a.failures?.(user, namespace) ?? [])
  return {
    resourceRules: granted
      .filter((rule) => rule.resources)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames ? { resourceNames } : {}),
      })),
    nonResourceRules: granted
      .filter((rule) => rule.nonResourceURLs)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
    ...(failures.length > 0 ? { evaluationError: listText(failures) } : {}),
  }
}

async function tokenReview(review: KubernetesObject, deps: ApiDeps): Promise<object> {
  const token: string = review['spec']?.token ?? ''
  if (!token) throw badRequest('token is required for TokenReview in authentication')
  const asked: string[] = review['spec'].audiences ?? []
  const { apiAudiences } = deps.authenticator
  const wanted = asked.length > 0 ? asked : apiAudiences
  if (token.startsWith('k8s-aws-v1.')) {
    const user = await tokenUser(token, deps.authenticator)
    const audiences = wanted.filter((a) => apiAudiences.includes(a))
    if (user && audiences.length > 0) {
      return { authenticated: true, user: userInfoOf(user), audiences }
    }
    return { user: {}, error: 'token lookup failed' }
  }
  const verdict = deps.tokens.verify(token, wanted)
  if (verdict && 'user' in verdict) {
    return { authenticated: true, user: userInfoOf(verdict.user), audiences: verdict.audiences }
  }
  return {
    user: {},
    error: verdict ? `[invalid bearer token, ${verdict.why}]` : 'invalid bearer token',
  }
}
