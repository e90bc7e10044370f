// Consistency tokens: all that a client reads has at least what it wrote before, also where a replica answers.
//
// A token names a place in the log of a database. Of the places in one log the furthest counts, as it has all that is before it. Places in
// two logs, such as those before and after a failover, cannot be compared here: the server is given both.

/** Has a token in the response to a mutation, and in requests the tokens that the answer must have reached. */
export const CONSISTENCY_HEADER = 'Rapporteur-Consistency';
/** The number of tokens that a server takes with a request. */
const MAX_TOKENS = 20;
/** The token that only the primary has reached. */
const PRIMARY = 'primary';
const TOKEN = /^([0-9a-f]{1,16}-[0-9a-f]{1,8})-([0-9a-f]{1,16})$/;

/** The place in each log; that of `primary` counts how often it was given. */
type Places = ReadonlyMap<string, bigint>;

/** The tokens of what was written, for the requests that follow. */
export class ConsistencyTokens {
  #places: Places = new Map();

  get places(): Places {
    return this.#places;
  }

  toString(): string {
    return [...this.#places].map(([log, place]) => (log === PRIMARY ? PRIMARY : `${log}-${place.toString(16)}`)).join();
  }

  /** Adds tokens, with commas between them. Throws RangeError for what is none: servers would refuse all requests. */
  add(text: string): void {
    const tokens = text.split(',').map((token) => token.trim());
    for (const token of tokens) {
      if (token === PRIMARY || TOKEN.test(token)) continue;
      throw new RangeError(`${JSON.stringify(token)} is no consistency token: give the \`consistency\` of another client`);
    }
    this.#places = tokens.reduce(joined, this.#places);
  }

  /** Puts the token of a response in the place of those that its request has given: it stands for them, too. */
  renew(given: Places, token: string): void {
    const others = [...this.#places].filter(([log, place]) => given.get(log) !== place);
    this.#places = joined(new Map(others), token);
  }
}

/** Returns the places with that of another token. One that cannot be read stands for everything. */
function joined(places: Places, token: string): Places {
  const [, log, digits] = TOKEN.exec(token) ?? [];
  if (log !== undefined) {
    const [place, known] = [BigInt(`0x${digits}`), places.get(log) ?? 0n];
    const all = new Map(places).set(log, place > known ? place : known);
    if (all.size <= MAX_TOKENS) return all;
  }
  return new Map([[PRIMARY, (places.get(PRIMARY) ?? 0n) + 1n]]);
}
