/** Instance profiles of node roles: each bears its role's name, as those have that AWS's console makes. */
import type { IAMClient, Tag } from '@aws-sdk/client-iam'
import { isAwsError } from './aws.ts'

/** Makes the profile with the role in it; what is there already is left as it is. */
export async function createInstanceProfile(
  client: IAMClient,
  roleName: string,
  tags: Tag[],
): Promise<void> {
  const iam = await import('@aws-sdk/client-iam')
  const profile = { InstanceProfileName: roleName }
  await client
    .send(new iam.CreateInstanceProfileCommand({ ...profile, Tags: tags }))
    .catch(unless('EntityAlreadyExists'))
  await client
    .send(new iam.AddRoleToInstanceProfileCommand({ ...profile, RoleName: roleName }))
    .catch(unless('LimitExceeded'))
}

/** Takes the role out of its profiles and deletes the one of its own name, so that the role can be deleted. */
export async function leaveInstanceProfiles(client: IAMClient, roleName: string): Promise<void> {
  const iam = await import('@aws-sdk/client-iam')
  const { InstanceProfiles = [] } = await client.send(
    new iam.ListInstanceProfilesForRoleCommand({ RoleName: roleName }),
  )
  for (const { InstanceProfileName } of InstanceProfiles) {
    await client.send(
      new iam.RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: roleName }),
    )
    if (InstanceProfileName === roleName) {
      await client.send(new iam.DeleteInstanceProfileCommand({ InstanceProfileName }))
    }
  }
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (!isAwsError(error, code)) throw error
  }
}
