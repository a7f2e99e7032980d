/** The words of the mutations: what is broken, by which fault, and which checks say so. */
import type { Manner } from '../../../compliance/model.ts';
import type { Answer, Any, Asked, Fault } from './broken-server.ts';

export interface Mutation {
  /** Short, for messages: "put-merges". */
  name: string;
  /** What is broken, in one sentence. */
  broken: string;
  /** Made for each run anew: some faults remember. */
  fault: () => Fault;
  /** Checks that must turn red. */
  reds: readonly string[];
  /** Checks that may turn red as well: ids, or beginnings of ids that end with "*". */
  kin?: readonly string[];
  /** "strict" unless said otherwise. */
  manner?: Manner;
}

/** Where a fault is: a pattern for the method and the path ("GET /Users/2819"), or a question. */
export type Where = RegExp | ((asked: Asked) => boolean);

export const USERS = /^\S+ \/Users(?=\/|$)/;
export const A_USER = /^\S+ \/Users\/[^/]+$/;
export const A_GROUP = /^\S+ \/Groups\/[^/]+$/;
export const READ_USER = /^GET \/Users\/[^/]+$/;
export const READ_GROUP = /^GET \/Groups\/[^/]+$/;
export const READ_ONE = /^GET \/(Users|Groups)\/[^/]+$/;
export const LIST = /^(GET \/(Users|Groups)|GET|GET \/|POST \/(Users\/|Groups\/)?\.search)$/;
export const LIST_USERS = /^GET \/Users$/;
export const CREATE = /^POST \/(Users|Groups)$/;
export const CREATE_USER = /^POST \/Users$/;
export const CREATE_GROUP = /^POST \/Groups$/;
export const PUT = /^PUT /;
export const PATCH = /^PATCH /;
/** Not of groups: those have their own. */
export const USERS_PATCH = /^PATCH \/Users/;
export const DELETE = /^DELETE /;
export const ANY = /^/;

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export function is(where: Where, asked: Asked): boolean {
  return where instanceof RegExp ? where.test(`${asked.method} ${asked.path}`.trim()) : where(asked);
}

export const succeeded = ({ status }: Answer) => status >= 200 && status < 300;

export function error(status: number, scimType?: string, detail = 'No.'): Answer {
  return {
    status,
    headers: { 'content-type': 'application/scim+json' },
    body: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      ...(scimType && { scimType }),
      detail,
    },
  };
}

export function json(status: number, body?: Any): Answer {
  return { status, headers: { 'content-type': 'application/scim+json' }, body };
}

export function list(...resources: Any[]): Answer {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:ListResponse'];
  return json(200, { schemas, totalResults: resources.length, itemsPerPage: resources.length, Resources: resources });
}

/** Changes answers, those of success or, if `to` says so, others. */
export function answers(
  where: Where,
  change: (answer: Answer, asked: Asked) => void,
  to: (answer: Answer) => boolean = succeeded,
): () => Fault {
  return () => async (asked, good) => {
    const answer = await good(asked);
    if (is(where, asked) && to(answer)) change(answer, asked);
    return answer;
  };
}

export const refusals = ({ status }: Answer) => status >= 400;
export const whatever = () => true;
export const status = (wanted: number) => (answer: Answer) => answer.status === wanted;

/** Changes requests on their way to the good server. */
export function requests(where: Where, change: (asked: Asked) => void): () => Fault {
  return () => async (asked, good) => {
    if (!is(where, asked)) return good(asked);
    const changed = structuredClone({ ...asked, query: undefined });
    const query = new URLSearchParams(asked.query);
    const copy = { ...changed, query };
    change(copy);
    return good(copy);
  };
}

/** Answers without asking the good server. @param answer undefined: it is asked after all. */
export function instead(
  where: Where,
  answer: (asked: Asked) => Answer | undefined | Promise<Answer | undefined>,
): () => Fault {
  return () => async (asked, good) => (is(where, asked) ? await answer(asked) : undefined) ?? good(asked);
}

/** Does something else than was asked. */
export function handles(where: Where, handle: Fault): () => Fault {
  return () => (asked, good) => (is(where, asked) ? handle(asked, good) : good(asked));
}

