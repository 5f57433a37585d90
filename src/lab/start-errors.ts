/** The ways in which a lab cannot start. */
import type { Holder } from './lock.ts'

/** Another process runs this home. */
export class LabInUse extends Error {
  readonly holder: Holder
  constructor(holder: Holder) {
    super(`home in use by pid ${holder.pid}`)
    this.name = 'LabInUse'
    this.holder = holder
  }
}

/** A port that was asked for is taken; `holder` is the lab that has it, where it is one. */
export class PortTaken extends Error {
  readonly port: number
  readonly flag: string
  readonly holder: Holder | undefined
  constructor(port: number, flag: string, holder: Holder | undefined) {
    super(`port ${port} is taken`)
    this.name = 'PortTaken'
    this.port = port
    this.flag = flag
    this.holder = holder
  }
}

/** Pods cannot be connected as was asked for. */
export class PodNetworkImpossible extends Error {
  constructor(why: string) {
    super(`pods cannot have the network asked for: ${why}`)
    this.name = 'PodNetworkImpossible'
  }
}
