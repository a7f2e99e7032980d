/**
 * Bulk onboarding: rows become users of the tenant's directory, by the same writes that an identity provider makes, and
 * everything else goes its normal way. Who is there already is left alone, so that it can be run again.
 */
import { randomUUIDv7 } from 'node:crypto';
import { ScimError } from '../scim/errors.ts';
import type { ResourceType } from '../scim/schema.ts';
import { type Directory, type DirectoryCaller, NoneCreated } from './directory.ts';

export interface Invitee {
  /** Of the file, for what is said about it. */
  line: number;
  userName: string;
  email: string;
  givenName?: string;
  familyName?: string;
  displayName?: string;
  externalId?: string;
  userType?: string;
  title?: string;
  /** Names of groups that are there. */
  groups: readonly string[];
  /** SCIM `roles`. */
  roles: readonly string[];
  /** SCIM `entitlements`. */
  organisations: readonly string[];
}

export interface Registered {
  line: number;
  userName: string;
  userId: string;
  how: 'created' | 'updated' | 'left';
}

export interface Onboarding {
  directory: Directory;
  user: ResourceType;
  group: ResourceType;
  caller: Omit<DirectoryCaller, 'activityId'>;
}

/** @throws ScimError what is wrong with this person; StoreUnavailable. */
export async function register(
  { directory, user, group, caller }: Onboarding,
  invitee: Invitee,
  { update }: { update: boolean },
): Promise<Registered> {
  const { line, userName, groups } = invitee;
  const asks = () => ({ ...caller, activityId: randomUUIDv7() });
  const idOf = async (type: ResourceType, attribute: string, value: string) => {
    const query = { filter: `${attribute} eq ${JSON.stringify(value)}`, attributes: 'id', count: '2' };
    const { Resources } = await directory.list(asks(), [type], query);
    const [first, other] = Resources.map(({ id }) => id);
    if (other !== undefined) throw refusal(`several groups are called "${value}"`);
    return first ?? null;
  };
  const existing = await idOf(user, 'userName', userName);
  if (existing !== null && !update) return { line, userName, userId: existing, how: 'left' };

  const groupIds: string[] = [];
  for (const name of groups) {
    const id = await idOf(group, 'displayName', name);
    if (id === null) throw refusal(`there is no group "${name}"`);
    groupIds.push(id);
  }
  const join = async (userId: string) => {
    const Operations = [{ op: 'add', path: 'members', value: [{ value: userId }] }];
    for (const id of groupIds)
      await directory.patch(asks(), group, id, { schemas: [PATCH], Operations }, { bare: true });
  };
  if (existing !== null) {
    await join(existing);
    const Operations = Object.entries(bodyOf(invitee)).map(([path, value]) => ({ op: 'replace', path, value }));
    const body = { schemas: [PATCH], Operations: Operations.filter(({ path }) => path !== 'schemas') };
    await directory.patch(asks(), user, existing, body, { bare: true });
    return { line, userName, userId: existing, how: 'updated' };
  }
  const id = randomUUIDv7();
  // First, so that the invitation has the roles of the groups: a member who is not there yet is granted nothing.
  await join(id);
  try {
    const body = { ...bodyOf(invitee), active: true };
    await directory.createTogether([{ caller: asks(), type: user, id, body, query: { bare: true } }]);
  } catch (error) {
    const Operations = [{ op: 'remove', path: `members[value eq "${id}"]` }];
    for (const each of groupIds) {
      await directory.patch(asks(), group, each, { schemas: [PATCH], Operations }, { bare: true }).catch(() => {});
    }
    throw error instanceof NoneCreated ? error.cause : error;
  }
  return { line, userName, userId: id, how: 'created' };
}

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

function refusal(why: string): ScimError {
  return new ScimError(400, 'invalidValue', why);
}

/** Only what the row says. */
function bodyOf(invitee: Invitee): Record<string, unknown> {
  const { userName, email, givenName, familyName, displayName, externalId, userType, title } = invitee;
  const { roles, organisations } = invitee;
  const values = (list: readonly string[]) => list.map((value) => ({ value }));
  const name = { ...(givenName !== undefined && { givenName }), ...(familyName !== undefined && { familyName }) };
  return {
    schemas: [USER],
    userName,
    emails: [{ value: email, primary: true }],
    ...(Object.keys(name).length > 0 && { name }),
    ...(displayName !== undefined && { displayName }),
    ...(externalId !== undefined && { externalId }),
    ...(userType !== undefined && { userType }),
    ...(title !== undefined && { title }),
    ...(roles.length > 0 && { roles: values(roles) }),
    ...(organisations.length > 0 && { entitlements: values(organisations) }),
  };
}
