/** eksctl's verbs, each with what it can do. */
import { Command } from 'commander'
import { associateOidcProviderCommand } from './commands/associate-oidc-provider.ts'
import { createAccountCommand } from './commands/create-account.ts'
import { createClusterCommand } from './commands/create-cluster.ts'
import { createFargateProfileCommand } from './commands/create-fargateprofile.ts'
import { createIamServiceAccountCommand } from './commands/create-iamserviceaccount.ts'
import { createPodIdentityAssociationCommand } from './commands/create-podidentityassociation.ts'
import { deleteClusterCommand } from './commands/delete-cluster.ts'
import { deleteFargateProfileCommand } from './commands/delete-fargateprofile.ts'
import { deleteIamServiceAccountCommand } from './commands/delete-iamserviceaccount.ts'
import { deletePodIdentityAssociationCommand } from './commands/delete-podidentityassociation.ts'
import { getClusterCommand } from './commands/get-cluster.ts'
import { getFargateProfileCommand } from './commands/get-fargateprofile.ts'
import { getIamServiceAccountCommand } from './commands/get-iamserviceaccount.ts'
import { getNodegroupCommand } from './commands/get-nodegroup.ts'
import { getPodIdentityAssociationCommand } from './commands/get-podidentityassociation.ts'
import { migrateToPodIdentityCommand } from './commands/migrate-to-pod-identity.ts'
import { updateIamServiceAccountCommand } from './commands/update-iamserviceaccount.ts'
import { updatePodIdentityAssociationCommand } from './commands/update-podidentityassociation.ts'
import { writeKubeconfigCommand } from './commands/write-kubeconfig.ts'
import type { CliContext } from './context.ts'

type Make = (context: CliContext) => Command

function group(name: string, description: string, ...members: Make[]): Make {
  return (context) => {
    const command = new Command(name).description(description)
    for (const make of members) command.addCommand(make(context))
    return command
  }
}

export const createCommand = group(
  'create',
  'make a cluster, a ServiceAccount with a role, or an account',
  createClusterCommand,
  createIamServiceAccountCommand,
  createPodIdentityAssociationCommand,
  createFargateProfileCommand,
  createAccountCommand,
)

export const getCommand = group(
  'get',
  'list clusters, node groups, Fargate profiles, or ServiceAccounts with roles',
  getClusterCommand,
  getNodegroupCommand,
  getIamServiceAccountCommand,
  getPodIdentityAssociationCommand,
  getFargateProfileCommand,
)

export const updateCommand = group(
  'update',
  'change the role of a ServiceAccount',
  updateIamServiceAccountCommand,
  updatePodIdentityAssociationCommand,
)

export const deleteCommand = group(
  'delete',
  'delete a cluster, or the role of a ServiceAccount',
  deleteClusterCommand,
  deleteIamServiceAccountCommand,
  deletePodIdentityAssociationCommand,
  deleteFargateProfileCommand,
)

export const utilsCommand = group(
  'utils',
  'OIDC provider, kubeconfig, move to Pod Identity',
  associateOidcProviderCommand,
  migrateToPodIdentityCommand,
  writeKubeconfigCommand,
)
