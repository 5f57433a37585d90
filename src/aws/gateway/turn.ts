/** Brings requests that were read in one turn of the event loop together, so that they take each stage side by side. */

/**
 * Makes a promise that resolves when all sockets that are ready have been read, the same for all requests of that turn.
 * From there on `nextStage` (kernel/stage.ts) keeps them abreast.
 */
export function createTurn(): () => Promise<void> {
  let turn: Promise<void> | undefined
  return () => {
    turn ??= new Promise((resolve) => {
      setImmediate(() => {
        turn = undefined
        resolve()
      })
    })
    return turn
  }
}