/** With a memory. */
export function remembering(make: () => Fault): () => Fault {
  return make;
}

/** Several faults that belong together; the first one sees requests first and answers last. */
export function all(...faults: (() => Fault)[]): () => Fault {
  return () =>
    faults
      .map((make) => make())
      .reduceRight<Fault>(
        (inner, outer) => (asked, good) => outer(asked, (next) => Promise.resolve(inner(next, good))),
        (asked, good) => good(asked),
      );
}

/** Changes every user and group that is shown, alone or in a list. */
export function shown(
  change: (resource: Any, asked: Asked, answer: Answer) => void,
  where: Where = /^\S+ \/(Users|Groups)/,
): () => Fault {
  return answers(where, (answer, asked) => {
    for (const each of resourcesIn(answer.body)) change(each, asked, answer);
  });
}

export function resourcesIn(body: Any): Any[] {
  const found = Array.isArray(body?.Resources) ? body.Resources : [body];
  return found.filter((each: Any) => typeof each === 'object' && each !== null && each.id !== undefined);
}

/** Of an operation of a PATCH. */
export const op = (operation: Any) => String(operation?.op).toLowerCase();
export const path = (operation: Any) => (typeof operation?.path === 'string' ? operation.path : '');
export const isText = (value: unknown) => typeof value === 'string';

/** Changes the operations of a PATCH. Where none is left, the resource is answered as it is. @param change null: left out. */
export function operations(
  change: (operation: Any, asked: Asked) => Any | Any[] | null,
  where: Where = PATCH,
): () => Fault {
  return handles(where, (asked, good) => {
    const given = asked.body?.Operations;
    if (!Array.isArray(given)) return good(asked);
    const left = given.flatMap((each) => change(structuredClone(each), asked) ?? []);
    if (left.length === 0 && given.length > 0) return good(reading(asked));
    return good({ ...asked, body: { ...asked.body, Operations: left } });
  });
}

/** These operations are passed over. */
export const ignoring = (fits: (operation: Any) => boolean, where: Where = USERS_PATCH) =>
  operations((each) => (fits(each) ? null : each), where);

/** A PATCH with an operation that fits is refused. */
export function refusing(
  fits: (operation: Any, asked: Asked) => boolean,
  scimType = 'invalidValue',
  where: Where = PATCH,
) {
  return instead(where, (asked) =>
    asked.body?.Operations?.some?.((each: Any) => fits(each, asked)) ? error(400, scimType) : undefined,
  );
}

/** The same resource, read. */
export function reading(asked: Asked): Asked {
  const { 'content-type': _, 'if-match': __, ...headers } = asked.headers;
  return { ...asked, method: 'GET', headers, body: undefined };
}

/** Changes filters, in the URL and in POST .search. */
export function filters(change: (filter: string) => string | null, where: Where = LIST): () => Fault {
  return requests(where, (asked) => {
    const inUrl = asked.query.get('filter');
    const changed = change(inUrl ?? asked.body?.filter ?? '');
    if (inUrl === null) {
      if (asked.body?.filter === undefined) return;
      if (changed === null) delete asked.body.filter;
      else asked.body.filter = changed;
    } else if (changed === null) asked.query.delete('filter');
    else asked.query.set('filter', changed);
  });
}

/** Lists with a filter that fits are refused. */
export function refusingFilters(fits: RegExp, answer: Answer = error(400, 'invalidFilter')): () => Fault {
  return instead(LIST, ({ query, body }) =>
    fits.test(query.get('filter') ?? body?.filter ?? '') ? answer : undefined,
  );
}

/** Leaves in lists what fits. */
export function sieved(keep: (resource: Any, asked: Asked) => boolean, where: Where = LIST): () => Fault {
  return answers(where, ({ body }, asked) => {
    if (!Array.isArray(body?.Resources)) return;
    const kept = body.Resources.filter((each: Any) => keep(each, asked));
    const gone = body.Resources.length - kept.length;
    Object.assign(body, { Resources: kept, totalResults: body.totalResults - gone });
    if (body.itemsPerPage !== undefined) body.itemsPerPage = kept.length;
  });
}
