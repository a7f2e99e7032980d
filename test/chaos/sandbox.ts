/** The sandbox's control surface, as the run uses it. */

export interface SandboxState {
  users: Record<string, string>[];
  teamMembers: Record<string, string>[];
  assignments: { teamMemberId: string; eventId: string }[];
}

export interface LoggedCall {
  number: number;
  fault: string | null;
}

const SINGLE_CALL_KINDS = ['500', 'reset', 'timeout', 'lost-response', '500-after', 'late'];
/** A 429 stops all calls for a second: as often as the others, hardly any call would be made. */
const DRAWN_KINDS = [...SINGLE_CALL_KINDS, ...SINGLE_CALL_KINDS, ...SINGLE_CALL_KINDS, '429'];
export const FAULT_KINDS = [...SINGLE_CALL_KINDS, '429'];
/** A `late` call takes effect so long after it was cut. */
export const LATE_MS = 3_000;

export interface SandboxControl {
  state(): Promise<SandboxState>;
  credentials(): Promise<Record<string, string>>;
  addEvents(ids: readonly string[]): Promise<void>;
  faults(rate: number, seed: number): Promise<void>;
  /** How many calls there were, and how many of them each kind of fault hit. */
  counts(): Promise<{ calls: number; faults: Record<string, number> }>;
}

export function sandboxControl(url: string): SandboxControl {
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${url}/sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`POST /sandbox/${path}: ${await response.text()}`);
  };
  const get = async (path: string) => (await fetch(`${url}/sandbox/${path}`)).json();
  return {
    state: async () => ((await get('state')) as { qflow: SandboxState }).qflow,
    credentials: async () => ((await get('credentials')) as { qflow: Record<string, string> }).qflow,
    async addEvents(ids) {
      for (const id of ids) await post('qflow/events', { id });
    },
    faults: (rate, seed) => post('faults', { system: '*', rate, kinds: rate > 0 ? DRAWN_KINDS : [], seed }),
    async counts() {
      const logged = (await get('calls')) as LoggedCall[];
      const kinds = Map.groupBy(logged, ({ fault }) => fault ?? '');
      return {
        calls: logged.at(-1)?.number ?? 0,
        faults: Object.fromEntries(FAULT_KINDS.map((kind) => [kind, kinds.get(kind)?.length ?? 0])),
      };
    },
  };
}
