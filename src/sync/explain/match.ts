/** Looks for the record of an account as a worker would (locate.ts), and links nothing. */
import type { Store } from '../../store/store.ts';
import type { Found, Keys, Observed } from '../../targets/target.ts';
import type { AccountKey } from '../accounts/accounts.ts';
import { openSince } from '../accounts/intents.ts';
import { createIo, type RecordingIo } from '../lanes/calls.ts';
import type { Lane } from '../lanes/lanes.ts';
import { reportsMissing } from '../rules/rules.ts';
import { type Adopted, adoptedFrom, judge, restsBecause } from '../work/adoption.ts';
import type { Wish } from '../work/pass.ts';
import type { Situation } from '../work/situations.ts';

export interface Looked {
  situation: Situation | null;
  lookedFor: readonly Keys[];
  seen: Observed | null;
  /** In words. */
  look: string;
  /** Why nothing can be done with what was seen; null: something can. */
  obstacle: string | null;
  /** How the record will be come by, where it was there before. */
  adopts: Adopted | null;
}

interface Looking {
  store: Store;
  lane: Lane;
  account: AccountKey & { remote_id: string | null; observed: string | null; adoption: string | null };
  wish: Wish;
  io: RecordingIo;
}

const NOTHING = { lookedFor: [], seen: null, obstacle: null, adopts: null };

/** @throws TargetError where the target cannot be asked. */
export async function look(store: Store, lane: Lane, account: Looking['account'], wish: Wish): Promise<Looked> {
  const io = createIo(lane, { userId: account.user_id, activityId: null, urgent: true, outlives: () => true });
  const looking = { store, lane, account, wish, io };
  const { remote_id: id } = account;
  if (id === null) return byKeys(looking);
  const linked = await confirmed(looking, id);
  // Gone: it is looked for anew, under its names.
  if (linked.situation !== 'missing' || linked.obstacle !== null || !wish.desired) return linked;
  const other = await byKeys(looking);
  return other.situation === 'absent' ? { ...linked, lookedFor: other.lookedFor } : other;
}

async function confirmed({ lane, account, wish, io }: Looking, id: string): Promise<Looked> {
  const { desired } = wish;
  const last: Observed | null = account.observed === null ? null : JSON.parse(account.observed);
  const found = await lane.connection.find({ id, keys: desired ? [desired.keys] : [], last, openIntent: false }, io);
  if (found.kind === 'found') {
    return { ...NOTHING, situation: 'confirmed', seen: found.observed, look: `record ${found.observed.id}` };
  }
  if (found.kind !== 'absent') {
    const obstacle = `the account ${id} cannot be told from others any more`;
    return { ...NOTHING, situation: null, look: wordsFor(found), obstacle };
  }
  const reported = desired?.presence === 'active' && reportsMissing(lane);
  const obstacle = reported
    ? `the record ${id} is gone; rule "missing" says to report that and not to make it anew`
    : null;
  return { ...NOTHING, situation: 'missing', look: `the linked record ${id} is gone`, obstacle };
}

/** First what a create of ours has made whose answer was lost, then what was there before. */
async function byKeys(looking: Looking): Promise<Looked> {
  const { lane, wish, io } = looking;
  const sent = distinct(wish.intents.map((intent) => intent.keys));
  if (sent.length > 0) {
    const query = { id: null, keys: sent, last: null, openIntent: true, since: openSince(wish.intents) };
    const found = await lane.connection.find(query, io);
    const recognized = await judged(looking, found, sent, true);
    if (recognized.situation !== 'absent') return recognized;
  }
  if (!wish.desired) return { ...NOTHING, situation: 'source-missing', lookedFor: sent, look: 'no record is known' };
  const keys = [wish.desired.keys];
  const isCertain = lane.rules.existing !== 'exact';
  const found = await lane.connection.find({ id: null, keys, last: null, openIntent: isCertain }, io);
  const looked = await judged(looking, found, distinct([...sent, ...keys]), false);
  if (found.kind === 'unknowable' && isCertain && wish.desired.presence === 'active') {
    const obstacle = `this system cannot be asked who is there, so rule "existing": "${lane.rules.existing}" cannot be kept here; only "exact" can`;
    return { ...looked, obstacle };
  }
  return looked;
}

