/** What faults remember: other ids, what was sent, who has which name, who is gone. */
import type { Any, Asked, Fault } from './broken-server.ts';
import { error, reading, remembering, succeeded } from './mutation.ts';

/** Another id for what has one already. @param renames after a request that made something: its id and the one to show. */
export function aliasing(alias: (asked: Any, id: string, gone: readonly Any[]) => string | undefined): () => Fault {
  return remembering(() => {
    const names = new Map<string, string>();
    const gone: Any[] = [];
    const users = new Map<string, Any>();
    const replaced = (json: Any, from: (pair: [string, string]) => [string, string]) => {
      if (json === undefined || names.size === 0) return json;
      let text = JSON.stringify(json);
      for (const [search, replacement] of [...names].map(from)) text = text.replaceAll(search, replacement);
      return JSON.parse(text);
    };
    return async (asked, good) => {
      const inner = ([id, shownAs]: [string, string]): [string, string] => [shownAs, id];
      const path = replaced(asked.path, inner);
      const answer = await good({ ...asked, path, body: replaced(asked.body, inner) });
      if (asked.method === 'POST' && answer.status === 201 && answer.body?.id) {
        const as = alias(asked.body, answer.body.id, gone);
        if (as) names.set(answer.body.id, as);
        users.set(as ?? answer.body.id, asked.body);
      }
      if (asked.method === 'DELETE' && answer.status === 204) {
        const id = asked.path.split('/').at(-1) ?? '';
        gone.push({ ...users.get(id), id });
        for (const [key, value] of names) if (value === id) names.delete(key);
      }
      const outer = (pair: [string, string]) => pair;
      return { ...answer, headers: replaced(answer.headers, outer), body: replaced(answer.body, outer) };
    };
  });
}

/** What a client sends for these attributes is shown as it was sent, until it sends something else. */
export function echoing(...names: string[]): () => Fault {
  return remembering(() => {
    const sent = new Map<string, Any>();
    return async (asked, good) => {
      const answer = await good(asked);
      const id = /^POST|PUT/.test(asked.method) && succeeded(answer) ? answer.body?.id : undefined;
      if (id) sent.set(id, asked.body);
      if (asked.method === 'PATCH') sent.delete(asked.path.split('/').at(-1) ?? '');
      const one = /^\/(Users|Groups)/.test(asked.path) ? sent.get(answer.body?.id) : undefined;
      for (const name of names)
        if (one?.[name] !== undefined)
          answer.body[name] = Array.isArray(one[name])
            ? one[name]
            : typeof one[name] === 'object'
              ? { ...answer.body[name], ...one[name] }
              : one[name];
      return answer;
    };
  });
}

/** What would be a second one of the same name is made nevertheless. @param isMade whether this one is. */
export function twins(
  name: string,
  where: RegExp,
  isMade: (asked: Asked, taken: ReadonlySet<string>) => boolean,
): () => Fault {
  return remembering(() => {
    let count = 0;
    const taken = new Set<string>();
    const renamed = (body: Any): Any => {
      const mark = `~twin${++count}`;
      if (!Array.isArray(body?.Operations)) return { ...body, [name]: `${body?.[name]}${mark}` };
      const Operations = body.Operations.map((each: Any) =>
        each.path === name ? { ...each, value: `${each.value}${mark}` } : each,
      );
      return { ...body, Operations };
    };
    return async (asked, good) => {
      let answer = await good(asked);
      if (where.test(`${asked.method} ${asked.path}`)) {
        if (answer.status === 409 && isMade(asked, taken)) answer = await good({ ...asked, body: renamed(asked.body) });
        if (succeeded(answer) && typeof asked.body?.[name] === 'string') taken.add(asked.body[name]);
      }
      if (count > 0 && answer.body !== undefined)
        answer.body = JSON.parse(JSON.stringify(answer.body).replaceAll(/~twin\d+/g, ''));
      return answer;
    };
  });
}

/** DELETE hides, and nothing else. */
export const hiding = (isHidden: (asked: Asked) => boolean): (() => Fault) =>
  remembering(() => {
    const gone = new Set<string>();
    return async (asked, good) => {
      if (asked.method === 'DELETE' && !gone.has(asked.path) && !asked.headers['if-match']) {
        const there = await good(reading(asked));
        if (there.status !== 200) return there;
        gone.add(asked.path);
        return { status: 204, headers: {} };
      }
      if (gone.has(asked.path) && isHidden(asked)) return error(404);
      const answer = await good(asked);
      if (!Array.isArray(answer.body?.Resources)) return answer;
      return answer;
    };
  });
