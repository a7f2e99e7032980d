/**
 * Sends one invitation and finds out what came of it. An invitation mails a person: nothing here is ever sent twice, and a
 * failure says whether the mail may have gone out (`unclear`), for the engine then looks before it sends again.
 */
import { type Answer, classify } from '../http.ts';
import { type Failure, TargetError } from '../outcome.ts';
import type { SharedList } from '../shared-list.ts';
import type { Applied, Fields, Io, Observed, Step } from '../target.ts';
import type { Choices } from './choices.ts';
import type { Client, UserRecord } from './client.ts';
import type { Listing } from './directory.ts';
import { organisationId, readAssignment } from './roles.ts';
import type { Settings } from './settings.ts';
import { resultOf } from './users.ts';

export interface InviteParts {
  client: Client;
  listing: SharedList<Listing>;
  choices: Choices;
  settings: Settings;
  observe: (user: UserRecord, io: Io) => Promise<Observed>;
}

/** What an invitation says, as the platform will show it. */
interface Sent {
  person: Fields;
  roles: readonly string[];
  organisations: readonly string[];
}

export async function invite({ body = {}, grants = [] }: Step, parts: InviteParts, io: Io): Promise<Applied> {
  const { client, choices, settings } = parts;
  const role = await choices.role(io, grants);
  const provider = await choices.identityProvider(io);
  const organisations = grants
    .map(readAssignment)
    .filter(({ kind }) => kind === 'organisation')
    .map(({ name }) => organisationId(name, settings))
    .filter((id) => id !== null);
  const person = without(body, [settings.roleField, settings.identityProviderField, 'OrganizationIds']);
  const user = {
    ...person,
    ...(role && { [settings.roleField]: role.id }),
    ...(provider && { [settings.identityProviderField]: provider }),
  };
  // One person a call: what becomes of the others when one is refused is not documented.
  const payload =
    settings.organisationIdsIn === 'user'
      ? { Users: [{ ...user, OrganizationIds: organisations }] }
      : { Users: [user], OrganizationIds: organisations };
  const answer = await client.invite(io, payload);
  const isDone = answer.status >= 200 && answer.status < 300;
  const failure = isDone ? null : failureOf(answer);
  if (failure && failure.kind !== 'reject') throw new TargetError(failure);
  const sent = { person, roles: role ? [role.id] : [], organisations };
  try {
    return await outcomeOf(answer, failure, sent, parts, io);
  } catch (error) {
    throw isDone ? unclear(error) : error;
  }
}

/** Said by the answer, else seen in the listing: any refusal may mean that the user is there already. */
async function outcomeOf(
  answer: Answer,
  failure: Failure | null,
  { person, roles, organisations }: Sent,
  { listing, observe }: InviteParts,
  io: Io,
): Promise<Applied> {
  const address = person.Email ?? '';
  const given = { Roles: roles, OrganizationIds: organisations };
  const result = failure ? null : resultOf(answer, address);
  if (result?.kind === 'invited' && result.id !== null) {
    const user = { ...person, id: result.id, State: 'New', ...given };
    return { id: result.id, evidence: 'answer', observed: await observe(user, io) };
  }
  const [user, ...others] = (await listing.fresh(io)).at([address]);
  const isRefused = failure !== null || result?.kind === 'refused';
  if (user && others.length === 0) {
    if (isRefused) return { id: user.id, evidence: 'listing', observed: await observe(user, io), existed: true };
    // What the listing does not show of it is what was sent.
    return { id: user.id, evidence: 'listing', observed: await observe({ ...given, ...user }, io) };
  }
  if (failure) throw new TargetError(failure);
  if (result?.kind === 'refused') {
    throw new TargetError({ kind: 'reject', reason: `the platform did not invite ${address}: ${result.words}` });
  }
  const reason = user ? 'several users have this e-mail address' : 'the invited user is not in the list of users yet';
  throw new TargetError({ kind: 'retry', reason });
}

/** Only 429 says that nothing was done; after any other server's trouble the mail may be out. */
function failureOf(answer: Answer): Failure {
  const failure = classify(answer);
  return failure.kind === 'retry' && answer.status !== 429 ? { ...failure, unclear: true } : failure;
}

function unclear(error: unknown): unknown {
  if (!(error instanceof TargetError) || error.failure.kind !== 'retry') return error;
  return new TargetError({ ...error.failure, unclear: true });
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}
