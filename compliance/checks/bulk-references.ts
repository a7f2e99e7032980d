/** RFC 7644 sections 3.7.1, 3.7.2 and 3.7.4: references within a bulk request, and its limits. */
import { randomUUID } from 'node:crypto';
import type { Check, Trial } from '../trial.ts';
import { bulk, creating, idOf, noBulk, resultOf, statusOf } from './bulk.ts';
import { endpointOf, membersOf } from './picking.ts';
import { at, came, ENTERPRISE, object, shown } from './reading.ts';

const references: Check = {
  id: 'bulk/references',
  title: 'A group is made with a user that is made in the same request',
  feature: 'bulk',
  requirements: ['RFC7644-3.7.2-1'],
  unless: (server) => noBulk(server) ?? (server.hasGroups ? null : 'it has no groups'),
  async run(trial: Trial) {
    trial.needs(trial.server.hasGroups, 'it has no groups');
    const outcome = await bulk(trial, [
      creating(trial, 'jane', trial.userBody()),
      creating(trial, 'team', trial.groupBody({ members: [{ value: 'bulkId:jane' }] }), 'Group'),
    ]);
    trial.needs(outcome.answer.status === 200, `a bulk request got ${came(outcome.answer)}`);
    const [user, group] = [idOf(resultOf(outcome, 'jane')), resultOf(outcome, 'team')];
    trial.needs(user !== null && statusOf(resultOf(outcome, 'jane')) === 201, 'the user was not created');
    const id = idOf(group);
    const created = `the group should be created; it is ${shown(at(group, 'status'))}`;
    if (!trial.holds('RFC7644-3.7.2-1', statusOf(group) === 201 && id !== null, created, outcome.answer)) return;
    const path = `${endpointOf(trial.server, 'Group')}/${encodeURIComponent(id ?? '')}`;
    const found = await membersOf(trial, { id: id ?? '', path, resource: {}, exchange: outcome.answer });
    const message = `the group should have the new user ${shown(user)} as its member; members are ${shown(found)}`;
    trial.holds('RFC7644-3.7.2-1', found.join() === user, message);
  },
};

const extension: Check = {
  id: 'bulk/references-extension',
  title: "A manager's id is put where his bulkId stands",
  feature: 'bulk',
  requirements: ['RFC7644-3.7.2-2'],
  unless: (server) =>
    noBulk(server) ??
    (server.attribute('User', `${ENTERPRISE}:manager.value`)
      ? null
      : 'its users have no manager in the enterprise extension'),
  async run(trial: Trial) {
    const hasManager = trial.server.attribute('User', `${ENTERPRISE}:manager.value`) !== null;
    trial.needs(hasManager, 'its users have no manager in the enterprise extension');
    const outcome = await bulk(trial, [
      creating(trial, 'boss', trial.userBody()),
      creating(trial, 'jane', trial.userBody({ [ENTERPRISE]: { manager: { value: 'bulkId:boss' } } })),
    ]);
    trial.needs(outcome.answer.status === 200, `a bulk request got ${came(outcome.answer)}`);
    const [boss, jane] = [idOf(resultOf(outcome, 'boss')), idOf(resultOf(outcome, 'jane'))];
    trial.needs(boss !== null && jane !== null, 'the two users were not created');
    const read = await trial.send('GET', `${endpointOf(trial.server, 'User')}/${encodeURIComponent(jane)}`);
    const manager = at(read.json, ENTERPRISE, 'manager');
    // Some write a complex attribute with nothing but a value as that value.
    const value = object(manager) ? at(manager, 'value') : manager;
    const message = `manager.value should be the id ${shown(boss)}; manager is ${shown(manager)}`;
    trial.holds('RFC7644-3.7.2-2', value === boss, message);
  },
};

const circle: Check = {
  id: 'bulk/circle',
  title: 'Two groups with each other as members are created and linked, or refused with 409',
  feature: 'bulk',
  requirements: ['RFC7644-3.7.1-1'],
  unless: (server) => noBulk(server) ?? (server.hasGroups ? null : 'it has no groups'),
  async run(trial: Trial) {
    const inner = await trial.makeGroup();
    const outer = await trial.makeGroup({ members: [{ value: inner.id, type: 'Group' }] });
    trial.needs((await membersOf(trial, outer)).join() === inner.id, 'its groups have no groups as members');
    const member = (bulkId: string) => ({ members: [{ value: `bulkId:${bulkId}`, type: 'Group' }] });
    const outcome = await bulk(trial, [
      creating(trial, 'one', trial.groupBody(member('other')), 'Group'),
      creating(trial, 'other', trial.groupBody(member('one')), 'Group'),
    ]);
    const results = [resultOf(outcome, 'one'), resultOf(outcome, 'other')];
    const isRefused = outcome.answer.status === 409 || results.some((each) => statusOf(each) === 409);
    if (isRefused) {
      trial.holds('RFC7644-3.7.1-1', true, '');
      return;
    }
    const isTold = outcome.answer.status !== 200 || results.every((each) => each !== undefined);
    trial.needs(isTold, 'the answer does not tell by their bulkIds what became of the two');
    const statuses = results.map((each) => statusOf(each)).join(' and ');
    const created = outcome.answer.status === 200 && statuses === '201 and 201';
    const told = `expected both to be created, or 409; got ${came(outcome.answer)}, and ${statuses}`;
    if (!trial.holds('RFC7644-3.7.1-1', created, told, outcome.answer)) return;
    const ids = results.map((each) => idOf(each) ?? '');
    for (const [index, id] of ids.entries()) {
      const path = `${endpointOf(trial.server, 'Group')}/${encodeURIComponent(id)}`;
      const found = await membersOf(trial, { id, path, resource: {}, exchange: outcome.answer });
      const wanted = ids[1 - index];
      const message = `each group should be the other's member, ${shown(wanted)}; members are ${shown(found)}`;
      trial.holds('RFC7644-3.7.1-1', found.join() === wanted, message);
    }
  },
};

