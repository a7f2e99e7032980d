/** How a FlowMate connection says that it did not succeed, and the one refusal that means two things. */
import { type Answer, classify } from '../http.ts';
import { TargetError } from '../outcome.ts';

/** A role or permission that is not this API account's to give: `MISSING_PERMISSION` is another matter. */
export const isForbidden = ({ status, detail }: Answer) => status === 403 && detail === 'FORBIDDEN';

export const isForbiddenError = (error: unknown) =>
  error instanceof TargetError &&
  error.failure.kind === 'pause' &&
  / answered 403: FORBIDDEN$/.test(error.failure.reason);

export const rejected = (reason: string) => new TargetError({ kind: 'reject', reason });

export const retried = (reason: string, unclear: boolean) =>
  new TargetError({ kind: 'retry', reason, ...(unclear && { unclear }) });

export const gone = (id: string) => retried(`the FlowMate user ${id} is gone; it will be looked for again`, false);

export const taken = (username: string, heldBy: string | null) =>
  new TargetError({ kind: 'reject', reason: `${username} is the user name of another FlowMate user`, heldBy });

export function refused(answer: Answer): TargetError {
  const failure = classify(answer);
  if (answer.status !== 400) return new TargetError(failure);
  return rejected(
    `${failure.reason}: FlowMate takes no such user (Open Integration Hub wants an e-mail address as user name)`,
  );
}
