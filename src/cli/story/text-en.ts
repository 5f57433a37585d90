/** The story in English. */
import { titles } from '../why-text.ts'
import type { StoryText } from './text.ts'

export const english: StoryText = {
  title: 'Pod ① and pod ②',
  opening: [
    "Two backends on one node. Pod ② needs the Aurora cluster; pod ① serves the public and needs no database. Then pod ① is cracked. Five ways in which pods got at AWS, oldest first: in each, pod ② reads its row, then the attacker in pod ① tries to. All of it runs for real; what refuses, or lets through, is read from the lab's records.",
  ],
  definition:
    'Both log in to Aurora in the same way, with a token that is signed with whatever role the pod has:',
  worlds: {
    'node-role': "the node's role",
    kube2iam: 'kube2iam',
    kiam: 'kiam',
    'pod-identity': 'EKS Pod Identity',
    irsa: 'IRSA',
  },
  rights: {
    'node-role':
      "Pods speak as their node. Pod ② needs the database, so the node's role got rds-db:connect, and with it every pod of the node.",
    kube2iam:
      "A pod names its role by annotation, an agent on the node fetches it. For that, every node's role may assume every pod's role.",
    kiam: "As kube2iam, but one server alone may assume pods' roles, and a namespace says which ones its pods may have.",
    'pod-identity':
      "A ServiceAccount has a role by association. An agent on the node trades the pod's token for that role.",
    irsa: 'A ServiceAccount names a role that trusts it by name. The pod itself trades its token for the role, at STS. The node has no part in it.',
  },
  attacks: {
    metadata: 'steal credentials from the metadata service of the node',
    'host-network': "make a pod on the host's network",
    annotation: "change the pod's own annotation (with the right to patch pods)",
    address: "send from pod ②'s address",
    'service-account': "make a pod with pod ②'s ServiceAccount",
    'stolen-token': "read pod ②'s token on the node, as root, and use it",
    'forged-token': "write pod ②'s name into the own token",
  },
  attacksShort: {
    metadata: ['metadata of', 'the node'],
    'host-network': ['host network', ''],
    annotation: ['change own', 'annotation'],
    address: ["take pod 2's", 'address'],
    'service-account': ["a pod with 2's", 'ServiceAccount'],
    'stolen-token': ["pod 2's token", 'stolen'],
    'forged-token': ['forged token', ''],
  },
  outcomes: {
    'all-rights': 'all of pod 2',
    'any-role': 'any role',
    'permitted-roles': 'permitted',
    'pod-2-role': "pod 2's role",
    'own-role-and-paths': 'own, leaks',
    'own-role': 'own role',
    'node-role': 'node role',
    nothing: 'nothing',
  },
  links: titles,
  lessons: {
    'node-role': {
      metadata:
        "nothing had to be cracked: the metadata service gives the node's role to whoever asks",
      'host-network': 'no different: there is only one role to have',
    },
    kube2iam: {
      metadata:
        "the agent answers with the pod's own role; other paths it passes on, and they tell of the node",
      'host-network':
        "the agent's rule is not for the host's network: the pod is the node, and the node may have any role",
      annotation: "the annotation is all that it takes: another team's role, too",
      address: 'the agent knows a pod by its address only',
    },
    kiam: {
      metadata: "the agent gives the pod's own role, and blocks all other paths",
      'host-network': 'the pod is the node, but here the node may assume nothing',
      annotation:
        "another team's role is forbidden by the namespace; pod ②'s is not, as both share the namespace",
      address: 'the agent knows a pod by its address only',
    },
    'pod-identity': {
      metadata:
        "the metadata service still gives the node's role; but that may not log in any more (shut it: hop limit 1, tokens required)",
      'host-network': "the same role of the node, which pod ②'s role does not trust",
      annotation: "annotations mean nothing here: the association is by the token's ServiceAccount",
      address: 'addresses mean nothing here: the token says who asks',
      'service-account': 'who may make pods may choose their ServiceAccount: RBAC is the guard',
      'stolen-token': 'root on the node is every pod of the node',
      'forged-token': 'the signature covers the name',
    },
    irsa: {
      metadata:
        "the metadata service still gives the node's role; but that may not log in any more (shut it: hop limit 1, tokens required)",
      'host-network': "the same role of the node, which pod ②'s role does not trust",
      annotation:
        'a role may be asked for; but its trust policy names the ServiceAccount, and the token says another',
      address: 'addresses mean nothing here: the token says who asks',
      'service-account': 'who may make pods may choose their ServiceAccount: RBAC is the guard',
      'stolen-token':
        'root on the node is every pod of the node; a stolen token is good until it expires, from anywhere',
      'forged-token': 'the signature covers the name',
    },
  },
  podTwoReads: 'pod ② reads its row',
  podTwoFails: 'pod ② does not read its row',
  cracked: 'pod ①, cracked, tries to:',
  letThrough: 'LET THROUGH at',
  refused: 'REFUSED at',
  unknown: 'no decision was recorded',
  elsewhere: 'with the real systems it is',
  table: 'What pod ① got, and the link that refused or let through',
  legend: [
    "✘  pod 1 read pod 2's row      ✔  it did not      -  nothing to attack in that world",
    "permitted: what the namespace permits      own, leaks: its own role, and paths of the node's metadata",
    "IRSA takes the right off the node's role. What is left to guard: RBAC (who may make pods, with which ServiceAccount), root on the node, and the metadata service itself.",
  ],
  agrees: 'every cell is as with the real systems',
  differs: 'cells that are not as with the real systems',
  next: 'try next',
  setting: {
    leftovers: 'removing what an earlier story left',
    cluster: 'making a cluster',
    database: 'making an Aurora cluster',
    world: 'setting up the world',
  },
  trying: 'pod ① tries to',
  clearing: 'removing all that the story made',
}