const limits: Check = {
  id: 'bulk/limits',
  title: 'The limits of bulk requests are told',
  feature: 'bulk',
  requirements: ['RFC7644-3.7.4-1'],
  unless: noBulk,
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/ServiceProviderConfig');
    trial.needs(answer.status === 200, `GET /ServiceProviderConfig got ${came(answer)}`);
    for (const name of ['maxOperations', 'maxPayloadSize']) {
      const limit = at(answer.json, 'bulk', name);
      const isLimit = Number.isInteger(limit) && Number(limit) > 0;
      trial.holds('RFC7644-3.7.4-1', isLimit, `bulk.${name} should be a number; it is ${shown(limit)}`);
    }
  },
};

/** Larger requests than these would be a burden. */
const MOST_OPERATIONS = 2_000;
const MOST_BYTES = 4 * 1024 * 1024;

/** A deletion of what is not there changes nothing, should the limit not be kept. */
function harmless(trial: Trial) {
  return { method: 'DELETE', path: `${endpointOf(trial.server, 'User')}/${randomUUID()}` };
}

const tooMany: Check = {
  id: 'bulk/too-many',
  title: 'A bulk request with too many operations is refused with 413',
  feature: 'bulk',
  requirements: ['RFC7644-3.7.4-2', 'RFC7644-3.7.4-3'],
  unless: noBulk,
  async run(trial: Trial) {
    const limit = trial.server.limits.bulkMaxOperations;
    trial.needs(limit !== null && limit > 0, 'it does not tell the largest number of operations');
    trial.needs(limit <= MOST_OPERATIONS, `its limit of ${limit} operations is too large to try`);
    const { answer } = await bulk(
      trial,
      Array.from({ length: limit + 1 }, () => harmless(trial)),
    );
    const told = `${limit + 1} operations are one too many: expected 413, got ${came(answer)}`;
    if (!trial.holds('RFC7644-3.7.4-2', answer.status === 413, told)) return;
    const isNamed = new RegExp(`maxOperations|\\b${limit}\\b`, 'i').test(answer.body);
    trial.holds(
      'RFC7644-3.7.4-3',
      isNamed,
      `the answer should name the limit, ${limit} operations: ${shown(answer.json)}`,
    );
  },
};

const tooLarge: Check = {
  id: 'bulk/too-large',
  title: 'A bulk request that is too large is refused with 413',
  feature: 'bulk',
  requirements: ['RFC7644-3.7.4-2', 'RFC7644-3.7.4-3'],
  unless: noBulk,
  async run(trial: Trial) {
    const limit = trial.server.limits.bulkMaxPayloadSize;
    trial.needs(limit !== null && limit > 0, 'it does not tell the largest size');
    trial.needs(limit <= MOST_BYTES, `its limit of ${limit} bytes is too large to try`);
    const data = { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: [harmless(trial)] };
    const raw = `${JSON.stringify(data).slice(0, -1)}${' '.repeat(limit)}}`;
    const answer = await trial.send('POST', '/Bulk', undefined, { raw });
    // Closed before all of it was sent: the answer may have been lost on the way.
    trial.needs(answer.status !== 0, `the connection was closed: ${answer.error}`);
    const told = `${raw.length} bytes are more than ${limit}: expected 413, got ${came(answer)}`;
    if (!trial.holds('RFC7644-3.7.4-2', answer.status === 413, told)) return;
    // A proxy in front may have a limit of its own, and knows nothing of SCIM.
    trial.needs(object(answer.json) !== null, 'the refusal is not from the SCIM server');
    const isNamed = new RegExp(`maxPayloadSize|\\b${limit}\\b`, 'i').test(answer.body);
    trial.holds('RFC7644-3.7.4-3', isNamed, `the answer should name the limit, ${limit} bytes: ${shown(answer.json)}`);
  },
};

export const checks: readonly Check[] = [references, extension, circle, limits, tooMany, tooLarge];