/** @param isOurs what is found is what a create of ours has made. */
async function judged(looking: Looking, found: Found, lookedFor: readonly Keys[], isOurs: boolean): Promise<Looked> {
  const { lane, account, wish } = looking;
  const looked: Looked = { ...NOTHING, situation: 'absent', lookedFor, look: wordsFor(found) };
  const ids = idsOf(found);
  if (ids.length === 0) return looked;
  const owners = await ownersOf(looking, ids);
  const free = ids.filter((id) => !owners.has(id));
  const seen = found.kind === 'found' ? found.observed : null;
  if (free.length === 0) {
    if (isOurs) return looked;
    return { ...looked, situation: 'already-linked', seen, obstacle: ownerText(account, ids[0] ?? '', owners) };
  }
  if (isOurs && seen) return { ...looked, situation: 'confirmed', seen };
  const situation = free.length > 1 ? 'ambiguous' : 'found';
  const question = account.adoption === null ? null : JSON.parse(account.adoption);
  const verdict = judge(lane.rules.existing, free, question);
  if (verdict.kind !== 'link') {
    const userName = String(wish.user?.resource.userName ?? account.user_id);
    const about = { tenant: lane.tenant, target: lane.name, userName };
    return { ...looked, situation, seen, obstacle: restsBecause(verdict.kind, free, about) };
  }
  const record = seen?.id === verdict.record ? seen : await readRecord(looking, verdict.record);
  if (!record) return { ...looked, situation, obstacle: `the record ${verdict.record} is gone again` };
  const adopts = wish.desired && adoptedFrom(record, wish.desired, { at: Date.now(), by: verdict.by });
  return { ...looked, situation, seen: record, adopts };
}

async function readRecord({ lane, io }: Looking, id: string): Promise<Observed | null> {
  const found = await lane.connection.find({ id, keys: [], last: null, openIntent: false }, io);
  return found.kind === 'found' ? found.observed : null;
}

async function ownersOf({ store, lane, account }: Looking, ids: readonly string[]): Promise<Map<string, AccountKey>> {
  const { tenant, target_id, user_id } = account;
  const links = await store.read
    .selectFrom('remote_links')
    .select(['remote_id', 'tenant', 'target_id', 'user_id'])
    .where('system_key', '=', lane.systemKey)
    .where('remote_id', 'in', ids)
    .execute();
  const others = links.filter(
    (link) => link.tenant !== tenant || link.target_id !== target_id || link.user_id !== user_id,
  );
  return new Map(others.map((link) => [link.remote_id, link]));
}

/** Another tenant is never named. */
function ownerText(account: AccountKey, id: string, owners: ReadonlyMap<string, AccountKey>): string {
  const ours = [...owners.values()].find(
    (owner) => owner.tenant === account.tenant && owner.target_id === account.target_id,
  );
  return ours ? `record ${id} is linked to user ${ours.user_id}` : `record ${id} is linked elsewhere`;
}

function idsOf(found: Found): readonly string[] {
  if (found.kind === 'found') return [found.observed.id];
  return found.kind === 'ambiguous' ? [...new Set(found.ids)] : [];
}

function wordsFor(found: Found): string {
  switch (found.kind) {
    case 'found':
      return `record ${found.observed.id}`;
    case 'absent':
      return 'no record';
    case 'unknowable':
      return 'cannot be asked; a create would tell';
    case 'ambiguous':
      return `ambiguous: ${found.detail}`;
  }
}

function distinct(keys: readonly Keys[]): Keys[] {
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}
