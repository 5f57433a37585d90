/** The instance profile that a role is in, for whoever runs instances. */
import { entityArn } from './names.ts'
import type { IamState } from './state.ts'

export interface RoleProfile {
  readonly arn: string
  readonly id: string
}

/** The first by name of those that the role is in; undefined where it is in none. */
export function instanceProfileOf(state: IamState, roleArn: string): RoleProfile | undefined {
  const [, , , , account = '', resource = ''] = roleArn.split(':')
  const name = resource.slice(resource.lastIndexOf('/') + 1).toLowerCase()
  const here = state.account(account)
  const role = here?.entities.role.get(name)?.record
  if (!here || !role) return undefined
  const [profile] = [...here.profilesOf.of(name)]
    .sort()
    .flatMap((key) => here.entities['instance-profile'].get(key)?.record ?? [])
    .filter((found) => found.role?.id === role.id)
  return profile && { arn: entityArn(account, 'instance-profile', profile), id: profile.id }
}
