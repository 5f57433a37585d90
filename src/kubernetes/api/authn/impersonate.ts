/** Impersonation: who may act as whom, by the `Impersonate-*` headers (`kubectl --as`). */
import type { IncomingHttpHeaders } from 'node:http'
import type { UserInfo } from '../../object.ts'
import { type Authorizer, decide, forbiddenRequest } from '../authz/authorizer.ts'
import { badRequest } from '../status.ts'
import { withAuthenticated } from './authenticate.ts'

const extraPrefix = 'impersonate-extra-'
const accountPrefix = 'system:serviceaccount:'

/** The user that the request acts as: `user` itself, or the one that the headers name and `user` may be. */
export function impersonated(
  user: UserInfo,
  headers: IncomingHttpHeaders,
  groupHeaders: readonly string[],
  authorizers: readonly Authorizer[],
): UserInfo {
  const name = headers['impersonate-user']
  const uid = headers['impersonate-uid']
  const extraNames = Object.keys(headers).filter((h) => h.startsWith(extraPrefix))
  if (name === undefined) {
    if (groupHeaders.length > 0 || uid !== undefined || extraNames.length > 0) {
      throw badRequest(`requested [${groupHeaders.join(' ')}] without impersonating a user name`)
    }
    return user
  }
  const account = String(name).startsWith(accountPrefix)
    ? String(name).slice(accountPrefix.length).split(':')
    : undefined
  const check = (resource: string, of: string, namespace?: string) => {
    const attributes = {
      user,
      verb: 'impersonate',
      group:
        resource === 'uids' || resource.startsWith('userextras') ? 'authentication.k8s.io' : '',
      resource,
      subresource: '',
      namespace,
      name: of,
    }
    const { allowed, reason } = decide(authorizers, attributes)
    if (!allowed) throw forbiddenRequest(attributes, reason)
  }
  if (account?.length === 2) check('serviceaccounts', account[1] ?? '', account[0])
  else check('users', String(name))
  for (const group of groupHeaders) check('groups', group)
  if (uid !== undefined) check('uids', String(uid))
  const extra: Record<string, string[]> = {}
  for (const header of extraNames) {
    const key = decodeURIComponent(header.slice(extraPrefix.length))
    const values = String(headers[header]).split(', ')
    for (const value of values) check(`userextras/${key}`, value)
    extra[key] = values
  }
  return {
    username: String(name),
    ...(uid === undefined ? {} : { uid: String(uid) }),
    groups: groupsOf(String(name), groupHeaders, account),
    ...(extraNames.length > 0 ? { extra } : {}),
  }
}

function groupsOf(
  name: string,
  asked: readonly string[],
  account: readonly string[] | undefined,
): string[] {
  if (name === 'system:anonymous') return [...new Set([...asked, 'system:unauthenticated'])]
  if (account?.length === 2 && asked.length === 0) {
    return withAuthenticated(['system:serviceaccounts', `system:serviceaccounts:${account[0]}`])
  }
  return withAuthenticated(asked)
}
