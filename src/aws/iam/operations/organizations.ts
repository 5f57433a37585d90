/** What only an organization's management account may ask: accounts here are in no organization, and are told so. */
import type { Operation } from '../../operation.ts'
import { onAccount } from '../access.ts'
import type { IamDeps } from '../deps.ts'
import { refuse } from '../errors.ts'

/** A report on what an organization's accounts use: refused. */
export const generateOrganizationsAccessReport: Operation<
  { readonly EntityPath: string },
  never,
  IamDeps
> = {
  name: 'GenerateOrganizationsAccessReport',
  access: onAccount('iam:GenerateOrganizationsAccessReport'),
  handle() {
    throw refuse.InvalidInput({
      text: 'Your account is not a member of an organization, or the entity path is not valid.',
    })
  },
}

/** There is no such report. */
export const getOrganizationsAccessReport: Operation<{ readonly JobId: string }, never, IamDeps> = {
  name: 'GetOrganizationsAccessReport',
  access: onAccount('iam:GetOrganizationsAccessReport'),
  handle({ JobId }) {
    throw refuse.NoSuchEntity({}, { message: `Job ${JobId} cannot be found.` })
  },
}

/** Central management of members' root users: refused, whichever the operation. */
export function organizationsFeature<Name extends string>(
  name: Name,
): Operation<object, never, IamDeps> {
  return {
    name,
    access: onAccount(`iam:${name}`),
    handle() {
      throw refuse.OrganizationNotFoundException()
    },
  }
}
