/**
 * Carries out a bulk request (RFC 7644 section 3.7), one operation after the other, each with an activity of its own. What
 * one may do and what it answers is the directory's matter, as with a request of its own.
 */
import { randomUUIDv7 } from 'node:crypto';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { BulkOperation, BulkTask } from '../scim/bulk/operation.ts';
import type { BulkRequest } from '../scim/bulk.ts';
import { excerpt, ScimError } from '../scim/errors.ts';
import type { ProjectionParameters } from '../scim/projection.ts';
import { StoreUnavailable } from '../store/errors.ts';
import { type Directory, type DirectoryCaller, NoneCreated, type Request, type Written } from './directory.ts';
import { holdsStreamed } from './streamed.ts';

/**
 * Characters of resources in one answer. What is beyond goes out without its resource, as RFC 7644 section 3.7 allows: the
 * operations are done, and must not be lost in an answer that cannot be made.
 */
const MAX_SHOWN = 64 * 1_048_576;

/** What became of an operation. */
export type BulkOutcome = { operation: BulkOperation } & Attempt;

/** `written.resource` only where the client asked for attributes; no `written` after DELETE. */
type Attempt = { error: unknown } | { written?: Written };

/**
 * Once the store is away it is not tried again for each operation that is left: all of them get its error.
 *
 * @param query asks for attributes of what was written, unless an operation's own path does.
 * @returns what was carried out or refused, in the client's order. What `failOnErrors` left undone is not there.
 * @throws StoreUnavailable where nothing has been written yet.
 */
export async function carryOutBulk(
  directory: Directory,
  caller: DirectoryCaller,
  { operations, units, bulkIds, failOnErrors }: BulkRequest,
  query: ProjectionParameters,
): Promise<BulkOutcome[]> {
  const outcomes = new Map<number, BulkOutcome>();
  const created = new Set<string>();
  let errors = 0;
  let away: StoreUnavailable | undefined;
  let shownSize = 0;

  for (const unit of units) {
    if (errors >= failOnErrors) break;
    // Other requests have their turn, whatever this one is made of.
    await turnOfTheLoop();
    const attempts = away ? unit.map(() => ({ error: away })) : await attempt(unit);
    for (const [nth, index] of unit.entries()) {
      const [operation, result] = [operations[index], attempts[nth]];
      if (!operation || !result) continue;
      outcomes.set(index, { operation, ...result });
      if (!('error' in result)) {
        if (operation.method === 'POST' && operation.bulkId !== undefined) created.add(operation.bulkId);
        continue;
      }
      errors++;
      if (!(result.error instanceof StoreUnavailable)) continue;
      away = result.error;
      if ([...outcomes.values()].every((outcome) => 'error' in outcome)) throw away;
    }
  }
  return [...outcomes].toSorted(([a], [b]) => a - b).map(([, outcome]) => outcome);

  async function attempt(unit: readonly number[]): Promise<Attempt[]> {
    const tasks: BulkTask[] = [];
    for (const index of unit) {
      const operation = operations[index];
      // Nothing refers to others in a circle but what can be tried, so a mistake is alone in its unit.
      if (!operation || 'error' in operation) return [{ error: operation?.error }];
      tasks.push(operation);
    }
    const circle = new Set(tasks.map(({ bulkId }) => bulkId));
    const refusals = tasks.map((task) => refusal(task, circle));
    const refused = refusals.findIndex((error) => error !== undefined);
    if (refused >= 0) return tasks.map((_, nth) => ({ error: refusals[nth] ?? brokenCircle(tasks[refused]) }));
    return tasks[0]?.method === 'POST' ? create(tasks) : Promise.all(tasks.map(change));
  }

  /** Whether it refers to something that is not there (RFC 7644 section 3.7.1 gives 409 for what is not resolved). */
  function refusal({ refersTo }: BulkTask, circle: ReadonlySet<string | undefined>): ScimError | undefined {
    for (const bulkId of refersTo) {
      if (created.has(bulkId) || circle.has(bulkId)) continue;
      const why = bulkIds.has(bulkId) ? 'was not created' : 'no POST of this request has';
      return conflict(`Not carried out: it refers to the bulkId '${excerpt(bulkId)}', which ${why}.`);
    }
    return undefined;
  }

  /** One POST, or a circle of them: all or none. */
  async function create(tasks: readonly BulkTask[]): Promise<Attempt[]> {
    try {
      const written = await directory.createTogether(
        tasks.map((task) => ({ ...task, caller: ownActivity(), body: task.data, query: shown(task) })),
      );
      return tasks.map((_, nth) => success(written[nth]));
    } catch (error) {
      if (!(error instanceof NoneCreated)) return tasks.map(() => ({ error }));
      const { index, cause } = error;
      return tasks.map((_, nth) => ({ error: nth === index ? cause : brokenCircle(tasks[index]) }));
    }
  }

  async function change(task: BulkTask): Promise<Attempt> {
    const { method, type, id, data, version } = task;
    const request: Request = { ...shown(task), ifMatch: version };
    try {
      switch (method) {
        case 'PUT':
          return success(await directory.replace(ownActivity(), type, id, data, request));
        case 'PATCH':
          return success(await directory.patch(ownActivity(), type, id, data, request));
        default:
          await directory.remove(ownActivity(), type, id, request);
          return {};
      }
    } catch (error) {
      return { error };
    }
  }

  function ownActivity(): DirectoryCaller {
    return { ...caller, activityId: randomUUIDv7(), requestId: caller.activityId };
  }

  function asked({ projection }: BulkTask): ProjectionParameters | undefined {
    return [projection, query].find(({ attributes, excludedAttributes }) => attributes || excludedAttributes);
  }

  /** Nothing is read for an answer that nobody asked for. */
  function shown(task: BulkTask): Request {
    const { attributes, excludedAttributes } = asked(task) ?? {};
    return { attributes, excludedAttributes, bare: asked(task) === undefined };
  }

  function success(written: Written | undefined): Attempt {
    if (!written?.resource || holdsStreamed(written.resource)) return written ? { written } : {};
    shownSize += JSON.stringify(written.resource).length;
    return { written: shownSize > MAX_SHOWN ? { ...written, resource: null } : written };
  }
}

function brokenCircle(failed: BulkTask | undefined): ScimError {
  const bulkId = excerpt(failed?.bulkId ?? '');
  return conflict(
    `Not created: it and the bulkId '${bulkId}', which failed, refer to each other, so that only all of them could be created (RFC 7644 section 3.7.1).`,
  );
}

const conflict = (detail: string) => new ScimError(409, undefined, detail);
