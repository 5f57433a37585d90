/** Instances by id, as every operation on them finds them. */
import type { Call } from '../operation.ts'
import { refuse } from './errors.ts'
import type { Ec2Fleet, Ec2Instance } from './fleet.ts'

/** The instances of the caller's account in the request's region. */
export function ownInstances(fleet: Ec2Fleet, { account, region }: Call): Ec2Instance[] {
  return fleet
    .instances()
    .filter((instance) => instance.account === account && instance.region === region)
}

/** The instances with these ids; throws InvalidInstanceID where one is not there. */
export function findInstances(fleet: Ec2Fleet, call: Call, ids: readonly string[]): Ec2Instance[] {
  const own = new Map(ownInstances(fleet, call).map((instance) => [instance.instanceId, instance]))
  const bad = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id))
  if (bad !== undefined) throw refuse['InvalidInstanceID.Malformed']({ id: bad })
  const missing = ids.filter((id) => !own.has(id))
  if (missing.length > 1) {
    const message = `The instance IDs '${missing.join(', ')}' do not exist`
    throw refuse['InvalidInstanceID.NotFound']({}, { message })
  }
  if (missing[0] !== undefined) throw refuse['InvalidInstanceID.NotFound']({ id: missing[0] })
  return [...new Set(ids)].flatMap((id) => own.get(id) ?? [])
}

/** After everything else was found good: with `DryRun` nothing is done. */
export function refuseDryRun({ DryRun }: { readonly DryRun?: boolean }): void {
  if (DryRun) throw refuse.DryRunOperation()
}
