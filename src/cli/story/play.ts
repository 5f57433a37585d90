/** Plays the story on its stage: world after world, in each pod 2 at its work and then pod 1's attacks, side by side. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { CliFailure } from '../failure.ts'
import { waitUntil } from '../wait.ts'
import { type Attack, attacksIn } from './attacks.ts'
import { expected } from './expected.ts'
import { hasRow, isAsExpected, outcomeOf } from './outcome.ts'
import type { StandIns } from './pod-script.ts'
import { decidingOf, eventsOf, type Records } from './records.ts'
import { type PodRun, runPod } from './run-pod.ts'
import { roleNames, type Stage } from './stage.ts'
import {
  type AttackName,
  type AttackResult,
  type Deciding,
  type PodTwoResult,
  type WorldName,
  type WorldResult,
  worldNames,
} from './story.ts'
import { roleOf, setUpWorld, type World } from './worlds.ts'

/** Told as it happens, in the order of the telling. */
export interface Listener {
  world(world: WorldName): void
  podTwo(world: WorldName, result: PodTwoResult): void
  attackBegins(world: WorldName, attack: AttackName): void
  attack(world: WorldName, result: AttackResult): void
}

export interface PlayOptions {
  readonly stage: Stage
  readonly records: Records
  readonly listener: Listener
  readonly standIns: StandIns
  /** Marks this run's requests among those of others. */
  readonly run: string
  readonly signal: AbortSignal
}

/** How long records may take to be found after the pod that caused them has ended. */
const recordLimitMs = 15_000

export async function playWorlds(options: PlayOptions): Promise<WorldResult[]> {
  const results: WorldResult[] = []
  for (const world of worldNames) {
    options.signal.throwIfAborted()
    options.listener.world(world)
    const made = await setUpWorld(world, options.stage)
    results.push(await playWorld(world, made, options))
    await made.end()
  }
  return results
}

async function playWorld(
  world: WorldName,
  made: World,
  options: PlayOptions,
): Promise<WorldResult> {
  const { stage, listener } = options
  const second = await startPodTwo(world, made, options)
  const podTwo = await describePodTwo(world, second, options)
  listener.podTwo(world, podTwo)
  const around = {
    roles: roleNames(stage.name, world),
    account: stage.account,
  }
  const tries = attacksIn(world, around).map((attack) => ({
    attack,
    result: tryAttack(attack, world, made, second, options),
  }))
  // All are waited for, also where one of them fails.
  const settled = Promise.allSettled(tries.map(({ result }) => result))
  const attacks: AttackResult[] = []
  try {
    for (const { attack, result } of tries) {
      listener.attackBegins(world, attack.name)
      const done = await result
      attacks.push(done)
      listener.attack(world, done)
    }
  } finally {
    await settled
  }
  const agrees = podTwo.readsRow && attacks.every((attack) => attack.agrees)
  return { world, podTwo, attacks, agrees }
}

/** Pod 2 stays, as a backend does: its address and its token are what is stolen. */
function startPodTwo(world: WorldName, made: World, options: PlayOptions): Promise<PodRun> {
  return runPod(options, {
    name: 'pod-2',
    namespace: world,
    mark: markOf(options.run, world, 'pod-2'),
    identity: made.podTwo,
    steps: [{ run: 'login' }],
    after: 'exec sleep infinity',
  })
}

async function describePodTwo(
  world: WorldName,
  pod: PodRun,
  options: PlayOptions,
): Promise<PodTwoResult> {
  const deciding = await decision('pod-2', world, pod, options)
  const { steps } = pod
  return { pod: 'pod-2', steps, readsRow: hasRow(steps), ...(deciding && { deciding }) }
}

async function tryAttack(
  attack: Attack,
  world: WorldName,
  made: World,
  victim: PodRun,
  options: PlayOptions,
): Promise<AttackResult> {
  const { stage } = options
  const name = `pod-1-${attack.name}`
  const pod = await runPod(options, {
    name,
    namespace: world,
    mark: markOf(options.run, world, attack.name),
    identity: attack.asPodTwo ? made.podTwo : made.podOne,
    steps: attack.steps,
    attack,
    environment: {
      POD_2_IP: victim.ip,
      POD_2_UID: victim.uid,
      DATABASE_ROLE: `arn:aws:iam::${stage.account}:role/${roleNames(stage.name, world).database}`,
    },
    ...(attack.seesNode && { nodePods: nodePodsOf(stage.clusters, victim.uid) }),
  })
  const deciding = await decision(name, world, pod, options, attack.name)
  const roles = { ...roleNames(stage.name, world), node: roleOf(stage.nodeRole) }
  const outcome = outcomeOf(attack, pod.steps, deciding, roles)
  const wanted = expected[world][attack.name]
  if (!wanted) throw new Error(`no cell for ${attack.name} in ${world}`)
  return {
    attack: attack.name,
    pod: name,
    steps: pod.steps,
    outcome,
    ...(deciding && { deciding }),
    expected: wanted,
    agrees: isAsExpected(outcome, deciding, wanted),
  }
}

async function decision(
  pod: string,
  namespace: WorldName,
  { log }: PodRun,
  { records, run }: PlayOptions,
  attack: string = pod,
): Promise<Deciding | undefined> {
  const asker = { mark: markOf(run, namespace, attack), namespace, pod, log }
  let found: Deciding | undefined
  await waitUntil(async () => {
    const all = await records.read()
    found = decidingOf(asker.mark, eventsOf(all, asker), all)
    return found !== undefined
  }, recordLimitMs)
  return found
}

/** At most 50 letters, as AWS's clients send no longer name. */
function markOf(run: string, world: WorldName, what: string): string {
  return `story-${run}-${world}-${what}`
}

/** The folder in which the node of this pod keeps its pods: on a real node `/var/lib/kubelet/pods`. */
function nodePodsOf(clusters: string, uid: string): string {
  const [folder] = globSync(join(clusters, '*', 'nodes', '*', 'pods', uid))
  if (folder) return join(folder, '..')
  throw new CliFailure(`no node of this lab has a pod of uid ${uid} in \`${clusters}\``)
}
