/**
 * In which order a bulk request is carried out: the client's, except that an operation waits for the POSTs that it refers
 * to, wherever they stand (RFC 7644 section 3.7). What is done to one resource keeps its order.
 */

export interface Ordered {
  /** The bulkId that others may refer to it by: that of a POST. */
  creates?: string | undefined;
  /** bulkIds. One that nothing creates is passed over here. */
  refersTo: ReadonlySet<string>;
  /** What it changes, where that exists already or is created by another operation. */
  target?: string | undefined;
}

/**
 * @returns indexes of the operations in units, first unit first. A unit of several is a circle: POSTs that refer to each
 *   other, in the client's order (section 3.7.1).
 */
export function orderOf(operations: readonly Ordered[]): number[][] {
  const creators = new Map(
    operations.flatMap(({ creates }, index) => (creates === undefined ? [] : [[creates, index]])),
  );
  const awaited = operations.map(({ refersTo }) => [...refersTo].flatMap((bulkId) => creators.get(bulkId) ?? []));
  const units = circlesOf(awaited);
  const unitOf = new Map(units.flatMap((unit, number) => unit.map((index) => [index, number] as const)));

  const before = units.map(() => new Set<number>());
  const waits = (index: number, forIndex: number) => {
    const [unit, other] = [unitOf.get(index) ?? 0, unitOf.get(forIndex) ?? 0];
    if (unit !== other) before[unit]?.add(other);
  };
  // Only a later operation waits for one on the same resource, and no POST waits for any of those: this makes no circle.
  const lastOn = new Map<string, number>();
  for (const [index, { target }] of operations.entries()) {
    for (const post of awaited[index] ?? []) waits(index, post);
    if (target === undefined) continue;
    const last = lastOn.get(target);
    if (last !== undefined) waits(index, last);
    lastOn.set(target, index);
  }
  return inTurn(units, before);
}

/** Of those that wait for nothing any more, always the one that stands first. A circle stands where its last POST does. */
function inTurn(units: readonly number[][], before: readonly ReadonlySet<number>[]): number[][] {
  const places = units.map((unit) => unit.at(-1) ?? 0);
  const open = before.map((others) => others.size);
  const after = units.map((): number[] => []);
  for (const [unit, others] of before.entries()) for (const other of others) after[other]?.push(unit);

  const ready = new Map(units.flatMap((_, unit) => (open[unit] === 0 ? [[places[unit], unit]] : [])));
  const order: number[][] = [];
  const end = Math.max(...places) + 1;
  for (let place = 0; place < end; ) {
    const unit = ready.get(place);
    ready.delete(place++);
    if (unit === undefined) continue;
    order.push(units[unit] ?? []);
    for (const waiting of after[unit] ?? []) {
      const left = (open[waiting] ?? 0) - 1;
      open[waiting] = left;
      if (left > 0) continue;
      const at = places[waiting] ?? 0;
      ready.set(at, waiting);
      place = Math.min(place, at);
    }
  }
  return order;
}

/**
 * Strongly connected components (Tarjan's algorithm), each in ascending order. It recurses as deep as there are
 * operations, whose number is limited.
 *
 * @param edges for each node, the nodes that it leads to.
 */
function circlesOf(edges: readonly (readonly number[])[]): number[][] {
  const found: number[][] = [];
  const number = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();

  function visit(node: number): number {
    const own = number.size;
    number.set(node, own);
    stack.push(node);
    onStack.add(node);
    let lowest = own;
    for (const next of edges[node] ?? []) {
      const seen = number.get(next);
      if (seen === undefined) lowest = Math.min(lowest, visit(next));
      else if (onStack.has(next)) lowest = Math.min(lowest, seen);
    }
    if (lowest === own) {
      const circle = stack.splice(stack.indexOf(node));
      for (const member of circle) onStack.delete(member);
      found.push(circle.sort((a, b) => a - b));
    }
    return lowest;
  }

  for (const node of edges.keys()) if (!number.has(node)) visit(node);
  return found;
}
