// Consistency tokens: what the page has changed is seen by all that it reads afterwards, also from a replica.

const HEADER = 'Rapporteur-Consistency';
const MAX_TOKENS = 20;
/** Stands for all tokens: only the primary has everything. */
const PRIMARY = 'primary';

/** Returns a `fetch` that gives back the tokens of the answers before. A token stands for those that its request has given. */
export function consistentFetch(): typeof fetch {
  let tokens: string[] = [];
  return async (input, init) => {
    const given = tokens;
    const headers = new Headers(init?.headers);
    if (given.length > 0) headers.set(HEADER, given.join(','));
    const response = await fetch(input, { ...init, headers });
    const token = response.headers.get(HEADER);
    if (token !== null) tokens = [...tokens.filter((each) => !given.includes(each)), token];
    if (tokens.length > MAX_TOKENS) tokens = [PRIMARY];
    return response;
  };
}
