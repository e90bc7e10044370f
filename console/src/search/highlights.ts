/** A part of a text, and whether it was found. */
export interface Part {
  text: string;
  isFound: boolean;
}

/** Splits a text at its highlights. They count Unicode code points, as the server does, and not the units of JavaScript. */
export function splitHighlights(text: string, highlights: readonly { start: number; end: number }[]): Part[] {
  const characters = Array.from(text);
  const parts: Part[] = [];
  let place = 0;
  const add = (end: number, isFound: boolean) => {
    if (end > place) parts.push({ text: characters.slice(place, end).join(''), isFound });
    place = Math.max(place, end);
  };
  for (const { start, end } of highlights) {
    add(start, false);
    add(end, true);
  }
  add(characters.length, false);
  return parts;
}
