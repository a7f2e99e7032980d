/**
 * Loaded into a connector before anything of its own (`node --import`): its wall clock then shows what the run says. Only
 * the clock of dates; the monotonic one goes on, as it does on a machine whose time is set.
 */
const Real = Date;
let offsetMs = 0;

class JumpingDate extends Real {
  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [JumpingDate.now()] : given) as [number]));
  }
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Real;
  }
  static override now(): number {
    return Real.now() + offsetMs;
  }
}
globalThis.Date = JumpingDate as DateConstructor;

process.on('message', (message: { offsetMs?: number }) => {
  if (typeof message.offsetMs === 'number') offsetMs = message.offsetMs;
});
// It keeps nobody alive.
process.channel?.unref();
