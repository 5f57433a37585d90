/** Users as the API and webhooks are shown them. */
import type { UserInfo } from '../../object.ts'

/** A user without what is for the authorizer alone. */
export function userInfoOf(user: UserInfo): object {
  return {
    username: user.username,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: user.groups,
    ...(user.extra && Object.keys(user.extra).length > 0 ? { extra: user.extra } : {}),
  }
}
