/** DELETE. */
import { hiding } from './memories.ts';
import { answers, DELETE, error, json, type Mutation, remembering, status } from './mutation.ts';

export const mutations: readonly Mutation[] = [
  {
    name: 'ok-for-deleted',
    broken: 'A DELETE is answered with 200 and a message.',
    fault: answers(DELETE, (answer) => Object.assign(answer, json(200, { message: 'deleted' }))),
    reds: ['delete/answer', 'okta/group-create', 'dialects/gone'],
  },
  {
    name: 'gone-for-not-found',
    broken: 'What was deleted is answered with 410.',
    fault: remembering(() => {
      const gone = new Set<string>();
      return async (asked, good) => {
        const answer = await good(asked);
        if (asked.method === 'DELETE' && answer.status === 204) gone.add(asked.path);
        else if (gone.has(asked.path) && answer.status === 404) Object.assign(answer, error(410));
        return answer;
      };
    }),
    reds: ['delete/gone', 'entra/delete', 'okta/group-create', 'dialects/gone', 'entra/group-create'],
  },
  {
    name: 'delete-twice',
    broken: 'A second DELETE is answered like the first.',
    fault: answers(DELETE, (answer) => Object.assign(answer, { status: 204, body: undefined }), status(404)),
    reds: ['delete/gone', 'entra/delete', 'dialects/gone'],
  },
  {
    name: 'delete-hides',
    broken: 'A deleted user is not found at its address, and is there otherwise.',
    fault: hiding(() => true),
    reds: ['delete/unlisted', 'delete/name-is-free'],
  },
  {
    name: 'delete-does-nothing',
    broken: 'A deleted user is still read, and its name is taken.',
    fault: hiding(() => false),
    reds: ['delete/gone', 'delete/unlisted', 'delete/name-is-free', 'entra/delete', 'okta/group-create'],
    kin: ['entra/group-create', 'dialects/gone'],
  },
  {
    name: 'total-counts-the-deleted',
    broken: 'totalResults counts what was deleted.',
    fault: remembering(() => {
      const totals = new Map<string, number>();
      return async (asked, good) => {
        const answer = await good(asked);
        const filter = asked.query.get('filter');
        if (filter === null || typeof answer.body?.totalResults !== 'number') return answer;
        answer.body.totalResults = Math.max(answer.body.totalResults, totals.get(filter) ?? 0);
        totals.set(filter, answer.body.totalResults);
        return answer;
      };
    }),
    reds: ['delete/unlisted'],
  },
];
